"""`/tuiles/<ids>/<z>/<x>/<y>.mvt`: the layers named, concatenated into one vector tile."""

from __future__ import annotations

from flask import Response

from webmap.errors import BadParameterError
from webmap.web import params
from webmap.web.responses import not_modified, revision_etag, with_etag
from webmap.web.services import services

MIMETYPE = "application/vnd.mapbox-vector-tile"


def tile(ids: str, z: str, x: str, y: str) -> Response:
    """Answer one tile; 204 where there is nothing, 304 to a client that has it."""
    atlas = services()
    zxy = params.parse_tile(z, x, y)
    layers = [layer.id for layer in params.parse_layers(atlas.catalog, ids)]
    params.refuse_unknown(params.decoupage_ids(atlas.catalog))
    units = params.parse_units(atlas.database, atlas.catalog)
    if len(units) > 1:
        raise BadParameterError("Une tuile se filtre par une seule unité.")
    etag = revision_etag(layers, "tuile", zxy, units)
    response = not_modified(etag)
    if response is None:
        body = atlas.tiles.fetch_tile(layers, *zxy, units[0] if units else None)
        response = Response(body, status=200 if body else 204, mimetype=MIMETYPE)
        response.headers["Access-Control-Allow-Origin"] = "*"
    return with_etag(response, etag)
