"""Connections. The only module that opens one; every statement the web runs goes through `Database`."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import threading
import weakref
from functools import cached_property
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import RawCursor, sql
from psycopg.rows import dict_row, tuple_row
from psycopg_pool import ConnectionPool, PoolTimeout

from webmap.config import PROJECT
from webmap.errors import BusyError, DatabaseError, OutdatedError
from webmap.store.statements import Params, Statement, error_line, load_sql, note, number
from webmap.store.turns import queue_up, read_block

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from psycopg.rows import RowFactory


_READ_TIMEOUT_MS = 10_000
_STREAM_TIMEOUT_MS = 120_000
# Of one process. An export holds a thread and a connection as long as its client reads, were it for ever: ten at most, and two
# finished files, leave tiles a connection; four processes stay under the cluster's 60.
_STREAMS, _POOL_SIZE = 10, 13
_TURNS = PROJECT / ".webmap" / "exports.lock"
_BATCH = 5_000  # rows
# Statements a connection keeps the plan of: those of every layer's summary and tiles. Beyond, each would chase another out, to be
# planned again, which takes longer than to run.
_PREPARED = 1_000
# Quote and delimiter are control characters that JSON text never contains, so CSV mode adds nothing to it.
_RAW = sql.SQL("FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'")
# What it logs of a copy whose connection is lost would reach the terminal beside our own sentence for the same thing.
logging.getLogger("psycopg").addFilter(lambda record: record.levelno > logging.WARNING)
UNREACHABLE = "La base de données ne répond pas. Démarrez-la par `webmap db start`, ou vérifiez DATABASE_URL."
_OUTDATED = "L'atlas a changé depuis son démarrage : une couche ou un champ est devenu interne, ou n'est plus là. Il doit être relancé."

# The communes a drawn zone is made of: what the views `app.unite` and `app.membre` show as the only unit of « polygone ».
_drawn: contextvars.ContextVar[str] = contextvars.ContextVar("drawn", default="")

# One state for all that is read, and plans that are kept: those of summaries take longer to make than to run. A generic one is
# as good, since they bind the name of a découpage and nothing else.
_ONE_STATE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL plan_cache_mode = force_generic_plan"

# Which database a connection is to, whatever its name: what is kept of one is never answered for another.
_IDENTIFY = (
    "SELECT set_config('webmap.base', concat_ws('/', system_identifier,"
    " (SELECT oid FROM pg_database WHERE datname = current_database())), false) FROM pg_control_system()"
)

_DRAW = "SELECT set_config('webmap.communes', %s, true)"


def is_drawing() -> bool:
    """Whether statements of this thread are asked of a zone that someone has drawn."""
    return bool(_drawn.get())


class _LostConnectionError(DatabaseError):
    """The connection broke under the statement: worth one more try on a new one."""


class Database:
    """One database: `owner()` writes (command line only), `read*` serve the web as `webmap_lecture`."""

    def __init__(self, owner_dsn: str, reader_dsn: str | None = None, turns: Path = _TURNS) -> None:
        """Keep the conninfo strings and the file by which exports take turns; nothing is opened before it is needed.

        Without `reader_dsn` (a server given by DATABASE_URL) reads use the owner's login and `SET ROLE webmap_lecture`.
        """
        self.owner_dsn = owner_dsn
        self.reader_dsn = reader_dsn
        self.kept: dict[bytes, tuple[list[str], list[dict[str, Any]]]] = {}  # by store.kept_rows, which alone reads it
        self.written: dict[tuple[str, int], tuple[Any, sql.SQL]] = {}  # as above: the statements of each layer
        self.areas: dict[str, float] = {}  # by store.summaries: of each contour, by its digest
        self._lock = threading.Lock()
        self._turns = turns
        self._streams = threading.BoundedSemaphore(_STREAMS)
        self._planned_once: weakref.WeakSet[psycopg.Connection[dict[str, Any]]] = weakref.WeakSet()
        self._held = threading.local()  # the connection of the snapshot a thread reads in

    @contextlib.contextmanager
    def owner(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """Open a writing connection; commits at the end, rolls back on error. Raises DatabaseError if unreachable."""
        try:
            connection = psycopg.connect(
                self.owner_dsn, row_factory=dict_row, connect_timeout=10, application_name="webmap"
            )
        except psycopg.Error as error:
            raise DatabaseError(f"{UNREACHABLE} ({error_line(error)})") from error
        with connection:
            yield connection

    @cached_property
    def _pool(self) -> ConnectionPool[psycopg.Connection[dict[str, Any]]]:
        return ConnectionPool(
            self.reader_dsn or self.owner_dsn,
            min_size=1,
            max_size=_POOL_SIZE,
            timeout=5,
            open=True,
            configure=self._configure,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "connect_timeout": 5,
                "application_name": "webmap-lecture",
            },
        )

    def _configure(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        connection.prepared_max = _PREPARED
        if self.reader_dsn is None:
            connection.execute("SET ROLE webmap_lecture")
        connection.execute(
            f"SET default_transaction_read_only = on; SET statement_timeout = {_READ_TIMEOUT_MS}; SET jit = off"
        )
        connection.execute(_IDENTIFY)

    @contextlib.contextmanager
    def _reader(self, *, planned_once: bool = False) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        with self._lock:  # cached_property is not thread-safe since 3.12: one pool, not one per racing thread
            pool = self._pool
        try:
            with pool.connection() as connection:
                self._choose_plans(connection, once=planned_once)
                yield connection
        except (PoolTimeout, psycopg.OperationalError) as error:
            if isinstance(error, psycopg.errors.QueryCanceled):
                msg = "La demande prend trop de temps : réduisez l'emprise ou le nombre de couches."
                raise DatabaseError(msg) from error
            lost = isinstance(error, psycopg.errors.AdminShutdown | psycopg.errors.CrashShutdown) or not error.sqlstate
            raise (_LostConnectionError if lost else DatabaseError)(UNREACHABLE) from error
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable) as error:
            # `db upgrade` by another process, of definitions that this one has not read.
            raise OutdatedError(_OUTDATED) from error

    def _choose_plans(self, connection: psycopg.Connection[dict[str, Any]], *, once: bool) -> None:
        """Plan what is prepared once, or five times for its own parameters first as PostgreSQL does; a connection stays as it was left.

        A tile is planned in 1 ms and made in as long, and each connection prepares its own: the first ones would be twice as slow.
        """
        if (connection in self._planned_once) != once:
            connection.execute(f"SET plan_cache_mode = {'force_generic_plan' if once else 'auto'}")
            (self._planned_once.add if once else self._planned_once.discard)(connection)

    def read(self, statement: Statement, params: Params = None) -> list[dict[str, Any]]:
        """Run one read-only statement and return its rows. Raises DatabaseError when there is no database or no time."""
        return self._read_again(statement, params, dict_row)

    def read_octets(self, statement: Statement, params: Params = None) -> dict[str, Any]:
        """Do as `read` for one row that holds bytes, which as text would be twice as many, or is read before them."""
        row: dict[str, Any] = self._read_again(statement, params, dict_row, binary=True)[0]
        return row

    def read_tuples(self, statement: Statement, params: Params = None) -> list[tuple[Any, ...]]:
        """Do as `read`, for rows that are many and read at once: a dictionary each takes half as long as their texts."""
        return self._read_again(statement, params, tuple_row)

    def read_all(self, asked: Sequence[tuple[Statement, Params]]) -> list[list[dict[str, Any]]]:
        """Do as `read` for each statement; in a snapshot all are sent at once: one runs while the next is on its way."""
        held = getattr(self._held, "connection", None)
        if held is None:
            return [self.read(statement, params) for statement, params in asked]
        with held.pipeline():
            cursors = []
            for statement, params in asked:
                note(statement, held)
                text, names = number(statement.as_string(), bound=params is not None)
                values = [params[name] for name in names] if params else None
                cursors.append(RawCursor(held, row_factory=dict_row).execute(text, values, prepare=True))
            return [cursor.fetchall() for cursor in cursors]

    def _read_again(
        self, statement: Statement, params: Params, make: RowFactory[Any], *, binary: bool = False
    ) -> list[Any]:
        try:
            return self._read(statement, params, make, binary=binary)
        except _LostConnectionError:  # the server restarted since this connection was made: the others are dead too
            self._pool.check()
            return self._read(statement, params, make, binary=binary)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read, in the block and by this thread, one state of the data. Raises DatabaseError."""
        with contextlib.ExitStack() as stack:
            try:
                self._held.connection = stack.enter_context(self._open_snapshot())
            except _LostConnectionError:  # as in `read`
                self._pool.check()
                self._held.connection = stack.enter_context(self._open_snapshot())
            stack.callback(setattr, self._held, "connection", None)
            yield

    @contextlib.contextmanager
    def _open_snapshot(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        with self._reader() as connection, connection.transaction():
            connection.execute(_ONE_STATE)
            if _drawn.get():
                connection.execute(_DRAW, [_drawn.get()])
            yield connection

    def _read(self, statement: Statement, params: Params, make: RowFactory[Any], *, binary: bool) -> list[Any]:
        held = getattr(self._held, "connection", None)
        if held is not None:
            note(statement, held)
            return held.cursor(row_factory=make).execute(statement, params, prepare=True, binary=binary).fetchall()  # type: ignore[no-any-return]
        with (
            self._reader(planned_once=binary) as connection,
            connection.transaction() if _drawn.get() else contextlib.nullcontext(),
        ):
            if _drawn.get():
                connection.execute(_DRAW, [_drawn.get()])
            note(statement, connection)
            # What gives bytes is the same few statements, again and again, and longer to plan than to run: never planned twice.
            prepare = True if binary else None
            cursor = connection.cursor(row_factory=make)
            return cursor.execute(statement, params, binary=binary, prepare=prepare).fetchall()

    def read_within(
        self, milliseconds: int, statement: Statement, params: Params = None
    ) -> list[dict[str, Any]] | None:
        """Return the rows of one statement, or None when it would take longer. Raises DatabaseError as `read` does."""
        try:
            with self._reader() as connection, connection.transaction():
                connection.execute(f"SET LOCAL statement_timeout = {milliseconds}")
                note(statement, connection)
                return connection.execute(statement, params).fetchall()
        except DatabaseError as error:
            if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
                return None
            raise

    @contextlib.contextmanager
    def drawing(self, communes: Iterable[str]) -> Iterator[None]:
        """Read, in the block and by this thread, as if a découpage « polygone » had one unit made of these `code_insee`."""
        token = _drawn.set(",".join(communes))
        try:
            yield
        finally:
            _drawn.reset(token)

    def stream(
        self, statement: Statement, params: Params = None, options: sql.Composable = _RAW
    ) -> Generator[bytes, None, None]:
        """Yield what `COPY (statement) TO STDOUT` sends, in flat memory: the first row alone, then blocks of whole rows.

        By default one JSON text a line, raw; `options` are those of COPY. Raises BusyError when too many are being read.
        """
        if not self._streams.acquire(blocking=False):
            raise BusyError("Trop d'exports sont en cours de lecture. Réessayez dans un instant.")
        try:
            yield from self._healed(statement, params, options)
        finally:
            self._streams.release()

    def _healed(self, statement: Statement, params: Params, options: sql.Composable) -> Iterator[bytes]:
        sent = False
        try:
            with contextlib.closing(self._stream(statement, params, options)) as blocks:
                for block in blocks:
                    sent = True
                    yield block
        except _LostConnectionError:  # as in `read`, as long as the reader has nothing yet
            if sent:
                raise
            self._pool.check()
            yield from self._stream(statement, params, options)

    def _stream(self, statement: Statement, params: Params, options: sql.Composable) -> Generator[bytes, None, None]:
        copy = sql.SQL("COPY ({}) TO STDOUT ({})").format(statement, options)
        with queue_up(self._turns) as turns, self._reader() as connection, connection.transaction():
            connection.execute(f"SET LOCAL statement_timeout = {_STREAM_TIMEOUT_MS}")
            note(statement, connection)
            with connection.cursor().copy(copy, params) as blocks:
                rows = iter(blocks)
                yield bytes(next(rows, b""))  # the first row leaves at once
                while block := read_block(rows, turns):
                    yield block

    def batches(self, statement: Statement, params: Params = None) -> Generator[list[tuple[Any, ...]], None, None]:
        """Yield rows by thousands, as tuples, from a cursor of the server: memory does not grow with their number.

        A lost connection is not tried again: read something first, which heals the pool.
        """
        with self._reader() as connection, connection.transaction():
            connection.execute(f"SET LOCAL statement_timeout = {_STREAM_TIMEOUT_MS}")
            note(statement, connection)
            with connection.cursor(name="lot", row_factory=tuple_row) as cursor:
                cursor.execute(statement, params, binary=True)
                while rows := cursor.fetchmany(_BATCH):
                    yield rows

    def warm(self) -> None:
        """Open the pool before it is asked for, its first connection ready for shapes. Never fails: who reads will be told."""
        with contextlib.suppress(DatabaseError, psycopg.Error):
            self.read(load_sql("warm"))

    def close(self) -> None:
        """Close the pool, if it was ever opened."""
        if "_pool" in self.__dict__:
            self._pool.close()
