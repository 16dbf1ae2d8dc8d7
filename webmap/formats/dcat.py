"""The atlas as a DCAT-AP catalogue in JSON-LD: what data.gouv.fr and regional portals harvest.

The context is written in the file: a reader needs no network to understand it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from webmap.catalog.notice import CRS, CRS_TITLE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from webmap.catalog.notice import Box, Download, Notice, Publisher

    Node = dict[str, Any]

_EU = "http://publications.europa.eu/resource/authority"
_MEDIA = "https://www.iana.org/assignments/media-types"
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "locn": "http://www.w3.org/ns/locn#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def build_dcat(publisher: Publisher, notices: Sequence[Notice]) -> Node:
    """Return the catalogue: one dcat:Dataset a notice, with its downloads and services as distributions."""
    return {
        "@context": CONTEXT,
        "@id": f"{publisher.address}/catalogue.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": _french(publisher.atlas),
        "dct:description": _french(f"Couches géographiques et listes publiées par {publisher.name}."),
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": publisher.name},
        "dct:language": {"@id": f"{_EU}/language/FRA"},
        "foaf:homepage": {"@id": f"{publisher.address}/"},
        **({"dct:modified": _moment(max(notice.modified for notice in notices))} if notices else {}),
        "dcat:dataset": [build_dataset(publisher, notice) for notice in notices],
    }


def build_dataset(publisher: Publisher, notice: Notice) -> Node:
    """Return one layer as a dcat:Dataset. What is not known is left out; an unknown frequency is said unknown."""
    layer = notice.layer
    page = f"{publisher.address}/couches/{layer.id}"
    node: Node = {
        "@id": f"{page}#jeu",
        "@type": "dcat:Dataset",
        "dct:identifier": page,
        "dct:title": _french(layer.title),
        "dct:description": _french(notice.abstract),
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": layer.source.producer},
        "dcat:contactPoint": _contact(publisher),
        "dct:language": {"@id": f"{_EU}/language/FRA"},
        "dct:accessRights": {"@id": f"{_EU}/access-right/PUBLIC"},
        "dct:accrualPeriodicity": {"@id": f"{_EU}/frequency/UNKNOWN"},
        "dcat:keyword": [_french(word) for word in notice.keywords],
        "dct:modified": _moment(notice.modified),
        "dct:provenance": {"@type": "dct:ProvenanceStatement", "rdfs:label": _french(notice.lineage)},
        "dct:rights": {"@type": "dct:RightsStatement", "rdfs:label": _french(notice.rights)},
        "owl:versionInfo": layer.source.millesime,
        "dct:spatial": _place(notice),
        "dcat:landingPage": {"@id": page, "@type": "foaf:Document"},
        "foaf:page": {"@id": f"{publisher.address}/metadonnees/{layer.id}.xml", "@type": "foaf:Document"},
        "dcat:distribution": [_distribution(publisher, notice, download) for download in notice.downloads],
    }
    if notice.theme.ue:
        node["dcat:theme"] = {"@id": f"{_EU}/data-theme/{notice.theme.ue}"}
    if notice.issued:
        node["dct:issued"] = _moment(notice.issued)
    if notice.years:
        node["dct:temporal"] = {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@value": f"{notice.years[0]:04d}-01-01", "@type": "xsd:date"},
            "dcat:endDate": {"@value": f"{notice.years[1]:04d}-12-31", "@type": "xsd:date"},
        }
    if layer.drawn:
        node["dct:conformsTo"] = {"@id": CRS, "@type": "dct:Standard", "rdfs:label": f"{CRS_TITLE} (EPSG:2154)"}
    return node


def _distribution(publisher: Publisher, notice: Notice, download: Download) -> Node:
    address = {"@id": f"{publisher.address}{download.path}"}
    licence = notice.licence
    return {
        "@id": f"{publisher.address}/couches/{notice.layer.id}#{download.key}",
        "@type": "dcat:Distribution",
        "dct:title": _french(f"{notice.layer.title} ({download.title})"),
        "dcat:accessURL": address,
        **({} if download.service else {"dcat:downloadURL": address}),
        "dct:format": download.title,
        "dcat:mediaType": {"@id": f"{_MEDIA}/{download.mediatype}"},
        "dct:license": {
            **({"@id": licence.url} if licence.url else {}),
            "@type": "dct:LicenseDocument",
            "rdfs:label": licence.title,
        },
        "dct:rights": {"@type": "dct:RightsStatement", "rdfs:label": _french(notice.rights)},
        "dct:modified": _moment(notice.modified),
    }


def _contact(publisher: Publisher) -> Node:
    email = {"vcard:hasEmail": {"@id": f"mailto:{publisher.contact}"}} if publisher.contact else {}
    return {"@type": "vcard:Organization", "vcard:fn": publisher.name, **email}


def _place(notice: Notice) -> Node:
    box = notice.box or notice.territory
    polygon = {"type": "Polygon", "coordinates": [_corners(box)]}
    label = "Emprise des lignes localisées" if notice.box else "Emprise du territoire : aucune ligne n’est localisée"
    return {
        "@type": "dct:Location",
        "skos:prefLabel": _french(label),
        "dcat:bbox": {
            "@value": f"POLYGON(({', '.join(f'{x} {y}' for x, y in _corners(box))}))",
            "@type": "http://www.opengis.net/ont/geosparql#wktLiteral",
        },
        "locn:geometry": {"@value": json.dumps(polygon), "@type": f"{_MEDIA}/application/vnd.geo+json"},
    }


def _corners(box: Box) -> list[list[float]]:
    west, south, east, north = box
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _french(text: str) -> Node:
    return {"@value": text, "@language": "fr"}


def _moment(value: dt.datetime) -> Node:
    return {"@value": value.isoformat(timespec="seconds"), "@type": "xsd:dateTime"}
