"""The tiles, tile sets, grid and styles in the OpenAPI document: its paths beside those of the features. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webmap.formats.tuilage import GRID, MAX_ZOOM, MVT
from webmap.web.ogc.negotiation import JSON

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Content = dict[str, Any]

_TILE = f"/tiles/{GRID}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
_SETS = {
    "/tiles": ("Les jeux de tuiles", "tilesets"),
    f"/tiles/{GRID}": ("Un jeu de tuiles vectorielles", "tileset"),
    f"/tiles/{GRID}/tilejson.json": ("Le même, en TileJSON 3.0", "tilejson"),
    "/styles/maplibre.json": ("Le style, en MapLibre style JSON", "style"),
}
_OBJECT: Content = {"schema": {"type": "object"}}
_BYTES: Content = {"schema": {"type": "string", "format": "binary"}}
_INDEX: Content = {"type": "integer", "minimum": 0}


def build_tile_paths(drawn: Sequence[str], units: Iterable[str]) -> Content:
    """Return the paths; `drawn` are the layers that have tiles, `units` the découpages that filter them."""
    filters = [_query(name, f"Code d'une unité du découpage « {name} »") for name in units]
    where = [
        _in_path("tileMatrix", "Zoom", {**_INDEX, "maximum": MAX_ZOOM}),
        _in_path("tileRow", "Ligne, depuis le nord", _INDEX),
        _in_path("tileCol", "Colonne, depuis l'ouest", _INDEX),
    ]
    one = [_in_path("collectionId", "Identifiant d'une couche dessinée", {"type": "string", "enum": list(drawn)})]
    some = _query("collections", "Couches voulues, séparées par des virgules ; toutes par défaut")
    mvt = _query("f", "Format", "mvt")
    paths: Content = {}
    for prefix, name, own, more in (("", "atlas", [], [some]), ("/collections/{collectionId}", "collection", one, [])):
        for path, (told, operation) in _SETS.items():
            given = [] if path.endswith(".json") else [_query("f", "Format", "json")]
            paths[prefix + path] = _path(told, f"{name}-{operation}", [*own, *given], {JSON: _OBJECT})
        empty = {"204": {"description": "Rien dans cette tuile"}}
        tile = _path(
            "Une tuile vectorielle", f"{name}-tile", [*own, *where, *more, *filters, mvt], {MVT: _BYTES}, empty
        )
        paths[prefix + _TILE] = tile
    grid = [_in_path("tileMatrixSetId", "Grille", {"type": "string", "enum": [GRID]}), _query("f", "Format", "json")]
    paths["/tileMatrixSets"] = _path("Les grilles de tuiles", "grids", [_query("f", "Format", "json")], {JSON: _OBJECT})
    paths["/tileMatrixSets/{tileMatrixSetId}"] = _path("La grille du web", "grid", grid, {JSON: _OBJECT})
    return paths


def _path(summary: str, name: str, parameters: list[Content], content: Content, more: Content | None = None) -> Content:
    errors = {status: {"$ref": f"#/components/responses/{status}"} for status in ("400", "404", "405", "500", "503")}
    cached = {"304": {"description": "Le client a déjà cette version (If-None-Match)"}}
    return {
        "get": {
            "summary": summary,
            "operationId": name,
            "tags": ["Données"],
            "parameters": parameters,
            "responses": {"200": {"description": summary, "content": content}, **(more or {}), **cached, **errors},
        }
    }


def _in_path(name: str, told: str, schema: Content) -> Content:
    return {"name": name, "in": "path", "required": True, "description": told, "schema": schema}


def _query(name: str, told: str, *values: str) -> Content:
    schema: Content = {"type": "string"} | ({"enum": list(values)} if values else {})
    return {"name": name, "in": "query", "required": False, "description": told, "schema": schema}
