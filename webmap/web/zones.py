"""`/territoires/<couche>` and `/territoires/<couche>/<code>` of the layers whose rows are zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, render_template

from webmap.store.perimeters import fetch_perimeter
from webmap.web.reports import answer, page_context, require_unit
from webmap.web.services import services
from webmap.web.zone_contenu import fetch_zone_content, list_empty

if TYPE_CHECKING:
    from webmap.store.report import Report


def zones_page(decoupage: str) -> Response:
    """Answer the zones of a layer side by side."""
    return answer(decoupage, "zones", _zones)


def zone_page(decoupage: str, code: str) -> Response:
    """Answer what one zone holds, beside the whole territory."""
    return answer(decoupage, "zones", lambda report: _zone(report, code), code)


def _zones(report: Report) -> Response:
    empty = list_empty(report.ensemble.values)
    shown = [value for value in report.ensemble.values if value.couche not in empty and not value.declare]
    return Response(render_template("zones.html", shown=shown, **page_context(report)))


def _zone(report: Report, code: str) -> Response:
    part = require_unit(report, code)
    atlas = services()
    shape = fetch_perimeter(atlas.database, atlas.catalog.by_id[report.decoupage], code)
    return Response(render_template("zone.html", **fetch_zone_content(report, part, shape)))
