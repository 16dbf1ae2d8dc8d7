"""`/territoires/<decoupage>`: the units of a découpage side by side, on a map, ranked, and in tables."""

from __future__ import annotations

from flask import Response, render_template

from webmap.web.decoupage_contenu import QUERY, fetch_decoupage_content
from webmap.web.reports import answer


def decoupage_page(decoupage: str) -> Response:
    """Answer the units of a découpage side by side, for the measure and the order asked."""
    return answer(
        decoupage,
        "html",
        lambda report: Response(render_template("decoupage.html", **fetch_decoupage_content(report))),
        query=QUERY,
    )
