"""The pages of `/territoires/…` as files to keep: PDF, and HTML that opens without a network. Same content, same templates."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import Response, render_template, request
from werkzeug.urls import iri_to_uri

from webmap.formats.pdf import build_pdf
from webmap.formats.rapport import build_rapport
from webmap.web.decoupage_contenu import QUERY, fetch_decoupage_content
from webmap.web.reports import answer, fetch_date, require_unit
from webmap.web.responses import as_download
from webmap.web.services import services
from webmap.web.unite_contenu import fetch_unit_content

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.store.report import Report


def decoupage_pdf(decoupage: str) -> Response:
    """Answer the units of a découpage side by side, as a PDF: for the measure and the order asked, as the page."""
    return _decoupage(decoupage, "pdf")


def decoupage_html(decoupage: str) -> Response:
    """Answer the units of a découpage side by side, as one HTML file."""
    return _decoupage(decoupage, "html")


def unite_pdf(decoupage: str, code: str) -> Response:
    """Answer what one unit holds, as a PDF."""
    return _unite(decoupage, code, "pdf")


def unite_html(decoupage: str, code: str) -> Response:
    """Answer what one unit holds, as one HTML file."""
    return _unite(decoupage, code, "html")


def _decoupage(decoupage: str, extension: str) -> Response:
    def write(report: Report) -> Response:
        return _respond(extension, "decoupage_contenu.html", fetch_decoupage_content(report), decoupage)

    return answer(decoupage, _kind(extension), write, query=QUERY)


def _unite(decoupage: str, code: str, extension: str) -> Response:
    def write(report: Report) -> Response:
        content = fetch_unit_content(report, require_unit(report, code))
        return _respond(extension, "unite_contenu.html", content, decoupage, code)

    return answer(decoupage, _kind(extension), write, code)


def _kind(extension: str) -> str:
    """Name the form for its ETag: it also depends on the style inside the file."""
    css = _read_css(services().settings.static_folder)
    return f"rapport.{extension} {hashlib.sha256(css.encode()).hexdigest()}"


def _respond(extension: str, template: str, context: dict[str, Any], *codes: str) -> Response:
    css = _read_css(services().settings.static_folder)
    address = iri_to_uri(request.host_url + "/".join(["territoires", *codes]))
    page = render_template(
        "rapport.html", contenu=template, ouvert=True, date=fetch_date(), **{"adresse": address, **context}
    )
    if extension == "pdf":
        response = Response(build_pdf(page, css), mimetype="application/pdf")
    else:
        response = Response(build_rapport(page, css), mimetype="text/html")
    return as_download(response, ["territoires", *codes], extension)


@cache
def _read_css(folder: Path) -> str:
    return (folder / "rapport.css").read_text(encoding="utf-8")
