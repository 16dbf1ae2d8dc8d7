"""`/ogc/collections`: every public layer, those without geometry too, and the fields of each."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from flask import request

from webmap.errors import BadParameterError
from webmap.geo.crs import SYSTEMS
from webmap.store.extents import fetch_filled
from webmap.web import params
from webmap.web.ogc.description import build_collection, build_schema
from webmap.web.ogc.negotiation import JSON, ROOT, SCHEMA, address, link, own_links, respond, wants_html
from webmap.web.ogc.overview import fetch_overview, map_fragment
from webmap.web.responses import not_modified, revision_etag, with_etag
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from webmap.catalog.definition import LayerDefinition

_SECOND = "sans_lieu"


def index() -> Response:
    """Answer the collections that have rows, in two pages: those with a place to draw, then the tables without any.

    The empty ones are told apart, and answer at their own address; the page for people lists all.
    """
    atlas = services()
    params.refuse_unknown({"f", _SECOND})
    second = _asks_second()
    layers = atlas.catalog.public
    etag = revision_etag([layer.id for layer in layers], "ogc", address(), second, wants_html())
    response = not_modified(etag)
    if response is None:
        filled = fetch_filled(atlas.database, layers)
        empty = [layer for layer in layers if layer.id not in filled]
        placed = [layer for layer in layers if filled.get(layer.id)]
        others = [layer for layer in layers if filled.get(layer.id) is False]
        one_page = wants_html() or not placed or not others
        listed = [*placed, *others] if one_page else others if second else placed
        links = [*own_links(JSON), link("root", f"{ROOT}/", JSON, "Accueil de l'API")]
        if not (one_page or second):
            links.append(link("next", request.path, JSON, "Couches sans lieu", {**request.args, _SECOND: "true"}))
        content = {
            "title": "Collections",
            "description": _tell_empty(empty),
            "links": links,
            "crs": [system.uri for system in SYSTEMS],
            "numberMatched": len(filled),
            "numberReturned": len(listed),
            "collections": _describe(listed),
        }
        response = respond(content, "ogc_collections.html", empty=empty)
    return with_etag(response, etag)


def _asks_second() -> bool:
    text = request.args.get(_SECOND, "false")
    if text not in {"true", "false"}:
        raise BadParameterError(f"{_SECOND} = « {text[:60]} » : attendu true, pour les couches sans lieu, ou false.")
    return text == "true"


def _tell_empty(layers: Sequence[LayerDefinition]) -> str:
    told = (
        "Les couches publiques qui ont des lignes ; celles qui n'ont pas de lieu à dessiner suivent, au lien « next »."
    )
    names = ", ".join(layer.id for layer in layers)
    return f"{told} Encore vides, et servies à leur adresse : {names}." if names else told


def collection(collection_id: str) -> Response:
    """Answer one collection."""
    atlas = services()
    layer = atlas.catalog.require_public(collection_id)
    params.refuse_unknown({"f"})
    etag = revision_etag([layer.id], "ogc", layer.id, address(), wants_html())
    response = not_modified(etag)
    if response is None:
        (content,) = _describe([layer])
        content["links"] = [*own_links(JSON), *content["links"]]
        drawing: dict[str, Any] = (
            {"plan": fetch_overview(layer), "fragment": map_fragment(layer)} if wants_html() else {}
        )
        changed = dt.datetime.fromisoformat(content["updated"])
        response = respond(content, "ogc_collection.html", layer=layer, changed=changed, **drawing)
    return with_etag(response, etag)


def _describe(layers: Sequence[LayerDefinition]) -> list[dict[str, Any]]:
    atlas = services()
    known = atlas.items.fetch_freshness(layers)
    themes = {theme.id: theme.title for theme in atlas.catalog.themes}
    territory = atlas.settings.territoire.nom
    return [build_collection(layer, themes[layer.theme], territory, known[layer.id]) for layer in layers]


def queryables(collection_id: str) -> Response:
    """Answer what a filter may name."""
    return _schema(collection_id, "queryables")


def sortables(collection_id: str) -> Response:
    """Answer what a sort may name."""
    return _schema(collection_id, "sortables")


def schema(collection_id: str) -> Response:
    """Answer the properties of the features."""
    return _schema(collection_id, "schema")


def _schema(collection_id: str, kind: str) -> Response:
    layer = services().catalog.require_public(collection_id)
    params.refuse_unknown({"f"})
    here = address(f"{ROOT}/collections/{layer.id}/{kind}", {"f": "json"})
    return respond(build_schema(layer, kind, here), "ogc_champs.html", SCHEMA, layer=layer, kind=kind)
