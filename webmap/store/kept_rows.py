"""Rows a statement gave, kept in this process while the revisions it read stand: an edit of one layer recounts that layer alone."""

from __future__ import annotations

import contextlib
import contextvars
import hashlib
from typing import TYPE_CHECKING, Any, TypeAlias

from psycopg import sql

from webmap.store.db import is_drawing
from webmap.store.revisions import entries_of, fetch_state, read_entries, sql_state

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database
    from webmap.store.statements import Params, Statement

    Rows = list[dict[str, Any]]

# A statement, what it binds, and the layers it reads, the communes besides.
Asked: TypeAlias = "tuple[Statement, Params, Collection[str]]"

_MOST_STATEMENTS = 400  # ten découpages of thirty layers, and what each layer holds and where
_MOST_ROWS = 2_000  # of one statement: a whole country is counted each time, and fills no memory


# The state that everything read in a block is of, when it is: an entry a layer.
_state: contextvars.ContextVar[Mapping[str, str] | None] = contextvars.ContextVar("state", default=None)


@contextlib.contextmanager
def one_state(database: Database, couches: Iterable[str]) -> Iterator[Mapping[str, str]]:
    """Read one state of these layers in the block, told once for all that `read_kept` keeps. Raises DatabaseError.

    A block within another reads what it reads.
    """
    told = _state.get()
    if told is not None:
        yield told
        return
    with database.snapshot():
        told = read_entries(fetch_state(database, couches))
        token = _state.set(told)
        try:
            yield told
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
    return read_all_kept(database, [(statement, params, couches)])[0]


def read_all_kept(database: Database, asked: Sequence[Asked]) -> list[Rows]:
    """Do as `read_kept` for several statements; where the state is told, those that must be read are sent at once."""
    if is_drawing():  # a zone drawn by someone is part of the statement, and nobody else's
        return database.read_all([(statement, params) for statement, params, _ in asked])
    told = _state.get()
    if told is None:
        return [_read_apart(database, *each) for each in asked]
    states = [entries_of(told, couches) for *_, couches in asked]
    names = [_name(statement, params) for statement, params, _ in asked]
    known = {name: kept[1] for name, state in zip(names, states, strict=True) if (kept := _find(database, name, state))}
    missing = [rank for rank, name in enumerate(names) if name not in known]
    if missing:
        found = database.read_all([asked[rank][:2] for rank in missing])
        for rank, rows in zip(missing, found, strict=True):
            known[names[rank]] = rows
            _keep(database, names[rank], states[rank], rows)
    return [known[name] for name in names]


def read_kept_each(database: Database, statements: Mapping[str, sql.SQL]) -> dict[str, Rows]:
    """Return what each layer's own statement gives, the rows being shared: layer -> rows. Raises DatabaseError.

    A statement binds nothing, reads its layer and the communes, no découpage, and its rows say their `couche`. One indexed
    read tells the layers that changed, whose statements are run as one.
    """
    if not statements:
        return {}
    told = _state.get()
    state = read_entries(fetch_state(database, statements)) if told is None else told
    names = {couche: _name(statement) for couche, statement in statements.items()}
    found = {
        couche: kept[1]
        for couche, name in names.items()
        if (kept := _find(database, name, entries_of(state, [couche])))
    }
    stale = {couche: statement for couche, statement in statements.items() if couche not in found}
    if stale:
        together = sql.SQL(" UNION ALL ").join(
            sql.SQL("(SELECT * FROM ({}\n) s)").format(each) for each in stale.values()
        )
        state, rows = _read_with_state(database, together, None, list(stale))
        for couche in stale:
            found[couche] = [row for row in rows if row["couche"] == couche]
            _keep(database, names[couche], entries_of(state, [couche]), found[couche])
    return found


def _name(statement: Statement, params: Params = None) -> bytes:
    return hashlib.sha256(f"{statement.as_string()} {params}".encode()).digest()


def _find(database: Database, name: bytes, state: list[str]) -> tuple[list[str], Rows] | None:
    kept = database.kept.get(name)
    return kept if kept and kept[0] == state else None


def _keep(database: Database, name: bytes, state: list[str], rows: Rows) -> None:
    if len(rows) <= _MOST_ROWS:
        database.kept[name] = (state, rows)
        for oldest in list(database.kept)[:-_MOST_STATEMENTS]:
            database.kept.pop(oldest, None)


def _read_apart(database: Database, statement: Statement, params: Params, couches: Collection[str]) -> Rows:
    """Read one statement with its state beside it, unless it is kept in the state of now."""
    name = _name(statement, params)
    if name in database.kept:
        kept = _find(database, name, entries_of(read_entries(fetch_state(database, couches)), couches))
        if kept:
            return kept[1]
    state, found = _read_with_state(database, statement, params, couches)
    _keep(database, name, entries_of(state, couches), found)
    return found


def _read_with_state(
    database: Database, statement: Statement, params: Params, couches: Collection[str]
) -> tuple[Mapping[str, str], Rows]:
    asked = sql.SQL(
        "SELECT * FROM (SELECT {} AS _etat) e LEFT JOIN (SELECT *, true AS _ligne FROM ({}\n) s) q ON true"
    ).format(sql_state(couches), statement)
    rows = database.read(asked, params)
    found = [{key: row[key] for key in row if key not in {"_etat", "_ligne"}} for row in rows if row["_ligne"]]
    return read_entries(rows[0]["_etat"]), found
