"""The fields a layer publishes: its own, then those every layer has. What is not here leaves by no export. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.catalog.definition import FieldDefinition

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition

_LABELS = {
    "code_insee": "Commune (code INSEE)",
    "precision": "Précision de l'emplacement (exacte, quartier, commune, schematique ; vide : non localisé)",
    "etat": "État (existant, en_cours, programme, projet, hypothese)",
    "source": "Source de la ligne",
    "source_ligne": "Place dans la source",
    "source_url": "Adresse de la source",
    "millesime": "Date de la source",
}
COMMON_FIELDS = tuple(FieldDefinition(id=name, label=label) for name, label in _LABELS.items())


def published_fields(layer: LayerDefinition) -> tuple[FieldDefinition, ...]:
    """Return the fields of a layer in the order of its file, then the common ones it does not have of its own."""
    return (*layer.fields, *(field for field in COMMON_FIELDS if field.id not in layer.field_ids))
