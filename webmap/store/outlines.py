"""The shapes of units and of places as SVG paths, to be drawn on a page: simplified for a screen, never measured.

Coordinates are Lambert-93 metres from the top left corner of the box that holds the whole territory, y downwards, so that
the pages of every unit and découpage share one frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import shapely
from psycopg import sql

from webmap.store.attachment import UNIT, WITH_UNIT, sql_in_unit, sql_table
from webmap.store.cursors import CASTS
from webmap.store.filters import queryables
from webmap.store.kept_rows import compose
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database

_TOLERANCE = 40  # metres: about a pixel of a territory 35 km wide drawn 900 px wide
_GRID = 10  # metres
MARKED_PER_LAYER = 500


@dataclass(frozen=True)
class Outline:
    """The shape of one unit: `trace` is the `d` of a path to fill by `evenodd`, holes and exclaves included.

    `centre` is the point of its largest part that is farthest from its edges, `rayon` how far they are, in metres: the
    room there is for a label.
    """

    code: str
    nom: str
    trace: str
    centre: tuple[int, int]
    rayon: int


@dataclass(frozen=True)
class Outlines:
    """What a map of the territory is drawn with: the units of a découpage, and the communes under them.

    `boite` is the viewBox (x, y, width, height), `origine` the Lambert-93 point at its (0, 0). `schematique` says that
    cells stand in for some contour that is not loaded.
    """

    boite: tuple[int, int, int, int]
    origine: tuple[float, float]
    unites: tuple[Outline, ...]
    communes: tuple[Outline, ...]
    schematique: bool


@dataclass(frozen=True)
class Mark:
    """One place of a layer in the box: a point, or a line or surface with its `trace` (empty for a point)."""

    couche: str
    cle: str
    nom: str
    precision: str
    centre: tuple[int, int]
    trace: str


def fetch_outlines(database: Database, decoupage: str | None) -> Outlines:
    """Return the outlines of a découpage, or of the communes alone.

    Neighbours share their simplified boundary: no gap, no overlap is drawn.
    """
    rows = database.read(load_sql("outlines"), {"decoupage": decoupage})
    shapes = _simplify([row["forme"] for row in rows])
    if not rows:
        return Outlines((0, 0, 0, 0), (0, 0), (), (), schematique=False)
    west, south, east, north = shapely.total_bounds(shapes)
    # The box grows outwards to the grid: a rounded vertex is never outside it.
    origin = (west // _GRID * _GRID, -(-north // _GRID) * _GRID)
    width, height = (-(-length // _GRID) * _GRID for length in (east - origin[0], origin[1] - south))
    members: dict[tuple[str, str], list[Any]] = {}
    for row, shape in zip(rows, shapes, strict=True):
        if row["unite"] is not None:
            members.setdefault((row["unite"], row["unite_nom"]), []).append(shape)
    return Outlines(
        boite=(0, 0, round(width), round(height)),
        origine=origin,
        unites=tuple(_outline(code, nom, shapely.union_all(parts), origin) for (code, nom), parts in members.items()),
        communes=tuple(
            _outline(row["code_insee"], row["nom"], shape, origin) for row, shape in zip(rows, shapes, strict=True)
        ),
        schematique=any(row["schematique"] for row in rows),
    )


def fetch_marks(
    database: Database, layers: Iterable[LayerDefinition], decoupage: str, code: str, outlines: Outlines
) -> tuple[Mark, ...]:
    """Return the drawn places of `layers` tied to a unit, in the frame of `outlines`; at most 500 a layer, one statement."""
    parts = [compose(database, layer, sql_unit_marks) for layer in layers if layer.drawn]
    if not parts:
        return ()
    rows = database.read(WITH_UNIT + sql.SQL(" UNION ALL ").join(parts), {"decoupage": decoupage, "unite": code})
    return tuple(_mark(row, outlines.origine) for row in rows)


def fetch_layer_marks(
    database: Database, layer: LayerDefinition, outlines: Outlines, keys: Sequence[str] | None = None
) -> tuple[Mark, ...]:
    """Return the drawn places of one layer, or of the rows `keys` name; at most 500, by key."""
    own = sql.SQL("t.{} = ANY(%(cles)s::text[]::" + CASTS[queryables(layer)[layer.key]] + "[])")
    condition = sql.SQL("true") if keys is None else own.format(sql.Identifier(layer.key))
    rows = database.read(_sql_marks(layer, condition), None if keys is None else {"cles": list(keys)})
    return tuple(_mark(row, outlines.origine) for row in rows)


def trace_shape(shape: bytes, outlines: Outlines) -> str:
    """Write any line or surface (WKB, EPSG:2154) as a path in the frame of `outlines`."""
    return _trace(shapely.simplify(shapely.from_wkb(shape), _TOLERANCE), outlines.origine)


def sql_unit_marks(layer: LayerDefinition) -> sql.Composed:
    """Return the statement of one layer, after WITH_UNIT."""
    return _sql_marks(layer, sql_in_unit(layer, UNIT))


def _sql_marks(layer: LayerDefinition, condition: sql.Composable) -> sql.Composed:
    return sql.SQL(
        "(SELECT {layer} AS couche, t.{key}::text AS cle, t.{name} AS nom, t.precision, ST_AsBinary(t.geom) AS forme"
        " FROM {table} t WHERE t.geom IS NOT NULL AND {condition} ORDER BY t.{key} LIMIT {limit})"
    ).format(
        layer=sql.Literal(layer.id),
        key=sql.Identifier(layer.key),
        name=sql.Identifier(layer.name),
        table=sql_table(layer),
        condition=condition,
        limit=sql.Literal(MARKED_PER_LAYER),
    )


def _simplify(shapes: Sequence[bytes]) -> Any:  # noqa: ANN401 - an array of shapely geometries
    return shapely.coverage_simplify(shapely.from_wkb(shapes), _TOLERANCE)


def _outline(code: str, nom: str, shape: Any, origin: tuple[float, float]) -> Outline:  # noqa: ANN401 - as above
    largest = max(shapely.get_parts(shape), key=shapely.area)
    radius = shapely.maximum_inscribed_circle(largest, tolerance=_TOLERANCE)
    centre = _place(shapely.get_coordinates(radius)[0], origin)
    return Outline(code, nom, _trace(shape, origin), centre, round(shapely.length(radius)))


def _mark(row: dict[str, Any], origin: tuple[float, float]) -> Mark:
    shape = shapely.from_wkb(row["forme"])
    centre = _place(shapely.get_coordinates(shapely.point_on_surface(shape))[0], origin)
    trace = "" if shape.geom_type == "Point" else _trace(shapely.simplify(shape, _TOLERANCE), origin)
    return Mark(row["couche"], row["cle"], row["nom"] or row["cle"], row["precision"] or "", centre, trace)


def _trace(shape: Any, origin: tuple[float, float]) -> str:  # noqa: ANN401 - as above
    """Write lines and surfaces as an SVG path; each ring or line moves to its start, then draws by relative steps."""
    texts = []
    for part in shapely.get_parts(shape):
        closed = part.geom_type == "Polygon"
        for ring in shapely.get_rings(part) if closed else [part]:
            points = [_place(point, origin) for point in shapely.get_coordinates(ring)]
            steps = [(x - px, y - py) for (px, py), (x, y) in pairwise(points)]
            drawn = " ".join(f"{x} {y}" for x, y in steps[: -1 if closed else None] if (x, y) != (0, 0))
            texts.append(f"M{points[0][0]} {points[0][1]}l{drawn or '0 0'}{'z' if closed else ''}")
    return "".join(texts)


def _place(point: Any, origin: tuple[float, float]) -> tuple[int, int]:  # noqa: ANN401 - as above
    x, y = round((point[0] - origin[0]) / _GRID) * _GRID, round((origin[1] - point[1]) / _GRID) * _GRID
    return int(x), int(y)
