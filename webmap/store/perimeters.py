"""The perimeters of zones: polygons that are units of no découpage (drawn, sent, or rows of a layer that says `zones = true`).

What is in a zone is what is known to be there: rows whose place is exact. A row known by its commune alone is told beside,
never spread; inhabitants and figures of whole communes have no value in a part of a commune.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.errors import PolygonError
from webmap.store.attachment import sql_table
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.geo.bbox import Bbox
    from webmap.geo.polygon import Polygon
    from webmap.store.db import Database

DRAWN = "polygone"  # code of the one zone a person draws
_NAME = "Zone tracée"
_WHOLE = 1e-4  # of the zone's area: below, it is the union of the communes it covers
# What PostGIS finds wrong, as ST_IsValidDetail says it, and what it means to the person who drew.
_FAULTS = {
    "Self-intersection": "se croise",
    "Ring Self-intersection": "se touche lui-même",
    "Hole lies outside shell": "a un trou hors de son contour",
    "Holes are nested": "a un trou dans un trou",
    "Nested shells": "a une partie dans une autre",
    "Duplicate Rings": "a deux fois le même contour",
    "Interior is disconnected": "est coupé en deux par un de ses trous",
    "Too few points in geometry component": "a un contour sans surface",
}


@dataclass(frozen=True)
class Zone:
    """One zone. `forme` is its part in the territory (WKB, EPSG:2154), None when its perimeter is unknown.

    `surface_km2` is that part's, on the ellipsoid. `deborde` says that the zone goes beyond the territory. `communes` are the
    whole communes it is made of, empty when it is not a union of whole communes; `touchees` are those it meets.
    """

    code: str
    nom: str
    forme: bytes | None
    surface_km2: float | None
    deborde: bool
    communes: tuple[str, ...]
    touchees: tuple[str, ...]
    etendue: Bbox | None
    centre: tuple[float, float] | None


@dataclass(frozen=True)
class Perimeters:
    """Zones, and the shapes they are weighed with: all of them, the territory outside, the territory (WKB, EPSG:2154)."""

    zones: tuple[Zone, ...]
    reunion: bytes
    hors_unite: bytes
    ensemble: bytes


def fetch_drawn(database: Database, polygon: Polygon, box: Bbox) -> Perimeters:
    """Return the zone a polygon makes of the territory, which lies in `box` (WGS84).

    Raises PolygonError when it crosses itself, saying where, or does not meet the territory.
    """
    refuse_invalid(database, polygon)
    # Edges are straight in degrees: cut short before they are taken to Lambert-93, where they would bend by metres.
    relation = sql.SQL(
        "SELECT {code} AS code, {name} AS nom, ST_Transform(ST_Segmentize(ST_CollectionExtract(ST_Intersection("
        "ST_Union(ST_GeomFromText(w, 4326)), ST_Expand(ST_MakeEnvelope(%(ouest)s, %(sud)s, %(est)s, %(nord)s, 4326), 0.1)), 3),"
        " 0.01), 2154) AS geom FROM unnest(%(wkts)s::text[]) AS w"
    ).format(code=sql.Literal(DRAWN), name=sql.Literal(_NAME))
    zone_rules = _fetch(database, relation, box, wkts=polygon.wkts)
    if not zone_rules.zones or zone_rules.zones[0].forme is None:
        raise PolygonError("Ce polygone ne touche pas le territoire : rien ne peut y être compté. Vérifiez sa place.")
    return zone_rules


def fetch_layer_zones(database: Database, layer: LayerDefinition, box: Bbox) -> Perimeters:
    """Return the rows of a layer as zones, by name; those without an exact perimeter have no shape."""
    relation = sql.SQL(
        "SELECT {key}::text AS code, {name} AS nom, CASE WHEN precision = 'exacte' THEN geom END AS geom FROM {table} t"
    ).format(key=sql.Identifier(layer.key), name=sql.Identifier(layer.name), table=sql_table(layer))
    return _fetch(database, relation, box)


def fetch_perimeter(database: Database, layer: LayerDefinition, code: str) -> tuple[bytes | None, tuple[str, ...]]:
    """Return the exact perimeter of one row (WKB, EPSG:2154), to be drawn, and the `code_insee` of the communes it meets.

    None and nothing when it is unknown.
    """
    statement = sql.SQL(
        "SELECT ST_AsBinary(t.geom) AS forme, ARRAY(SELECT c.code_insee FROM pub.commune c WHERE ST_Intersects(c.geom, t.geom)"
        " AND ST_Area(ST_Intersection(c.geom, t.geom)) > 0 ORDER BY c.code_insee) AS touchees"
        " FROM {} t WHERE {}::text = %(code)s AND precision = 'exacte' AND t.geom IS NOT NULL"
    )
    rows = database.read(statement.format(sql_table(layer), sql.Identifier(layer.key)), {"code": code})
    return (bytes(rows[0]["forme"]), tuple(rows[0]["touchees"])) if rows else (None, ())


def refuse_invalid(database: Database, polygon: Polygon) -> None:
    """Raise PolygonError when a polygon crosses itself, saying where."""
    statement = sql.SQL(
        "SELECT reason(d) AS raison, ST_X(location(d)) AS lon, ST_Y(location(d)) AS lat"
        " FROM unnest(%(wkts)s::text[]) AS w CROSS JOIN LATERAL ST_IsValidDetail(ST_GeomFromText(w, 4326)) AS d WHERE NOT valid(d) LIMIT 1"
    )
    for row in database.read(statement, {"wkts": polygon.wkts}):
        fault = _FAULTS.get(row["raison"], "n'est pas une surface")
        where = (
            ""
            if row["lon"] is None
            else f" vers {_degrees(row['lon'])} ; {_degrees(row['lat'])} (longitude ; latitude)"
        )
        raise PolygonError(f"Le polygone {fault}{where} : corrigez ce sommet, puis renvoyez-le.")


def _degrees(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".").replace(".", ",")


def _fetch(database: Database, relation: sql.Composed, box: Bbox, **params: object) -> Perimeters:
    west, south, east, north = box
    statement = load_sql("perimeters").format(zones=relation)
    rows = database.read(statement, {"ouest": west, "sud": south, "est": east, "nord": north, **params})
    zones = tuple(_zone(row) for row in rows if row["groupe"] == "unite")
    shapes = {row["groupe"]: bytes(row["forme"]) for row in rows if row["groupe"] != "unite"}
    return Perimeters(zones, **shapes)


def _zone(row: dict[str, Any]) -> Zone:
    inside = bool(row["aire_dedans"])
    whole = inside and row["ecart"] is not None and row["ecart"] < _WHOLE * row["aire"]
    return Zone(
        code=row["code"],
        nom=row["nom"],
        forme=bytes(row["forme"]) if inside else None,
        surface_km2=row["surface_km2"] if inside else None,
        deborde=inside and row["aire_dedans"] < row["aire"] * (1 - _WHOLE),
        communes=tuple(row["communes"]) if whole else (),
        touchees=tuple(row["touchees"] or ()),
        etendue=(row["ouest"], row["sud"], row["est"], row["nord"]) if inside else None,
        centre=(row["centre_lon"], row["centre_lat"]) if inside else None,
    )
