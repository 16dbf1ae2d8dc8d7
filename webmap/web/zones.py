"""`/territoires/<couche>` and `/territoires/<couche>/<code>` of the layers whose rows are zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, render_template

from webmap.web.reports import answer, require_unit
from webmap.web.zone_contenu import fetch_layer_zone_content, fetch_zones_content

if TYPE_CHECKING:
    from webmap.store.report import Report


def zones_page(decoupage: str) -> Response:
    """Answer the zones of a layer side by side."""
    return answer(
        decoupage, "zones", lambda report: Response(render_template("zones.html", **fetch_zones_content(report)))
    )


def zone_page(decoupage: str, code: str) -> Response:
    """Answer what one zone holds, beside the whole territory."""

    def write(report: Report) -> Response:
        content = fetch_layer_zone_content(report, require_unit(report, code))
        return Response(render_template("zone.html", **content))

    return answer(decoupage, "zones", write, code)
