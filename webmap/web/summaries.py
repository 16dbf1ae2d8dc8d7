"""`/territoires` and its data: every unit of a découpage, or one, as JSON, as CSV and as a workbook. The numbers are those of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template

from webmap.formats.tableau import build_csv
from webmap.store.summaries import fetch_units_of
from webmap.store.units import fetch_decided
from webmap.web import params
from webmap.web.atlas import decoupage_titles
from webmap.web.chiffres import COLUMNS, build_lines
from webmap.web.classeur import respond_xlsx
from webmap.web.report_json import build_report
from webmap.web.reports import answer, answer_kept, fetch_figures, fetch_one, require_unit
from webmap.web.responses import build_json
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Response


def index() -> str:
    """Answer the list of découpages and their units."""
    atlas = services()
    params.refuse_unknown(())
    ids = params.decoupage_ids(atlas.catalog)
    decided, units = fetch_decided(atlas.database), fetch_units_of(atlas.database, ids)
    parts = [(decoupage, *decoupage_titles(atlas, decoupage, decided), units[decoupage]) for decoupage in ids]
    zones = [atlas.catalog.by_id[layer_id] for layer_id in params.zone_ids(atlas.catalog)]
    return render_template("territoires.html", parts=parts, zones=zones)


def decoupage_json(decoupage: str) -> Response:
    """Answer every unit of a découpage at once."""
    return answer_kept(decoupage, lambda: build_report(fetch_figures(decoupage)), build_json)


def unite_json(decoupage: str, code: str) -> Response:
    """Answer one unit, in the shape of the whole découpage with a single unit in it."""
    return answer_kept(decoupage, lambda: build_report(*fetch_one(decoupage, code)), build_json)


def decoupage_csv(decoupage: str) -> Response:
    """Answer every unit of a découpage, one value a line."""
    return answer_kept(decoupage, lambda: build_lines(fetch_figures(decoupage)), _write_csv)


def unite_csv(decoupage: str, code: str) -> Response:
    """Answer one unit, one value a line."""
    return answer_kept(decoupage, lambda: build_lines(*fetch_one(decoupage, code)), _write_csv)


def decoupage_xlsx(decoupage: str) -> Response:
    """Answer every unit of a découpage as a workbook."""
    return answer(decoupage, "xlsx", respond_xlsx)


def unite_xlsx(decoupage: str, code: str) -> Response:
    """Answer one unit as a workbook."""
    return answer(decoupage, "xlsx", lambda report: respond_xlsx(report, require_unit(report, code)), code)


def _write_csv(lines: Iterable[dict[str, Any]]) -> str:
    return build_csv(COLUMNS, lines)
