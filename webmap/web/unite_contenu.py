"""What a unit page says, whatever it is written as (a page, a PDF, one file): the same numbers, sentences and drawings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import request

from webmap.catalog.counting import EMPTY_LAYER
from webmap.store.adhesions import fetch_adhesions
from webmap.store.outlines import fetch_marks, fetch_outlines
from webmap.store.places import fetch_commune_names, fetch_unit_places
from webmap.store.units import fetch_assignments
from webmap.web.charts import build_charts
from webmap.web.differences import describe, kind_of, measure_types
from webmap.web.mesures import build_themes, split_rests
from webmap.web.phrases import build_phrases
from webmap.web.plans import build_locator, build_plan, describe_plan
from webmap.web.reports import fetch_date, page_context
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from webmap.store.measures import Value
    from webmap.store.report import Report, UnitReport


_BETWEEN = re.compile(r" ; (?![^()]*\))")  # between two sources, not inside what one says in parentheses


@dataclass(frozen=True)
class KeyFigure:
    """A figure at the head of the page: the unit's, the territory's, and the difference in words (empty: none to say)."""

    value: Value
    whole: Value
    difference: str


@dataclass(frozen=True)
class Cited:
    """A source of the page: its vintage (empty when its name says it) and the titles of the layers that use it."""

    nom: str
    millesime: str
    couches: tuple[str, ...]


def fetch_unit_content(report: Report, part: UnitReport) -> dict[str, Any]:
    """Return all that `unite_contenu.html` reads of one unit of a report."""
    atlas = services()
    database, catalog = atlas.database, atlas.catalog
    listed = [layer for layer in catalog.public if layer.drawn and layer.decoupage is None and layer.id != "commune"]
    types = measure_types(catalog)
    outlines = fetch_outlines(database, report.decoupage)
    marks = fetch_marks(database, listed, report.decoupage, part.unit.code, outlines)
    compared = report.decoupage != "territoire"
    whole = {(value.couche, value.mesure): value for value in report.ensemble.values}
    empty = _empty(report.ensemble.values)
    left, complete = split_rests(catalog, report.rests, whole)
    plan = build_plan(outlines, part.unit.code, part.unit.communes, listed, marks)
    return {
        "part": part,
        "compare": compared,
        "cles": build_key_figures(catalog.key_figures, part, report.ensemble, types if compared else {}),
        "locator": build_locator(outlines, part.unit.code),
        "plan": plan,
        "plan_en_mots": describe_plan(plan) if plan else [],
        "whole": whole,
        # Ids of the layers nothing fills yet: named once, rather than one « non renseigné » a measure.
        "empty": empty,
        "mesures": build_themes(catalog, part.values, whole, empty),
        "restes": left,
        "sans_reste": complete,
        "stated": [value for value in report.ensemble.values if value.declare],
        "charts": build_charts(report, part, types) if compared else None,
        "phrases": build_phrases(part, report.units, report.ensemble, types) if compared else None,
        "places": fetch_unit_places(database, listed, report.decoupage, part.unit.code),
        "adhesions": fetch_adhesions(database, part.unit.code) if report.decoupage == "commune" else [],
        "communes": fetch_commune_names(database),
        "assignments": fetch_assignments(database, report.decoupage),
        "unit_names": {unit.unit.code: unit.unit.nom for unit in report.units},
        "sources": build_sources((*part.values, *report.ensemble.values), report.contour_source),
        "modifiee": fetch_date(),
        "adresse": f"{request.host_url}territoires/{report.decoupage}/{quote(part.unit.code, safe='')}",
        **page_context(report),
    }


def build_key_figures(
    names: Sequence[str], part: UnitReport, ensemble: UnitReport, types: Mapping[tuple[str, str], str]
) -> list[KeyFigure]:
    """Return the figures named `couche:mesure`, in that order. Without `types`, nothing is compared.

    A layer turned internal takes its figure away, and stops nothing.
    """
    own = {f"{value.couche}:{value.mesure}": value for value in part.values}
    whole = {f"{value.couche}:{value.mesure}": value for value in ensemble.values}
    return [
        KeyFigure(
            own[name],
            whole[name],
            describe(own[name].valeur, whole[name].valeur, kind_of(own[name], types)),
        )
        for name in names
        if name in own
    ]


def build_sources(values: Iterable[Value], contour_source: str) -> list[Cited]:
    """Return each source the values name, once a vintage, in the order of the page."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for value in values:
        if value.indisponible == EMPTY_LAYER:  # nothing was read from what would be its source
            continue
        if value.declare:  # the line of the document is beside the figure
            found.setdefault((value.source.split(", ligne ")[0], value.millesime), {})[value.couche_titre] = None
            continue
        names, vintages = _BETWEEN.split(value.source), value.millesime.split(" ; ")
        for at, name in enumerate(names):
            vintage = vintages[at] if len(vintages) == len(names) else value.millesime
            # Contours and populations added to a layer's own source say their date in their name.
            told = name == contour_source or name.startswith("population : ")
            found.setdefault((name, "" if told else vintage), {})[value.couche_titre] = None
    return [Cited(name, vintage, tuple(layers)) for (name, vintage), layers in found.items()]


def _empty(values: Iterable[Value]) -> list[str]:
    """List the layers of which every counted value says that the layer is empty."""
    states: dict[str, list[bool]] = {}
    for value in values:
        if not value.declare:
            states.setdefault(value.couche, []).append(value.indisponible == EMPTY_LAYER)
    return [couche for couche, empty in states.items() if all(empty)]
