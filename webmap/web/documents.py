"""A page as a file to keep: PDF, and HTML that opens without a network. Same content, same templates."""

from __future__ import annotations

import hashlib
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from flask import Response, render_template

from webmap.formats.pdf import build_pdf
from webmap.formats.rapport import build_rapport
from webmap.web.presence import leave_if, watch_client
from webmap.web.reports import fetch_date
from webmap.web.responses import as_download
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def name_document(extension: str) -> str:
    """Name a form for its ETag: it also depends on the style inside the file."""
    css = _read_css(services().settings.static_folder)
    return f"rapport.{extension} {hashlib.sha256(css.encode()).hexdigest()}"


def respond_document(extension: str, template: str, context: Mapping[str, Any], *codes: str) -> Response:
    """Answer what a template says as a file, named after `codes`."""
    css = _read_css(services().settings.static_folder)
    gone = watch_client()
    page = render_template("rapport.html", contenu=template, ouvert=True, date=fetch_date(), **context)
    leave_if(gone)  # before the seconds that a page takes to print
    if extension == "pdf":
        response = Response(build_pdf(page, css, partial(leave_if, gone)), mimetype="application/pdf")
    else:
        response = Response(build_rapport(page, css), mimetype="text/html")
    return as_download(response, ["territoires", *codes], extension)


@cache
def _read_css(folder: Path) -> str:
    return (folder / "rapport.css").read_text(encoding="utf-8")
