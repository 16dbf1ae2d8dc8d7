"""How clients are told of our vector tiles: TileJSON 3.0, and the tile sets and grid of OGC API - Tiles 1.0."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Box = tuple[float, float, float, float]
    Node = dict[str, Any]

MVT = "application/vnd.mapbox-vector-tile"
MAX_ZOOM = 22
GRID = "WebMercatorQuad"
GRID_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{GRID}"
_MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_RELATION = "http://www.opengis.net/def/rel/ogc/1.0"
_HALF = 20037508.342789244  # metres from the centre of EPSG:3857 to each of its sides
_PIXEL = 0.00028  # metres: the pixel by which the OGC reads a scale
_DIMENSIONS = {"point": 0, "line": 1, "polygon": 2}
# What every tile carries (webmap/store/tiles.py); an attribute that is false is not written.
_COMMON = {
    "cle": ("String", "Clé de la ligne"),
    "nom": ("String", "Nom"),
    "approximatif": ("Boolean", "Emplacement connu au quartier ou à la commune ; absent s’il est exact"),
    "schematique": ("Boolean", "Cellule schématique, qui n’est pas une limite ; absent sinon"),
}
_TYPES = {"integer": "Number", "number": "Number", "boolean": "Boolean"}
_JSON_TYPES = {"String": "string", "Number": "number", "Boolean": "boolean"}


@dataclass(frozen=True)
class TiledLayer:
    """One layer in tiles: its texts, its zooms, `fields` (id -> our field type, label) beside the common ones."""

    id: str
    title: str
    description: str
    geometry: str
    zooms: tuple[int, int]
    fields: Mapping[str, tuple[str, str]]

    @property
    def attributes(self) -> dict[str, tuple[str, str]]:
        """Attribute -> TileJSON type and label, the common ones included."""
        own = {name: (_TYPES.get(kind, "String"), label) for name, (kind, label) in self.fields.items()}
        return {**_COMMON, **own}


@dataclass(frozen=True)
class TileSet:
    """Layers that are served together at `address` (full, without what follows `/tiles`), in a WGS84 box."""

    title: str
    description: str
    address: str
    box: Box
    layers: Sequence[TiledLayer]
    attribution: str

    @property
    def grid(self) -> str:
        """Address of this tile set in the only grid there is."""
        return f"{self.address}/tiles/{GRID}"


def build_tilejson(tiles: TileSet) -> Node:
    """Return TileJSON 3.0. `{x}` is the column and comes last: the addresses are those of OGC API - Tiles."""
    west, south, east, north = tiles.box
    return {
        "tilejson": "3.0.0",
        "name": tiles.title,
        "description": tiles.description,
        "attribution": escape(tiles.attribution),  # maps write it as HTML
        "scheme": "xyz",
        "tiles": [f"{tiles.grid}/{{z}}/{{y}}/{{x}}"],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "bounds": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2, 10],
        "vector_layers": [
            {
                "id": layer.id,
                "description": layer.title,
                "minzoom": layer.zooms[0],
                "maxzoom": layer.zooms[1],
                "fields": {name: f"{label} ({kind})" for name, (kind, label) in layer.attributes.items()},
            }
            for layer in tiles.layers
        ],
    }


def build_tileset_list(tiles: TileSet) -> Node:
    """Return the tile sets of one resource: one, in the grid of the web."""
    own = _link(f"{tiles.address}/tiles", "self", "application/json", "Jeux de tuiles")
    item = {
        "title": tiles.title,
        "dataType": "vector",
        "crs": _MERCATOR,
        "tileMatrixSetURI": GRID_URI,
        "links": [_link(tiles.grid, "self", "application/json", "Ce jeu de tuiles")],
    }
    return {"links": [own], "tilesets": [item]}


def build_tileset(tiles: TileSet, root: str) -> Node:
    """Return the metadata of the tile set; `root` is the address of the API."""
    west, south, east, north = tiles.box
    template = _link(f"{tiles.grid}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", "item", MVT, "Tuiles vectorielles")
    return {
        "title": tiles.title,
        "description": tiles.description,
        "attribution": tiles.attribution,
        "dataType": "vector",
        "crs": _MERCATOR,
        "tileMatrixSetURI": GRID_URI,
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north], "crs": _CRS84},
        "layers": [_build_layer(layer) for layer in tiles.layers],
        "links": [
            _link(tiles.grid, "self", "application/json", "Ce document"),
            {**template, "templated": True},
            _link(f"{tiles.grid}/tilejson.json", "describedby", "application/json", "TileJSON"),
            _link(
                f"{root}/tileMatrixSets/{GRID}", f"{_RELATION}/tiling-scheme", "application/json", "Grille de tuiles"
            ),
        ],
    }


def _build_layer(layer: TiledLayer) -> Node:
    properties = {name: {"type": _JSON_TYPES[kind], "title": label} for name, (kind, label) in layer.attributes.items()}
    return {
        "id": layer.id,
        "title": layer.title,
        "description": layer.description,
        "dataType": "vector",
        "geometryDimension": _DIMENSIONS[layer.geometry],
        "minTileMatrix": str(layer.zooms[0]),
        "maxTileMatrix": str(layer.zooms[1]),
        "propertiesSchema": {"type": "object", "properties": properties},
    }


def build_grid_list(root: str) -> Node:
    """Return the grids there are: the one of the web."""
    link = _link(f"{root}/tileMatrixSets/{GRID}", "self", "application/json", "Définition de la grille")
    grid = {"id": GRID, "title": "Google Maps Compatible for the World", "uri": GRID_URI, "crs": _MERCATOR}
    return {"tileMatrixSets": [{**grid, "links": [link]}]}


def build_grid() -> Node:
    """Return the definition of WebMercatorQuad (OGC 17-083r4, annex D.1), to the zoom we serve."""
    matrices = []
    for zoom in range(MAX_ZOOM + 1):
        cell = 2 * _HALF / 256 / 2**zoom
        matrices.append(
            {
                "id": str(zoom),
                "scaleDenominator": cell / _PIXEL,
                "cellSize": cell,
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": [-_HALF, _HALF],
                "matrixWidth": 2**zoom,
                "matrixHeight": 2**zoom,
                "tileWidth": 256,
                "tileHeight": 256,
            }
        )
    return {
        "id": GRID,
        "title": "Google Maps Compatible for the World",
        "uri": GRID_URI,
        "crs": _MERCATOR,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    }


def _link(address: str, relation: str, kind: str, title: str) -> Node:
    return {"href": address, "rel": relation, "type": kind, "title": title}
