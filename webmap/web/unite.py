"""`/territoires/<decoupage>/<code>`: what one unit holds, beside the whole territory, as a page to read from top to bottom."""

from __future__ import annotations

from flask import Response, render_template

from webmap.web.reports import answer, require_unit
from webmap.web.unite_contenu import fetch_unit_content


def unite_page(decoupage: str, code: str) -> Response:
    """Answer what one unit holds, beside the whole territory."""
    return answer(
        decoupage,
        "html",
        lambda report: Response(
            render_template("unite.html", **fetch_unit_content(report, require_unit(report, code)))
        ),
        code,
    )
