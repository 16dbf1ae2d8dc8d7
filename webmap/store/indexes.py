"""The indexes of the layers' tables beside those of their keys and places: those by which a few rows of a country are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.store.naming import CITATION, SCHEMA, UNPLACED, sql_ranked, sql_searched

if TYPE_CHECKING:
    import psycopg

    from webmap.catalog.definition import LayerDefinition

_INDEXES = {
    "citation": sql.SQL("(({}))").format(CITATION),
    "sans_lieu": sql.SQL("(code_insee) WHERE {}").format(UNPLACED),
}
_NAME_LENGTH = 63  # PostgreSQL cuts longer identifiers


def build_indexes(connection: psycopg.Connection[dict[str, Any]], layer: LayerDefinition) -> None:
    """Make the indexes by which a summary, a list and a search find a few rows among all those of a country."""
    for name, what in (_INDEXES | _find_by_name(layer)).items():
        connection.execute(
            sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} {}").format(
                sql.Identifier(f"ix_{layer.id}_{name}"[:_NAME_LENGTH]), sql.Identifier(SCHEMA, layer.id), what
            )
        )


def _find_by_name(layer: LayerDefinition) -> dict[str, sql.Composed]:
    """Indexes of the names, by what they begin with and by what they hold; of the keys, unless their text is a setting's."""
    types = {field.id: field.type for field in layer.fields}
    if types.get(layer.name) != "text":
        return {}
    texts: list[sql.Composable] = [sql.Identifier(layer.name)]
    if layer.key != layer.name and types.get(layer.key) != "date":
        texts.append(sql.SQL("({}::text)").format(sql.Identifier(layer.key)))
    searched = sql.SQL(", ").join(sql.SQL("{} public.gin_trgm_ops").format(sql_searched(text)) for text in texts)
    return {
        f"rang_{layer.name}": sql.SQL("(({}))").format(sql_ranked(texts[0])),
        f"recherche_{layer.name}": sql.SQL("USING gin ({})").format(searched),
    }
