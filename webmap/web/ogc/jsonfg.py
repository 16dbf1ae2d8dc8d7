"""JSON-FG 1.0 (OGC 21-045r1): features in any coordinate system, in JSON. What a document says beside its features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webmap.geo.crs import CRS84
from webmap.web.ogc.negotiation import ROOT, address

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.geo.crs import Crs

CLASSES = tuple(f"http://www.opengis.net/spec/json-fg-1/1.0/conf/{name}" for name in ("core", "types-schemas"))
_DIMENSIONS = {"point": 0, "line": 1, "polygon": 2}


def build_jsonfg(layer: LayerDefinition, crs: Crs | None, *, alone: bool = False) -> dict[str, Any]:
    """Return the members of a collection, or of a feature `alone`: classes, type, schema, and the system of `place`.

    In CRS84, `geometry` holds the place and there is no other system to tell.
    """
    content: dict[str, Any] = {
        "conformsTo": list(CLASSES),
        "featureType": layer.id,
        "featureSchema": address(f"{ROOT}/collections/{layer.id}/schema", {"f": "json"}),
    }
    if layer.drawn and not alone:
        content["geometryDimension"] = _DIMENSIONS[layer.geometry]
    if layer.drawn and crs not in (None, CRS84):
        content["coordRefSys"] = crs.uri
    return content
