"""What the rows of a layer hold, field by field: how many say something, and which values come back most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.store.attachment import sql_table
from webmap.store.kept_rows import read_kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webmap.catalog.definition import FieldDefinition, LayerDefinition
    from webmap.store.db import Database

VALUES = 60  # offered for one field, the most frequent first
_LONG = 120  # characters: a longer text is read, not picked from a list


def fetch_filled(database: Database, layer: LayerDefinition, fields: Sequence[FieldDefinition]) -> dict[str, int]:
    """Field -> number of rows that say something; an empty list says nothing. Kept until the layer changes, as the values are."""
    empty = {"list": "count(*) FILTER (WHERE t.{0} <> '{{}}') AS {0}"}
    columns = [
        sql.SQL(empty.get(field.type, "count(t.{0}) AS {0}")).format(sql.Identifier(field.id)) for field in fields
    ]
    statement = sql.SQL("SELECT {} FROM {} t").format(sql.SQL(", ").join(columns), sql_table(layer))
    return dict(read_kept(database, statement, None, [layer.id])[0])


def fetch_values(database: Database, layer: LayerDefinition, field: FieldDefinition) -> list[tuple[str, int]]:
    """Return (value, number of rows) of a field of texts, the most frequent first, at most VALUES."""
    column = sql.Identifier("t", field.id)
    value = sql.SQL("unnest({})").format(column) if field.type == "list" else column
    statement = sql.SQL(
        "SELECT v.valeur, count(*) AS nombre FROM (SELECT {} AS valeur FROM {} t) v"
        " WHERE length(v.valeur) BETWEEN 1 AND {} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {}"
    ).format(value, sql_table(layer), sql.Literal(_LONG), sql.Literal(VALUES))
    return [(row["valeur"], row["nombre"]) for row in read_kept(database, statement, None, [layer.id])]
