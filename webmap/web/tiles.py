"""Vector tiles: `/tuiles/<ids>/<z>/<x>/<y>.mvt`, and the same bytes at the addresses of OGC API - Tiles, row first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, request

from webmap.errors import BadParameterError
from webmap.store.filters import parse_filter
from webmap.web import params
from webmap.web.responses import not_modified, revision_etag, with_etag
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.filters import Filter

MIMETYPE = "application/vnd.mapbox-vector-tile"


def tile(ids: str, z: str, x: str, y: str) -> Response:
    """Answer one tile; 204 where there is nothing, 304 to a client that has it. `filter` (CQL2) when one layer is asked."""
    params.refuse_unknown({*params.FILTER, *params.decoupage_ids(services().catalog)})
    layers = params.parse_layers(services().catalog, ids)
    return _answer(layers, params.parse_tile(z, x, y), _parse_kept(layers))


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
    ids = [layer.id for layer in layers]
    etag = revision_etag(ids, "tuile", ids, zxy, units, kept)
    response = not_modified(etag)
    if response is None:
        unit, store = units[0] if units else None, atlas.tiles
        body = store.fetch_filtered_tile(layers[0], *zxy, unit, kept) if kept else store.fetch_tile(ids, *zxy, unit)
        response = Response(body, status=200 if body else 204, mimetype=MIMETYPE)
        response.headers["Access-Control-Allow-Origin"] = "*"
    return with_etag(response, etag)
