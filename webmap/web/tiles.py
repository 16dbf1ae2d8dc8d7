"""Vector tiles: `/tuiles/<ids>/<z>/<x>/<y>.mvt`, and the same bytes at the addresses of OGC API - Tiles, row first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, request

from webmap.catalog.load import sentence_unknown
from webmap.errors import BadParameterError, NotFoundError
from webmap.store.filters import parse_filter
from webmap.web import params
from webmap.web.octets import LASTING, MVT, build_path, fetch_answer
from webmap.web.responses import json_response, not_modified, revision_etag, with_etag
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.filters import Filter


def tile(ids: str, z: str, x: str, y: str) -> Response:
    """Answer one tile; 204 where there is nothing, 304 to a client that has it. `filter` (CQL2) when one layer is asked."""
    params.refuse_unknown({*params.FILTER, *params.decoupage_ids(services().catalog)})
    layers = params.parse_layers(services().catalog, ids)
    return _answer(layers, params.parse_tile(z, x, y), _parse_kept(layers))


def versioned_tile(ids: str, versions: str, z: str, x: str, y: str) -> Response:
    """Answer a tile that is not kept yet, at the address of its version; 307 to the current one when it is another."""
    params.refuse_unknown(())
    layers, zxy = params.parse_layers(services().catalog, ids), params.parse_tile(z, x, y)
    _refuse_closed(layers)
    current = services().kept_tiles.fetch_versions([layer.id for layer in layers])
    if versions != ",".join(current.values()):
        moved = {"Location": build_path(current, zxy), "Access-Control-Allow-Origin": "*"}
        return Response(status=307, headers=moved)
    return _answer_kept(current, zxy, LASTING)


def versions() -> Response:
    """Answer the version of every drawn layer: what a page left open asks for, to ask for the tiles of today."""
    params.refuse_unknown(())
    drawn = [layer.id for layer in services().catalog.public if layer.drawn]
    return json_response({"versions": services().kept_tiles.fetch_versions(drawn)})


def _parse_kept(layers: Sequence[LayerDefinition]) -> Filter | None:
    """Read which rows are wanted. Raises BadParameterError: fields are those of one layer, so a filter is too."""
    condition, language, system = (request.args.get(name) for name in params.FILTER)
    if condition is None:
        return None
    if len(layers) > 1:
        raise BadParameterError("filter : une tuile filtrée est celle d'une seule couche ; demandez les autres à part.")
    return parse_filter(layers[0], condition, language, system)


def collection_tile(collection: str, matrix: str, row: str, column: str) -> Response:
    """Answer the tile of one collection."""
    params.refuse_unknown({"f", *params.decoupage_ids(services().catalog)})
    _require_mvt()
    return _answer([params.require_drawn(services().catalog, collection)], params.parse_tile(matrix, column, row))


def dataset_tile(matrix: str, row: str, column: str) -> Response:
    """Answer one tile of every drawn public layer, or of those `collections` names."""
    atlas = services()
    params.refuse_unknown({"f", "collections", *params.decoupage_ids(atlas.catalog)})
    _require_mvt()
    named = request.args.get("collections")
    drawn = [layer for layer in atlas.catalog.public if layer.drawn]
    layers = drawn if named is None else params.parse_layers(atlas.catalog, named)
    return _answer(layers, params.parse_tile(matrix, column, row))


def _require_mvt() -> None:
    if request.args.get("f", "mvt") != "mvt":
        raise BadParameterError("f : une tuile n'a qu'un format, mvt.")


def _answer(layers: Sequence[LayerDefinition], zxy: tuple[int, int, int], kept: Filter | None = None) -> Response:
    atlas = services()
    units = params.parse_units(atlas.database, atlas.catalog)
    if len(units) > 1:
        raise BadParameterError("Une tuile se filtre par une seule unité.")
    _refuse_closed(layers)
    if not units and kept is None:
        return _answer_kept(atlas.kept_tiles.fetch_versions([layer.id for layer in layers]), zxy, "no-cache")
    return _answer_selected(layers, zxy, units[0] if units else None, kept)


def _answer_selected(
    layers: Sequence[LayerDefinition], zxy: tuple[int, int, int], unit: tuple[str, str] | None, kept: Filter | None
) -> Response:
    """Answer the rows of a unit, of a filter: made each time, since their combinations are without number."""
    ids, store = [layer.id for layer in layers], services().tiles
    etag = revision_etag(ids, "tuile", ids, zxy, unit, kept)
    response = not_modified(etag)
    if response is None:
        body = store.fetch_filtered_tile(layers[0], *zxy, unit, kept) if kept else store.fetch_tile(ids, *zxy, unit)
        response = Response(body, status=200 if body else 204, mimetype=MVT)
        response.headers["Access-Control-Allow-Origin"] = "*"
    return with_etag(response, etag)


def _answer_kept(versions: Mapping[str, str], zxy: tuple[int, int, int], cache: str) -> Response:
    asked = request.headers.get("Accept-Encoding", ""), request.headers.get("If-None-Match", "")
    status, headers, body = fetch_answer(services().kept_tiles, versions, zxy, asked, cache)
    return Response(body, status, headers)


def _refuse_closed(layers: Sequence[LayerDefinition]) -> None:
    """Raise NotFoundError for a layer that `webmap db upgrade` has made internal since this server read the definitions."""
    for layer in layers:
        if services().octets.is_closed(layer.id):
            raise NotFoundError(sentence_unknown(layer.id))
