"""One feature of an official source as a typed row of the layer."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any

from webmap.importing.rows import MAX_CELL, check_common, parse_field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webmap.catalog.connector import Connector
    from webmap.catalog.definition import FieldDefinition, LayerDefinition

    Row = dict[str, Any]

_COMMON = ("code_insee", "etat", "source_ligne", "source_url")
# What official files write: « 1 » and « VRAI » (IRVE), « O » (SNCF, which `parse_field` knows), « 22,5 », « 2024-01-01T00:00:00 ».
_BOOLEANS = {
    "1": "true",
    "0": "false",
    "vrai": "true",
    "faux": "false",
    "yes": "true",
    "no": "false",
    "1.0": "true",
    "0.0": "false",
}
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ][0-9]{2}:.*")
_WHOLE = re.compile(r"([+-]?[0-9]+)[.,]0+")
_LIST = re.compile(r"[|,;]")


def build_source_row(
    layer: LayerDefinition, connector: Connector, properties: Mapping[str, str | None], date: str
) -> tuple[Row, list[str]]:
    """Return the row (fields and common columns) and the list of its problems; `date` (ISO) is the file's.

    In `geometry` mode only the key and the compared fields are read: nothing else will be written.
    """
    problems: list[str] = []
    row: Row
    if connector.mode == "geometry":
        texts = {layer.key: properties.get(connector.key)}
        texts |= {name: properties.get(column) for name, column in connector.compare.items()}
        cells = {name: (text or "").strip() for name, text in texts.items()}
        _check_texts(cells, problems)
        row = dict.fromkeys(layer.field_ids)
        row |= {name: _parse(layer.field(name), cells[name], []) for name in connector.compare}
        return {**row, layer.key: cells[layer.key]}, problems
    texts = {name: properties.get(connector.columns.get(name, name)) for name in (*layer.field_ids, *_COMMON)}
    texts |= {"etat": "existant", **connector.constants, layer.key: properties.get(connector.key)}
    cells = {name: (text or "").strip() for name, text in texts.items()}
    _check_texts(cells, problems)
    for measure in layer.measures:  # what is counted by its different values is an identifier too
        name = measure.field or ""
        if measure.type == "distincts" and is_no_identifier(connector, cells.get(name, "")):
            cells[name] = ""
    hidden = _hide(layer, connector, cells)
    row = {field.id: _parse(field, cells[field.id], problems) for field in layer.fields} | hidden
    row |= {name: cells[name] or None for name in _COMMON}
    row |= {layer.key: row[layer.key] if layer.key in layer.field_ids else cells[layer.key]}
    row |= {"precision": "exacte", "source": connector.source, "millesime": connector.millesime or date}
    # The record of the load keeps the address; the row's own, when the source gives none, is that of the source.
    row["source_url"] = row["source_url"] or connector.url.partition("?")[0]
    return row, problems + check_common({**row, "geom": "présente"})


def _hide(layer: LayerDefinition, connector: Connector, cells: dict[str, str]) -> Row:
    """Empty the cells the producer masks or does not have; return the lists that name their fields, None when empty."""
    lists: Row = {}
    for name, marks in ((layer.secret, connector.secret), (layer.unavailable, connector.unavailable)):
        if name:
            found = [field for field in connector.columns if field in layer.field_ids and cells[field] in marks]
            cells |= dict.fromkeys(found, "")
            lists[name] = sorted(found) or None
    return lists


def is_no_identifier(connector: Connector, text: str) -> bool:
    """Whether a text is one of the connector's `null_keys`, however it is written."""
    return bool(text) and _fold(text) in _fold_all(connector.null_keys)


@cache
def _fold_all(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_fold, texts))


def _fold(text: str) -> str:
    """« Non concerné », « NON CONCERNE » and « non  concerné » are the same answer."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def _check_texts(cells: Mapping[str, str], problems: list[str]) -> None:
    """Add what PostgreSQL would refuse, and what no honest cell holds."""
    for name, text in cells.items():
        if len(text) > MAX_CELL:
            problems.append(f"{name} : plus de {MAX_CELL} caractères")
        elif not text.isprintable() and _holds_unwritable(text):
            problems.append(f"{name} : caractère illisible")


def _holds_unwritable(text: str) -> bool:
    return any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def _parse(field: FieldDefinition, text: str, problems: list[str]) -> object:
    """Type a cell of a field; what official files write in their own way is first put into ours."""
    match field.type:
        case "boolean":
            text = _BOOLEANS.get(text.lower(), text)
        case "number" if _DECIMAL_COMMA.fullmatch(text):
            text = text.replace(",", ".")
        case "integer" if found := _WHOLE.fullmatch(text):
            text = found[1]
        case "date" if found := _MOMENT.fullmatch(text):
            text = found[1]
        case "list":
            text = _LIST.sub("|", text)
    return parse_field(field, text, problems)
