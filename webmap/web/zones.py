"""`/territoires/<couche>` and `/territoires/<couche>/<code>` of the layers whose rows are zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template

from webmap.web.reports import answer_kept, fetch_figures, fetch_whole
from webmap.web.zone_contenu import fetch_layer_zone_content, fetch_zones_content

if TYPE_CHECKING:
    from flask import Response


def zones_page(decoupage: str) -> Response:
    """Answer the zones of a layer side by side."""
    return answer_kept(
        decoupage,
        lambda: fetch_zones_content(fetch_figures(decoupage)),
        lambda content: render_template("zones.html", **content),
    )


def zone_page(decoupage: str, code: str) -> Response:
    """Answer what one zone holds, beside the whole territory."""
    return answer_kept(
        decoupage,
        lambda: fetch_layer_zone_content(*fetch_whole(decoupage, code)),
        lambda content: render_template("zone.html", **content),
    )
