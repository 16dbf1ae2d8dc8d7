"""Vector tiles: the statements of every layer, ready, and the bytes PostGIS writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.store.attachment import sql_in_unit
from webmap.store.revisions import sql_state
from webmap.store.tile_statements import MAX_BYTES, TileStatements

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
        self._whole = {layer.id: TileStatements(layer, state=sql_state([layer.id])) for layer in drawn}
        self._filtered = {layer.id: TileStatements(layer, sql_in_unit(layer)) for layer in drawn}

    def fetch_layer(self, layer_id: str, z: int, x: int, y: int) -> tuple[bytes, list[str]]:
        """Return the MVT bytes of one layer in one XYZ tile, empty when nothing is there, and the state of the data they are of."""
        row = self._fetch(self._whole[layer_id], _bind(z, x, y, None))
        return bytes(row["mvt"]), row["etat"]

    def fetch_tile(self, layer_ids: Sequence[str], z: int, x: int, y: int, unit: tuple[str, str] | None) -> bytes:
        """Return the MVT bytes of several layers in one XYZ tile, concatenated (a valid MVT); empty when nothing is there.

        `unit` is (découpage, code) and keeps what is tied to that unit.
        """
        statements = self._filtered if unit else self._whole
        params = _bind(z, x, y, unit)
        return b"".join(bytes(self._fetch(statements[layer_id], params)["mvt"]) for layer_id in layer_ids)

    def fetch_filtered_tile(
        self, layer: LayerDefinition, z: int, x: int, y: int, unit: tuple[str, str] | None, kept: Filter
    ) -> bytes:
        """Return the MVT bytes of the rows of one layer that meet a filter, and are tied to `unit` when it is given."""
        in_unit = sql_in_unit(layer) if unit else sql.SQL("true")
        statements = TileStatements(layer, sql.SQL("{} AND {}").format(in_unit, kept.condition))
        return bytes(self._fetch(statements, _bind(z, x, y, unit) | kept.params)["mvt"])

    def _fetch(self, statements: TileStatements, params: dict[str, Any]) -> dict[str, Any]:
        """Return the row of the finest statement that is light enough, of the coarsest when none is."""
        row: dict[str, Any] = {}
        for statement in statements.at(params["z"]):
            row = self._database.read_octets(statement, params)
            if len(row["mvt"]) <= MAX_BYTES:
                break
        return row


def _bind(z: int, x: int, y: int, unit: tuple[str, str] | None) -> dict[str, Any]:
    bound: dict[str, Any] = {"z": z, "x": x, "y": y}
    return bound | ({"decoupage": unit[0], "unite": unit[1]} if unit else {})
