"""What a zone holds, counted again with geopandas; split, its parts add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from shapely.ops import split

from tests.store.conftest import build, do, insert
from tests.store.zones_held import LAYERS, hold, told
from webmap.errors import PolygonError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapely.geometry.base import BaseGeometry

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database

GEOD = Geod(ellps="GRS80")
TO_LAMBERT = Transformer.from_crs(4326, 2154, always_xy=True)
BOUNDED = settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
DECIMAL = 1e-6


def territory(database: Database) -> BaseGeometry:
    with database.owner() as connection:
        rows = connection.execute("SELECT ST_AsBinary(geom) AS wkb FROM pub.commune").fetchall()
    return shapely.union_all([shapely.from_wkb(bytes(row["wkb"])) for row in rows])


SHAPES: dict[str, Callable[[float, float, float], BaseGeometry]] = {
    "point": lambda x, y, _: shapely.Point(x, y),
    "line": lambda x, y, reach: shapely.LineString([(x, y), (x + reach, y + reach / 3), (x - reach, y + reach)]),
    "polygon": lambda x, y, reach: shapely.Polygon(
        [(x, y), (x + reach, y), (x, y + reach)],
        [[(x + reach / 5, y + reach / 5), (x + reach / 3, y + reach / 5), (x + reach / 5, y + reach / 3)]],
    ),
}
PLACES = st.lists(
    st.tuples(
        st.integers(714_000, 743_000).map(lambda x: x + 0.37),
        st.integers(7_012_000, 7_049_000).map(lambda y: y + 0.41),
        st.integers(50, 9000),
    ),
    min_size=1,
    max_size=7,
)
# A star around a centre never crosses itself.
ZONES = st.tuples(
    st.floats(3.25, 3.55), st.floats(50.25, 50.5), st.lists(st.floats(0.005, 0.08), min_size=3, max_size=12)
)


def star(drawn: tuple[float, float, list[float]]) -> shapely.Polygon:
    x, y, reaches = drawn
    turns = np.arange(len(reaches)) * 2 * np.pi / len(reaches)
    return shapely.Polygon([(x + r * np.cos(t), y + r * np.sin(t)) for r, t in zip(reaches, turns, strict=True)])


def again(layer: LayerDefinition, rows: Sequence[BaseGeometry], zone: gpd.GeoSeries) -> dict[str, float]:
    """Count the same rows with geopandas, in a zone in Lambert-93."""
    frame = gpd.GeoDataFrame({"whole": gpd.GeoSeries(rows, crs=2154)}, geometry="whole", crs=2154)
    pieces = frame.geometry.intersection(zone.iloc[0])
    size = {"point": 0, "line": 1, "polygon": 2}[layer.geometry]
    inside = ~pieces.is_empty & (shapely.get_dimensions(pieces.values) >= size)
    found = {"nombre": float(inside.sum())}
    if layer.geometry == "point":
        return found

    def sizes(series: gpd.GeoSeries) -> np.ndarray:
        if layer.geometry == "line":
            return np.array([GEOD.geometry_length(shape) for shape in series.to_crs(4326)])
        # An edge is straight in Lambert-93: as a geodesic between its ends it is not, and a share strays by a millionth.
        moved = series.segmentize(100).to_crs(4326)
        return np.array([abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0]) for shape in moved])

    own = np.where(inside, sizes(pieces), 0)
    found["parts"] = float((own / sizes(frame.geometry)).sum())
    if layer.geometry == "line":
        found["km"] = float(own.sum())
    else:  # what overlaps is counted once
        ground = gpd.GeoSeries([pieces[inside].union_all()], crs=2154)
        found["km2"] = float(sizes(ground)[0]) if inside.any() else 0
        found["centres"] = float(frame.geometry.centroid.within(zone.iloc[0]).sum())
    return found


@pytest.mark.parametrize("kind", ["point", "line", "polygon"])
def test_a_zone_is_counted_as_geopandas_counts_it(database_with_contours: Database, kind: str) -> None:
    database, layer = database_with_contours, LAYERS[kind]
    build(database, layer)
    whole = territory(database)

    @BOUNDED
    @given(PLACES, ZONES)
    @example([(714000.37, 7015302.41, 5532)], (3.25, 50.25, [0.0625, 0.0625, 0.0625]))
    def check(places: list[tuple[float, float, int]], drawn: tuple[float, float, list[float]]) -> None:
        zone = star(drawn)
        dense = shapely.transform(
            shapely.segmentize(zone, 0.01), lambda points: np.column_stack(TO_LAMBERT.transform(*points.T))
        )
        own = shapely.intersection(dense, whole)
        assume(own.area > 1)
        shapes = [SHAPES[kind](*place) for place in places]
        do(database, "DELETE FROM pub.essai")
        insert(database, layer, [{"geom": shape.wkt, "code": f"c{n}"} for n, shape in enumerate(shapes)], srid=2154)
        held = hold(database, layer, zone.wkt)
        expected = again(layer, shapes, gpd.GeoSeries([own], crs=2154))
        found = told(held)
        for name, value in expected.items():
            rel = 1e-4 if name == "km2" else DECIMAL
            assert found.get(name, 0) == pytest.approx(value, rel=rel, abs=1e-3 if name.startswith("km") else 1e-6), (
                name
            )
        summary = held.summary
        for name in expected:
            parts = found.get(name, 0) + (summary.hors_unite.valeurs.get(name) or 0)
            assert parts == pytest.approx(summary.ensemble.valeurs.get(name, 0), rel=DECIMAL, abs=1e-3)

    check()


@pytest.mark.parametrize("kind", ["line", "polygon"])
def test_a_zone_split_in_two_adds_up(database_with_contours: Database, kind: str) -> None:
    database, layer = database_with_contours, LAYERS[kind]
    build(database, layer)
    rows = [SHAPES[kind](x, y, 4000) for x in range(715_000, 743_000, 3001) for y in range(7_013_000, 7_048_000, 5003)]
    insert(database, layer, [{"geom": shape.wkt, "code": f"c{n}"} for n, shape in enumerate(rows)], srid=2154)

    @BOUNDED
    @given(ZONES, st.floats(0, np.pi))
    def check(drawn: tuple[float, float, list[float]], turn: float) -> None:
        x, y, _ = drawn
        zone = star(drawn)
        knife = shapely.LineString([(x - np.cos(turn), y - np.sin(turn)), (x + np.cos(turn), y + np.sin(turn))])
        parts = split(zone, knife).geoms
        try:
            whole = told(hold(database, layer, zone.wkt))
        except PolygonError:
            return
        pieces = []
        for part in parts:
            try:
                pieces.append(told(hold(database, layer, part.wkt)))
            except PolygonError:  # this half is outside the territory
                pieces.append({})
        for name in {"parts", "km", "km2"} & whole.keys():
            assert sum(piece.get(name, 0) for piece in pieces) == pytest.approx(whole[name], rel=1e-4, abs=5e-3), name

    check()
