"""Before Flask: what is kept is served from the store, without the router.

A tile whose address names its version asks nothing of the database; figures ask which version is today's, and so does a
tile whose address names none. A tile of today that is not kept is made here.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from webmap.errors import DatabaseError
from webmap.store.kept_tiles import build_address
from webmap.web.octets import LASTING, build_answer, build_figures, fetch_answer, name_figures, tag_figures
from webmap.web.params import MAX_LAYERS, MAX_ZOOM
from webmap.web.problems import MET

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from webmap.store.kept_figures import KeptFigures
    from webmap.store.kept_tiles import KeptTiles
    from webmap.web.octets import Answer

_TILE = re.compile(r"/tuiles/([a-z0-9_,]{1,2000})(?:/([0-9a-f,]{16,600}))?/([0-9]{1,2})/([0-9]{1,8})/([0-9]{1,8})\.mvt")
_KNOWN = 4_000  # addresses of which a worker remembers what is said with their bytes: some 4 MB
_SHORT = 100  # characters of an Accept-Encoding that is remembered: a client may send as many as it likes
_STATUS = {number: f"{number} {HTTPStatus(number).phrase}" for number in (200, 204, 304)}
_OK = _STATUS[HTTPStatus.OK]


class Front:
    """A WSGI application over another, which answers whatever is not kept, and says what is wrong with what is asked."""

    def __init__(
        self,
        behind: WSGIApplication,
        tiles: KeptTiles,
        figures: KeptFigures,
        pages: str,
        headers: Mapping[str, str],
    ) -> None:
        """Serve the tiles of the public layers, and the figures; `headers` are those of every answer.

        `pages` is the digest of the files that pages link.
        """
        self._behind = behind
        self._tiles = tiles
        self._couches = frozenset(tiles.couches)
        self._figures = figures
        self._pages = pages
        self._headers = list(headers.items())
        self._known: dict[tuple[str, str], tuple[str, list[tuple[str, str]]]] = {}

    def __call__(self, wsgi: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        found = None
        if not wsgi.get("QUERY_STRING") and wsgi["REQUEST_METHOD"] in {"GET", "HEAD"}:
            path = wsgi["PATH_INFO"]
            accept, seen = wsgi.get("HTTP_ACCEPT_ENCODING", ""), wsgi.get("HTTP_IF_NONE_MATCH", "")
            known = self._known.get((path, accept))
            if known and not seen and (kept := self._tiles.octets.get(known[0])):
                return self._send(wsgi, start_response, _OK, known[1], kept)
            if path.startswith("/tuiles/"):
                try:
                    found = self._answer_tile(path, (accept, seen))
                except Exception as error:  # noqa: BLE001 - whatever it is, Flask tells it
                    wsgi[MET] = error
            elif path.startswith("/territoires/"):
                found = self._answer_figures(name_figures(wsgi, self._pages), path, accept, seen)
        if found is None:
            return self._behind(wsgi, start_response)
        status, told, body = found
        return self._send(wsgi, start_response, _STATUS[status], told.items(), body)

    def _send(
        self,
        wsgi: WSGIEnvironment,
        start_response: StartResponse,
        status: str,
        told: Iterable[tuple[str, str]],
        body: bytes,
    ) -> list[bytes]:
        size = [("Content-Length", str(len(body)))] if body else []
        start_response(status, [*told, *size, *self._headers])
        return [body] if body and wsgi["REQUEST_METHOD"] == "GET" else []

    def _remember(self, asked: tuple[str, str], address: str, told: Mapping[str, str]) -> None:
        """Keep what is said with the bytes of an address that names a version: a fifth more requests a second."""
        if len(self._known) >= _KNOWN:
            self._known.clear()
        self._known[asked] = address, [*told.items()]

    def _answer_tile(self, path: str, asked: tuple[str, str]) -> Answer | None:
        """Answer a tile, None when the address is not one, or names a version that is neither kept nor today's."""
        found = _TILE.fullmatch(path)
        if found is None:
            return None
        ids, versions, *zxy = found.groups()
        couches = ids.split(",")
        if len(set(couches)) < len(couches) or len(couches) > MAX_LAYERS or not self._couches.issuperset(couches):
            return None
        parts = self._find(couches, versions.split(","), zxy) if versions else None
        if parts is not None:
            answer = build_answer(path, parts, *asked, LASTING)
            if answer[2] is parts[0] and len(asked[0]) <= _SHORT:  # one layer, sent as it is kept
                self._remember((path, asked[0]), build_address(ids, versions, *zxy), answer[1])
            return answer
        z, x, y = map(int, zxy)
        if z > MAX_ZOOM or max(x, y) >= 2**z or any(map(self._tiles.octets.is_closed, couches)):
            return None
        current = self._tiles.fetch_versions(couches)
        if versions and versions != ",".join(current.values()):
            return None
        return fetch_answer(self._tiles, current, (z, x, y), asked, LASTING if versions else "no-cache")

    def _find(self, couches: Sequence[str], versions: Sequence[str], zxy: Sequence[str]) -> list[bytes] | None:
        """Return the kept bytes of each layer, None when one is missing."""
        if len(couches) != len(versions):
            return None
        found = []
        for couche, version in zip(couches, versions, strict=True):
            kept = self._tiles.octets.get(build_address(couche, version, *zxy))
            if kept is None:
                return None
            found.append(kept)
        return found

    def _answer_figures(self, name: str | None, path: str, accept: str, seen: str) -> Answer | None:
        """Answer what was made of today's data; what was not, or is no figure, is for the routes to tell apart."""
        if name is None:
            return None
        try:
            version = self._figures.fetch_version()
        except DatabaseError:
            return None
        squeezed = self._figures.find(version, name)
        return None if squeezed is None else build_figures(path, tag_figures(version, name), squeezed, accept, seen)
