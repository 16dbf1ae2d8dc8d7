"""How a layer is drawn zoom by zoom: bands of zooms, each with its tolerance, what it drops, how it groups points.

A pixel here is that of a tile drawn 512 pixels wide, as the viewer draws it: 8 steps of the grid of a tile (4 096).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Sequence

LAST_ZOOM = 22
PIXEL = 78271.51696402048  # metres of EPSG:3857 at zoom 0; halved at each zoom
LABELS = "_etiquette"  # what the labels of a layer are called in its tiles: its id, then this


class Band(BaseModel):
    """Zooms of tiles up to `zoom_max`, from where the band before ends. Lengths are in pixels.

    `tolerance`: how far what is drawn may be from the row, at `zoom_max`. `drop`: what is smaller, by the longest side
    of its box, is not drawn. `group`: points that share a square of this side are drawn as one, with their number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    zoom_max: int = Field(ge=0, le=LAST_ZOOM)
    tolerance: float = Field(default=0.25, ge=0, le=4, description="pixels at zoom_max; a quarter is not seen")
    drop: float = Field(default=0, ge=0, le=16, description="pixels: what is smaller is not drawn; 0: all is")
    group: Literal[16, 32, 64, 128] | None = Field(default=None, description="pixels: side of the squares of points")

    @property
    def metres(self) -> float:
        """The tolerance in metres of EPSG:3857."""
        return self.tolerance * PIXEL / float(2**self.zoom_max)


# Where shapes are a few pixels wide, a quarter of one shows: at zoom 6, of 35 000 surfaces, on 2,7 % of the pixels, an eighth on
# 1,08 %, a tenth on 0,81 % (bench, 22/11/2026).
_GENERALISED = tuple(Band(zoom_max=zoom, tolerance=0.1 if zoom <= 6 else 0.25) for zoom in (4, 6, 8, 10, 12))  # noqa: PLR2004 - a zoom
_WHOLE = Band(zoom_max=LAST_ZOOM, tolerance=0)


def complete_bands(declared: Sequence[Band], geometry: str) -> tuple[Band, ...]:
    """Return the bands of a layer from zoom 0 to the last one: those declared, or those of its geometry, then all of it."""
    bands = tuple(declared) or (_GENERALISED if geometry in {"line", "polygon"} else ())
    return bands if bands and bands[-1].zoom_max == LAST_ZOOM else (*bands, _WHOLE)


def check_bands(declared: Sequence[Band], geometry: str) -> list[str]:
    """List what makes no sense in the bands of a layer, one French sentence each."""
    zooms = [band.zoom_max for band in declared]
    problems = []
    if declared and geometry == "none":
        problems.append("`bands` ne va pas avec geometry = none")
    if zooms != sorted(set(zooms)):
        problems.append("`bands` : les `zoom_max` vont en croissant, chacun une fois")
    for band in declared:
        where = f"bande jusqu'au zoom {band.zoom_max}"
        if geometry != "point" and band.group is not None:
            problems.append(f"{where} : `group` ne va qu'avec geometry = point")
        if geometry == "point" and (band.drop or "tolerance" in band.model_fields_set):
            problems.append(f"{where} : `tolerance` et `drop` ne vont pas avec geometry = point")
    return problems
