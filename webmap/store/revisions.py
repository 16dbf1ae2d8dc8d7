"""The state of the data that bytes are made of: what their version says, beside the code."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.store.statements import load_sql
from webmap.store.versioned import version_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import psycopg

    from webmap.store.db import Database

_EVERYWHERE = "commune"  # contours, memberships and populations raise its revision: whatever is read depends on it


def sql_state(couches: Iterable[str]) -> sql.Composed:
    """Return an expression, a list of texts: the database, and each layer's revision, as the statement around it sees them."""
    return load_sql("state").format(couches=sql.SQL(", ").join(map(sql.Literal, sorted({*couches, _EVERYWHERE}))))


def fetch_state(database: Database, couches: Iterable[str]) -> list[str]:
    """Return the state of several layers: one indexed read. Raises DatabaseError."""
    found: list[str] = database.read_octets(_write_state(frozenset(couches)))["etat"]
    return found


def fetch_moment(connection: psycopg.Connection[dict[str, Any]]) -> str:
    """Return what every layer is at, in one word: any write makes another."""
    found = connection.execute("SELECT md5(string_agg(r::text, ' ' ORDER BY couche)) AS moment FROM app.revision r")
    return str(found.fetchall()[0]["moment"])


@lru_cache(maxsize=1_000)
def _write_state(couches: frozenset[str]) -> sql.SQL:
    """Return the statement of a state, which takes longer to write than to run."""
    return sql.SQL(sql.SQL("SELECT {} AS etat").format(sql_state(couches)).as_string())


def read_entries(state: Iterable[str]) -> dict[str, str]:
    """Layer -> its entry of a state; that of the database is under the empty name."""
    return {entry.partition("/")[0]: entry for entry in state}


def entries_of(told: Mapping[str, str], couches: Iterable[str]) -> list[str]:
    """Return what of a state, which may tell of more, is that of these layers and of the communes."""
    return [told[couche] for couche in sorted({*couches, _EVERYWHERE, ""}) if couche in told]


def build_version(code: str, told: Mapping[str, str], couches: Iterable[str]) -> str:
    """Return the version of what reads these layers and the communes, among a state that may tell of more."""
    return version_of(code, *entries_of(told, couches))
