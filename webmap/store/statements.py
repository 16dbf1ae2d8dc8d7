"""Statements as they are before a connection runs them: read from their files, numbered, counted; and what PostgreSQL says of them."""

from __future__ import annotations

import contextlib
import contextvars
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Statement: TypeAlias = sql.SQL | sql.Composed
Params: TypeAlias = "Mapping[str, object] | None"

_SQL = Path(__file__).parent / "sql"
_NAMED = re.compile(r"%(?:\((\w+)\)s|%)")  # a parameter as psycopg names it, or a percent sign

# Tests count the statements a page costs (`count_queries`); a list in a context variable is all it takes.
_counted: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("counted", default=None)


@cache
def load_sql(name: str) -> sql.SQL:
    """Return `store/sql/<name>.sql` as a template. The only reader of these files."""
    return sql.SQL((_SQL / f"{name}.sql").read_text(encoding="utf-8"))


@contextlib.contextmanager
def count_queries() -> Iterator[list[str]]:
    """Collect the statements read in the block, by this thread."""
    statements: list[str] = []
    token = _counted.set(statements)
    try:
        yield statements
    finally:
        _counted.reset(token)


@lru_cache(maxsize=1_000)
def number(text: str, *, bound: bool) -> tuple[bytes, tuple[str, ...]]:
    """Return a statement with its parameters by number, as PostgreSQL reads them, and their names: psycopg would at each run."""
    if not bound:
        return text.encode(), ()
    names = tuple(name for name in dict.fromkeys(_NAMED.findall(text)) if name)
    return _NAMED.sub(lambda found: f"${names.index(found[1]) + 1}" if found[1] else "%", text).encode(), names


def note(statement: Statement, connection: psycopg.Connection[Any]) -> None:
    """Tell `count_queries` that a statement is about to be read."""
    statements = _counted.get()
    if statements is not None:
        statements.append(statement.as_string(connection))


def error_line(error: Exception) -> str:
    """First line of a PostgreSQL message, for a sentence shown to the person at the command line."""
    if isinstance(error, psycopg.errors.AdminShutdown | psycopg.errors.CrashShutdown):
        return "son serveur s'est arrêté"
    if "server closed the connection" in str(error):
        return "sa connexion s'est coupée"
    return (str(error).strip().splitlines() or ["sans message"])[0]
