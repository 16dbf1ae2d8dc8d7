"""What the pages of zones show: key figures, themes, sentences, what is left over, and the zone drawn in the territory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import request
from werkzeug.urls import iri_to_uri

from webmap.catalog import zone_rules
from webmap.catalog.counting import EMPTY_LAYER
from webmap.formats.prose import describe_taille
from webmap.store.outlines import fetch_outlines, trace_shape
from webmap.store.perimeters import fetch_perimeter
from webmap.store.places import fetch_commune_names
from webmap.web.differences import measure_types
from webmap.web.french import nombre
from webmap.web.mesures import build_themes, split_rests
from webmap.web.phrases import build_phrases
from webmap.web.reports import fetch_date, page_context
from webmap.web.services import services
from webmap.web.unite_contenu import build_key_figures, build_sources
from webmap.wording import agree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from webmap.catalog.load import Catalog, Theme
    from webmap.store.measures import Value
    from webmap.store.outlines import Outline, Outlines
    from webmap.store.report import Report, UnitReport

    Key = tuple[str, str]  # (couche, mesure)

_MARGIN = 400  # metres around the territory
_KEY_FIGURES = 5
_COLUMNS = 6  # of a table, which A4 paper holds
_AREA = "commune:surface_km2"


@dataclass(frozen=True)
class Drawing:
    """The territory and a zone in it, in metres: `vue` is a viewBox, `traces` the zone's paths."""

    vue: str
    communes: tuple[Outline, ...]
    traces: tuple[str, ...]
    schematique: bool


def fetch_zone_content(
    report: Report, part: UnitReport, shape: bytes | None, touched: tuple[str, ...], address: str
) -> dict[str, Any]:
    """Return what `zone_lue.html` reads: one zone of a report, whose perimeter (WKB, EPSG:2154) may be unknown.

    `touched` are the communes it meets, by `code_insee`; `address` is where the page is, without the host.
    """
    atlas = services()
    catalog, types = atlas.catalog, measure_types(atlas.catalog)
    outlines = fetch_outlines(atlas.database, "territoire")
    whole = {(value.couche, value.mesure): value for value in report.ensemble.values}
    empty = list_empty(report.ensemble.values)
    left, complete = split_rests(catalog, report.rests, whole)
    names = fetch_commune_names(atlas.database)
    drawing = build_drawing(outlines, shape, part.unit.communes)
    return {
        "zone_lue": True,
        "compare": True,
        "part": part,
        "whole": whole,
        "empty": empty,
        "cles": build_key_figures(choose_key_figures(catalog, part), part, report.ensemble, types),
        "dessin": drawing,
        "dessin_en_mots": describe_drawing(drawing, part, [names[code] for code in touched]) if drawing else "",
        "mesures": build_themes(catalog, [value for value in part.values if _said(value)], whole, empty),
        "sans_valeur": group_missing(value for value in part.values if value.couche not in empty),
        "stated": [value for value in report.ensemble.values if value.declare],
        "phrases": replace(build_phrases(part, report.units, report.ensemble, types), inconnus=())
        if shape or part.unit.communes
        else None,
        "restes": left,
        "sans_reste": complete,
        "communes": names,
        "regle_communes": zone_rules.WHOLE_COMMUNES_RULE,
        "sources": build_sources((*part.values, *report.ensemble.values), report.contour_source),
        **_page(report, address),
    }


def fetch_layer_zone_content(report: Report, part: UnitReport) -> dict[str, Any]:
    """Return what `zone_contenu.html` reads: a zone that is a row of a layer."""
    atlas = services()
    shape, touched = fetch_perimeter(atlas.database, atlas.catalog.by_id[report.decoupage], part.unit.code)
    address = f"/territoires/{report.decoupage}/{quote(part.unit.code, safe='')}"
    return fetch_zone_content(report, part, shape, touched, address)


def fetch_zones_content(report: Report) -> dict[str, Any]:
    """Return what `zones_contenu.html` reads: all the zones of a layer."""
    values = {part.unit.code: {(value.couche, value.mesure): value for value in part.values} for part in report.units}
    empty = list_empty(report.ensemble.values)
    shown = [
        value
        for value in (report.ensemble.values if values else ())
        if value.couche not in empty
        and not value.declare
        and all((value.couche, value.mesure) in own for own in values.values())
    ]
    missing = {(value.couche, value.mesure): find_reason(value, values.values()) for value in shown}
    return {
        "tables": build_tables(services().catalog, [v for v in shown if not missing[v.couche, v.mesure]]),
        "values": values,
        "sans_valeur": group_missing(
            replace(value, valeur=None, note=None, indisponible=missing[value.couche, value.mesure])
            for value in shown
            if missing[value.couche, value.mesure]
        ),
        "sources": build_sources(report.ensemble.values, report.contour_source),
        **_page(report, f"/territoires/{report.decoupage}"),
    }


def find_reason(value: Value, zones: Iterable[Mapping[Key, Value]]) -> str | None:
    """Return why no zone has this value, when all say the same."""
    said = {own[value.couche, value.mesure].indisponible for own in zones}
    return said.pop() if len(said) == 1 else None


def group_missing(values: Iterable[Value]) -> dict[str, list[Value]]:
    """Reason -> the values that have none for it: said once, rather than a line each."""
    found: dict[str, list[Value]] = {}
    for value in values:
        if not _said(value) and not value.declare:
            found.setdefault(value.indisponible or "", []).append(value)
    return found


def _said(value: Value) -> bool:
    return value.valeur is not None or value.borne_min is not None


def build_tables(catalog: Catalog, values: Iterable[Value]) -> list[tuple[Theme, list[tuple[Value, ...]]]]:
    """Set values out theme by theme, in tables of a few columns."""
    values = list(values)
    themes = [
        (theme, [value for value in values if catalog.by_id[value.couche].theme == theme.id])
        for theme in catalog.themes
    ]
    return [
        (theme, [tuple(own[at : at + _COLUMNS]) for at in range(0, len(own), _COLUMNS)]) for theme, own in themes if own
    ]


def choose_key_figures(catalog: Catalog, part: UnitReport) -> list[str]:
    """Name (`couche:mesure`) the territory's key figures that the zone has, then what else it has some of, five at most."""
    had = {f"{value.couche}:{value.mesure}": value.valeur for value in part.values if value.valeur is not None}
    chosen = [name for name in (*catalog.key_figures, _AREA) if name in had]
    return list(dict.fromkeys([*chosen, *(name for name, value in had.items() if value)]))[:_KEY_FIGURES]


def _page(report: Report, address: str) -> dict[str, Any]:
    return {
        "modifiee": fetch_date(),
        "adresse": iri_to_uri(f"{request.host_url.rstrip('/')}{address}"),
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


def describe_drawing(drawing: Drawing, part: UnitReport, touched: Sequence[str]) -> str:
    """Say what the drawing of a zone shows, for who does not see it: how large it is, in which of the drawn communes."""
    around = f"Le territoire est dessiné commune par commune ({len(drawing.communes)})"
    unit = part.unit
    if not drawing.traces or unit.etendue is None:
        return f"{around} ; la zone, dont le périmètre est inconnu, n'y est pas."
    area = f", pour {nombre(unit.surface_km2, 2)}\u00a0km²" if unit.surface_km2 is not None else ""
    met = f" Elle est dans {agree(len(touched), 'commune(s)')} : {', '.join(touched)}." if touched else ""
    return f"{around} ; la zone y est en plein : {describe_taille(unit.etendue)}{area}.{met}"
