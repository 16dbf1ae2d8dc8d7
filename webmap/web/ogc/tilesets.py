"""OGC API - Tiles beside the tiles themselves: tile sets, TileJSON, the grid; and the styles to draw them with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from webmap.errors import BadParameterError, NotFoundError
from webmap.formats.maplibre import build_maplibre
from webmap.formats.tuilage import (
    GRID,
    TiledLayer,
    TileSet,
    build_grid,
    build_grid_list,
    build_tilejson,
    build_tileset,
    build_tileset_list,
)
from webmap.geo.bbox import widen
from webmap.store.drawn_columns import has_labels, style_fields
from webmap.store.extents import fetch_extents
from webmap.web import params
from webmap.web.adresse import public_address
from webmap.web.responses import json_response
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from webmap.catalog.definition import LayerDefinition


def tilesets(collection: str | None = None) -> Response:
    """Answer the tile sets of the atlas, or of one collection."""
    _only_json()
    return json_response(build_tileset_list(_fetch_tiles(collection)))


def tileset(collection: str | None = None) -> Response:
    """Answer what the tile set holds, and where its tiles are."""
    _only_json()
    return json_response(build_tileset(_fetch_tiles(collection), f"{public_address()}/ogc"))


def tilejson(collection: str | None = None) -> Response:
    """Answer TileJSON 3.0."""
    params.refuse_unknown(())
    return json_response(build_tilejson(_fetch_tiles(collection)))


def grids() -> Response:
    """Answer the list of grids."""
    _only_json()
    return json_response(build_grid_list(f"{public_address()}/ogc"))


def grid(grid: str) -> Response:
    """Answer the definition of the grid. Raises NotFoundError for any but ours."""
    _only_json()
    if grid != GRID:
        raise NotFoundError(f"Il n'y a pas de grille « {grid[:60]} » : la seule est {GRID}.")
    return json_response(build_grid())


def style(collection: str | None = None) -> Response:
    """Answer the style of one layer, or of the whole atlas as it opens, as MapLibre style JSON."""
    params.refuse_unknown(())
    atlas = services()
    west, south, east, north = atlas.settings.territoire.etendue
    title = atlas.settings.territoire.titre if collection is None else _layers(collection)[0].title
    return json_response(
        build_maplibre(
            title,
            f"{_address(collection)}/tiles/{GRID}/tilejson.json",
            _layers(collection),
            ((west + east) / 2, (south + north) / 2),
            hide=collection is None,
        )
    )


def _only_json() -> None:
    params.refuse_unknown({"f"})
    if request.args.get("f", "json") != "json":
        raise BadParameterError("f : cette ressource n'a qu'un format, json.")


def _address(collection: str | None) -> str:
    return f"{public_address()}/ogc" + (f"/collections/{collection}" if collection is not None else "")


def _layers(collection: str | None) -> Sequence[LayerDefinition]:
    catalog = services().catalog
    if collection is None:
        return [layer for layer in catalog.public if layer.drawn]
    return [params.require_drawn(catalog, collection)]


def _fetch_tiles(collection: str | None) -> TileSet:
    atlas = services()
    layers = _layers(collection)
    territoire = atlas.settings.territoire
    boxes = [box for box in fetch_extents(atlas.database, layers, cells=True).values() if box] or [territoire.etendue]
    wests, souths, easts, norths = zip(*boxes, strict=True)
    alone = layers[0] if collection is not None else None
    return TileSet(
        title=alone.title if alone else territoire.titre,
        description=alone.description if alone else f"Toutes les couches dessinées de « {territoire.titre} ».",
        address=_address(collection),
        box=widen((min(wests), min(souths), max(easts), max(norths))),
        layers=[_tiled(layer) for layer in layers],
        attribution=" ; ".join(dict.fromkeys(layer.source.producer for layer in layers)),
        versioned=_versioned([layer.id for layer in layers]) if len(layers) <= params.MAX_LAYERS else None,
    )


def _versioned(ids: Sequence[str]) -> str:
    named = ",".join(services().kept_tiles.fetch_versions(ids).values())
    return f"{public_address()}/tuiles/{','.join(ids)}/{named}/{{z}}/{{x}}/{{y}}.mvt"


def _tiled(layer: LayerDefinition) -> TiledLayer:
    known = {field.id: (field.type, field.label) for field in layer.fields}
    return TiledLayer(
        id=layer.id,
        title=layer.title,
        description=layer.description,
        geometry=layer.geometry,
        zooms=(layer.zoom_min, layer.zoom_max),
        fields={name: known.get(name, ("text", name)) for name in style_fields(layer)},
        labels=has_labels(layer),
        bands=layer.drawing,
    )
