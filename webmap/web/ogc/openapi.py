"""`/ogc/api`: how to ask, for programs (OpenAPI 3.0) and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.web import params
from webmap.web.ogc.definition import build_definition
from webmap.web.ogc.negotiation import OPENAPI, ROOT, address, respond
from webmap.web.ogc.tile_paths import build_tile_paths
from webmap.web.services import services

if TYPE_CHECKING:
    from flask import Response


def api() -> Response:
    """Answer the description of the API."""
    atlas = services()
    params.refuse_unknown({"f"})
    ids = [layer.id for layer in atlas.catalog.public]
    title = f"{atlas.settings.territoire.titre} : API"
    document = build_definition(title, address(ROOT), ids, params.decoupage_ids(atlas.catalog))
    drawn = [layer.id for layer in atlas.catalog.public if layer.drawn]
    document["paths"] |= build_tile_paths(drawn, params.decoupage_ids(atlas.catalog))
    return respond(document, "ogc_api.html", OPENAPI)
