"""Rows a statement gave, kept in this process while the revisions it read stand: an edit of one layer recounts that layer alone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.store.db import is_drawing
from webmap.store.revisions import fetch_state, sql_state

if TYPE_CHECKING:
    from collections.abc import Collection

    from webmap.store.db import Database, Params, Statement

    Rows = list[dict[str, Any]]

_MOST_STATEMENTS = 300  # ten découpages of thirty layers
_MOST_ROWS = 2_000  # of one statement: a whole country is counted each time, and fills no memory


def read_kept(database: Database, statement: Statement, params: Params, couches: Collection[str]) -> Rows:
    """Return what `Database.read` would, the rows being shared: do not change them. Raises DatabaseError.

    `couches` are the layers the statement reads, the communes besides. Kept rows cost one indexed read; others carry the
    state they were read in, and are kept under that one, whatever it was before.
    """
    if is_drawing():  # a zone drawn by someone is part of the statement, and nobody else's
        return database.read(statement, params)
    name = hashlib.sha256(f"{statement.as_string()} {params}".encode()).digest()
    kept = database.kept.get(name)
    if kept and kept[0] == fetch_state(database, couches):
        return kept[1]
    asked = sql.SQL(
        "SELECT * FROM (SELECT {} AS _etat) e LEFT JOIN (SELECT *, true AS _ligne FROM ({}\n) s) q ON true"
    ).format(sql_state(couches), statement)
    rows = database.read(asked, params)
    state = rows[0]["_etat"]
    found = [{key: row[key] for key in row if key not in {"_etat", "_ligne"}} for row in rows if row["_ligne"]]
    if len(found) <= _MOST_ROWS:
        database.kept[name] = (state, found)
        for oldest in list(database.kept)[:-_MOST_STATEMENTS]:
            database.kept.pop(oldest, None)
    return found
