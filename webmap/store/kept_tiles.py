"""Tiles of whole layers under the version of what they were made of: from the shared folder, else from PostGIS, once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from webmap.store.kept_figures import FIGURES
from webmap.store.revisions import build_version, fetch_state, read_entries
from webmap.store.tiles import TileStore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database
    from webmap.store.versioned import VersionedBytes


def build_address(layer_id: str, version: str, z: str | int, x: str | int, y: str | int) -> str:
    """Return where the tile of one layer is kept. The nginx example (docs/nginx.conf.example) writes it too.

    A folder a zoom and none a column: ten thousand empty tiles are as many names of one file, and nothing more.
    """
    return f"{layer_id}/{version}/{z}/{x}-{y}.mvt"


def _version_in(address: str) -> str:
    return address.split("/")[1]


class KeptTiles:
    """Each layer apart: what several make together is glued on the way out and never kept, for their sets are without number."""

    def __init__(
        self, database: Database, layers: Iterable[LayerDefinition], octets: VersionedBytes, code: str
    ) -> None:
        """Keep the tiles of public layers; `code` tells apart the bytes of another code or other definitions."""
        self.octets = octets
        self.code = code
        self.couches = tuple(layer.id for layer in layers if layer.drawn)
        self._database = database
        self._tiles = TileStore(database, layers)
        self._current: dict[str, str] = {}

    def fetch_versions(self, layer_ids: Collection[str]) -> dict[str, str]:
        """Layer id -> version now: one indexed read. Raises DatabaseError.

        Whoever sees a version change collects, apart, what is kept of the others: after an edit, a load, or a start.
        """
        state = read_entries(fetch_state(self._database, layer_ids))
        versions = {layer_id: build_version(self.code, state, [layer_id]) for layer_id in layer_ids}
        changed = {
            layer_id: version for layer_id, version in versions.items() if self._current.get(layer_id) != version
        }
        if changed:
            self._current |= changed
            threading.Thread(target=self.octets.collect, args=(changed,), daemon=True).start()
        return versions

    def fetch(self, layer_id: str, version: str, z: int, x: int, y: int) -> tuple[str, bytes]:
        """Return the version of what was read, `version` unless the data changed since, and the gzipped bytes of a tile."""
        address = build_address(layer_id, version, z, x, y)
        made, body = self.octets.fetch(address, self._maker(layer_id, z, x, y))
        return _version_in(made), body

    def fetch_plain(self, layer_id: str, version: str, z: int, x: int, y: int) -> tuple[str, bytes]:
        """Return the same, not compressed: sooner, for who will not read gzip, or glues several."""
        address = build_address(layer_id, version, z, x, y)
        made, body = self.octets.fetch_plain(address, self._maker(layer_id, z, x, y))
        return _version_in(made), body

    def _maker(self, layer_id: str, z: int, x: int, y: int) -> Callable[[], tuple[str, bytes]]:
        """Return what makes a tile, and says where what it read is kept."""

        def make() -> tuple[str, bytes]:
            body, state = self._tiles.fetch_layer(layer_id, z, x, y)
            version = build_version(self.code, read_entries(state), [layer_id])
            return build_address(layer_id, version, z, x, y), body

        return make

    def settle(self, withdrawn: Iterable[str]) -> None:
        """Leave in the folder today's version of the layers there are, whole, and nothing else, before returning.

        The `withdrawn` layers, and those no one knows any more, are closed: a server that still has the old definitions keeps and answers
        nothing of them. Raises OSError when something could not be removed.
        """
        for couche in {*withdrawn, *self.octets.list_couches()} - {*self.couches, FIGURES}:
            self.octets.close(couche)
        for couche in self.couches:
            self.octets.open(couche)
        self.octets.collect(self.fetch_versions(self.couches))
        self.octets.mend()
