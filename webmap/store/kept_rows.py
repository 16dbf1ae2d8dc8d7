"""Rows a statement gave, kept in this process while the revisions it read stand: an edit of one layer recounts that layer alone."""

from __future__ import annotations

import contextlib
import contextvars
import hashlib
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.store.db import is_drawing
from webmap.store.revisions import entries_of, fetch_state, sql_state

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database, Params, Statement

    Rows = list[dict[str, Any]]

_MOST_STATEMENTS = 300  # ten découpages of thirty layers
_MOST_ROWS = 2_000  # of one statement: a whole country is counted each time, and fills no memory


# The state that everything read in a block is of, when it is.
_state: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("state", default=None)


@contextlib.contextmanager
def one_state(database: Database, couches: Iterable[str]) -> Iterator[None]:
    """Read one state of these layers in the block, told once for all that `read_kept` keeps. Raises DatabaseError."""
    with database.snapshot():
        token = _state.set(fetch_state(database, couches))
        try:
            yield
        finally:
            _state.reset(token)


def compose(database: Database, layer: LayerDefinition, write: Callable[[LayerDefinition], sql.Composed]) -> sql.SQL:
    """Return what `write` says of a layer, which takes longer to write than to run: written once."""
    written = database.written.get((write.__name__, id(layer)))
    if written is None or written[0] is not layer:
        written = database.written[write.__name__, id(layer)] = (layer, sql.SQL(write(layer).as_string()))
    return written[1]


def read_kept(database: Database, statement: Statement, params: Params, couches: Collection[str]) -> Rows:
    """Return what `Database.read` would, the rows being shared: do not change them. Raises DatabaseError.

    `couches` are the layers the statement reads, the communes besides. Kept rows cost one indexed read, none where the state
    is told (`one_state`); others are kept under the state they were read in, whatever it was before.
    """
    if is_drawing():  # a zone drawn by someone is part of the statement, and nobody else's
        return database.read(statement, params)
    name = hashlib.sha256(f"{statement.as_string()} {params}".encode()).digest()
    kept, told = database.kept.get(name), _state.get()
    if kept and kept[0] == entries_of(fetch_state(database, couches) if told is None else told, couches):
        return kept[1]
    if told is None:
        state, found = _read_with_state(database, statement, params, couches)
    else:
        state, found = entries_of(told, couches), database.read(statement, params)
    if len(found) <= _MOST_ROWS:
        database.kept[name] = (state, found)
        for oldest in list(database.kept)[:-_MOST_STATEMENTS]:
            database.kept.pop(oldest, None)
    return found


def _read_with_state(
    database: Database, statement: Statement, params: Params, couches: Collection[str]
) -> tuple[list[str], Rows]:
    asked = sql.SQL(
        "SELECT * FROM (SELECT {} AS _etat) e LEFT JOIN (SELECT *, true AS _ligne FROM ({}\n) s) q ON true"
    ).format(sql_state(couches), statement)
    rows = database.read(asked, params)
    found = [{key: row[key] for key in row if key not in {"_etat", "_ligne"}} for row in rows if row["_ligne"]]
    return entries_of(rows[0]["_etat"], couches), found
