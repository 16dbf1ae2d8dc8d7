"""The XYZ grid of the web (EPSG:3857): which tiles cover a box. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webmap.geo.bbox import Bbox


def list_tiles(box: Bbox, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """Yield (z, x, y) of the tiles that meet a box (west, south, east, north; degrees) from level `first` to `last`."""
    west, south, east, north = box
    for z in range(first, last + 1):
        (left, top), (right, bottom) = _tile_at(west, north, z), _tile_at(east, south, z)
        yield from ((z, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1))


def _tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    count: int = 2**z
    return min(int((lon + 180) / 360 * count), count - 1), min(max(int(y * count), 0), count - 1)
