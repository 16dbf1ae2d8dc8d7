r"""A server on this machine, in the shapes of the official ones, that can be told to fail as they do.

with official_server() as server:
    server.serve("/x.csv", Answer(status=503), Answer(b"a,b\n"))   # one answer a request; the last one stays
    server.serve_resource(uuid, "qpv.zip", Answer(content))        # data.gouv.fr: a lasting address that redirects
    server.serve_wfs({"patrinat_znieff1:znieff1": features})       # Géoplateforme: GetFeature, paged
    server.serve_communes("200042190", features)                   # geo.api.gouv.fr
"""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Feature = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What to answer, and how badly."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: str | None = None
    ranges: bool = True  # honours Range, when there is an ETag or a date for If-Range
    repeat: int = 1  # the body is sent so many times (no Range then)
    length: int | None = None  # a Content-Length that lies
    cut: int | None = None  # the connection ends after so many bytes of body
    chunked: bool = False
    bare: bool = False  # neither length nor chunks: the end of the connection is the end of the body
    drip: int = 0  # so many bytes at a time, `pause` seconds apart
    pause: float = 0.01
    drip_headers: bool = False  # never stops sending headers
    stop_at: int | None = None  # waits for `gate` after so many bytes of body
    gate: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Seen:
    """A request that came. Names of headers and of parameters are in lower case."""

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]


class OfficialServer:
    """Routes, and the requests that came."""

    def __init__(self, url: str) -> None:
        """Serve nothing yet."""
        self.url = url
        self.seen: list[Seen] = []
        self._routes: dict[str, Callable[[Seen], Answer]] = {}
        self._lock = threading.Lock()
        self.closing = threading.Event()

    def answer(self, seen: Seen) -> Answer:
        """Choose the answer to a request, and remember it."""
        with self._lock:
            self.seen.append(seen)
            route = self._routes.get(seen.path)
            return route(seen) if route else Answer(b"<!DOCTYPE html><title>404</title>", status=404)

    def serve(self, path: str, *answers: Answer) -> str:
        """Answer these in turn, the last one for ever; return the address."""
        waiting = list(answers)
        return self.serve_by(path, lambda _seen: waiting.pop(0) if len(waiting) > 1 else waiting[0])

    def serve_by(self, path: str, route: Callable[[Seen], Answer]) -> str:
        """Answer what a function says; return the address."""
        self._routes[path] = route
        return self.url + path

    def serve_resource(self, uuid: str, name: str, *answers: Answer) -> str:
        """data.gouv.fr: the lasting address of a resource redirects to a dated file."""
        place = self.serve(f"/resources/20260729-101500/{name}", *answers)
        return self.serve(f"/api/1/datasets/r/{uuid}", Answer(status=302, headers={"Location": place}))

    def serve_communes(self, siren: str, features: Sequence[Feature]) -> str:
        """geo.api.gouv.fr: the communes of an EPCI as GeoJSON, `{code, nom, population, …}` and a contour each."""
        path = f"/epcis/{siren}/communes"
        body = json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()
        self.serve(path, Answer(body, headers={"Content-Type": "application/geo+json; charset=utf-8"}, etag='W/"c-1"'))
        query = {"fields": "nom,code,population,surface", "geometry": "contour", "format": "geojson"}
        return f"{self.url}{path}?{urlencode(query, safe=',')}"

    def serve_wfs(self, types: Mapping[str, Sequence[Feature]], *, cap: int = 5000, loops: bool = False) -> str:
        """Géoplateforme WFS 2.0: GetFeature in JSON, at most `cap` a page; with `loops`, every page is the first one."""

        def answer(seen: Seen) -> Answer:
            name = seen.params.get("typenames", "")
            if seen.params.get("request", "").lower() != "getfeature" or name not in types:
                return _exception(f"Feature type {name} unknown")
            start = 0 if loops else int(seen.params.get("startindex", "0"))
            count = min(cap, int(seen.params.get("count", str(cap))))
            page = list(types[name][start : start + count])
            return _json(_collection(page, len(types[name])))

        return self.serve_by("/wfs/ows", answer)


def _json(content: object) -> Answer:
    return Answer(json.dumps(content).encode(), headers={"Content-Type": "application/json;charset=UTF-8"})


def _collection(page: Sequence[Feature], matched: int) -> dict[str, Any]:
    """Return a page as GeoServer writes it."""
    return {
        "type": "FeatureCollection",
        "features": page,
        "totalFeatures": matched,
        "numberMatched": matched,
        "numberReturned": len(page),
        "timeStamp": "2026-07-29T10:15:00.000Z",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}},
    }


