"""How kept bytes are answered: glued when several layers make a tile, gzipped when the client reads gzip, revalidated."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from webmap.store.gzipped import inflate, squeeze
from webmap.store.versioned import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from wsgiref.types import WSGIEnvironment

    from webmap.store.kept_tiles import KeptTiles

    Answer = tuple[int, dict[str, str], bytes]

MVT = "application/vnd.mapbox-vector-tile"
LASTING = "public, max-age=31536000, immutable"  # the address names the version: what is there never changes
_FIGURES = re.compile(r"/territoires/[^/]{1,2000}?(?:/[^/]{1,2000}?)?(?P<form>\.json|\.csv)?")
_UNKEPT = (".xlsx", ".pdf", ".html")  # files made each time
_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
_MIN_COMPRESSED = 1_000


def reads_gzip(accept: str) -> bool:
    """Whether an `Accept-Encoding` header takes gzip."""
    if "gzip" in accept and "q=" not in accept.lower():
        return True  # every browser: not worth a parser
    return parse_accept_header(accept, Accept)["gzip"] > 0


def build_etag(name: str) -> str:
    """Return the weak ETag of bytes that have this name; weak since they may be compressed on the way."""
    return f'W/"{hashlib.sha256(name.encode()).hexdigest()[:32]}"'


def is_seen(etag: str, if_none_match: str) -> bool:
    """Whether the client says that it has these bytes."""
    return if_none_match.strip() == "*" or etag.removeprefix("W/") in if_none_match


def join_layers(parts: Sequence[bytes], accept: str) -> tuple[bytes, bool]:
    """Return the bytes of layers as one tile, and whether they are gzipped: MVT layers concatenate, gzip ones do not.

    Each part is gzipped, or a layer as it was made, which never begins as gzip does.
    """
    if len(parts) == 1 and parts[0] != NOTHING and _is_gzipped(parts[0]) and reads_gzip(accept):
        return parts[0], True
    body = b"".join(inflate(part) if _is_gzipped(part) else part for part in parts)
    if len(body) < _MIN_COMPRESSED or not reads_gzip(accept):
        return body, False
    return squeeze(body), True


def _is_gzipped(part: bytes) -> bool:
    return part[:2] == b"\x1f\x8b"


def build_path(versions: Mapping[str, str], zxy: tuple[int, int, int]) -> str:
    """Return the address of a tile of these layers in these versions: its name too, that its ETag is made of."""
    return f"/tuiles/{','.join(versions)}/{','.join(versions.values())}/{'/'.join(map(str, zxy))}.mvt"


def fetch_answer(
    tiles: KeptTiles, versions: Mapping[str, str], zxy: tuple[int, int, int], asked: tuple[str, str], cache: str
) -> Answer:
    """Answer a tile of these layers in these versions, or in that of what was read when the data changed meanwhile.

    `asked` are what the client sent as `Accept-Encoding` and `If-None-Match`. Raises DatabaseError.
    """
    name, (accept, seen) = build_path(versions, zxy), asked
    parts: list[bytes] = []
    if not is_seen(build_etag(name), seen):
        fetch = tiles.fetch if len(versions) == 1 and reads_gzip(accept) else tiles.fetch_plain
        made = {layer_id: fetch(layer_id, version, *zxy) for layer_id, version in versions.items()}
        parts = [part for _, part in made.values()]
        read = {layer_id: version for layer_id, (version, _) in made.items()}
        if read != versions:
            name, cache = build_path(read, zxy), "no-cache"
    return build_answer(name, parts, accept, seen, cache)


def build_answer(name: str, parts: Sequence[bytes], accept: str, if_none_match: str, cache: str) -> Answer:
    """Return the status, headers and bytes that answer a tile made of gzipped layers; `name` says all that it is."""
    headers = {
        "ETag": build_etag(name),
        "Cache-Control": cache,
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",
    }
    if is_seen(headers["ETag"], if_none_match):
        return 304, headers, b""
    body, gzipped = join_layers(parts, accept)
    headers["Content-Type"] = MVT
    if gzipped:
        headers["Content-Encoding"] = "gzip"
    return (200 if body else 204), headers, body


def name_figures(wsgi: WSGIEnvironment, pages: str) -> str | None:
    """Return what names the figures that a request without parameters asks for, None when their form is not kept.

    A page cites its own address, host included, and links the files that `pages` is the digest of.
    """
    path: str = wsgi["PATH_INFO"]
    asked = _FIGURES.fullmatch(path)
    if asked is None or path.endswith(_UNKEPT):
        return None
    if asked["form"]:
        return path
    host = wsgi.get("HTTP_HOST") or f"{wsgi['SERVER_NAME']}:{wsgi['SERVER_PORT']}"
    return f"{pages} {wsgi['wsgi.url_scheme']}://{host}{path}"


def tag_figures(version: str, name: str) -> str:
    """Return the ETag of figures in a version of all that they read."""
    return build_etag(f"syntheses/{version}/{name}")


def name_file(parts: Iterable[str], extension: str) -> str:
    """Return the header of a file to save, as ASCII letters, digits, - and _ only, whatever a code or a key holds."""
    safe = ["".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in part) for part in parts]
    return f'attachment; filename="{"_".join(safe)}.{extension}"'


def build_figures(path: str, etag: str, squeezed: bytes, accept: str, if_none_match: str) -> Answer:
    """Return the status, headers and bytes that answer figures kept gzipped: they may change at any time, so they are asked again.

    `path` is that of the request, as WSGI gives it, and tells their form.
    """
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    form = path.rpartition(".")[2]
    if form in _TYPES:
        headers["Access-Control-Allow-Origin"] = "*"
    if is_seen(etag, if_none_match):
        return 304, headers, b""
    headers["Content-Type"] = _TYPES.get(form, "text/html; charset=utf-8")
    if form == "csv":
        parts = path.encode("latin-1").decode(errors="replace").removesuffix(".csv").split("/")
        headers["Content-Disposition"] = name_file(parts[1:], form)
    if not reads_gzip(accept):
        return 200, headers, inflate(squeezed)
    headers["Content-Encoding"] = "gzip"
    return 200, headers, squeezed
