"""JSON or a French page, and the links every document of the API carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import Response, render_template, request

from webmap.errors import BadParameterError
from webmap.web.adresse import public_address
from webmap.web.responses import json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    Link = dict[str, str]

ROOT = "/ogc"
JSON = "application/json"
GEOJSON = "application/geo+json"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
HTML = "text/html"
XML = "application/xml"
JSONFG = "application/vnd.ogc.fg+json"
_NAMES = {"json": "JSON", "html": "HTML", "jsonfg": "JSON-FG"}
_REL = "http://www.opengis.net/def/rel/ogc/1.0/"
QUERYABLES, SORTABLES, RETURNABLES = f"{_REL}queryables", f"{_REL}sortables", f"{_REL}schema"
CONFORMANCE, DATA = f"{_REL}conformance", f"{_REL}data"
TILESETS, GRIDS = f"{_REL}tilesets-vector", f"{_REL}tiling-schemes"


def asked_format(mimetype: str = JSON, *, features: bool = False) -> str:
    """Return json, html, or jsonfg where `features` are asked for: `f` says so, else what the client prefers.

    Raises BadParameterError for another `f`.
    """
    known = {"json": mimetype, "html": HTML} | ({"jsonfg": JSONFG} if features else {})
    asked = request.args.get("f")
    if asked is not None:
        if asked not in known:
            raise BadParameterError(f"f = « {asked[:60]} » : attendu {' ou '.join(known)}.")
        return asked
    best = request.accept_mimetypes.best_match([mimetype, JSON, *list(known.values())[1:]], default=JSON)
    return {HTML: "html", JSONFG: "jsonfg"}.get(best, "json")


def wants_html(mimetype: str = JSON) -> bool:
    """Whether a person asks for a document that is not features. Raises BadParameterError for another `f`."""
    return asked_format(mimetype) == "html"


def address(path: str = "", query: Mapping[str, str] | None = None) -> str:
    """Return the full address of a path of the atlas; `path` is not quoted yet, an empty value leaves a parameter out."""
    kept = {name: value for name, value in (query or {}).items() if value}
    text = f"{public_address()}{request.script_root}{quote(path, safe='/:@')}"
    return f"{text}?{urlencode(kept)}" if kept else text


def link(rel: str, path: str, mimetype: str, title: str, query: Mapping[str, str] | None = None) -> Link:
    """Return a link to a path of the atlas."""
    return {"rel": rel, "href": address(path, query), "type": mimetype, "title": title, "hreflang": "fr"}


def own_links(mimetype: str, *, features: bool = False) -> list[Link]:
    """Return the links of this answer to itself and to its other formats."""
    query = {name: value for name, value in request.args.items() if name != "f"}
    here = asked_format(mimetype, features=features)
    kinds = {"json": mimetype, "html": HTML} | ({"jsonfg": JSONFG} if features else {})
    return [
        link(
            "self" if name == here else "alternate",
            request.path,
            kind,
            "Ce document" if name == here else f"Ce document en {_NAMES[name]}",
            {**query, "f": request.args.get("f", "") if name == here else name},
        )
        for name, kind in kinds.items()
    ]


def respond(content: dict[str, Any], template: str, mimetype: str = JSON, **context: object) -> Response:
    """Return a document as JSON, or as the page `template` makes of it (as `document`)."""
    if wants_html(mimetype):
        response = Response(render_template(template, document=content, **context))
    else:
        response = json_response(content, mimetype)
    return finish(response, content.get("links", ()))


def finish(response: Response, links: Any) -> Response:  # noqa: ANN401 - a list of links, or nothing
    """Add what every answer of the API has: links in the header too, and that it depends on `Accept`."""
    for found in links:
        response.headers.add("Link", f'<{found["href"]}>; rel="{found["rel"]}"; type="{found["type"]}"')
    response.headers["Access-Control-Expose-Headers"] = "Link, Content-Crs"
    response.vary.add("Accept")
    return response
