"""The OpenAPI 3.0.3 document of the API. Pure: what it says is what the routes do, and a test holds one against the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webmap.geo.crs import CRS84, SYSTEMS
from webmap.store.filters import LANGUAGES
from webmap.web.ogc.asked import DEFAULT_LIMIT, MAX_LIMIT
from webmap.web.ogc.negotiation import GEOJSON, HTML, JSON, JSONFG, OPENAPI, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Content = dict[str, Any]

PROBLEM = "application/problem+json"
_URIS = [system.uri for system in SYSTEMS]
_COLLECTION = "/collections/{collectionId}"
_OBJECT: Content = {"type": "object"}
_LINKS: Content = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}


def build_definition(title: str, server: str, collections: Sequence[str], units: Iterable[str]) -> Content:
    """Return the document; `units` are the découpages that filter items, each a parameter by its name."""
    parameters = _parameters(collections, units)
    of_items = [
        name for name in parameters if name not in {"collectionId", "featureId", "f", "f-features", "sans_lieu"}
    ]
    in_collection = ("collectionId",)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": title,
            "version": "1.0.0",
            "description": "Les couches publiques de l'atlas (OGC API - Features). Chaque ligne porte sa source et son millésime.",
        },
        "servers": [{"url": server}],
        "tags": [{"name": "Service", "description": "Ce que l'API offre"}, {"name": "Données", "description": "Les couches"}],
        "paths": {
            "/": _path("Accueil", "landing", "Service", (), {JSON: _schema("landing")}),
            "/conformance": _path("Classes de conformité", "conformance", "Service", (), {JSON: _schema("conformance")}),
            "/api": _path("Cette description", "api", "Service", (), {OPENAPI: {"schema": _OBJECT}}),
            "/collections": _path("Les collections", "collections", "Données", ("sans_lieu",), {JSON: _schema("collections")}),
            _COLLECTION: _path("Une collection", "collection", "Données", in_collection, {JSON: _schema("collection")}),
            **{
                f"{_COLLECTION}/{kind}": _path(told, kind, "Données", in_collection, {SCHEMA: _schema("jsonSchema")})
                for kind, told in (
                    ("queryables", "Les champs d'un filtre"),
                    ("sortables", "Les champs d'un tri"),
                    ("schema", "Les champs des éléments"),
                )
            },
            f"{_COLLECTION}/items": _path(
                "Les éléments d'une collection, par pages", "items", "Données", (*in_collection, *of_items),
                dict.fromkeys((GEOJSON, JSONFG), _schema("featureCollection")), crs=True,
            ),
            f"{_COLLECTION}/items/{{featureId}}": _path(
                "Un élément", "item", "Données", (*in_collection, "featureId", "crs"),
                dict.fromkeys((GEOJSON, JSONFG), _schema("feature")), crs=True,
            ),
        },
        "components": {"parameters": parameters, "schemas": _SCHEMAS, "responses": _responses()},
    }  # fmt: skip


def _path(
    summary: str, name: str, tag: str, parameters: Iterable[str], content: Content, *, crs: bool = False
) -> Content:
    headers = {"Content-Crs": {"description": "Système de coordonnées de la réponse", "schema": {"type": "string"}}}
    answer: Content = {"description": summary, "content": {**content, HTML: {"schema": {"type": "string"}}}}
    missing = {"404": {"$ref": "#/components/responses/404"}} if "collectionId" in parameters else {}
    return {
        "get": {
            "summary": summary,
            "operationId": name,
            "tags": [tag],
            "parameters": [
                {"$ref": f"#/components/parameters/{each}"} for each in (*parameters, "f-features" if crs else "f")
            ],
            "responses": {
                "200": answer | ({"headers": headers} if crs else {}),
                "304": {"description": "Le client a déjà cette version (If-None-Match)"},
                "400": {"$ref": "#/components/responses/400"},
                **missing,
                "405": {"$ref": "#/components/responses/405"},
                "500": {"$ref": "#/components/responses/500"},
                "503": {"$ref": "#/components/responses/503"},
            },
        }
    }


def _schema(name: str) -> Content:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}


def _query(name: str, description: str, schema: Content) -> Content:
    return {
        "name": name, "in": "query", "required": False, "description": description,
        "schema": schema, "style": "form", "explode": False,
    }  # fmt: skip


def _parameters(collections: Sequence[str], units: Iterable[str]) -> Content:
    text: Content = {"type": "string"}
    words: Content = {"type": "array", "items": text, "minItems": 1}
    crs: Content = {"type": "string", "enum": _URIS, "default": CRS84.uri}
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    box = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    queries: dict[str, tuple[str, Content]] = {
        "f": ("Format de la réponse, avant l'en-tête Accept", {"type": "string", "enum": ["json", "html"]}),
        "f-features": (
            "Format de la réponse, avant l'en-tête Accept ; jsonfg dit son système de coordonnées (JSON-FG)",
            {"type": "string", "enum": ["json", "html", "jsonfg"]},
        ),
        "sans_lieu": ("true : la seconde page, les collections dont aucune ligne n'a de lieu", {"type": "boolean"}),
        "limit": (f"Éléments par page ; au-delà de {MAX_LIMIT}, {MAX_LIMIT}", limit),
        "cursor": ("Où commence la page : repris du lien « next », sans le changer", text),
        "bbox": ("Deux coins, quatre nombres ; les lignes sans géométrie n'y sont pas", box),
        "bbox-crs": ("Système de coordonnées de bbox", crs),
        "datetime": (
            "Jour, ou jours séparés par « / », « .. » pour une borne ouverte ; les lignes sans date restent",
            text,
        ),
        "crs": ("Système de coordonnées de la réponse", crs),
        "properties": ("Champs à donner ; la précision, la source et le millésime restent toujours", words),
        "sortby": ("Champs du tri ; un « - » devant pour l'ordre inverse. Les valeurs vides sont en dernier", words),
        "resultType": ("hits : le nombre seul", {"type": "string", "enum": ["results", "hits"], "default": "results"}),
        "filter": ("Condition CQL2 (OGC 21-065) sur les champs de /queryables", text),
        "filter-lang": ("Langage de filter", {"type": "string", "enum": list(LANGUAGES), "default": LANGUAGES[0]}),
        "filter-crs": ("Système de coordonnées des géométries de filter", crs),
        **{name: (f"Code d'une unité du découpage « {name} »", text) for name in units},
    }
    paths: dict[str, tuple[str, Content]] = {
        "collectionId": ("Identifiant d'une couche", {"type": "string", "enum": list(collections)}),
        "featureId": ("Clé d'un élément", {"type": "string", "minLength": 1}),
    }
    return {
        **{
            name: {"name": name, "in": "path", "required": True, "description": told, "schema": schema}
            for name, (told, schema) in paths.items()
        },
        **{name: _query(name.removesuffix("-features"), told, schema) for name, (told, schema) in queries.items()},
        "fields": {
            "name": "fields", "in": "query", "required": False, "style": "form", "explode": True,
            "description": "Champs de /queryables, chacun un paramètre : champ=valeur ; les conditions s'ajoutent à filter",
            "schema": {"type": "object", "additionalProperties": text},
        },
    }  # fmt: skip


def _responses() -> Content:
    told = {
        "400": "Paramètre inconnu, ou valeur incomprise : la phrase dit ce qui est attendu",
        "404": "Rien à cette adresse",
        "405": "L'API se lit seulement (GET, HEAD, OPTIONS)",
        "500": "Erreur imprévue",
        "503": "La base de données ne répond pas, ou met trop de temps",
    }
    content = {PROBLEM: _schema("problem"), HTML: {"schema": {"type": "string"}}}
    return {status: {"description": sentence, "content": content} for status, sentence in told.items()}


def _described(required: Sequence[str], **properties: Content) -> Content:
    return {"type": "object", "required": list(required), "properties": properties}


_TEXT: Content = {"type": "string"}
_COUNT: Content = {"type": "integer", "minimum": 0}
_SCHEMAS: Content = {
    "link": _described(("href", "rel", "type"), href=_TEXT, rel=_TEXT, type=_TEXT, title=_TEXT, hreflang=_TEXT),
    "problem": _described(
        ("type", "title", "status", "detail"), type=_TEXT, title=_TEXT, status={"type": "integer"}, detail=_TEXT, code=_TEXT
    ),
    "landing": _described(("title", "links"), title=_TEXT, description=_TEXT, links=_LINKS),
    "conformance": _described(("conformsTo",), conformsTo={"type": "array", "items": _TEXT}),
    "collection": _described(
        ("id", "title", "links", "itemType", "crs", "licence"),
        id=_TEXT, title=_TEXT, description=_TEXT, keywords={"type": "array", "items": _TEXT}, attribution=_TEXT, licence=_TEXT,
        producteur=_TEXT, source=_TEXT, millesime=_TEXT, provenance=_TEXT, updated={"type": "string", "format": "date-time"},
        revision=_COUNT, itemType={"type": "string", "enum": ["feature"]}, extent=_OBJECT,
        crs={"type": "array", "items": _TEXT}, storageCrs=_TEXT, links=_LINKS,
    ),
    "collections": _described(
        ("links", "collections"),
        title=_TEXT, description=_TEXT, links=_LINKS, crs={"type": "array", "items": _TEXT},
        numberMatched=_COUNT, numberReturned=_COUNT,
        collections={"type": "array", "items": {"$ref": "#/components/schemas/collection"}},
    ),
    "jsonSchema": _described(("type", "properties"), type=_TEXT, properties=_OBJECT),
    "feature": _described(
        ("type", "id", "geometry", "properties"),
        type={"type": "string", "enum": ["Feature"]}, id=_TEXT, geometry={"type": "object", "nullable": True},
        properties=_OBJECT, links=_LINKS,
    ),
    "featureCollection": _described(
        ("type", "features", "links", "timeStamp", "numberReturned"),
        type={"type": "string", "enum": ["FeatureCollection"]}, links=_LINKS, timeStamp={"type": "string", "format": "date-time"},
        numberMatched=_COUNT, numberMatchedEstimate=_COUNT, numberReturned=_COUNT,
        features={"type": "array", "items": {"$ref": "#/components/schemas/feature"}},
    ),
}  # fmt: skip
