"""Before Flask: a tile whose address names its version is served from the store; neither the router nor the database is asked."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from webmap.store.kept_tiles import build_address
from webmap.web.octets import LASTING, build_answer
from webmap.web.params import MAX_LAYERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from webmap.store.versioned import VersionedBytes

_TILE = re.compile(r"/tuiles/([a-z0-9_,]{1,2000})/([0-9a-f,]{16,600})/([0-9]{1,2})/([0-9]{1,8})/([0-9]{1,8})\.mvt")
_STATUS = {number: f"{number} {HTTPStatus(number).phrase}" for number in (200, 204, 304)}


class Front:
    """A WSGI application over another, which answers whatever is not kept, and says what is wrong with what is asked."""

    def __init__(
        self, behind: WSGIApplication, octets: VersionedBytes, couches: Collection[str], headers: Mapping[str, str]
    ) -> None:
        """Serve the tiles of `couches`, the public layers; `headers` are those of every answer."""
        self._behind = behind
        self._octets = octets
        self._couches = frozenset(couches)
        self._headers = headers

    def __call__(self, wsgi: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = wsgi["PATH_INFO"]
        parts = self._find(path) if path.startswith("/tuiles/") and not wsgi.get("QUERY_STRING") else None
        method = wsgi["REQUEST_METHOD"]
        if parts is None or method not in {"GET", "HEAD"}:
            return self._behind(wsgi, start_response)
        accept, seen = wsgi.get("HTTP_ACCEPT_ENCODING", ""), wsgi.get("HTTP_IF_NONE_MATCH", "")
        status, headers, body = build_answer(path, parts, accept, seen, LASTING)
        if body:
            headers["Content-Length"] = str(len(body))
        start_response(_STATUS[status], [*headers.items(), *self._headers.items()])
        return [body] if body and method == "GET" else []

    def _find(self, path: str) -> list[bytes] | None:
        """Return the kept bytes of each layer of a tile, None when one is missing or the address is not one."""
        asked = _TILE.fullmatch(path)
        if asked is None:
            return None
        ids, versions, *zxy = asked.groups()
        couches, named = ids.split(","), versions.split(",")
        if len(couches) != len(named) or len(set(couches)) < len(couches) or len(couches) > MAX_LAYERS:
            return None
        found = []
        for couche, version in zip(couches, named, strict=True):
            kept = self._octets.get(build_address(couche, version, *zxy)) if couche in self._couches else None
            if kept is None:
                return None
            found.append(kept)
        return found
