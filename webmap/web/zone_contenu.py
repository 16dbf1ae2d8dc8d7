"""What the pages of zones show: the values theme by theme, what is left over, and the zone drawn in the territory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webmap.catalog import zone_rules
from webmap.catalog.counting import EMPTY_LAYER
from webmap.store.outlines import fetch_outlines, trace_shape
from webmap.store.places import fetch_commune_names
from webmap.web.reports import page_context
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webmap.store.measures import Value
    from webmap.store.outlines import Outline, Outlines
    from webmap.store.report import Report, UnitReport

_MARGIN = 400  # metres around the territory


@dataclass(frozen=True)
class Drawing:
    """The territory and a zone in it, in metres: `vue` is a viewBox, `traces` the zone's paths."""

    vue: str
    communes: tuple[Outline, ...]
    traces: tuple[str, ...]
    schematique: bool


def fetch_zone_content(report: Report, part: UnitReport, shape: bytes | None) -> dict[str, Any]:
    """Return what `zone_contenu.html` reads: one zone of a report, whose perimeter (WKB, EPSG:2154) may be unknown."""
    atlas = services()
    outlines = fetch_outlines(atlas.database, "territoire")
    return {
        "part": part,
        "whole": {(value.couche, value.mesure): value for value in report.ensemble.values},
        "empty": list_empty(report.ensemble.values),
        "dessin": build_drawing(outlines, shape, part.unit.communes),
        "communes": fetch_commune_names(atlas.database),
        "regle_communes": zone_rules.WHOLE_COMMUNES_RULE,
        **page_context(report),
    }


def list_empty(values: Iterable[Value]) -> list[str]:
    """List the layers nothing fills yet, to be named once."""
    states: dict[str, set[bool]] = {}
    for value in values:
        if not value.declare:
            states.setdefault(value.couche, set()).add(value.indisponible == EMPTY_LAYER)
    return [couche for couche, found in states.items() if found == {True}]


def build_drawing(outlines: Outlines, shape: bytes | None, communes: tuple[str, ...]) -> Drawing | None:
    """Draw a zone, or the communes it is made of, in the territory; None when nothing has a shape."""
    if not outlines.communes:
        return None
    x, y, width, height = outlines.boite
    traces = tuple(outline.trace for outline in outlines.communes if outline.code in communes)
    if not traces and shape is not None:
        traces = (trace_shape(shape, outlines),)
    box = f"{x - _MARGIN} {y - _MARGIN} {width + 2 * _MARGIN} {height + 2 * _MARGIN}"
    return Drawing(box, outlines.communes, traces, outlines.schematique)
