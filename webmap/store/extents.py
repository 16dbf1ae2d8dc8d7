"""Where the rows of a layer are, as one WGS84 box: what catalogues and tile clients ask first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.store.attachment import sql_source, sql_table
from webmap.store.db import load_sql
from webmap.store.kept_rows import read_kept

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webmap.catalog.definition import LayerDefinition
    from webmap.geo.bbox import Bbox
    from webmap.store.db import Database


def fetch_extents(
    database: Database, layers: Iterable[LayerDefinition], *, cells: bool = False
) -> dict[str, Bbox | None]:
    """Return layer id -> west, south, east, north in WGS84 degrees, None where no row has a place.

    With `cells`, communes and units not contoured yet count by their schematic cell: for drawing, as in tiles. One statement a
    layer: every vertex goes to degrees, seconds for a whole country, so what was measured is kept until the layer changes.
    """
    boxes = {}
    for layer in layers:
        source = sql_source(layer) if cells else sql.SQL("{} AS t").format(sql_table(layer))
        statement = load_sql("extent").format(layer=sql.Literal(layer.id), source=source)
        [row] = read_kept(database, statement, None, [layer.id])
        boxes[layer.id] = _box(row["ouest"], row["sud"], row["est"], row["nord"])
    return boxes


def _box(west: float | None, south: float | None, east: float | None, north: float | None) -> Bbox | None:
    return None if west is None or south is None or east is None or north is None else (west, south, east, north)


def fetch_filled(database: Database, layers: Iterable[LayerDefinition]) -> dict[str, bool]:
    """Return, for each layer that has a row, whether one of its rows has a place: in one statement."""
    parts = [
        sql.SQL(
            "SELECT {layer} AS couche, EXISTS (SELECT 1 FROM {table} t WHERE t.geom IS NOT NULL) AS place"
            " WHERE EXISTS (SELECT 1 FROM {table} t)"
        ).format(layer=sql.Literal(layer.id), table=sql_table(layer))
        for layer in layers
    ]
    rows = database.read(sql.SQL(" UNION ALL ").join(parts)) if parts else []
    return {row["couche"]: row["place"] for row in rows}
