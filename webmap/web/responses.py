"""What every response carries: security headers, compression, revalidation."""

from __future__ import annotations

import hashlib
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, request

from webmap.store.gzipped import squeeze
from webmap.store.places import fetch_revisions
from webmap.web.octets import name_file
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask

    from webmap.config import Settings

_MIN_COMPRESSED = 1_000
_COMPRESSED = (
    "text/",
    "application/json",
    "application/problem+json",
    "application/ld+json",
    "application/xml",
    "application/geo+json",
    "application/schema+json",
    "application/vnd.oai.openapi+json",
    "application/vnd.mapbox-vector-tile",
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
}


def build_csp(settings: Settings, ancestors: Iterable[str] = ()) -> str:
    """Return the policy of every page: our own origin only, plus images from the basemaps this deployment configured.

    `ancestors` are the other sites that may show the page in a frame.
    """
    origins = sorted({fond.origin for fond in settings.fonds if fond.origin})
    images = " ".join(["'self'", "data:", *origins])
    frames = " ".join(["'self'", *ancestors])
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; connect-src 'self'; font-src 'self'; "
        f"base-uri 'none'; form-action 'self'; frame-ancestors {frames}; frame-src 'self'"
    )


def build_headers(settings: Settings) -> dict[str, str]:
    """Return what every answer carries, whoever answers."""
    return {"Content-Security-Policy": build_csp(settings), **_HEADERS}


def register(app: Flask, settings: Settings) -> None:
    """Add the headers and the compression to everything the application answers."""
    every = [*build_headers(settings).items(), ("Cache-Control", "no-cache")]

    @app.after_request
    def finish(response: Response) -> Response:
        given = {name.lower() for name, _ in response.headers}  # once: `setdefault` reads them all for each
        response.headers.extend((name, value) for name, value in every if name.lower() not in given)
        return _compress(response if "etag" in given else _revalidate(response))


def _revalidate(response: Response) -> Response:
    """Name what has no version by its own bytes, and tell who has them so: they are made again, not sent again."""
    made = response.status_code == HTTPStatus.OK and request.method in {"GET", "HEAD"} and not response.is_streamed
    if made and not response.direct_passthrough and not response.cache_control.no_store:
        response.add_etag(weak=True)
        response.make_conditional(request)
    return response


def _compress(response: Response) -> Response:
    """Gzip what is finished, textual and worth it. Streams pass as they are: memory stays flat."""
    if (
        response.is_streamed
        or "Content-Encoding" in response.headers
        or not (response.mimetype or "").startswith(_COMPRESSED)
    ):
        return response
    response.vary.add("Accept-Encoding")
    if not accepts_gzip() or len(response.get_data()) < _MIN_COMPRESSED:
        return response
    response.set_data(squeeze(response.get_data()))
    response.headers["Content-Encoding"] = "gzip"
    return response


def accepts_gzip() -> bool:
    """Whether the client said that it reads gzip."""
    return request.accept_encodings["gzip"] > 0


def revision_etag(layer_ids: Iterable[str], *parts: object) -> str:
    """Return an ETag of what is asked and of the revisions it reads: one indexed read.

    Every answer also depends on the communes: contours, memberships and populations raise their revision.
    """
    return build_etag(fetch_revisions(services().database, {*layer_ids, "commune"}), *parts)


def build_etag(revisions: object, *parts: object) -> str:
    """Return an ETag of what is asked and of revisions already read."""
    return hashlib.sha256(repr((services().version, parts, revisions)).encode()).hexdigest()[:32]


def not_modified(etag: str) -> Response | None:
    """Return a 304 when the client already has this version, else None."""
    if not request.if_none_match.contains_weak(etag):  # ours are weak: `in` would only look among strong ones
        return None
    response = Response(status=304)
    response.set_etag(etag, weak=True)
    return response


def with_etag(response: Response, etag: str) -> Response:
    """Set a weak ETag: the bytes may be compressed on the way."""
    response.set_etag(etag, weak=True)
    return response


def as_download(response: Response, parts: Iterable[str], extension: str) -> Response:
    """Name the file a browser saves: ASCII letters, digits, - and _ only, whatever a code or a key holds."""
    response.headers["Content-Disposition"] = name_file(parts, extension)
    return response


def build_json(content: Any) -> str:  # noqa: ANN401 - whatever JSON can say
    """Return content as JSON, accents as they are."""
    return json.dumps(content, ensure_ascii=False)


def json_response(content: Any, mimetype: str = "application/json") -> Response:  # noqa: ANN401 - whatever JSON can say
    """Return JSON in UTF-8, accents as they are, open to any site: what is public is meant to be taken."""
    response = Response(build_json(content), mimetype=mimetype)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
