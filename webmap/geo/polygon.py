"""Polygons people draw, paste or send: WKT and GeoJSON to checked coordinates, in bounded work. Pure; WGS84 degrees."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webmap.errors import BadParameterError, PolygonError, TooLargeError
from webmap.geo.crs import guess_crs, meets
from webmap.wording import explain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from webmap.geo.bbox import Bbox

    Point = tuple[float, float]
    Ring = tuple[Point, ...]
    Surface = tuple[Ring, ...]  # the outer ring, then the holes

MAX_BYTES = 1_000_000
MAX_VERTICES = 10_000
_CLOSED = 4  # points of the smallest ring, the first one said again at the end
_DEPTHS = {"POLYGON": 2, "MULTIPOLYGON": 3}
_HEAD = re.compile(r"\s*(?:SRID\s*=\s*(\d{1,9})\s*;)?\s*([A-Za-z]{1,30})(\s+ZM?|\s+M)?\s*(?=\(|EMPTY\b)", re.IGNORECASE)
_WORD = re.compile(r"\s*([(),]|[^\s(),]+)")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?")
_ACCEPTED = "un POLYGON ou un MULTIPOLYGON en WGS84, longitude d'abord : POLYGON((3.40 50.30, 3.50 50.30, 3.45 50.40, 3.40 50.30))"
_WGS84 = ("CRS84", "4326")


@dataclass(frozen=True)
class Polygon:
    """A zone as it was given: multipolygons to unite, whose rings are closed and whose degrees are in range.

    Whether a ring crosses itself is not known here: PostGIS says it, and where.
    """

    parts: tuple[tuple[Surface, ...], ...]

    @property
    def bounds(self) -> Bbox:
        """West, south, east, north."""
        return _bounds(list(_points(self.parts)))

    @property
    def vertices(self) -> int:
        """How many points its rings have."""
        return sum(1 for _ in _points(self.parts))

    @property
    def geojson(self) -> dict[str, Any]:
        """All the parts as one GeoJSON MultiPolygon: what was read, to be shown back."""
        surfaces = [[[list(point) for point in ring] for ring in surface] for part in self.parts for surface in part]
        return {"type": "MultiPolygon", "coordinates": surfaces}

    @property
    def wkts(self) -> list[str]:
        """Each part as the WKT of a MULTIPOLYGON."""
        return [f"MULTIPOLYGON({','.join(map(_write_surface, part))})" for part in self.parts]


def parse_wkt(text: str, extent: Bbox) -> Polygon:
    """Parse a WKT POLYGON or MULTIPOLYGON. `extent` is where the territory is, to say what wrong coordinates look like.

    Raises BadParameterError for what is no WKT, PolygonError for what is no polygon around here, TooLargeError.
    """
    _refuse_many(text.count(",") + 1)  # in WKT each vertex but the first follows one comma
    if len(text) > MAX_BYTES:
        raise TooLargeError(f"Ce WKT dépasse {MAX_BYTES // 1000} ko : simplifiez le tracé.")
    if not text.strip():
        raise BadParameterError(f"Le paramètre wkt est vide : attendu {_ACCEPTED}.")
    head = _HEAD.match(text)
    if head is None:
        raise BadParameterError(f"Ce texte n'est pas du WKT (« {text.strip()[:40]} ») : attendu {_ACCEPTED}.")
    srid, kind = head[1], head[2].upper()
    if kind not in _DEPTHS:
        raise PolygonError(f"Une zone est une surface, et ceci est un {kind[:30]} : attendu {_ACCEPTED}.")
    if srid not in {None, "4326"}:
        raise PolygonError(f"Ce WKT est en EPSG:{srid} : convertissez-le en WGS84 (EPSG:4326), longitude d'abord.")
    rings = _parse_lists(text[head.end() :], _DEPTHS[kind])
    return _check([rings if kind == "MULTIPOLYGON" else [rings]], extent)


def parse_geojson(body: bytes, extent: Bbox) -> Polygon:
    """Parse a GeoJSON Polygon, MultiPolygon, Feature or FeatureCollection (its polygons united). Raises as `parse_wkt`."""
    if len(body) > MAX_BYTES:
        raise TooLargeError(
            f"Ce GeoJSON dépasse {MAX_BYTES // 1000} ko : simplifiez le tracé, ou envoyez moins d'objets."
        )
    if not body.strip():
        raise BadParameterError("Le fichier est vide : attendu un GeoJSON avec un Polygon ou un MultiPolygon.")
    try:
        content = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadParameterError(f"Ce fichier n'est pas du GeoJSON : {explain(error)}.") from error
    _refuse_crs(content)
    return _check([_surfaces(geometry) for geometry in _geometries(content)], extent)


def _refuse_constant(name: str) -> float:
    raise BadParameterError(f"Ce GeoJSON contient {name}, qui n'est pas un nombre : corrigez la coordonnée.")


def _refuse_many(vertices: int) -> None:
    if vertices > MAX_VERTICES:
        msg = f"Ce tracé a plus de {MAX_VERTICES // 1000} 000 sommets : simplifiez-le (quelques centaines suffisent à une zone)."
        raise TooLargeError(msg)


def _parse_lists(text: str, depth: int) -> list[Any]:
    """Read nested parentheses, exactly `depth` deep, around points; one pass."""
    root: list[Any] = []
    stack: list[list[Any]] = [root]
    numbers: list[float] = []
    expected = "("
    for found in _WORD.finditer(text):
        word = found[1]
        if word == "(" and expected == "(" and len(stack) <= depth:
            inner: list[Any] = []
            stack[-1].append(inner)
            stack.append(inner)
            expected = "(" if len(stack) <= depth else "number"
        elif word in ",)" and (expected == "next" or (expected == "number" and numbers)):
            if numbers:
                stack[-1].append(_position(numbers))
                numbers = []
            if word == ")":
                stack.pop()
            expected = "next" if word == ")" else "number" if len(stack) > depth else "("
            if len(stack) == 1 and word == ")":
                expected = "end"
        elif expected == "number" and _NUMBER.fullmatch(word):
            numbers.append(float(word))
        elif word.upper() == "EMPTY":
            raise PolygonError(f"Le polygone est vide : attendu {_ACCEPTED}.")
        else:
            _refuse_word(word)
    if expected != "end":
        raise BadParameterError("Ce WKT s'interrompt : une parenthèse n'est pas fermée.")
    return list(root[0])


def _refuse_word(word: str) -> None:
    if word.upper() in {"NAN", "INF", "-INF", "INFINITY", "-INFINITY"}:
        raise BadParameterError(f"Une coordonnée vaut « {word} », qui n'est pas un nombre : corrigez-la.")
    raise BadParameterError(f"Ce WKT n'est pas compris à partir de « {word[:30]} » : attendu {_ACCEPTED}.")


def _geometries(content: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever JSON can say
    kind = content.get("type") if isinstance(content, dict) else None
    features = content.get("features") if kind == "FeatureCollection" else [content]
    if not isinstance(features, list):
        raise BadParameterError("Ce GeoJSON n'a pas de liste « features ».")
    if not features:
        raise PolygonError("Ce GeoJSON ne contient aucun objet : attendu un Polygon ou un MultiPolygon.")
    for feature in features:
        if isinstance(feature, dict) and feature.get("type") == "Feature":
            yield feature.get("geometry")
        else:
            yield feature


def _surfaces(geometry: Any) -> Any:  # noqa: ANN401 - as above
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):  # a tuple: `kind` may be a list, which has no hash
        told = f"un {kind[:30]}" if isinstance(kind, str) else "sans géométrie"
        raise PolygonError(f"Une zone est une surface, et un objet est {told} : attendu un Polygon ou un MultiPolygon.")
    coordinates = geometry.get("coordinates")
    if coordinates is None or coordinates == []:
        raise PolygonError("Le polygone est vide : attendu un Polygon ou un MultiPolygon, avec ses coordonnées.")
    return [coordinates] if kind == "Polygon" else coordinates


def _refuse_crs(content: Any) -> None:  # noqa: ANN401 - as above
    crs = content.get("crs") if isinstance(content, dict) else None
    if crs is not None and not any(name in str(crs)[:300] for name in _WGS84):
        named = re.search(r"EPSG:+(\d{4,6})", str(crs)[:300])
        told = f"EPSG:{named[1]}" if named else "un autre système que WGS84"
        raise PolygonError(f"Ce GeoJSON est en {told} : convertissez-le en WGS84 (EPSG:4326), longitude d'abord.")


def _check(parts: Iterable[Any], extent: Bbox) -> Polygon:
    """Return the polygon of these nested lists, whose depth, numbers, rings and place are checked."""
    checked = []
    count = 0
    for part in parts:
        surfaces = []
        for surface in _listed(part):
            rings = [[_position(point) for point in _listed(ring)] for ring in _listed(surface)]
            count += sum(map(len, rings))
            _refuse_many(count)
            surfaces.append(tuple(tuple(ring) for ring in rings))
        checked.append(tuple(surfaces))
    bounds = _bounds(list(_points(checked)))
    _refuse_elsewhere(bounds, extent)
    for part in checked:
        for surface in part:
            for ring in surface:
                _check_ring(ring)
    return Polygon(tuple(checked))


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - as above
    if not isinstance(value, list):
        raise BadParameterError(
            "Les coordonnées du polygone ne sont pas des listes imbriquées comme le demande GeoJSON."
        )
    if not value:
        raise PolygonError("Le polygone est vide, ou un de ses anneaux l'est.")
    return value


def _position(value: Any) -> Point:  # noqa: ANN401 - as above
    if isinstance(value, tuple):
        return value[0], value[1]
    if not isinstance(value, list) or not 2 <= len(value) <= 4 or not all(type(n) in {int, float} for n in value):  # noqa: PLR2004 - x y, with z and m at most
        raise BadParameterError(
            "Un sommet du polygone n'est pas « longitude latitude » : deux nombres, trois avec l'altitude."
        )
    try:
        x, y = float(value[0]), float(value[1])
    except OverflowError:
        x = y = math.inf
    if not (math.isfinite(x) and math.isfinite(y)):
        raise BadParameterError("Une coordonnée du polygone n'est pas un nombre fini : corrigez-la.")
    return x, y


def _check_ring(ring: Ring) -> None:
    if ring[0] != ring[-1]:
        raise PolygonError("Un contour n'est pas fermé : répétez son premier sommet à la fin.")
    if len(ring) < _CLOSED or len(set(ring)) < _CLOSED - 1:
        raise PolygonError("Un contour a moins de trois sommets distincts : ce n'est pas une surface.")


def _refuse_elsewhere(bounds: Bbox, extent: Bbox) -> None:
    in_degrees = _inside(bounds, (-180, -90, 180, 90))
    if in_degrees and meets(bounds, extent):
        return
    guess = guess_crs(bounds, extent)
    if guess:
        raise PolygonError(
            f"On dirait {guess} : convertissez le tracé en WGS84 (EPSG:4326), longitude puis latitude, en degrés."
        )
    if not in_degrees:
        msg = "Ces coordonnées ne sont pas des degrés : convertissez le tracé en WGS84 (EPSG:4326), longitude puis latitude."
        raise PolygonError(msg)
    west, south, east, north = (f"{value:.2f}".replace(".", ",") for value in extent)
    msg = f"Ce polygone ne touche pas le territoire, qui va de {west} à {east} de longitude et de {south} à {north} de latitude."
    raise PolygonError(msg)


def _inside(one: Bbox, other: Bbox) -> bool:
    return one[0] >= other[0] and one[1] >= other[1] and one[2] <= other[2] and one[3] <= other[3]


def _points(parts: Iterable[tuple[Surface, ...]]) -> Iterator[Point]:
    return (point for part in parts for surface in part for ring in surface for point in ring)


def _bounds(points: list[Point]) -> Bbox:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _write_surface(surface: Surface) -> str:
    return f"({','.join('(' + ','.join(f'{x!r} {y!r}' for x, y in ring) + ')' for ring in surface)})"
