"""Every measure counted again, apart: geopandas, shapely and pyproj on the rows and contours as the database exports them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import geopandas
import numpy as np
import shapely
from psycopg import sql
from pyproj import Geod, Transformer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapely.geometry.base import BaseGeometry

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.measure import Measure
    from webmap.store.db import Database

    Units = Mapping[str, str | None]
    # (group, or ("unite", code)) -> value
    Groups = dict[Any, float]

_GEOD = Geod(ellps="GRS80")
_TO_WGS84 = Transformer.from_crs(2154, 4326, always_xy=True)
_AREAS = {"surface", "part_surface"}
_SIZED = {"longueur", *_AREAS}


def size(geometry: str, shape: BaseGeometry) -> float:
    """Return the length (m) or area (m²) of a Lambert-93 shape on the ellipsoid; 0 for a mere touch."""
    if shape.is_empty or shapely.get_dimensions(shape) < {"point": 0, "line": 1, "polygon": 2}[geometry]:
        return 0
    fine = shapely.segmentize(shape, 400) if geometry == "polygon" else shape
    moved = shapely.transform(fine, lambda points: np.column_stack(_TO_WGS84.transform(*points.T)))
    if geometry == "line":
        return float(_GEOD.geometry_length(moved))
    areal = [part for part in shapely.get_parts(moved) if shapely.get_dimensions(part) == 2]
    return float(sum(_GEOD.geometry_area_perimeter(shapely.orient_polygons(part))[0] for part in areal))


def read_rows(database: Database, layer: LayerDefinition) -> geopandas.GeoDataFrame:
    """Export the rows of a layer: code, precision, code_insee, communes, n, geom (Lambert-93)."""
    geom = sql.SQL("ST_AsBinary(geom)" if layer.drawn else "NULL::bytea")
    statement = sql.SQL("SELECT code, precision, code_insee, communes, n, {} AS geom FROM {}")
    with database.owner() as connection:
        rows = connection.execute(statement.format(geom, sql.Identifier("pub", layer.id))).fetchall()
    shapes = [None if row["geom"] is None else shapely.from_wkb(bytes(row["geom"])) for row in rows]
    table = {name: [row[name] for row in rows] for name in ("code", "precision", "code_insee", "communes", "n")}
    return geopandas.GeoDataFrame(table, geometry=shapes, crs=2154)


def read_contours(database: Database) -> dict[str, BaseGeometry]:
    """Export the contours of the communes (Lambert-93), by code, in the order of codes."""
    with database.owner() as connection:
        rows = connection.execute(
            "SELECT code_insee, ST_AsBinary(geom) AS wkb FROM pub.commune WHERE geom IS NOT NULL ORDER BY code_insee"
        ).fetchall()
    return {row["code_insee"]: shapely.from_wkb(bytes(row["wkb"])) for row in rows}


class Recount:
    """The rows of one layer, placed one by one; `draw` says which unit each commune of the territory is in, or none."""

    def __init__(
        self, layer: LayerDefinition, rows: geopandas.GeoDataFrame, contours: dict[str, BaseGeometry], draw: Units
    ) -> None:
        """Cut every exact shape once, commune after commune."""
        self.kind, self.contours, self.draw = layer.geometry, contours, draw
        # What is missing comes back from a frame as NaN.
        self.rows = [
            {
                name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in row._asdict().items()
            }
            for row in rows.itertuples(index=False)
        ]
        self.territory = shapely.union_all(list(contours.values()))
        self.pieces = {row["code"]: self._cut(row) for row in self.rows if self._exact(row)}

    def _exact(self, row: dict[str, Any]) -> bool:
        return bool(self.contours) and row["geometry"] is not None and row["precision"] == "exacte"

    def _cut(self, row: dict[str, Any]) -> dict[str, float]:
        """Commune -> size there; what lies on a limit goes to the smallest code, and stays known of the others at 0."""
        shape = row["geometry"]
        found: dict[str, float] = {}
        for code, contour in self.contours.items():
            if not contour.intersects(shape):
                continue
            if self.kind == "point":
                return {code: 0.0}
            piece = contour.intersection(shape)
            if size(self.kind, piece) > 0:
                earlier = [self.contours[other] for other in found] if self.kind == "line" else []
                found[code] = size(self.kind, piece.difference(shapely.union_all(earlier)) if earlier else piece)
        return found

    def total(self, measure: Measure) -> Groups:
        """Group -> value of a measure, the independent `ensemble` included; sizes in m or m²."""
        if measure.type in _AREAS:
            return self._covered()
        totals: defaultdict[Any, float] = defaultdict(float)
        rule = "touche" if measure.type in _SIZED else measure.rule
        for row in self.rows:
            for group, weight, length in self._place(row, rule):
                value = length if measure.type in _SIZED else weight * (row["n"] or 0 if measure.type == "somme" else 1)
                totals[group] += value
        return dict(totals)

    def _covered(self) -> Groups:
        """Cut the union of all the rows, where the database unites what it has cut."""
        present = geopandas.GeoSeries(
            [row["geometry"] for row in self.rows if self._exact(row) and self.pieces[row["code"]]], crs=2154
        )
        ground = present.union_all()
        totals: defaultdict[Any, float] = defaultdict(float)
        totals["ensemble"] = size(self.kind, ground)
        totals["hors_territoire"] = size(self.kind, ground.difference(self.territory))
        for code, contour in self.contours.items():
            totals[self._group(code)] += size(self.kind, contour.intersection(ground))
        return dict(totals)

    def distinct(self, measure: Measure) -> Counter[str]:
        """Count the distinct values of `n` among the rows that count in each unit."""
        pairs = {
            (group[1], row["n"])
            for row in self.rows
            for group, _, _ in self._place(row, measure.rule)
            if group[0] == "unite"
        }
        return Counter(unit for unit, value in pairs if value is not None)

    def _place(self, row: dict[str, Any], rule: str) -> Iterator[tuple[Any, float, float]]:
        """Yield (group, weight, size) of one row under one rule."""
        if self._exact(row):
            yield from self._place_exact(row, rule)
        elif rule in {"touche", "commune"}:
            yield from self._place_everywhere(
                row["communes"] or [row["code_insee"]] if row["communes"] or row["code_insee"] else None
            )
        else:
            group = self._anchor(row)
            if group:
                yield group, 1, 0
                yield "ensemble", 1, 0

    def _group(self, code: str | None) -> Any:  # noqa: ANN401 - a name, or ("unite", code)
        if code is None:
            return "hors_territoire"
        unit = self.draw.get(code)
        return ("unite", unit) if unit else "hors_unite"

    def _place_everywhere(self, named: list[str] | None) -> Iterator[tuple[Any, float, float]]:
        inside = None if named is None else [code for code in dict.fromkeys(named) if code in self.draw]
        if inside is None:
            yield from (("non_localise", 1, 0), ("ensemble", 1, 0))
        elif inside:
            yield from self._count_units(dict.fromkeys(inside, 0.0))
            yield "ensemble", 1, 0

    def _count_units(self, pieces: dict[str, float]) -> Iterator[tuple[Any, float, float]]:
        groups: defaultdict[Any, float] = defaultdict(float)
        for code, length in pieces.items():
            groups[self._group(code)] += length
        units = [group for group in groups if group != "hors_unite"]
        for group, length in groups.items():
            yield group, 0 if group == "hors_unite" and units else 1, length
        if len(units) > 1:
            yield "doubles", len(units) - 1, 0

    def _place_exact(self, row: dict[str, Any], rule: str) -> Iterator[tuple[Any, float, float]]:
        shape, pieces = row["geometry"], self.pieces[row["code"]]
        if rule == "plus_proche":
            reached = [
                (contour.distance(shape), code) for code, contour in self.contours.items() if self.draw.get(code)
            ]
            yield self._group(min(reached)[1]) if reached else "hors_unite", 1, 0
            yield "ensemble", 1, 0
            return
        if rule == "centroide":
            code = next((code for code, contour in self.contours.items() if contour.intersects(shape.centroid)), None)
            if pieces or code:
                yield self._group(code), 1, 0
                yield "ensemble", 1, 0
            return
        if not pieces:
            return
        whole = size(self.kind, shape)
        outside = 0 if self.kind == "point" else size(self.kind, shape.difference(self.territory))
        yield "ensemble", 1, whole
        if rule.startswith("part_"):
            yield "hors_territoire", outside / whole, 0
            yield from ((self._group(code), length / whole, 0) for code, length in pieces.items())
        else:
            yield "hors_territoire", 0, outside
            yield from self._count_units(pieces)

    def _anchor(self, row: dict[str, Any]) -> Any:  # noqa: ANN401 - as _group
        """Where a row without an exact place counts once, None when it is elsewhere."""
        named = list(dict.fromkeys(row["communes"] or [code for code in [row["code_insee"]] if code]))
        inside = [code for code in named if code in self.draw]
        if row["code_insee"]:
            if row["code_insee"] in self.draw:
                return self._group(row["code_insee"])
            return "hors_territoire" if inside else None
        groups = {self._group(code) for code in inside}
        if not named or len(groups) > 1 or (inside and len(inside) < len(named)):
            return "non_localise"
        return groups.pop() if groups else None
