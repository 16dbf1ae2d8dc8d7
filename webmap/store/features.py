"""Rows of a layer as GeoJSON features, written by PostgreSQL and streamed: memory does not grow with the layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from webmap.geo.crs import DEGREES
from webmap.store.attachment import sql_in_unit, sql_source, sql_table
from webmap.store.boxes import sql_in_box
from webmap.store.naming import SRID
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webmap.catalog.definition import FieldDefinition, LayerDefinition
    from webmap.geo.bbox import Bbox
    from webmap.geo.polygon import Polygon
    from webmap.store.db import Database
    from webmap.store.filters import Filter

    Sort = tuple[FieldDefinition, bool]  # field, descending

_BOUNDS = ("ouest", "sud", "est", "nord")
PUBLISHED = ("code_insee", "precision", "etat", "source", "source_ligne", "source_url", "millesime")


@dataclass(frozen=True)
class Selection:
    """What of a layer is wanted: a WGS84 box, units (découpage, code), a filter, a polygon to meet; all must hold.

    `sort` is the order of its rows where they are listed one by one: that of their keys without one.
    """

    bbox: Bbox | None = None
    units: tuple[tuple[str, str], ...] = ()
    filter: Filter | None = None
    polygon: Polygon | None = None
    sort: tuple[Sort, ...] = ()


def stream_features(
    database: Database,
    layer: LayerDefinition,
    selection: Selection,
    fields: Sequence[str] = (),
    *,
    cells: bool = False,
    separator: str = ",",
) -> Iterator[bytes]:
    """Yield the lines of a JSON array of features, separators included, brackets not; `fields` are all by default.

    Rows without a place have a null geometry, and are left out when a box is asked for. With `cells`, communes and units
    not contoured yet come with their schematic cell and `schematique: true`: for drawing only, never for an export.
    """
    names = list(fields) or [*layer.field_ids, *(name for name in PUBLISHED if name not in layer.field_ids)]
    names += ["schematique"] if cells else []
    columns = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in names)
    condition, params = sql_selection(layer, selection)
    source = sql_source(layer) if cells else sql.SQL("{} AS t").format(sql_table(layer))
    statement = load_sql("feature").format(
        key=sql.Identifier(layer.key),
        # Not json_build_object: a function takes 100 arguments, so 50 fields; a row has no such limit.
        properties=sql.SQL("(SELECT row_to_json(p) FROM (SELECT {}) p)").format(columns),
        geometry=sql_placed(layer, 4326),
        source=source,
        filter=condition,
        order=sql_order(layer, selection.sort),
        separator=sql.Literal(separator),
    )
    return database.stream(statement, params)


def sql_order(layer: LayerDefinition, sort: Sequence[Sort]) -> sql.Composed:
    """Order of rows (alias t), the key last, NULLs after the rest either way.

    Texts as a person looks them up: accents, case and signs count only between texts that are otherwise the same.
    """
    parts = []
    for field, descending in sort:
        column = sql.Identifier("t", field.id)
        way = sql.SQL("DESC NULLS LAST" if descending else "ASC NULLS LAST")
        if field.type == "text":
            parts.append(sql.SQL("app.cle_recherche({}) {}").format(column, way))
        parts.append(sql.SQL("{} {}").format(column, way))
    return sql.SQL(", ").join([*parts, sql.Identifier("t", layer.key)])


def sql_placed(layer: LayerDefinition, srid: int) -> sql.Composable:
    """Geometry of a row (alias t) in `srid`, its outer rings counter-clockwise (RFC 7946) where it may have rings."""
    placed = sql.SQL("t.geom") if srid == SRID else sql.SQL("ST_Transform(t.geom, {})").format(sql.Literal(srid))
    return sql.SQL("ST_ForcePolygonCCW({})").format(placed) if layer.geometry == "polygon" else placed


def sql_selection(layer: LayerDefinition, selection: Selection) -> tuple[sql.Composable, dict[str, object]]:
    """Condition on a row (alias t) and its parameters."""
    conditions: list[sql.Composable] = [sql.SQL("true")]
    params: dict[str, object] = {}
    if selection.bbox:
        conditions.append(sql_in_box(_BOUNDS, DEGREES))
        params = dict(zip(_BOUNDS, selection.bbox, strict=True))
    for number, (decoupage, unit) in enumerate(selection.units):
        text = sql_in_unit(layer).as_string().replace("%(decoupage)s", f"%(decoupage{number})s")
        conditions.append(sql.SQL(text.replace("%(unite)s", f"%(unite{number})s")))
        params |= {f"decoupage{number}": decoupage, f"unite{number}": unit}
    if selection.polygon:
        condition, params["traces"] = sql_meets(), selection.polygon.wkts
        conditions.append(condition)
    if selection.filter:
        conditions.append(selection.filter.condition)
        params |= selection.filter.params
    return sql.SQL(" AND ").join(conditions), params


def sql_meets() -> sql.SQL:
    """Condition on a row (alias t): it meets the surfaces of %(traces)s, whose edges are straight in degrees.

    As for the box, the test that decides is in degrees; the part of France the surfaces lie in lets the index help.
    """
    shape = "(SELECT ST_Union(ST_GeomFromText(w, 4326)) FROM unnest(%(traces)s::text[]) AS w)"
    france = f"ST_Intersection(ST_Envelope({shape}), ST_MakeEnvelope(-10, 40, 12, 53, 4326))"
    near = f"ST_Expand(ST_Transform(ST_Segmentize({france}, 0.1), 2154), 50)"
    return sql.SQL(f"t.geom && {near} AND ST_Intersects(ST_Transform(t.geom, 4326), {shape})")  # constants
