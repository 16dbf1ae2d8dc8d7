"""How a feature of a collection is written: its properties, its place, its day. PostgreSQL makes the text of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.geo.crs import CRS84
from webmap.store.features import sql_placed
from webmap.store.filters import queryables

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.geo.crs import Crs
    from webmap.store.items import Query

# Always sent, whatever `properties` asks for: a value without its source is not a value here.
KEPT = ("precision", "source", "source_ligne", "millesime")
_DECIMALS = {True: 7, False: 3}  # degrees, metres: half a centimetre, half a millimetre


def date_field(layer: LayerDefinition) -> str | None:
    """Return the field `datetime` reads: the first date of the layer; None when it has none."""
    return next((field.id for field in layer.fields if field.type == "date"), None)


def sql_columns(layer: LayerDefinition, query: Query) -> sql.Composed:
    """Return the columns a feature shows as its properties: those asked for, and what a value never goes without."""
    names = [name for name, kind in queryables(layer).items() if kind != "geometry"]
    wanted = {*query.fields, *KEPT} if query.fields else set(names)
    return sql.SQL(", ").join(sql.Identifier("t", name) for name in names if name in wanted)


def sql_geometry(layer: LayerDefinition, crs: Crs | None) -> sql.Composable:
    """Return the GeoJSON of a row's place in a system, in its own order of axes; NULL when none is asked for."""
    if crs is None or not layer.drawn:
        return sql.SQL("NULL")
    placed = sql_placed(layer, crs.srid)  # flipped axes keep a ring as it turns on the map
    flipped = sql.SQL("ST_FlipCoordinates({})").format(placed) if crs.latitude_first else placed
    return sql.SQL("ST_AsGeoJSON({}, {}, 0)").format(flipped, sql.Literal(_DECIMALS[crs.degrees]))


def sql_jsonfg(layer: LayerDefinition, crs: Crs | None) -> sql.Composable:
    """Return what stands for `geometry`, and members after it: a place that is not in CRS84 goes to `place`, alone."""
    written = sql.SQL("COALESCE({}, 'null')").format(sql_geometry(layer, crs))
    null = sql.SQL("'null'")
    geometry, place = (written, null) if crs == CRS84 else (null, written)
    day = date_field(layer)
    time = (
        sql.SQL("COALESCE('{{\"date\":' || to_json({})::text || '}}', 'null')").format(sql.Identifier("t", day))
        if day
        else null
    )
    return sql.SQL("{} || ',\"place\":' || {} || ',\"time\":' || {}").format(geometry, place, time)
