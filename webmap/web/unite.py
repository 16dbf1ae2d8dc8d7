"""`/territoires/<decoupage>/<code>`: what one unit holds, beside the whole territory, as a page to read from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template

from webmap.web.reports import answer_kept, fetch_whole
from webmap.web.unite_contenu import fetch_unit_content

if TYPE_CHECKING:
    from flask import Response


def unite_page(decoupage: str, code: str) -> Response:
    """Answer what one unit holds, beside the whole territory."""
    return answer_kept(
        decoupage,
        lambda: fetch_unit_content(*fetch_whole(decoupage, code)),
        lambda content: render_template("unite.html", **content),
    )
