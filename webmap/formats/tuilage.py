"""How clients are told of our vector tiles: TileJSON 3.0, and the tile sets and grid of OGC API - Tiles 1.0."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from webmap.catalog.bands import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webmap.catalog.bands import Band

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
_GROUPED = {"nombre": ("Number", "Nombre de points que celui-ci groupe ; absent s’il est seul")}
_LABELLED = {"_taille": ("Number", "Plus grand côté de l’emprise, en mètres de la projection : la plus grande d’abord")}
_HEAVY = (
    "Si une couche pèse plus de 2,5 Mo dans une tuile (avant compression), la bande de zooms précédente la dessine, sans ce qui a"
    " moins de 1, 2 puis 4 pixels ; des points y sont groupés par carrés de 16, 32 puis 64 pixels. Rien n’est coupé."
)
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
    labels: bool
    bands: Sequence[Band]

    @property
    def attributes(self) -> dict[str, tuple[str, str]]:
        """Attribute -> TileJSON type and label, the common ones included."""
        own = {name: (_TYPES.get(kind, "String"), label) for name, (kind, label) in self.fields.items()}
        return {**_COMMON, **own, **(_GROUPED if self.geometry == "point" else {})}

    @property
    def label_attributes(self) -> dict[str, tuple[str, str]]:
        """Attributes of its labels, which are points of a layer of their own in its tiles."""
        return self.attributes | _LABELLED

    @property
    def bandes(self) -> list[Node]:
        """What each band of zooms draws: by how much it simplifies, what it leaves out, how it groups. A pixel: 1/512 of a tile."""
        starts = [0, *(band.zoom_max + 1 for band in self.bands)]
        return [
            {
                "zoom_min": start,
                "zoom_max": band.zoom_max,
                "tolerance_pixels": 0 if self.geometry == "point" else band.tolerance,
                "omis_sous_pixels": band.drop,
                "groupes_pixels": band.group,
            }
            for start, band in zip(starts, self.bands, strict=False)
        ]


@dataclass(frozen=True)
class TileSet:
    """Layers that are served together at `address` (full, without what follows `/tiles`), in a WGS84 box.

    `versioned` is the template of the same tiles in the version of today, which clients keep; none for too many layers.
    """

    title: str
    description: str
    address: str
    box: Box
    layers: Sequence[TiledLayer]
    attribution: str
    versioned: str | None = None

    @property
    def grid(self) -> str:
        """Address of this tile set in the only grid there is."""
        return f"{self.address}/tiles/{GRID}"


def build_tilejson(tiles: TileSet) -> Node:
    """Return TileJSON 3.0. Its tiles are those of today's version; read again, it gives the next."""
    west, south, east, north = tiles.box
    return {
        "tilejson": "3.0.0",
        "name": tiles.title,
        "description": tiles.description,
        "attribution": escape(tiles.attribution),  # maps write it as HTML
        "scheme": "xyz",
        "tiles": [tiles.versioned or f"{tiles.grid}/{{z}}/{{y}}/{{x}}"],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "bounds": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2, 10],
        "vector_layers": [part for layer in tiles.layers for part in _vector_layers(layer)],
        "webmap:tuile_lourde": _HEAVY,
    }


def _vector_layers(layer: TiledLayer) -> list[Node]:
    whole = {
        "id": layer.id,
        "description": layer.title,
        "minzoom": layer.zooms[0],
        "maxzoom": layer.zooms[1],
        "fields": _describe(layer.attributes),
        "webmap:bandes": layer.bandes,
    }
    labels = {
        "id": layer.id + LABELS,
        "description": f"{layer.title} : étiquettes",
        "minzoom": layer.zooms[0],
        "maxzoom": layer.zooms[1],
        "fields": _describe(layer.label_attributes),
    }
    return [whole, labels] if layer.labels else [whole]


def _describe(attributes: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {name: f"{label} ({kind})" for name, (kind, label) in attributes.items()}


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
        "layers": [part for layer in tiles.layers for part in _build_layers(layer)],
        "links": [
            _link(tiles.grid, "self", "application/json", "Ce document"),
            {**template, "templated": True},
            _link(f"{tiles.grid}/tilejson.json", "describedby", "application/json", "TileJSON"),
            _link(
                f"{root}/tileMatrixSets/{GRID}", f"{_RELATION}/tiling-scheme", "application/json", "Grille de tuiles"
            ),
        ],
    }


def _build_layers(layer: TiledLayer) -> list[Node]:
    whole = _build_layer(layer, layer.id, layer.title, layer.attributes, _DIMENSIONS[layer.geometry])
    title = f"{layer.title} : étiquettes"
    return [
        whole,
        *([_build_layer(layer, layer.id + LABELS, title, layer.label_attributes, 0)] if layer.labels else []),
    ]


def _build_layer(
    layer: TiledLayer, name: str, title: str, attributes: Mapping[str, tuple[str, str]], dimension: int
) -> Node:
    properties = {name: {"type": _JSON_TYPES[kind], "title": label} for name, (kind, label) in attributes.items()}
    return {
        "id": name,
        "title": title,
        "description": layer.description,
        "dataType": "vector",
        "geometryDimension": dimension,
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
