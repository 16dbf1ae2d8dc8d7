"""Boxes in WGS84 degrees."""

from __future__ import annotations

import math

from webmap.errors import BadParameterError

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
