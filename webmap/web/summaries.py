"""`/territoires` and its data: every unit of a découpage, or one, as JSON, as CSV and as a workbook. The numbers are those of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, render_template

from webmap.formats.tableau import build_csv
from webmap.store.summaries import fetch_units
from webmap.store.units import fetch_decided
from webmap.web import params
from webmap.web.atlas import decoupage_titles
from webmap.web.chiffres import COLUMNS, build_lines
from webmap.web.classeur import respond_xlsx
from webmap.web.report_json import build_report
from webmap.web.reports import answer, answer_json, require_unit
from webmap.web.responses import as_download, json_response
from webmap.web.services import services

if TYPE_CHECKING:
    from webmap.store.report import Report, UnitReport


def index() -> str:
    """Answer the list of découpages and their units."""
    atlas = services()
    params.refuse_unknown(())
    ids = params.decoupage_ids(atlas.catalog)
    decided = fetch_decided(atlas.database)
    parts = [
        (decoupage, *decoupage_titles(atlas, decoupage, decided), fetch_units(atlas.database, decoupage))
        for decoupage in ids
    ]
    zones = [atlas.catalog.by_id[layer_id] for layer_id in params.zone_ids(atlas.catalog)]
    return render_template("territoires.html", parts=parts, zones=zones)


def decoupage_json(decoupage: str) -> Response:
    """Answer every unit of a découpage at once."""
    return answer_json(decoupage, _report_json)


def unite_json(decoupage: str, code: str) -> Response:
    """Answer one unit, in the shape of the whole découpage with a single unit in it."""
    return answer_json(decoupage, lambda report: _report_json(report, require_unit(report, code)), code)


def decoupage_csv(decoupage: str) -> Response:
    """Answer every unit of a découpage, one value a line."""
    return answer(decoupage, "csv", _report_csv)


def unite_csv(decoupage: str, code: str) -> Response:
    """Answer one unit, one value a line."""
    return answer(decoupage, "csv", lambda report: _report_csv(report, require_unit(report, code)), code)


def decoupage_xlsx(decoupage: str) -> Response:
    """Answer every unit of a découpage as a workbook."""
    return answer(decoupage, "xlsx", respond_xlsx)


def unite_xlsx(decoupage: str, code: str) -> Response:
    """Answer one unit as a workbook."""
    return answer(decoupage, "xlsx", lambda report: respond_xlsx(report, require_unit(report, code)), code)


def _report_json(report: Report, only: UnitReport | None = None) -> Response:
    return json_response(build_report(report, only))


def _report_csv(report: Report, only: UnitReport | None = None) -> Response:
    response = Response(build_csv(COLUMNS, build_lines(report, only)), mimetype="text/csv")
    as_download(response, ["territoires", report.decoupage, *([only.unit.code] if only else [])], "csv")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
