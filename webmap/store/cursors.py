"""Where a page of items starts: the sort values and the key of the last row before it, as texts a link carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.store.filters import queryables

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.store.items import Query

CASTS = {"text": "text", "integer": "bigint", "number": "float8", "date": "date", "boolean": "boolean"}
_SORTED_LENGTH = 200  # characters of a text that sort: a cursor carries them


def sql_keyed(layer: LayerDefinition) -> sql.Composed:
    """Condition on a row (alias t): its key is written %(cle)s. The index finds it; a text that is no such key is a DataError."""
    kind = CASTS[queryables(layer)[layer.key]]
    return sql.SQL("t.{key} = %(cle)s::text::" + kind + " AND t.{key}::text = %(cle)s").format(
        key=sql.Identifier(layer.key)
    )


def ordered(layer: LayerDefinition, query: Query) -> list[tuple[sql.Composable, str, bool]]:
    """(expression, type, descending) of each sort, the key last: no two rows are at the same place."""
    types = queryables(layer)
    found: list[tuple[sql.Composable, str, bool]] = []
    for name, descending in query.sort:
        column = sql.Identifier("t", name)
        text = sql.SQL("left({}, {})").format(column, sql.Literal(_SORTED_LENGTH))
        found.append((text if types[name] == "text" else column, types[name], descending))
    return [*found, (sql.Identifier("t", layer.key), types[layer.key], False)]


def sql_after(layer: LayerDefinition, query: Query, params: dict[str, object]) -> sql.Composable:
    """Condition on a row (alias t): it comes after the values of a cursor, NULLs last whatever the direction."""
    after = query.after or ()
    same: list[sql.Composable] = []
    ways: list[sql.Composable] = []
    for number, ((expression, kind, descending), value) in enumerate(zip(ordered(layer, query), after, strict=True)):
        name = f"apres{number}"
        params[name] = value
        bound = sql.SQL("{}::text::" + CASTS[kind]).format(sql.Placeholder(name))
        if value is not None:
            beyond = sql.SQL("({0} < {1} OR {0} IS NULL)" if descending else "({0} > {1} OR {0} IS NULL)")
            ways.append(sql.SQL(" AND ").join([*same, beyond.format(expression, bound)]))
            same.append(sql.SQL("{} = {}").format(expression, bound))
        else:
            same.append(sql.SQL("{} IS NULL").format(expression))
    return sql.SQL("({})").format(sql.SQL(" OR ").join(ways)) if ways else sql.SQL("false")