def _exception(text: str) -> Answer:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0">'
        f'<ows:Exception exceptionCode="InvalidParameterValue"><ows:ExceptionText>{text}</ows:ExceptionText></ows:Exception>'
        "</ows:ExceptionReport>"
    )
    return Answer(body.encode(), status=400, headers={"Content-Type": "application/xml"})


class _Handler(BaseHTTPRequestHandler):
    """Send an `Answer` as it says; the connection ends after each."""

    protocol_version = "HTTP/1.1"
    official: OfficialServer

    def do_GET(self) -> None:
        """Answer, unless it has not changed."""
        parts = urlsplit(self.path)  # a proxy is asked for a whole address
        params = {name.lower(): value for name, value in parse_qsl(parts.query)}
        seen = Seen(parts.path, params, {name.lower(): value for name, value in self.headers.items()})
        answer = self.official.answer(seen)
        self.close_connection = True
        if answer.drip_headers:
            self._drip_headers(answer)
        elif answer.status == 200 and self._is_known(answer):
            self._send_head(answer, 304, {})
        else:
            self._send(answer)

    def _is_known(self, answer: Answer) -> bool:
        asked = self.headers.get("If-None-Match")
        if asked is not None:
            return asked == answer.etag
        return answer.last_modified is not None and self.headers.get("If-Modified-Since") == answer.last_modified

    def _send(self, answer: Answer) -> None:
        status, start, extra = self._place(answer)
        body = answer.body[start:]
        length = len(body) * answer.repeat if answer.length is None else answer.length
        if answer.chunked:
            extra["Transfer-Encoding"] = "chunked"
        elif not answer.bare:
            extra["Content-Length"] = str(length)
        self._send_head(answer, status, extra)
        if status == 416:
            return
        for _ in range(answer.repeat):
            self._send_body(answer, body)
        if answer.chunked and answer.cut is None:
            self.wfile.write(b"0\r\n\r\n")

    def _place(self, answer: Answer) -> tuple[int, int, dict[str, str]]:
        """Return the status, the first byte to send, and the headers of a Range."""
        asked = self.headers.get("Range", "")
        known = self.headers.get("If-Range") in {answer.etag, answer.last_modified} - {None}
        if answer.status != 200 or not answer.ranges or not asked or not known:
            return answer.status, 0, {}
        start, size = int(asked.removeprefix("bytes=").rstrip("-")), len(answer.body)
        if start >= size:
            return 416, size, {"Content-Range": f"bytes */{size}"}
        return 206, start, {"Content-Range": f"bytes {start}-{size - 1}/{size}"}

    def _send_head(self, answer: Answer, status: int, extra: Mapping[str, str]) -> None:
        self.send_response(status)
        known = {"ETag": answer.etag, "Last-Modified": answer.last_modified}
        headers = {**answer.headers, **extra, **{name: value for name, value in known.items() if value}}
        for name, value in {**headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, answer: Answer, body: bytes) -> None:
        body = body if answer.cut is None else body[: answer.cut]
        stop = len(body) if answer.stop_at is None else min(len(body), answer.stop_at)
        self._write(answer, body[:stop])
        if stop < len(body):
            answer.gate.wait()
            self._write(answer, body[stop:])

    def _write(self, answer: Answer, body: bytes) -> None:
        step = answer.drip or len(body) or 1
        for at in range(0, len(body), step):
            if self.official.closing.is_set():
                return
            block = body[at : at + step]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block) if answer.chunked else block)
            if answer.drip:
                time.sleep(answer.pause)

    def _drip_headers(self, answer: Answer) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not self.official.closing.is_set():
            self.wfile.write(b"x")
            time.sleep(answer.pause)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    """A client that hangs up is part of the tests."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


@contextmanager
def official_server(context: ssl.SSLContext | None = None) -> Iterator[OfficialServer]:
    """Start a server on a free port of 127.0.0.1 (in TLS with a context), asked directly whatever proxy the machine has."""

    class Handler(_Handler):
        """Made for this server."""

    listening = _Quiet(("127.0.0.1", 0), Handler)
    if context:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    server = OfficialServer(f"http{'s' if context else ''}://127.0.0.1:{listening.server_port}")
    Handler.official = server
    thread = threading.Thread(target=listening.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        with patch.dict(os.environ, {"no_proxy": "*", "NO_PROXY": "*"}):
            yield server
    finally:
        server.closing.set()
        listening.shutdown()
        listening.server_close()
        thread.join()
