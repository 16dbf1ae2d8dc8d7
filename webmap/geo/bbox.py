"""Boxes: in WGS84 degrees, or in the coordinate system a request names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from webmap.errors import BadParameterError

if TYPE_CHECKING:
    from webmap.geo.crs import Crs

Bbox = tuple[float, float, float, float]
_EXPECTED = "attendu ouest,sud,est,nord en degrés WGS84, par exemple 3.2,50.2,3.6,50.6"


def parse_bbox(text: str) -> Bbox:
    """Parse `ouest,sud,est,nord` (longitude first). Raises BadParameterError with what was expected."""
    parts = text.split(",")
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError:
        raise BadParameterError(f"bbox = « {text[:80]} » : {_EXPECTED}.") from None
    if not all(math.isfinite(value) for value in (west, south, east, north)):
        raise BadParameterError(f"bbox = « {text[:80]} » : {_EXPECTED}.")
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # noqa: PLR2004 - the range of degrees
        raise BadParameterError(f"bbox = « {text[:80]} » : bornes hors des degrés ou inversées ; {_EXPECTED}.")
    return (west, south, east, north)


_WORLD = 20_037_509.0  # metres: half the Earth's way around, the edge of EPSG:3857
_CORNERS = (4, 6)


def parse_bbox_in(text: str, crs: Crs) -> Bbox:
    """Parse the lower and the upper corner of a box, in the axis order of `crs`; heights, if any, are left out.

    Returns x min, y min, x max, y max, in degrees or metres. Raises BadParameterError with what was expected.
    """
    example = "3.2,50.2,3.6,50.6" if crs.degrees else "700000,7000000,760000,7050000"
    example = "50.2,3.2,50.6,3.6" if crs.latitude_first else example
    expected = f"attendu quatre nombres de {crs.uri}, le coin bas gauche puis le coin haut droit, par exemple {example}"
    try:
        numbers = [float(part) for part in text.split(",")] if len(text) < 400 else []  # noqa: PLR2004 - 6 long numbers
    except ValueError:
        numbers = []
    if len(numbers) not in _CORNERS or not all(map(math.isfinite, numbers)):
        raise BadParameterError(f"bbox = « {text[:80]} » : {expected}.")
    half = len(numbers) // 2
    low, high = numbers[:2], numbers[half : half + 2]
    (west, south), (east, north) = (low[::-1], high[::-1]) if crs.latitude_first else (low, high)
    across, up = (180.0, 90.0) if crs.degrees else (_WORLD, _WORLD)
    if not (-across <= west <= east <= across and -up <= south <= north <= up):
        raise BadParameterError(f"bbox = « {text[:80]} » : bornes hors du monde ou inversées ; {expected}.")
    return (west, south, east, north)


def widen(box: Bbox, decimals: int = 6) -> Bbox:
    """Return the box with fewer decimals, never smaller: what was inside stays inside. Six are about 0.1 m."""
    steps = 10**decimals
    west, south = (math.floor(value * steps) / steps for value in box[:2])
    east, north = (math.ceil(value * steps) / steps for value in box[2:])
    return (west, south, east, north)
