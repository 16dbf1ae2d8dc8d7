"""Geometries a filter says, in the coordinate system it says them in: checked, then taken to the column's, never the reverse."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import shapely
from pyproj import Transformer
from shapely.geometry import shape

from webmap.store.filter_text import refuse
from webmap.store.naming import SRID

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from webmap.geo.bbox import Bbox
    from webmap.geo.crs import Crs

_DEPTHS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_DEGREES = 4326
_AROUND = (-10.0, 40.0, 12.0, 53.0)  # degrees; where the column's system is defined, and every row is
_LIMITS = {_DEGREES: (180.0, 90.0)}
_WORLD = (20_037_509.0, 20_037_509.0)  # metres: half the Earth's way around, the edge of EPSG:3857
_STEPS = {_DEGREES: 0.01}  # between two points of an edge: a parallel is then followed within 2 cm
_STEP = 1_000.0
_CORNERS = (4, 6)
_SAID = {
    "Self-intersection": "le contour se croise",
    "Ring Self-intersection": "le contour se touche lui-même",
    "Hole lies outside shell": "un trou est hors du contour",
    "Holes are nested": "un trou est dans un autre",
    "Nested shells": "une surface est dans une autre",
    "Duplicate Rings": "un contour est donné deux fois",
    "Interior is disconnected": "un trou coupe la surface en deux",
}


def is_shape(node: object) -> bool:
    """Whether an object of a filter says a geometry."""
    return isinstance(node, dict) and ("bbox" in node or "type" in node)


def build_shape(node: dict[str, Any], crs: Crs, *, dense: bool) -> BaseGeometry:
    """Return a valid 2D geometry, x first, in the SRID of `crs`, cut to where the column's system is defined.

    With `dense`, edges have points enough to stay straight in `crs` once their vertices are reprojected.
    Raises BadParameterError saying what is wrong, and where.
    """
    if node.get("type") == "GeometryCollection":
        return _collection(node, crs, dense=dense)
    built = _box(node["bbox"], crs) if node.keys() == {"bbox"} else _geometry(node, crs)
    _refuse_invalid(built, crs)
    around = shapely.box(*_around(crs.srid))
    if not around.contains(built):
        built = _largest(built.intersection(around))
    if dense and crs.srid != SRID:
        built = shapely.segmentize(built, max(_STEPS.get(crs.srid, _STEP), built.length / 1_000))
    return built


def _largest(cut: BaseGeometry) -> BaseGeometry:
    """Leave out the points and lines where a surface only touches the edge it is cut by."""
    parts = shapely.get_parts(cut)
    dimensions = shapely.get_dimensions(parts)
    return shapely.union_all(parts[dimensions == dimensions.max()]) if len(parts) else cut


def _collection(node: dict[str, Any], crs: Crs, *, dense: bool) -> BaseGeometry:
    parts = node.get("geometries")
    if node.keys() != {"type", "geometries"} or not isinstance(parts, list) or not parts:
        raise refuse("une GEOMETRYCOLLECTION est une liste de géométries (« geometries »).")
    if not all(isinstance(part, dict) and part.get("type") in _DEPTHS for part in parts):
        raise refuse(f"une GEOMETRYCOLLECTION contient {', '.join(_DEPTHS)}, et rien d'autre.")
    return shapely.GeometryCollection([build_shape(part, crs, dense=dense) for part in parts])


def _box(corners: object, crs: Crs) -> BaseGeometry:
    if not isinstance(corners, list) or len(corners) not in _CORNERS:
        raise refuse("BBOX attend quatre nombres : deux du coin bas gauche, deux du coin haut droit.")
    half = len(corners) // 2
    (west, south), (east, north) = (_position(corner, crs) for corner in (corners[:half], corners[half:]))
    if west >= east or south >= north:
        raise refuse("BBOX : bornes inversées ou égales ; attendu le plus petit coin, puis le plus grand.")
    return shapely.box(west, south, east, north)


def _geometry(node: dict[str, Any], crs: Crs) -> BaseGeometry:
    kind = node.get("type")
    if not isinstance(kind, str) or kind not in _DEPTHS or node.keys() != {"type", "coordinates"}:
        raise refuse(f"une géométrie est un objet GeoJSON, « type » et « coordinates » : {', '.join(_DEPTHS)}.")
    coordinates = _nested(node["coordinates"], _DEPTHS[kind], crs)
    rings = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind, [])
    if any(ring[0] != ring[-1] for surface in rings for ring in surface):
        raise refuse("un contour n'est pas fermé ; répétez son premier sommet à la fin.")
    try:
        return shape({"type": kind, "coordinates": coordinates})
    except (ValueError, shapely.errors.ShapelyError):
        raise refuse("une géométrie a trop peu de sommets : deux pour une ligne, quatre pour un contour.") from None


def _nested(value: object, depth: int, crs: Crs) -> Any:  # noqa: ANN401 - lists of lists of positions
    if depth == 0:
        return _position(value, crs)
    if not isinstance(value, list) or not value:
        raise refuse("les coordonnées d'une géométrie ne sont pas des listes imbriquées comme le demande GeoJSON.")
    return [_nested(item, depth - 1, crs) for item in value]


def _position(value: object, crs: Crs) -> tuple[float, float]:
    if not isinstance(value, list) or not 2 <= len(value) <= 3 or not all(type(n) in {int, float} for n in value):  # noqa: PLR2004 - x y, or x y z
        raise refuse("un sommet est deux nombres, trois avec l'altitude.")
    x, y = (value[1], value[0]) if crs.latitude_first else (value[0], value[1])
    limits = _LIMITS.get(crs.srid, _WORLD)
    if not (abs(x) <= limits[0] and abs(y) <= limits[1]):
        told = "des degrés" if crs.srid == _DEGREES else f"des mètres de EPSG:{crs.srid}"
        msg = f"le sommet ({_tell(value[0])} {_tell(value[1])}) est hors du monde : attendu {told} ; voyez filter-crs."
        raise refuse(msg)
    return float(x), float(y)


def _tell(value: float) -> str:
    return f"{float(value):.10g}" if abs(value) < 1e15 and math.isfinite(value) else "…"  # noqa: PLR2004 - readable


def _refuse_invalid(built: BaseGeometry, crs: Crs) -> None:
    reason = shapely.is_valid_reason(built)
    if reason == "Valid Geometry":
        return
    name, _, place = reason.partition("[")
    where = [_tell(float(number)) for number in place.rstrip("]").split()[:2]]
    at = f" en ({' '.join(reversed(where) if crs.latitude_first else where)})" if where else ""
    raise refuse(f"la géométrie n'est pas valide : {_SAID.get(name, 'elle est dégénérée')}{at}.")


@cache
def _around(srid: int) -> Bbox:
    west, south, east, north = Transformer.from_crs(_DEGREES, srid, always_xy=True).transform_bounds(*_AROUND)
    return (west, south, east, north)
