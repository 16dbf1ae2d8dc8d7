"""Writing on behalf of an official source or of a decision: one writer at a time, and errors a person can read."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import psycopg

from webmap.errors import DatabaseError, ImportRefusedError
from webmap.store.statements import error_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webmap.store.db import Database

    Connection = psycopg.Connection[dict[str, Any]]

_TURN = 7_401_119  # any number, the same in every process


@contextlib.contextmanager
def write(database: Database) -> Iterator[Connection]:
    """Open a writing transaction: all or nothing.

    Raises DatabaseError when the database stops, ImportRefusedError when it refuses a row.
    """
    try:
        with database.owner() as connection:
            yield connection
    except psycopg.OperationalError as error:
        msg = f"La base s'est interrompue pendant l'écriture, rien n'a changé : relancez la commande ({error_line(error)})."
        raise DatabaseError(msg) from error
    except psycopg.Error as error:
        raise ImportRefusedError(f"La base refuse ce qui arrive, rien n'a changé ({error_line(error)}).") from error


def take_turn(connection: Connection) -> None:
    """Wait for the other writers, then keep them waiting until the end of the transaction.

    Every load ends by placing points in all the layers: two at once would wait for each other for ever.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])
