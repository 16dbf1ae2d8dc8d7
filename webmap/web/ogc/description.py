"""What a collection says of itself: source, licence, extent, freshness, fields. Pure but for the address of its links."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from webmap.catalog.champs import published_fields
from webmap.catalog.notice import parse_licence
from webmap.geo.crs import CRS84, SYSTEMS, Crs
from webmap.store.item_text import date_field
from webmap.store.items import sortables
from webmap.store.naming import SRID
from webmap.web.ogc.negotiation import (
    GEOJSON,
    HTML,
    JSON,
    QUERYABLES,
    RETURNABLES,
    ROOT,
    SCHEMA,
    SORTABLES,
    TILESETS,
    XML,
    link,
)

if TYPE_CHECKING:
    from webmap.catalog.definition import FieldDefinition, LayerDefinition
    from webmap.store.items import Freshness

_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "boolean": {"type": "boolean"},
    "list": {"type": "array", "items": {"type": "string"}},
}
_GEOMETRIES = {"point": "point", "line": "multilinestring", "polygon": "multipolygon"}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
_STEPS = 10**7  # of a degree: the decimals that are sent


def build_collection(layer: LayerDefinition, theme: str, territory: str, known: Freshness) -> dict[str, Any]:
    """Return the description of a collection, without the links to itself."""
    source = layer.source
    content = {
        "id": layer.id,
        "title": layer.title,
        "description": "\n\n".join(text for text in (layer.description, layer.warning) if text),
        "keywords": list(dict.fromkeys((theme, layer.singular, territory))),
        "attribution": f"{source.producer} : {source.name} ({source.millesime})",
        "producteur": source.producer,
        "source": source.name,
        "licence": source.licence,
        "millesime": source.millesime,
        "provenance": source.provenance,
        "updated": known.changed.isoformat(),
        "revision": known.revision,
        "itemType": "feature",
        "extent": _extent(known),
        "crs": [system.uri for system in SYSTEMS],
        "links": _links(layer),
    }
    return content | ({"storageCrs": Crs(SRID).uri} if layer.drawn else {})


def _extent(known: Freshness) -> dict[str, Any]:
    extent: dict[str, Any] = {}
    if known.box:
        west, south, east, north = known.box
        low = [math.floor(value * _STEPS) / _STEPS for value in (west, south)]
        high = [math.ceil(value * _STEPS) / _STEPS for value in (east, north)]
        extent["spatial"] = {"bbox": [[*low, *high]], "crs": CRS84.uri}
    if known.period:
        first, last = (f"{day.isoformat()}T00:00:00Z" for day in known.period)
        extent["temporal"] = {"interval": [[first, last]], "trs": _GREGORIAN}
    return extent


def _links(layer: LayerDefinition) -> list[dict[str, str]]:
    path = f"{ROOT}/collections/{layer.id}"
    licence = parse_licence(layer.source.licence)
    here = link("license", f"/couches/{layer.id}", HTML, f"Licence de la source : {layer.source.licence}")
    return [
        link("items", f"{path}/items", GEOJSON, "Éléments (GeoJSON)", {"f": "json"}),
        link("items", f"{path}/items", HTML, "Éléments (page)", {"f": "html"}),
        link(QUERYABLES, f"{path}/queryables", SCHEMA, "Champs d'un filtre", {"f": "json"}),
        link(SORTABLES, f"{path}/sortables", SCHEMA, "Champs d'un tri", {"f": "json"}),
        link(RETURNABLES, f"{path}/schema", SCHEMA, "Champs des éléments", {"f": "json"}),
        link("describedby", f"/couches/{layer.id}", HTML, "Fiche de la couche : source, champs, fraîcheur"),
        {**here, "href": licence.url} if licence and licence.url else here,
        link("enclosure", f"/exports/{layer.id}.geojson", GEOJSON, "Toute la couche (GeoJSON)"),
        *(_tile_links(path) if layer.drawn else []),
        link("describedby", f"/metadonnees/{layer.id}.xml", XML, "Métadonnées (ISO 19139)"),
        link("root", f"{ROOT}/", JSON, "Accueil de l'API"),
    ]


def _tile_links(path: str) -> list[dict[str, str]]:
    return [
        link(TILESETS, f"{path}/tiles", JSON, "Tuiles vectorielles"),
        link("stylesheet", f"{path}/styles/maplibre.json", JSON, "Style (MapLibre)"),
    ]


def build_schema(layer: LayerDefinition, kind: str, here: str) -> dict[str, Any]:
    """Return the JSON Schema of `queryables`, `sortables` or `schema` (the properties sent), at the address `here`."""
    fields = published_fields(layer)
    if kind == "sortables":
        fields = tuple(field for field in fields if field.id in sortables(layer))
    properties = {field.id: _property(field) for field in fields}
    if kind == "schema":
        for number, name in enumerate(properties):
            properties[name]["x-ogc-propertySeq"] = number + 1
        properties[layer.key]["x-ogc-role"] = "id"
        if day := date_field(layer):
            properties[day]["x-ogc-role"] = "primary-instant"
    if kind != "sortables" and layer.drawn:
        place = {"title": "Géométrie", "format": f"geometry-{_GEOMETRIES[layer.geometry]}"}
        properties["geom"] = place | ({"x-ogc-role": "primary-geometry"} if kind == "schema" else {})
    titles = {"queryables": "champs d'un filtre", "sortables": "champs d'un tri", "schema": "champs des éléments"}
    return {
        "$schema": _DIALECT,
        "$id": here,
        "type": "object",
        "title": f"{layer.title} : {titles[kind]}",
        "properties": properties,
        "additionalProperties": False,
    }


def _property(field: FieldDefinition) -> dict[str, Any]:
    told = {"title": field.label, **_TYPES[field.type]}
    if field.enum:
        told["enum"] = list(field.enum)
    if field.unit:
        told["x-ogc-unit"] = field.unit
    return told | ({"description": field.note} if field.note else {})
