"""What every statement needs to know of the tables, apart from what makes them: SQLAlchemy takes a second to load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.catalog.definition import COMMON_COLUMNS

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition

SCHEMA = "pub"  # of the layers; `app` is what webmap remembers about them
SRID = 2154  # RGF93 v1 / Lambert-93, the French standard for planning documents (CNIG)

# What a row cites, and whether a summary has to look for it elsewhere than at its place: told in the same words by who reads.
CITATION = sql.SQL("md5(source || E'\\x1f' || millesime)::uuid")  # a digest: a text may be too long for an index
UNPLACED = sql.SQL("(precision IS DISTINCT FROM 'exacte' OR geom IS NULL)")


def sql_searched(text: sql.Composable) -> sql.Composed:
    """Return a name or a key as a search reads it, each of its words after a space."""
    return sql.SQL("(' ' || app.cle_recherche({}))").format(text)


def sql_ranked(name: sql.Composable) -> sql.Composed:
    """Return a name as lists sort it: as much of it as an index takes."""
    return sql.SQL("left(app.cle_recherche({}), 200)").format(name)


def readable_columns(layer: LayerDefinition) -> tuple[str, ...]:
    """Return the columns of a layer's table that the web may read: the internal fields are not among them."""
    return tuple(dict.fromkeys((*layer.published.field_ids, *COMMON_COLUMNS)))
