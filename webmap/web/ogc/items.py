"""`/ogc/collections/<id>/items`: features, page by page, as PostgreSQL wrote them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Response, render_template, request

from webmap.catalog.champs import published_fields
from webmap.geo.crs import CRS84, parse_crs
from webmap.store.items import Matched, Page, Query
from webmap.web import french, params
from webmap.web.ogc.asked import asks_hits, parse_query
from webmap.web.ogc.jsonfg import build_jsonfg
from webmap.web.ogc.negotiation import GEOJSON, JSON, JSONFG, ROOT, address, asked_format, finish, link, own_links
from webmap.web.ogc.overview import fetch_overview, map_fragment
from webmap.web.ogc.pages import fetch_page
from webmap.web.responses import build_etag, not_modified, revision_etag, with_etag
from webmap.web.services import services

if TYPE_CHECKING:
    from webmap.catalog.definition import FieldDefinition, LayerDefinition
    from webmap.geo.crs import Crs


def items(collection_id: str) -> Response:
    """Answer a page of features."""
    atlas = services()
    layer = atlas.catalog.require_public(collection_id)
    query = parse_query(atlas.database, atlas.catalog, layer)
    hits, form = asks_hits(), asked_format(GEOJSON, features=True)
    if form != "json":
        query = replace(query, crs=None, placed=None) if form == "html" else replace(query, jsonfg=True)
    asked = ("ogc", address(request.path, request.args), form)
    if request.if_none_match:  # only who may be told 304 costs a statement more
        etag = build_etag(atlas.items.fetch_revisions(layer), *asked)
        response = not_modified(etag)
        if response is not None:
            return with_etag(response, etag)
    nothing = Page("", 0, None, atlas.items.fetch_revisions(layer)) if hits else None
    page, cursor = (nothing, None) if nothing else fetch_page(atlas.items, layer, query)
    answer = _answer(layer, query, page, _count(layer, query, page, cursor), _page_links(layer, cursor))
    return with_etag(answer, build_etag(page.revisions, *asked))


def _count(layer: LayerDefinition, query: Query, page: Page, cursor: str | None) -> Matched:
    """Count what is selected: a page that nothing comes before or after counts itself."""
    if page.returned and not cursor and query.after is None and query.placed is not False:
        return Matched(page.returned, exact=True)
    return services().items.fetch_matched(layer, query, page.revisions)


def _answer(
    layer: LayerDefinition, query: Query, page: Page, matched: Matched, links: list[dict[str, str]]
) -> Response:
    head: dict[str, Any] = {
        "type": "FeatureCollection",
        "timeStamp": dt.datetime.now(tz=dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "numberMatched" if matched.exact else "numberMatchedEstimate": matched.number,
        "numberReturned": page.returned,
        "links": links,
    }
    features = page.text
    if asked_format(GEOJSON, features=True) == "html":
        rows = json.loads(f"[{features}]")
        drawing = {"plan": fetch_overview(layer, [row["id"] for row in rows]), "fragment": map_fragment(layer)}
        table = _table(layer, query, rows)
        response = Response(render_template("ogc_elements.html", **table, **drawing, page=head, layer=layer))
    else:
        text = json.dumps(head | (build_jsonfg(layer, query.crs) if query.jsonfg else {}), ensure_ascii=False)
        response = _geojson(f'{text[:-1]}, "features": [\n{features}\n]}}', query.crs, jsonfg=query.jsonfg)
    return finish(response, head["links"])


def _page_links(layer: LayerDefinition, cursor: str | None) -> list[dict[str, str]]:
    links = own_links(GEOJSON, features=True)
    if cursor:
        asked = {**request.args, "cursor": cursor}
        kind = next(each["type"] for each in links if each["rel"] == "self")
        links.append(link("next", request.path, kind, "Page suivante", asked))
    links.append(link("collection", f"{ROOT}/collections/{layer.id}", JSON, layer.title))
    return links


def _geojson(text: str, crs: Crs | None, *, jsonfg: bool) -> Response:
    response = Response(text, mimetype=JSONFG if jsonfg else GEOJSON)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Content-Crs"] = f"<{(crs or CRS84).uri}>"
    return response


def _table(layer: LayerDefinition, query: Query, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Fields and cells of a page of features."""
    shown = set(rows[0]["properties"]) if rows else set(query.fields)
    fields = [field for field in published_fields(layer) if not shown or field.id in shown]
    rows_told = [(row["id"], [_told(field, row["properties"][field.id]) for field in fields]) for row in rows]
    return {"fields": fields, "rows": rows_told}


def _told(field: FieldDefinition, value: Any) -> str:  # noqa: ANN401 - what JSON can say
    day = field.type == "date" and value and value[:1].isdigit()
    return french.champ(field, dt.date.fromisoformat(value) if day else value)


def item(collection_id: str, key: str) -> Response:
    """Answer one feature."""
    atlas = services()
    layer = atlas.catalog.require_public(collection_id)
    params.refuse_unknown({"f", "crs"})
    crs, form = parse_crs(request.args.get("crs"), "crs"), asked_format(GEOJSON, features=True)
    etag = revision_etag([layer.id], "ogc", address(request.path, request.args), form)
    response = not_modified(etag)
    if response is None:
        jsonfg = form == "jsonfg"
        text = atlas.items.fetch_item(layer, key, None if form == "html" else crs, jsonfg=jsonfg)
        links = own_links(GEOJSON, features=True)
        links.append(link("collection", f"{ROOT}/collections/{layer.id}", JSON, layer.title))
        if form == "html":
            row = _table(layer, Query(), [json.loads(text)])
            row |= {"plan": fetch_overview(layer, [key], close=True), "fragment": map_fragment(layer, key)}
            response = Response(render_template("ogc_element.html", **row, layer=layer, key=key, links=links))
        else:
            more = {"links": links} | (build_jsonfg(layer, crs, alone=True) if jsonfg else {})
            response = _geojson(f"{text[:-1]},{json.dumps(more, ensure_ascii=False)[1:]}", crs, jsonfg=jsonfg)
        response = finish(response, links)
    return with_etag(response, etag)
