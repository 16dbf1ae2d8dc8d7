"""An area is what is covered: what overlaps is counted once, no unit is covered at more than 100 %, and parts make the whole."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.store.conftest import build_once, define, do, insert, members, shuffled
from tests.store.recounted import read_contours, size
from webmap.errors import PolygonError
from webmap.geo.polygon import parse_wkt
from webmap.store.conservation import build_checked
from webmap.store.measures import Context, build_values
from webmap.store.perimeters import fetch_drawn
from webmap.store.summaries import fetch_summaries, fetch_units
from webmap.store.zones import fetch_held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from webmap.store.db import Database

MEASURES = [
    {"id": "km2", "type": "surface", "rule": "part_de_surface", "label": "S", "unit": "km²"},
    {"id": "part", "type": "part_surface", "rule": "part_de_surface", "label": "P", "unit": "%"},
]
LAYER = define(geometry="polygon", measures=MEASURES)
CONTEXT = Context(contours=True, contour_source="c", population_source="p", cited={})
BOX = (3.22729, 50.22465, 3.58092, 50.53361)
ALL = 100.000001  # percent
WEST, EAST, SOUTH, NORTH = 700_000, 760_000, 7_000_000, 7_060_000  # well beyond the territory
BOUNDED = settings(
    max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# Few places and long reaches: what is drawn overlaps. A star around a place never crosses itself.
STARS = st.tuples(
    st.integers(715_000, 742_000), st.integers(7_013_000, 7_048_000), st.lists(st.floats(300, 15_000), min_size=3, max_size=9)
)  # fmt: skip
Star = tuple[int, int, list[float]]


def star(drawn: Star) -> shapely.Polygon:
    x, y, reaches = drawn
    turns = np.arange(len(reaches)) * 2 * np.pi / len(reaches) + 0.1
    return shapely.Polygon([(x + r * np.cos(t), y + r * np.sin(t)) for r, t in zip(reaches, turns, strict=True)])


def strips(cuts: Sequence[float], overlap: float) -> list[shapely.Polygon]:
    """Cover everything with leaning strips, each of which goes over the next by `overlap` (m)."""
    edges = [WEST, *sorted(cuts), EAST]
    return [
        shapely.Polygon([(a, SOUTH), (b + overlap, SOUTH), (b + overlap + 900, NORTH), (a + 900 * (a > WEST), NORTH)])
        for a, b in pairwise(edges)
    ]


def fill(database: Database, shapes: Sequence[BaseGeometry]) -> None:
    do(database, "DELETE FROM pub.essai")
    rows = [{"code": f"c{n}", "geom": shapely.to_wkt(shape, rounding_precision=-1)} for n, shape in enumerate(shapes)]
    insert(database, LAYER, rows, srid=2154)


def told(database: Database, decoupage: str = "commune") -> dict[str, tuple[float, float]]:
    """Code of unit -> km² covered and their percentage, as a page shows them. Checks that nothing is lost."""
    summary = fetch_summaries(database, [LAYER], decoupage)["essai"]
    rests = list(build_checked(LAYER, summary))
    assert [rest for rest in rests if not rest.conserve] == []
    assert {rest.comptes_plusieurs_fois for rest in rests} == {0}
    found = {}
    for unit in fetch_units(database, decoupage):
        area, share = build_values(LAYER, unit, summary, CONTEXT, whole=decoupage == "territoire")
        found[unit.code] = (area.valeur or 0, share.valeur or 0)
    return found


@BOUNDED
@given(drawn=st.lists(STARS, min_size=1, max_size=7), seed=st.integers(0, 9999))
@example(drawn=[(728_000, 7_030_000, [9000.0] * 4)] * 2, seed=1)  # the same ground twice
@example(drawn=[(728_000, 7_030_000, [9000.0] * 4), (728_000, 7_030_000, [4000.0] * 5)], seed=2)  # one in the other
def test_what_is_covered_is_what_geopandas_unites(
    database_with_contours: Database, drawn: list[Star], seed: int
) -> None:
    database = database_with_contours
    contours, shapes = read_contours(database), [star(each) for each in drawn]
    build_once(database, LAYER)
    fill(database, shapes)
    members(database, "hasard", shuffled(contours, seed))
    ground = shapely.union_all(shapes)
    for code, (area, share) in told(database).items():
        expected = size("polygon", contours[code].intersection(ground)) / 1e6
        assert area == pytest.approx(expected, rel=1e-4, abs=1e-9)
        assert 0 <= share <= ALL
        assert share == pytest.approx(1e8 * expected / size("polygon", contours[code]), rel=1e-4, abs=1e-6)
        pieces = [size("polygon", contours[code].intersection(shape)) / 1e6 for shape in shapes]
        assert max(pieces) * (1 - 1e-6) <= area + 1e-9
        assert area <= sum(pieces) * (1 + 1e-6) + 1e-9
    random = fetch_summaries(database, [LAYER], "hasard")["essai"]
    assert [rest for rest in build_checked(LAYER, random) if not rest.conserve] == []
    for decoupage in ("bassin", "territoire"):
        assert all(0 <= share <= ALL for _, share in told(database, decoupage).values())


@BOUNDED
@given(cuts=st.lists(st.floats(712_000, 745_000), max_size=4), overlap=st.sampled_from([0.0, 0.01, 700.0, 9000.0]))
def test_a_unit_all_covered_is_covered_at_a_hundred_percent(
    database_with_contours: Database, cuts: list[float], overlap: float
) -> None:
    build_once(database_with_contours, LAYER)
    fill(database_with_contours, strips(cuts, overlap + 900))
    for decoupage in ("commune", "bassin", "territoire"):
        for code, (_, share) in told(database_with_contours, decoupage).items():
            assert share == pytest.approx(100, abs=1e-6), code


def test_what_does_not_overlap_is_added(database_with_contours: Database) -> None:
    contours = read_contours(database_with_contours)
    centre = contours["59172"].representative_point()
    squares = [shapely.box(centre.x + n * 90, centre.y, centre.x + n * 90 + 80, centre.y + 80) for n in range(4)]
    squares = [square for square in squares if contours["59172"].contains(square)]
    assert len(squares) > 1
    build_once(database_with_contours, LAYER)
    fill(database_with_contours, squares)
    expected = sum(size("polygon", square) for square in squares) / 1e6
    assert told(database_with_contours)["59172"][0] == pytest.approx(expected, rel=1e-9)
    fill(database_with_contours, [*squares, squares[0]])
    assert told(database_with_contours)["59172"][0] == pytest.approx(expected, rel=1e-9), "the same twice is one"


@BOUNDED
@given(drawn=st.lists(STARS, min_size=1, max_size=6), zone=STARS)
@example(drawn=[(728_000, 7_030_000, [15_000.0] * 4)] * 3, zone=(728_000, 7_030_000, [2000.0] * 4))
def test_a_drawn_zone_holds_what_is_covered(database_with_contours: Database, drawn: list[Star], zone: Star) -> None:
    database, shapes = database_with_contours, [star(each) for each in drawn]
    build_once(database, LAYER)
    fill(database, shapes)
    with database.owner() as connection:
        row = connection.execute(
            "SELECT ST_AsText(ST_Transform(ST_Segmentize(ST_GeomFromText(%s, 2154), 100), 4326), 15) AS wkt",
            [star(zone).wkt],
        ).fetchone()
    assert row is not None
    try:
        found = fetch_drawn(database, parse_wkt(row["wkt"], BOX), BOX)
    except PolygonError:  # this one is outside the territory
        return
    own, held = found.zones[0], fetch_held(database, [LAYER], found)["essai"]
    assert own.forme is not None
    assert own.surface_km2
    expected = size("polygon", shapely.from_wkb(own.forme).intersection(shapely.union_all(shapes)))
    area = held.summary.unites[own.code].valeurs["km2"] if own.code in held.summary.unites else 0
    assert area == pytest.approx(expected, rel=1e-4, abs=1)
    assert 0 <= 100 * (area or 0) / 1e6 / own.surface_km2 <= ALL
    assert [rest for rest in build_checked(LAYER, held.summary) if not rest.conserve] == []
