"""`/couches/<id>/champs.json`: the fields of a layer, for a page that lets its reader filter, sort and read rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webmap.catalog.champs import published_fields
from webmap.errors import NotFoundError
from webmap.store.champs import fetch_filled, fetch_values
from webmap.web import french, params
from webmap.web.filtre_mots import read_field
from webmap.web.responses import json_response, not_modified, revision_etag, with_etag
from webmap.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from webmap.catalog.definition import LayerDefinition

_TEXTS = ("text", "list")


def champs(couche: str) -> Response:
    """Answer the public fields of a layer: type, label, unit, values with their words, how many rows say something."""
    layer = services().catalog.require_public(couche)
    params.refuse_unknown(())
    etag = revision_etag([layer.id], "champs", layer.id)
    response = not_modified(etag)
    return with_etag(response or json_response(_build(layer)), etag)


def valeurs(couche: str, champ: str) -> Response:
    """Answer the values a field of texts holds most, to pick one from."""
    layer = services().catalog.require_public(couche)
    params.refuse_unknown(())
    known = {field.id: field for field in published_fields(layer) if field.type in _TEXTS}
    if champ not in known:
        raise NotFoundError(f"« {champ[:60]} » n'est pas un champ de texte de « {layer.id} » : {', '.join(known)}.")
    etag = revision_etag([layer.id], "valeurs", layer.id, champ)
    response = not_modified(etag)
    if response is None:
        found = fetch_values(services().database, layer, known[champ])
        response = json_response({"champ": champ, "valeurs": [{"valeur": text, "lignes": n} for text, n in found]})
    return with_etag(response, etag)


def _build(layer: LayerDefinition) -> dict[str, Any]:
    fields = [field for field in published_fields(layer) if field.id not in layer.hiding]
    documents = {name: document.title for name, document in services().catalog.documents.items()}
    told = {field.id: read_field(field, documents) for field in fields}
    filled = fetch_filled(services().database, layer, fields)
    return {
        "couche": layer.id,
        "singulier": layer.singular,
        "pluriel": french.plural(layer.singular),
        "cle": layer.key,
        "nom": layer.name,
        "champs": [
            {
                "id": field.id,
                "libelle": told[field.id].label,
                "type": field.type,
                "unite": field.unit,
                "note": field.note,
                "valeurs": dict(told[field.id].words) or None,
                "remplis": filled[field.id],
            }
            for field in fields
        ],
    }
