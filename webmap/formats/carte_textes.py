"""The texts of the standalone map: names, values and dates of a feature as its sheet writes them. Pure."""

from __future__ import annotations

from datetime import date as Date  # noqa: N812 - as in carte.py
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webmap.catalog.definition import FieldDefinition, LayerDefinition

PRECISION_LABELS = {"exacte": "exacte", "quartier": "au quartier", "commune": "à la commune"}
PRECISION_LABELS |= {"schematique": "schématique"}
ETAT_LABELS = {"existant": "existant", "en_cours": "en cours", "programme": "programmé"}
ETAT_LABELS |= {"projet": "projet", "hypothese": "hypothèse"}
# Common columns of the sheet, after the layer's own fields.
_COMMON = {
    "etat": "État",
    "precision": "Précision",
    "code_insee": "Code INSEE",
    "source": "Source",
    "source_ligne": "Ligne",
    "source_url": "Adresse",
    "millesime": "Millésime",
}
_COMMON_VALUES = {"etat": ETAT_LABELS, "precision": PRECISION_LABELS}


def label_values(fields: Sequence[FieldDefinition]) -> list[str]:
    """Return the labels of a sheet: the layer's own fields, then what every row has."""
    return [*(field.label for field in fields), *_COMMON.values()]


def name_feature(definition: LayerDefinition, feature: Mapping[str, Any]) -> str:
    """Return the name of a feature, else its key."""
    return str(feature["properties"].get(definition.name) or feature.get("id") or "sans nom")


def write_values(fields: Sequence[FieldDefinition], properties: Mapping[str, Any]) -> list[str | None]:
    """Return the values of a sheet, in the order of `label_values`; None where the source says nothing."""
    own = [_format(properties.get(field.id), field.enum, field.unit) for field in fields]
    return own + [_format(properties.get(column), _COMMON_VALUES.get(column, {}), None) for column in _COMMON]


def _format(value: object, labels: Mapping[str, str], unit: str | None) -> str | None:
    """Return a value as French text; None when the source says nothing. Years and codes keep their four digits whole."""
    if value is None or value in ("", []):
        return None
    if isinstance(value, bool):
        text = "oui" if value else "non"
    elif isinstance(value, int | float):
        text = f"{value:,}" if abs(value) >= 10_000 else str(value)  # noqa: PLR2004 - a year has no blank
        text = text.replace(",", "\u202f").replace(".", ",")
    elif isinstance(value, list | tuple):
        text = ", ".join(str(item) for item in value)
    else:
        text = labels.get(str(value)) or write_date(str(value))
    return f"{text}\u00a0{unit}" if unit else text


def write_date(text: str) -> str:
    """« 31/01/2026 » from « 2026-01-31 »; any other text as it is."""
    try:
        return Date.fromisoformat(text).strftime("%d/%m/%Y") if len(text) == len("2026-01-31") else text
    except ValueError:
        return text
