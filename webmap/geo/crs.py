"""Which coordinate system some coordinates were meant in, when they are not where they should be. Pure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pyproj import Transformer

if TYPE_CHECKING:
    from webmap.geo.bbox import Bbox

# What French files are in, when they are not in WGS84: EPSG code -> the name people know it by.
_KNOWN = {
    2154: "Lambert-93 (EPSG:2154)",
    3857: "Web Mercator (EPSG:3857)",
    **{3900 + zone: f"Lambert CC{zone} (EPSG:{3900 + zone})" for zone in range(42, 51)},
    32630: "UTM 30 nord (EPSG:32630)",
    32631: "UTM 31 nord (EPSG:32631)",
    32632: "UTM 32 nord (EPSG:32632)",
}


def guess_crs(bounds: Bbox, extent: Bbox) -> str | None:
    """Say what the coordinates of a box would have to be for it to meet `extent` (WGS84 degrees); None when nothing fits."""
    west, south, east, north = bounds
    if meets((south, west, north, east), extent):
        return "des latitudes écrites avant les longitudes"
    for code, name in _KNOWN.items():
        left, bottom, right, top = (
            *_to_degrees(code).transform(west, south),
            *_to_degrees(code).transform(east, north),
        )
        if meets((left, bottom, right, top), extent):
            return f"des coordonnées en {name}"
    return None


def meets(one: Bbox, other: Bbox) -> bool:
    """Whether two boxes touch; never when a bound is no number."""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


@cache
def _to_degrees(code: int) -> Transformer:
    return Transformer.from_crs(code, 4326, always_xy=True)
