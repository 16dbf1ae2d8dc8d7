"""Whether two tiles look the same: both drawn by one renderer, then compared pixel by pixel.

Surfaces are filled, each in a colour that follows from its key, so that a border that moves, a gap or an overlap shows;
lines are drawn in one colour, as their style does.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIDE, _FINER = 512, 4  # pixels of a tile, and how many times finer it is drawn before being reduced
_EXTENT = 4096
_THRESHOLD = 32  # of 255, in any of the three colours
_LINE, _WIDTH = (0, 145, 194), 2 * _FINER


def compare(ours: bytes, reference: bytes) -> dict[str, Any]:
    """Return the share of pixels that differ by more than 32 out of 255, and how many features each tile has."""
    drawn, features = zip(*(_draw(tile) for tile in (ours, reference)), strict=True)
    gap = np.abs(drawn[0].astype(int) - drawn[1].astype(int)).max(axis=2)
    return {"differ": float((gap > _THRESHOLD).mean()), "features": features[0], "reference": features[1]}


def _draw(tile: bytes) -> tuple[np.ndarray, int]:
    image = Image.new("RGB", (_SIDE * _FINER, _SIDE * _FINER), "white")
    pen = ImageDraw.Draw(image)
    layers = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True}) if tile else {}
    # Labels, and whatever else a tile carries beside them, are not drawn.
    features = [
        each for layer in layers.values() for each in layer["features"] if "Point" not in each["geometry"]["type"]
    ]
    for feature in sorted(features, key=lambda each: int(each["properties"]["cle"])):
        colour = zlib.crc32(str(feature["properties"]["cle"]).encode())
        kind, coordinates = feature["geometry"]["type"], feature["geometry"]["coordinates"]
        parts = coordinates if kind.startswith("Multi") else [coordinates]
        for part in parts:
            if kind.endswith("Polygon"):
                pen.polygon(_bridged(part), fill=tuple(colour.to_bytes(4, "big")[1:]))
            else:
                pen.line(_pixels(part), fill=_LINE, width=_WIDTH, joint="curve")
    return np.asarray(image.reduce(_FINER)), len(features)


def _bridged(rings: Iterable[list[list[float]]]) -> list[tuple[float, float]]:
    """Chain the rings of a surface: drawn by the even-odd rule, what goes to a hole and back encloses nothing."""
    chain: list[tuple[float, float]] = []
    for ring in rings:
        pixels = _pixels(ring)
        chain += [*pixels, pixels[0], *chain[:1]]
    return chain


def _pixels(points: Iterable[list[float]]) -> list[tuple[float, float]]:
    scale = _SIDE * _FINER / _EXTENT
    return [(x * scale, y * scale) for x, y in points]
