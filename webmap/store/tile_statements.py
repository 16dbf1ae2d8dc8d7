"""The statement of a tile: one per layer, composed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.store.attachment import sql_source
from webmap.store.db import load_sql

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition


def style_fields(layer: LayerDefinition) -> tuple[str, ...]:
    """Return the fields of a layer that its tiles carry besides key and name: what the style reads."""
    return tuple(name for name in layer.style.fields if name not in {"cle", "nom"}) if layer.style else ()


def sql_tile(layer: LayerDefinition, condition: sql.Composable) -> sql.Composed:
    """Return the tile statement of one layer, keeping the rows (alias t) that meet `condition`.

    Features carry their key and name, what the style needs, and whether their place is approximate or schematic.
    """
    columns = [
        sql.SQL("t.{}::text AS cle, t.{} AS nom").format(sql.Identifier(layer.key), sql.Identifier(layer.name)),
        *(sql.SQL("t.{0} AS {0}").format(sql.Identifier(name)) for name in style_fields(layer)),
        # MVT has no cheap NULL, and false is the common case: the attribute is there only when it is true.
        sql.SQL("CASE WHEN t.precision <> 'exacte' THEN true END AS approximatif"),
        sql.SQL("CASE WHEN t.schematique THEN true END AS schematique"),
    ]
    return load_sql("tile").format(
        layer=sql.Literal(layer.id), source=sql_source(layer), columns=sql.SQL(", ").join(columns), filter=condition
    )
