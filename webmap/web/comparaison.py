"""`/territoires/<decoupage>`: the units of a découpage side by side, on a map, ranked, and in tables."""

from __future__ import annotations

from flask import Response, render_template, request

from webmap.web.decoupage_contenu import QUERY, fetch_decoupage_content
from webmap.web.reports import answer, answer_kept, fetch_figures


def decoupage_page(decoupage: str) -> Response:
    """Answer the units of a découpage side by side, for the measure and the order asked."""
    if not request.args:
        return answer_kept(
            decoupage,
            lambda: fetch_decoupage_content(fetch_figures(decoupage)),
            lambda content: render_template("decoupage.html", **content),
        )
    return answer(  # what is chosen has too many forms to be kept
        decoupage,
        "html",
        lambda report: Response(render_template("decoupage.html", **fetch_decoupage_content(report))),
        query=QUERY,
    )
