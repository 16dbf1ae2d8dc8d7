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
_STATUS = {number: f"{number} {HTTPStatus(number).phrase}" for number in (200, 204, 304)}


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
        self._headers = headers

    def __call__(self, wsgi: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        found, method = None, wsgi["REQUEST_METHOD"]
        if not wsgi.get("QUERY_STRING") and method in {"GET", "HEAD"}:
            path = wsgi["PATH_INFO"]
            asked = path, wsgi.get("HTTP_ACCEPT_ENCODING", ""), wsgi.get("HTTP_IF_NONE_MATCH", "")
            if path.startswith("/tuiles/"):
                try:
                    found = self._answer_tile(path, asked[1:])
                except Exception as error:  # noqa: BLE001 - whatever it is, Flask tells it
                    wsgi[MET] = error
            elif path.startswith("/territoires/"):
                found = self._answer_figures(name_figures(wsgi, self._pages), *asked)
        if found is None:
            return self._behind(wsgi, start_response)
        status, headers, body = found
        if body:
            headers["Content-Length"] = str(len(body))
        start_response(_STATUS[status], [*headers.items(), *self._headers.items()])
        return [body] if body and method == "GET" else []

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
            return build_answer(path, parts, *asked, LASTING)
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
