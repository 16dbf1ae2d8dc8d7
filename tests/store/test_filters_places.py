"""CQL2 filters on places: in each coordinate system, for any shape, and never on an approximate place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.store.conftest import ask
from tests.store.filtered import EAST, NORTH, ROWS, keep, table_of
from tests.store.filters_read import PLACES
from webmap.errors import BadParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webmap.store.cluster import Cluster
    from webmap.store.db import Database


@pytest.fixture(scope="module")
def table(cluster: Cluster, filled: str) -> Iterator[Database]:
    """Return a database with the small table of these tests, which nothing writes to."""
    with table_of(cluster, filled) as database:
        yield database


def test_an_approximate_place_satisfies_no_spatial_condition_nor_its_contrary(table: Database) -> None:
    around = "BBOX(600000, 6900000, 800000, 7100000)"
    exact = {row["code"] for row in ROWS if row["precision"] == "exacte"}
    assert 0 < len(exact) < 13
    assert keep(table, f"S_INTERSECTS(geom, {around})") == exact
    assert keep(table, f"NOT S_INTERSECTS(geom, {around})") == set()
    assert keep(table, f"S_DISJOINT(geom, {around})") == set()
    assert keep(table, "S_DISJOINT(geom, POINT(0 6000000))") == exact
    assert keep(table, "NOT S_DISJOINT(geom, POINT(0 6000000))") == set()
    assert len(keep(table, "geom IS NOT NULL")) == 13


@pytest.mark.parametrize(
    ("crs", "shape"),
    [
        (None, "POLYGON((3.27 50.27, 3.30 50.27, 3.30 50.30, 3.27 50.30, 3.27 50.27))"),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "BBOX(3.27, 50.27, 3.30, 50.30)"),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", "BBOX(50.27, 3.27, 50.30, 3.30)"),
        ("EPSG:4326", "POLYGON((50.27 3.27, 50.27 3.30, 50.30 3.30, 50.30 3.27, 50.27 3.27))"),
        ("http://www.opengis.net/def/crs/EPSG/0/2154", "BBOX(719000, 7019000, 721000, 7021000)"),
        ("http://www.opengis.net/def/crs/EPSG/0/3857", "BBOX(364000, 6493000, 368000, 6496000)"),
        ("http://www.opengis.net/def/crs/EPSG/0/3950", "BBOX(1719000, 9230000, 1721500, 9234000)"),
    ],
)
def test_a_place_is_said_in_each_coordinate_system(table: Database, crs: str | None, shape: str) -> None:
    exact = {row["code"] for row in ROWS if row["precision"] == "exacte"}
    assert keep(table, f"S_WITHIN(geom, {shape})", crs) == exact
    moved = shape.replace("3.27", "3.31").replace("3.30", "3.34").replace("719000", "722000").replace("721", "724")
    moved = moved.replace("364000", "369000").replace("368000", "372000")
    assert moved != shape
    assert keep(table, f"S_INTERSECTS(geom, {moved})", crs) == set()


def test_a_parallel_stays_a_parallel(table: Database) -> None:
    """A box of ten degrees: its south edge, drawn straight in Lambert-93, would pass a kilometre and more further north."""
    south = ask(table, "SELECT min(ST_YMin(ST_Transform(geom, 4326))) FROM pub.filtre WHERE precision = 'exacte'")
    everything = keep(table, f"S_WITHIN(geom, BBOX(-2, {south - 1e-6:.7f}, 8, 51))", None)
    assert everything == {row["code"] for row in ROWS if row["precision"] == "exacte"}


@pytest.mark.parametrize("name", PLACES)
def test_the_whole_world_is_a_place(table: Database, name: str) -> None:
    for crs, world in (
        (None, "BBOX(-180, -90, 180, 90)"),
        ("EPSG:4326", "BBOX(-90, -180, 90, 180)"),
        ("EPSG:3857", "BBOX(-20037508, -20037508, 20037508, 20037508)"),
        ("EPSG:2154", "BBOX(-20037508, -20037508, 20037508, 20037508)"),
        ("EPSG:3950", "BBOX(-20037508, -20037508, 20037508, 20037508)"),
        (None, "POLYGON((-20 30, 20 30, 20 60, -10 60, -10 45, -10 40, -20 40, -20 30))"),
        (None, "POLYGON((100 0, 110 0, 110 10, 100 0))"),
        (None, "LINESTRING(-180 50, 180 50.5)"),
        (None, "MULTIPOINT(-180 -90, 3.28 50.28)"),
    ):
        found = keep(table, f"S_{name.upper()}(geom, {world})", crs)
        if "BBOX" in world:
            assert len(found) == (11 if name in {"intersects", "within"} else 0)
        assert keep(table, f"S_{name.upper()}({world}, geom)", crs) is not None


def test_a_collection_is_for_what_meets_it(table: Database) -> None:
    both = f"GEOMETRYCOLLECTION(POINT({EAST + 5} {NORTH + 5}), LINESTRING({EAST + 5} {NORTH + 5}, {EAST + 6} {NORTH}))"
    assert "c0" in keep(table, f"S_INTERSECTS(geom, {both})")
    assert "c0" not in keep(table, f"S_DISJOINT(geom, {both})")
    with pytest.raises(BadParameterError, match="GEOMETRYCOLLECTION"):
        keep(table, f"S_WITHIN(geom, {both})")
