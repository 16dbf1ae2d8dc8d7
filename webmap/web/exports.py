"""`/exports/<id>.geojson`: a layer, or a part of it, as RFC 7946 GeoJSON, streamed."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from flask import Response, request

from webmap.store.features import stream_features
from webmap.web import params
from webmap.web.responses import as_download, not_modified, revision_etag, with_etag
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.features import Selection

MIMETYPE = "application/geo+json"
_APPROXIMATE = "Une condition de lieu ne retient que les lignes dont l'emplacement est exact (precision = exacte)."


def geojson(layer_id: str) -> Response:
    """Answer the rows of a layer; `bbox`, `filter` (CQL2), `bassin`, `commune` and any other découpage select."""
    atlas = services()
    layer = atlas.catalog.require_public(layer_id)
    params.refuse_unknown({"bbox", *params.FILTER, *params.decoupage_ids(atlas.catalog)})
    selection = params.parse_selection(atlas.database, atlas.catalog, layer)
    etag = revision_etag([layer.id], "export", layer.id, selection)
    response = not_modified(etag)
    if response is None:
        response = Response(_body(layer, selection), mimetype=MIMETYPE)
        response.headers["Access-Control-Allow-Origin"] = "*"
        as_download(response, _name_parts(layer, selection), "geojson")
    return with_etag(response, etag)


def _body(layer: LayerDefinition, selection: Selection) -> Iterator[bytes]:
    """Start the statement before the first byte is promised, so that a failure is still a clean error."""
    if request.method == "HEAD":
        return iter(())
    features = stream_features(services().database, layer, selection)
    first = next(features, b"")
    return _wrap({**_source(layer), **_filter(selection)}, layer.id, first, features)


def _source(layer: LayerDefinition) -> dict[str, str]:
    return {
        "titre": layer.title,
        "producteur": layer.source.producer,
        "source": layer.source.name,
        "licence": layer.source.licence,
        "millesime": layer.source.millesime,
        "export": dt.datetime.now(tz=dt.UTC).date().isoformat(),
    }


def _filter(selection: Selection) -> dict[str, str]:
    """Tell what was kept: a file that does not say it would pass for the whole layer."""
    if selection.filter is None:
        return {}
    told = {"filtre": request.args["filter"]}
    return told | {"filtre_note": _APPROXIMATE} if selection.filter.spatial else told


def _wrap(source: dict[str, str], name: str, first: bytes, features: Iterator[bytes]) -> Iterator[bytes]:
    # `name` is read by GDAL and QGIS as the layer's name; `metadonnees` is a foreign member (RFC 7946 §6.1).
    head = json.dumps({"type": "FeatureCollection", "name": name, "metadonnees": source}, ensure_ascii=False)
    yield head[:-1].encode() + b', "features": [\n' + first
    yield from features
    yield b"]}\n"


def _name_parts(layer: LayerDefinition, selection: Selection) -> list[str]:
    units = [f"{decoupage}-{code}" for decoupage, code in selection.units]
    box, kept = ["emprise"] if selection.bbox else [], ["filtre"] if selection.filter else []
    return [layer.id, *units, *box, *kept]
