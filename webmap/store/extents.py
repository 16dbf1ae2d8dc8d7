"""Where the rows of a layer are, as one WGS84 box: what catalogues and tile clients ask first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.store.attachment import sql_source, sql_table
from webmap.store.drawn import DRAWN
from webmap.store.kept_rows import compose, read_kept_each
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webmap.catalog.definition import LayerDefinition
    from webmap.geo.bbox import Bbox
    from webmap.store.db import Database

# The rows whose box has no part in what is drawn, by an index: « not && » has none.
_BEYOND = sql.SQL(" OR ").join(
    sql.SQL("t.geom {} ST_MakeEnvelope(-411000, 5877000, 1471000, 7396000, 2154)").format(sql.SQL(side))
    for side in ("<<", ">>", "<<|", "|>>")
)


def fetch_extents(
    database: Database, layers: Iterable[LayerDefinition], *, cells: bool = False
) -> dict[str, Bbox | None]:
    """Return public layer id -> west, south, east, north in WGS84 degrees, None where no row has a place.

    With `cells`, communes and units not contoured yet count by their schematic cell: for drawing, as in tiles. What was read is
    kept until a layer changes, and those that changed are read in one statement.
    """
    asked = list(layers)
    write = _sql_drawn if cells else _sql_placed
    found = read_kept_each(database, {layer.id: compose(database, layer, write) for layer in asked if layer.drawn})
    boxes = {couche: _box(row["ouest"], row["sud"], row["est"], row["nord"]) for couche, (row,) in found.items()}
    return {layer.id: boxes.get(layer.id) for layer in asked}


def _sql_placed(layer: LayerDefinition) -> sql.Composed:
    table = sql.SQL("{} AS t").format(sql_table(layer))
    beyond = sql.SQL("UNION ALL SELECT t.geom FROM {} WHERE {}").format(table, _BEYOND)
    return _sql_extent(layer, table, sql.SQL("d.schematique IS NULL"), beyond)


def _sql_drawn(layer: LayerDefinition) -> sql.Composed:
    return _sql_extent(layer, sql_source(layer), sql.SQL("true"), sql.SQL(""))


def _sql_extent(
    layer: LayerDefinition, source: sql.Composable, contours: sql.Composable, beyond: sql.Composable
) -> sql.Composed:
    return load_sql("extent").format(
        layer=sql.Literal(layer.id),
        key=sql.Identifier(layer.key),
        drawn=sql.Identifier(DRAWN, layer.id),
        source=source,
        contours=contours,
        beyond=beyond,
    )


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
