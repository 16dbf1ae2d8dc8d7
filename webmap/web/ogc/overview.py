"""The small map of a page of the API: places of a layer drawn by the server over the communes, each tied to its item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import request

from webmap.store.outlines import MARKED_PER_LAYER, fetch_layer_marks, fetch_outlines
from webmap.web import params
from webmap.web.plans import PLAN, fit_frame, fit_names, layer_ink, trace_bounds
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.outlines import Mark, Outline, Outlines
    from webmap.web.plans import Box, Frame, Name

_AROUND = 8_000  # metres shown at least around one item: some communes, so that one knows where it is
_SEEN = 8  # pixels: a smaller shape gets a dot, or nobody would see it
_LOWER = 18  # pixels
_NAME = (40, 12)  # pixels: a name this near the edge would be cut
_MAX_FILTER = 2_000  # characters of a filter the map reads in its address (static/src/permalink.js)


@dataclass(frozen=True)
class Spot:
    """One place: its `trace` if it has a shape, and a dot at x, y if it is a point or a shape too small to be seen."""

    key: str
    name: str
    x: float
    y: float
    trace: str
    dot: bool
    approximate: bool


@dataclass(frozen=True)
class Overview:
    """Places over the communes, in pixels of `frame`; `outside` is how many lie beyond it, `full` that there may be more."""

    frame: Frame
    communes: tuple[Outline, ...]
    names: tuple[Name, ...]
    color: str
    surface: bool
    spots: tuple[Spot, ...]
    outside: int
    full: bool
    schematic: bool


def fetch_overview(
    layer: LayerDefinition, keys: Sequence[str] | None = None, *, close: bool = False
) -> Overview | None:
    """Draw the places of a layer, or of the rows `keys` name, on the whole territory or `close`.

    At most 500 are; None where the layer has no geometry or no commune has a shape.
    """
    database = services().database
    outlines = fetch_outlines(database, None) if layer.drawn else None
    if outlines is None or not outlines.communes:
        return None
    marks = fetch_layer_marks(database, layer, outlines, None if keys is None else keys[:MARKED_PER_LAYER])
    frame = fit_frame(_box(outlines, marks, close=close), PLAN)
    spots = [_spot(frame, layer, mark) for mark in marks]
    inside = tuple(spot for spot in spots if _holds(frame, spot.x, spot.y))
    # Under the middle of its commune, where what is known by its commune alone is drawn.
    lowered = (replace(name, y=name.y + _LOWER) for name in fit_names(frame, outlines.communes))
    names = (name for name in lowered if _holds(frame, name.x, name.y, _NAME))
    return Overview(
        frame=frame,
        communes=outlines.communes,
        names=tuple(names),
        color=layer_ink(layer),
        surface=layer.geometry == "polygon",
        spots=inside,
        outside=len(spots) - len(inside),
        full=len(marks) == MARKED_PER_LAYER,
        schematic=outlines.schematique,
    )


def map_fragment(layer: LayerDefinition, key: str | None = None) -> str:
    """Return what the address of the map says to show this layer: the item's sheet, or the unit and filter asked for."""
    parts = [f"couches={layer.id}"]
    if key is not None:
        return "&".join([*parts, f"fiche={layer.id}:{quote(key, safe='')}"])
    units = [(name, request.args[name]) for name in params.decoupage_ids(services().catalog) if name in request.args]
    if len(units) == 1:
        parts.append(f"filtre={units[0][0]}:{quote(units[0][1], safe='')}")
    condition = request.args.get("filter", "")
    plain = request.args.get("filter-lang", "cql2-text") == "cql2-text" and "filter-crs" not in request.args
    if condition and plain and len(condition) <= _MAX_FILTER:
        parts.append(f"filtres={layer.id}:{quote(condition, safe='')}")
    return "&".join(parts)


def _box(outlines: Outlines, marks: Sequence[Mark], *, close: bool) -> Box:
    x, y, width, height = outlines.boite
    if not (close and marks):
        return x, y, x + width, y + height
    mark = marks[0]
    left, top, right, bottom = trace_bounds(mark.trace) if mark.trace else (*mark.centre, *mark.centre)
    grown_x, grown_y = (max(_AROUND - size, _AROUND / 4) / 2 for size in (right - left, bottom - top))
    return left - grown_x, top - grown_y, right + grown_x, bottom + grown_y


def _spot(frame: Frame, layer: LayerDefinition, mark: Mark) -> Spot:
    x, y = frame.place(mark.centre)
    left, top, right, bottom = trace_bounds(mark.trace) if mark.trace else (0, 0, 0, 0)
    small = max(right - left, bottom - top) * frame.scale < _SEEN
    dot = small and layer.geometry != "line"  # a river is cut in short lines: its dots would hide it
    return Spot(mark.cle, mark.nom, x, y, mark.trace, dot, mark.precision in {"commune", "quartier"})


def _holds(frame: Frame, x: float, y: float, margin: tuple[float, float] = (0, 0)) -> bool:
    return margin[0] <= x <= frame.width - margin[0] and margin[1] <= y <= frame.height - margin[1]
