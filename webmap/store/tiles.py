"""Vector tiles: the statements of every layer, ready, and the bytes PostGIS writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.store.attachment import sql_in_unit
from webmap.store.revisions import sql_state
from webmap.store.tile_statements import sql_tile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database
    from webmap.store.filters import Filter


class TileStore:
    """Statements of every public layer, ready: a request only binds z, x, y and a unit; a filter is composed on demand."""

    def __init__(self, database: Database, layers: Iterable[LayerDefinition]) -> None:
        """Compose the statements; nothing is run."""
        self._database = database
        drawn = [layer for layer in layers if layer.drawn]
        self._whole = {layer.id: _sql_with_state(layer, sql_tile(layer, sql.SQL("true"))) for layer in drawn}
        self._filtered = {layer.id: sql_tile(layer, sql_in_unit(layer)) for layer in drawn}

    def fetch_layer(self, layer_id: str, z: int, x: int, y: int) -> tuple[bytes, list[str]]:
        """Return the MVT bytes of one layer in one XYZ tile, empty when nothing is there, and the state of the data they are of."""
        row = self._database.read(self._whole[layer_id], _bind(z, x, y, None))[0]
        return bytes(row["mvt"]), row["etat"]

    def fetch_tile(self, layer_ids: Sequence[str], z: int, x: int, y: int, unit: tuple[str, str] | None) -> bytes:
        """Return the MVT bytes of several layers in one XYZ tile, concatenated (a valid MVT); empty when nothing is there.

        `unit` is (découpage, code) and keeps what is tied to that unit.
        """
        statements = self._filtered if unit else self._whole
        params = _bind(z, x, y, unit)
        return b"".join(bytes(self._database.read(statements[layer_id], params)[0]["mvt"]) for layer_id in layer_ids)

    def fetch_filtered_tile(
        self, layer: LayerDefinition, z: int, x: int, y: int, unit: tuple[str, str] | None, kept: Filter
    ) -> bytes:
        """Return the MVT bytes of the rows of one layer that meet a filter, and are tied to `unit` when it is given."""
        in_unit = sql_in_unit(layer) if unit else sql.SQL("true")
        statement = sql_tile(layer, sql.SQL("{} AND {}").format(in_unit, kept.condition))
        return bytes(self._database.read(statement, _bind(z, x, y, unit) | kept.params)[0]["mvt"])


def _sql_with_state(layer: LayerDefinition, tile: sql.Composed) -> sql.Composed:
    """Return a statement that says beside the bytes what they are of: one snapshot, so neither can be ahead of the other."""
    return sql.SQL("SELECT tuile.mvt, {} AS etat FROM ({}) tuile").format(sql_state([layer.id]), tile)


def _bind(z: int, x: int, y: int, unit: tuple[str, str] | None) -> dict[str, object]:
    bound: dict[str, object] = {"z": z, "x": x, "y": y}
    return bound | ({"decoupage": unit[0], "unite": unit[1]} if unit else {})
