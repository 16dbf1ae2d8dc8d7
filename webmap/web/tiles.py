"""Vector tiles: `/tuiles/<ids>/<z>/<x>/<y>.mvt`, and the same bytes at the addresses of OGC API - Tiles, row first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, request

from webmap.errors import BadParameterError
from webmap.web import params
from webmap.web.responses import not_modified, revision_etag, with_etag
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webmap.catalog.definition import LayerDefinition

MIMETYPE = "application/vnd.mapbox-vector-tile"


def tile(ids: str, z: str, x: str, y: str) -> Response:
    """Answer one tile; 204 where there is nothing, 304 to a client that has it."""
    params.refuse_unknown(params.decoupage_ids(services().catalog))
    return _answer(params.parse_layers(services().catalog, ids), params.parse_tile(z, x, y))


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


def _answer(layers: Sequence[LayerDefinition], zxy: tuple[int, int, int]) -> Response:
    atlas = services()
    units = params.parse_units(atlas.database, atlas.catalog)
    if len(units) > 1:
        raise BadParameterError("Une tuile se filtre par une seule unité.")
    ids = [layer.id for layer in layers]
    etag = revision_etag(ids, "tuile", ids, zxy, units)
    response = not_modified(etag)
    if response is None:
        body = atlas.tiles.fetch_tile(ids, *zxy, units[0] if units else None)
        response = Response(body, status=200 if body else 204, mimetype=MIMETYPE)
        response.headers["Access-Control-Allow-Origin"] = "*"
    return with_etag(response, etag)
