"""`/ogc/` and `/ogc/conformance`: where a GIS starts, and what it may count on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.web import params
from webmap.web.ogc import jsonfg
from webmap.web.ogc.negotiation import (
    CONFORMANCE,
    DATA,
    GRIDS,
    HTML,
    JSON,
    OPENAPI,
    ROOT,
    TILESETS,
    link,
    own_links,
    respond,
)
from webmap.web.services import services

if TYPE_CHECKING:
    from flask import Response

_SPEC = "http://www.opengis.net/spec"
# Each of these is shown by a test (tests/web/ogc): a class that none shows is not here.
CLASSES = (
    *(f"{_SPEC}/ogcapi-common-1/1.0/conf/{name}" for name in ("core", "landing-page", "json", "html", "oas30")),
    f"{_SPEC}/ogcapi-common-2/1.0/conf/collections",
    *(f"{_SPEC}/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "geojson", "html", "oas30")),
    f"{_SPEC}/ogcapi-features-2/1.0/conf/crs",
    *(f"{_SPEC}/ogcapi-features-3/1.0/conf/{name}" for name in ("queryables", "filter", "features-filter")),
    *(
        f"{_SPEC}/cql2/1.0/conf/{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "accent-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
            "array-functions",
        )
    ),
    *(f"{_SPEC}/ogcapi-features-8/1.0/conf/{name}" for name in ("sorting", "sortables", "features-sorting")),
    f"{_SPEC}/ogcapi-common-3/1.0/conf/schemas",
    *jsonfg.CLASSES,
    *(
        f"{_SPEC}/ogcapi-tiles-1/1.0/conf/{name}"
        for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "dataset-tilesets", "mvt", "oas30")
    ),
)


def landing() -> Response:
    """Answer the landing page."""
    params.refuse_unknown({"f"})
    territoire = services().settings.territoire
    links = [
        *own_links(JSON),
        link("service-desc", f"{ROOT}/api", OPENAPI, "Description de l'API (OpenAPI 3.0)", {"f": "json"}),
        link("service-doc", f"{ROOT}/api", HTML, "Documentation de l'API", {"f": "html"}),
        link("conformance", f"{ROOT}/conformance", JSON, "Classes de conformité"),
        link(CONFORMANCE, f"{ROOT}/conformance", JSON, "Classes de conformité"),
        link("data", f"{ROOT}/collections", JSON, "Collections"),
        link(DATA, f"{ROOT}/collections", JSON, "Collections"),
        link(TILESETS, f"{ROOT}/tiles", JSON, "Tuiles vectorielles de tout l'atlas"),
        link(GRIDS, f"{ROOT}/tileMatrixSets", JSON, "Grilles de tuiles"),
        link("stylesheet", f"{ROOT}/styles/maplibre.json", JSON, "Style de tout l'atlas (MapLibre)"),
    ]
    description = (
        f"Les couches publiques de l'atlas ({territoire.nom}), pour les SIG et les programmes (OGC API - Features)."
    )
    return respond({"title": territoire.titre, "description": description, "links": links}, "ogc_accueil.html")


def conformance() -> Response:
    """Answer the conformance classes."""
    params.refuse_unknown({"f"})
    return respond({"conformsTo": list(CLASSES), "links": own_links(JSON)}, "ogc_conformite.html")
