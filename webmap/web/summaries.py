"""`/territoires/…`: what each unit of a découpage holds, as a page, as JSON, as CSV. The numbers are the same in all three."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from flask import Response, render_template

from webmap.errors import NotFoundError
from webmap.store.adhesions import fetch_adhesions
from webmap.store.places import fetch_commune_names, fetch_unit_places
from webmap.store.report import fetch_report
from webmap.store.summaries import fetch_units
from webmap.store.units import fetch_assignments
from webmap.web import params
from webmap.web.atlas import SCHEMATIC, decoupage_titles
from webmap.web.chart import build_shares
from webmap.web.responses import as_download, json_response, not_modified, revision_etag, with_etag
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Callable

    from webmap.store.report import Report, UnitReport

_CSV_COLUMNS = (
    "decoupage", "code", "nom", "population", "nombre_communes", "surface_km2", "couche", "mesure", "libelle", "valeur",
    "unite", "indisponible", "regle", "source", "millesime", "additive", "note",
)  # fmt: skip


def index() -> str:
    """Answer the list of découpages and their units."""
    atlas = services()
    params.refuse_unknown(())
    ids = params.decoupage_ids(atlas.catalog)
    parts = [
        (decoupage, *decoupage_titles(atlas, decoupage), fetch_units(atlas.database, decoupage)) for decoupage in ids
    ]
    return render_template("territoires.html", parts=parts)


def decoupage_json(decoupage: str) -> Response:
    """Answer every unit of a découpage at once."""
    return _answer(decoupage, "json", _report_json)


def unite_json(decoupage: str, code: str) -> Response:
    """Answer one unit, in the shape of the whole découpage with a single unit in it."""
    return _answer(decoupage, "json", lambda report: _report_json(report, _require(report, code)), code)


def decoupage_csv(decoupage: str) -> Response:
    """Answer every unit of a découpage, one value a line."""
    return _answer(decoupage, "csv", _report_csv)


def unite_csv(decoupage: str, code: str) -> Response:
    """Answer one unit, one value a line."""
    return _answer(decoupage, "csv", lambda report: _report_csv(report, _require(report, code)), code)


def decoupage_page(decoupage: str) -> Response:
    """Answer the units of a découpage side by side."""
    return _answer(decoupage, "html", _decoupage_page)


def unite_page(decoupage: str, code: str) -> Response:
    """Answer what one unit holds, beside the whole territory."""
    return _answer(decoupage, "html", lambda report: _unit_page(report, _require(report, code)), code)


def _answer(decoupage: str, kind: str, write: Callable[[Report], Response], code: str = "") -> Response:
    atlas = services()
    params.refuse_unknown(())
    params.require_decoupage(atlas.catalog, decoupage)
    etag = revision_etag([layer.id for layer in atlas.catalog.public], "synthese", decoupage, code, kind)
    response = not_modified(etag)
    if response is None:
        response = write(fetch_report(atlas.database, atlas.catalog, decoupage))
    return with_etag(response, etag)


def _require(report: Report, code: str) -> UnitReport:
    found = report.find(code)
    if found is None:
        msg = f"Le découpage « {report.decoupage} » n'a pas d'unité « {code[:60]} ». Les codes sont à l'adresse /territoires."
        raise NotFoundError(msg)
    return found


def _unit_json(part: UnitReport) -> dict[str, Any]:
    unit = part.unit
    return {
        "code": unit.code,
        "nom": unit.nom,
        "population": unit.population,
        "nombre_communes": unit.nombre_communes,
        "surface_km2": unit.surface_km2,
        "communes": list(unit.communes),
        "mesures": [asdict(value) for value in part.values],
    }


def _report_json(report: Report, only: UnitReport | None = None) -> Response:
    title, _, warning = decoupage_titles(services(), report.decoupage)
    units = [only] if only else report.units
    return json_response(
        {
            "decoupage": report.decoupage,
            "titre": title,
            "avertissement": warning,
            "contours_charges": report.contours,
            "unites": [_unit_json(part) for part in units],
            "restes": [asdict(rest) for rest in report.rests],
            "ensemble": _unit_json(report.ensemble),
        }
    )


def _report_csv(report: Report, only: UnitReport | None = None) -> Response:
    text = io.StringIO()
    writer = csv.DictWriter(text, _CSV_COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for part in [only] if only else report.units:
        head = {"decoupage": report.decoupage, **asdict(part.unit)}
        writer.writerows({**head, **asdict(value)} for value in part.values)
    response = Response(text.getvalue(), mimetype="text/csv")
    as_download(response, ["territoires", report.decoupage, *([only.unit.code] if only else [])], "csv")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _page_context(report: Report) -> dict[str, Any]:
    atlas = services()
    title, plural, warning = decoupage_titles(atlas, report.decoupage)
    return {
        "decoupage": report.decoupage,
        "decoupage_titre": title,
        "decoupage_pluriel": plural,
        "avertissement": warning,
        "schematique": None if report.contours else SCHEMATIC,
        "report": report,
        "themes": atlas.catalog.themes,
        "layers": atlas.catalog.by_id,
        "population_source": atlas.catalog.by_id["commune"].source,
    }


def _decoupage_page(report: Report) -> Response:
    return Response(render_template("decoupage.html", **_page_context(report)))


def _unit_page(report: Report, part: UnitReport) -> Response:
    atlas = services()
    listed = [
        layer for layer in atlas.catalog.public if layer.drawn and layer.decoupage is None and layer.id != "commune"
    ]
    places = fetch_unit_places(atlas.database, listed, report.decoupage, part.unit.code)
    context = {
        "part": part,
        "rests": {rest.couche: rest for rest in report.rests},
        "whole": {(value.couche, value.mesure): value for value in report.ensemble.values},
        # Ids of the layers nothing fills yet: named once, rather than one « non renseigné » a measure.
        "empty": [
            value.couche for value in report.ensemble.values if value.mesure == "nombre" and value.valeur is None
        ],
        "stated": [value for value in report.ensemble.values if value.declare],
        "shares": build_shares(part, report.ensemble) if report.decoupage != "territoire" else None,
        "places": places,
        "adhesions": fetch_adhesions(atlas.database, part.unit.code) if report.decoupage == "commune" else [],
        "communes": fetch_commune_names(atlas.database),
        "assignments": fetch_assignments(atlas.database, report.decoupage),
    }
    return Response(render_template("unite.html", **context, **_page_context(report)))
