"""The pages of `/territoires/…` as files to keep: PDF, and HTML that opens without a network. Same content, same templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request
from werkzeug.urls import iri_to_uri

from webmap.web import params
from webmap.web.decoupage_contenu import QUERY, fetch_decoupage_content
from webmap.web.documents import name_document, respond_document
from webmap.web.reports import answer, require_unit
from webmap.web.services import services
from webmap.web.unite_contenu import fetch_unit_content
from webmap.web.zone_contenu import fetch_layer_zone_content, fetch_zones_content

if TYPE_CHECKING:
    from flask import Response

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
    if _zoned(decoupage):
        return answer(
            decoupage,
            name_document(extension),
            lambda report: respond_document(extension, "zones_contenu.html", fetch_zones_content(report), decoupage),
        )

    def write(report: Report) -> Response:
        context = {
            "adresse": iri_to_uri(f"{request.host_url}territoires/{decoupage}"),
            **fetch_decoupage_content(report),
        }
        return respond_document(extension, "decoupage_contenu.html", context, decoupage)

    return answer(decoupage, name_document(extension), write, query=QUERY)


def _unite(decoupage: str, code: str, extension: str) -> Response:
    def write(report: Report) -> Response:
        part = require_unit(report, code)
        template, context = (
            ("unite_contenu.html", fetch_unit_content(report, part))
            if not _zoned(decoupage)
            else ("zone_contenu.html", fetch_layer_zone_content(report, part))
        )
        return respond_document(extension, template, context, decoupage, code)

    return answer(decoupage, name_document(extension), write, code)


def _zoned(decoupage: str) -> bool:
    return decoupage in params.zone_ids(services().catalog)
