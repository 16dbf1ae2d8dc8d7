"""Which tiles cover a box."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webmap.geo.grid import list_tiles

BOX = (3.1, 50.1, 3.7, 50.6)


def test_the_territory_is_one_tile_far_and_many_near() -> None:
    assert list(list_tiles(BOX, 0, 1)) == [(0, 0, 0), (1, 1, 0)]
    assert list(list_tiles(BOX, 9, 9)) == [(9, x, y) for x in (260, 261) for y in (172, 173)]
    assert list(list_tiles(BOX, 5, 4)) == []


@given(st.floats(3.1, 3.7), st.floats(50.1, 50.6), st.integers(0, 12))
def test_every_place_of_the_box_is_in_a_tile(lon: float, lat: float, z: int) -> None:
    assert set(list_tiles((lon, lat, lon, lat), z, z)) <= set(list_tiles(BOX, z, z))


@given(st.floats(-180, 180), st.floats(-85.05, 85.05), st.integers(0, 16))
def test_a_tile_is_in_the_grid(lon: float, lat: float, z: int) -> None:
    [(_, x, y)] = list_tiles((lon, lat, lon, lat), z, z)
    assert 0 <= x < 2**z
    assert 0 <= y < 2**z
