"""One feature of an official source as a typed row of the layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webmap.importing.rows import check_common, parse_field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webmap.catalog.connector import Connector
    from webmap.catalog.definition import LayerDefinition

    Row = dict[str, Any]

_COMMON = ("code_insee", "etat", "source_ligne", "source_url")


def build_source_row(
    layer: LayerDefinition, connector: Connector, properties: Mapping[str, str | None], date: str
) -> tuple[Row, list[str]]:
    """Return the row (fields and common columns) and the list of its problems; `date` (ISO) is the file's.

    In `geometry` mode only the key and the compared fields are read: nothing else will be written.
    """
    key = properties[connector.key]
    problems: list[str] = []
    row: Row
    if connector.mode == "geometry":
        row = {field.id: None for field in layer.fields}
        for name, column in connector.compare.items():
            row[name] = parse_field(layer.field(name), (properties.get(column) or "").strip(), problems)
        return {**row, layer.key: key}, problems
    cells = {name: properties.get(connector.columns.get(name, name)) for name in (*layer.field_ids, *_COMMON)}
    cells |= {"etat": "existant", **connector.constants, layer.key: key}
    texts = {name: (text or "").strip() for name, text in cells.items()}
    row = {field.id: parse_field(field, texts[field.id], problems) for field in layer.fields}
    row |= {name: texts[name] or None for name in _COMMON}
    row |= {"precision": "exacte", "source": connector.source, "millesime": connector.millesime or date}
    # The record of the load keeps the address; the row's own, when the source gives none, is that of the source.
    row["source_url"] = row["source_url"] or connector.url.partition("?")[0]
    return row, problems + check_common({**row, "geom": "présente"})
