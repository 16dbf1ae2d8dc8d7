"""Coordinate systems: those a request may name, and which one some coordinates were meant in. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pyproj import Transformer

from webmap.errors import BadParameterError

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
DEGREES = 4326  # the SRID of WGS84
_OGC = "http://www.opengis.net/def/crs/"
_NAMED = re.compile(
    r"(?:https?://www\.opengis\.net/def/crs/(?:OGC/1\.3|EPSG/0)/|(?:EPSG|OGC):)?(CRS84|\d{4})", re.ASCII
)
_EXPECTED = (
    f"attendu {_OGC}OGC/1.3/CRS84 (longitude latitude, par défaut) ou {_OGC}EPSG/0/ suivi de 4326 (latitude longitude), "
    "2154, 3857 ou 3950"
)


@dataclass(frozen=True)
class Crs:
    """A coordinate system a request may name: its SRID, and whether its coordinates are said latitude first."""

    srid: int = DEGREES
    latitude_first: bool = False

    @property
    def uri(self) -> str:
        """Its address in the OGC's register."""
        if self.srid == DEGREES and not self.latitude_first:
            return f"{_OGC}OGC/1.3/CRS84"
        return f"{_OGC}EPSG/0/{self.srid}"

    @property
    def degrees(self) -> bool:
        """Whether its coordinates are degrees; metres otherwise."""
        return self.srid == DEGREES


CRS84 = Crs()
# The first is what is sent when nothing is asked; EPSG:4326 is the same places, latitude first.
SYSTEMS = (CRS84, Crs(2154), Crs(3950), Crs(3857), Crs(DEGREES, latitude_first=True))
_BY_NAME = {"CRS84" if system == CRS84 else str(system.srid): system for system in SYSTEMS}


def parse_crs(text: str | None, name: str) -> Crs:
    """Read the parameter `name`; none is CRS84. Raises BadParameterError naming those there are."""
    if text is None:
        return CRS84
    found = _NAMED.fullmatch(text)
    if found is None or found[1] not in _BY_NAME:
        raise BadParameterError(f"{name} = « {text[:60]} » : {_EXPECTED}.")
    return _BY_NAME[found[1]]


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
