"""Reading as a reader: no writing, no secrets, no endless statement, and a server that restarts is found again."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from tests.store.conftest import ask, do
from webmap.errors import BusyError, DatabaseError, OutdatedError
from webmap.store import db, statements
from webmap.store.db import Database
from webmap.store.deployment import open_database
from webmap.store.statements import count_queries, error_line, load_sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from webmap.config import Settings
    from webmap.store.cluster import Cluster

TERMINATE = (
    b"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
    b" WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
SLEEP = sql.SQL("SELECT pg_sleep(30)")


def name_of(database: Database) -> str:
    return str(ask(database, "SELECT current_database()::text"))


def terminate(cluster: Cluster, database: Database) -> int:
    with cluster.superuser(name_of(database)) as connection:
        row = connection.execute(TERMINATE).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(params=["two roles", "set role"])
def either(request: pytest.FixtureRequest, cluster: Cluster, database: Database) -> Iterator[Database]:
    """Return a database read with its own role, then one read by another login that takes the role."""
    if request.param == "two roles":
        yield database
        return
    other = Database(cluster.dsn("postgres", name_of(database)))
    yield other
    other.close()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO app.cellule VALUES ('a', 'b', NULL) RETURNING 1",
        "UPDATE pub.commune SET nom = 'x' RETURNING 1",
        "DELETE FROM pub.halle RETURNING 1",
        "CREATE TABLE pub.x AS SELECT 1",
        "TRUNCATE pub.halle",
        "SELECT * FROM app.chargement",
        "SELECT * FROM app.alembic_version",
        "CREATE TABLE raw.x (a int)",
        "SET default_transaction_read_only = off; UPDATE pub.commune SET nom = 'x'",
    ],
)
def test_the_reader_neither_writes_nor_reads_what_is_not_shown(facts: Database, statement: str) -> None:
    with pytest.raises((OutdatedError, psycopg.errors.ReadOnlySqlTransaction)):
        facts.read(sql.SQL(statement))
    assert ask(facts, "SELECT count(*) FROM pub.commune WHERE nom = 'x'") == 0


def test_the_staging_schema_is_closed(database: Database) -> None:
    with database.owner() as connection:
        connection.execute("CREATE TABLE raw.secret AS SELECT 1 AS a; GRANT SELECT ON raw.secret TO webmap_lecture")
    with pytest.raises(OutdatedError, match="devenu interne"):
        database.read(sql.SQL("SELECT a FROM raw.secret"))


def test_what_is_shown_is_read(facts: Database) -> None:
    for name in ("revision", "appartenance", "cellule", "unite", "membre", "fraicheur"):
        assert facts.read(sql.SQL("SELECT count(*) AS n FROM app.{}").format(sql.Identifier(name)))[0]["n"] > 0


def test_too_long_is_a_sentence(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "_READ_TIMEOUT_MS", 50)
    monkeypatch.setattr(db, "_STREAM_TIMEOUT_MS", 50)
    with pytest.raises(DatabaseError, match="prend trop de temps"):
        database.read(SLEEP)
    with pytest.raises(DatabaseError, match="prend trop de temps"):
        list(database.stream(SLEEP))
    assert database.read(sql.SQL("SELECT 1 AS un")) == [{"un": 1}]


def test_after_the_backends_are_gone_the_next_read_works(cluster: Cluster, database: Database) -> None:
    one = sql.SQL("SELECT 1 AS un")
    readers: list[AbstractContextManager[object]] = [database._reader() for _ in range(4)]
    for reader in readers:
        reader.__enter__()
    for reader in readers:
        reader.__exit__(None, None, None)
    assert terminate(cluster, database) >= 4
    assert database.read(one) == [{"un": 1}]


def test_after_the_backends_are_gone_the_next_stream_works(cluster: Cluster, database: Database) -> None:
    assert b"".join(database.stream(sql.SQL("SELECT 1"))) == b"1\n"
    assert terminate(cluster, database)
    assert b"".join(database.stream(sql.SQL("SELECT 1"))) == b"1\n"


def test_what_is_read_in_a_snapshot_is_of_one_state(cluster: Cluster, database: Database) -> None:
    count = sql.SQL("SELECT count(*) AS n FROM pub.commune")
    assert database.read(count) == [{"n": 47}]
    assert terminate(cluster, database)  # a snapshot finds a server that restarted again, as a read does
    with database.snapshot():
        assert database.read(count) == [{"n": 47}]
        do(database, "DELETE FROM pub.commune WHERE code_insee = '59172'")
        assert database.read(count) == [{"n": 47}]
    assert database.read(count) == [{"n": 46}]


def test_what_is_sent_at_once_is_what_would_be_read_one_by_one(database: Database) -> None:
    asked = [
        (sql.SQL("SELECT %(b)s AS b, %(a)s || %(b)s AS ab, 7 %% 4 AS reste, '50 %%' AS part"), {"a": "x", "b": "y"}),
        (sql.SQL("SELECT '%%' AS rien"), None),  # nothing is bound: psycopg leaves it as it is
        (sql.SQL("SELECT count(*) AS n FROM pub.commune WHERE code_insee = ANY(%(codes)s)"), {"codes": ["59172"]}),
        (sql.SQL("SELECT 1 AS un WHERE false"), {}),
    ]
    apart = database.read_all(asked)
    assert apart == [[{"b": "y", "ab": "xy", "reste": 3, "part": "50 %"}], [{"rien": "%%"}], [{"n": 1}], []]
    with database.snapshot():
        assert database.read_all(asked) == database.read_all(asked) == apart
    with pytest.raises(psycopg.errors.DivisionByZero), database.snapshot():
        database.read_all([*asked, (sql.SQL("SELECT 1 / 0"), None), asked[0]])
    assert database.read_all(asked) == apart, "the connection is whole again"


def test_a_long_stream_keeps_no_row(database: Database) -> None:
    """Rows kept alive by thousands woke the garbage collector: half of an export's time, and 50 MB no longer shared."""
    passes: list[str] = []

    def note(phase: str, _: object) -> None:
        passes.append(phase)

    rows = sql.SQL("SELECT repeat('x', 100) FROM generate_series(1, 20000)")
    stream = database.stream(rows)
    next(stream)
    gc.callbacks.append(note)
    try:
        assert sum(map(len, stream)) == 19_999 * 101
    finally:
        gc.callbacks.remove(note)
    assert len(passes) < 10


def test_a_stream_left_early_gives_its_connection_back(database: Database) -> None:
    rows = sql.SQL("SELECT repeat('x', 1000) FROM generate_series(1, 100000)")
    for _ in range(12):  # more than the pool holds
        stream = database.stream(rows)
        assert next(stream).startswith(b"x")
        stream.close()
    assert database.read(sql.SQL("SELECT 1 AS un")) == [{"un": 1}]


def test_streams_that_nobody_reads_leave_the_others_a_connection(database: Database) -> None:
    long = sql.SQL("SELECT repeat('x', 1000) FROM generate_series(1, 100000)")
    streams = [database.stream(long) for _ in range(db._STREAMS)]
    for each in streams:
        next(each)
    with pytest.raises(BusyError, match="Réessayez"):
        next(database.stream(long))
    assert ask(database, "SELECT 1") == 1
    streams.pop().close()
    streams.append(database.stream(long))
    assert next(streams[-1])
    for each in streams:
        each.close()


def test_nothing_there_is_a_sentence() -> None:
    nowhere = Database("host=/tmp/nulle-part dbname=x connect_timeout=1")
    with pytest.raises(DatabaseError, match="webmap db start"), nowhere.owner():
        pass


def test_a_connection_is_made_ready_ahead_and_whatever_happens(cluster: Cluster, facts: Database) -> None:
    bare = Database(cluster.dsn("webmap_proprietaire", "postgres"), cluster.dsn("webmap_lecture", "postgres"))
    with count_queries() as counted:
        facts.warm()
        bare.warm()  # without PostGIS
    assert len(counted) == 2
    with pytest.raises(psycopg.errors.UndefinedFunction):
        bare.read(load_sql("warm"))
    bare.close()


def test_a_mistake_of_ours_is_no_known_error(facts: Database) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn):
        facts.read(sql.SQL("SELECT licorne"))


def test_both_ways_read_as_the_reader(either: Database) -> None:
    assert either.read(sql.SQL("SELECT current_user::text AS qui")) == [{"qui": "webmap_lecture"}]


def test_statements_are_counted_in_the_block_only(facts: Database) -> None:
    with count_queries() as counted:
        facts.read(sql.SQL("SELECT %(a)s AS a"), {"a": 1})
        list(facts.stream(sql.SQL("SELECT 2")))
    facts.read(sql.SQL("SELECT 3 AS a"))
    assert counted == ["SELECT %(a)s AS a", "SELECT 2"]


def test_every_sql_file_says_the_question_it_answers() -> None:
    files = sorted(statements._SQL.glob("*.sql"))
    assert len(files) > 10
    for path in files:
        assert path.read_text(encoding="utf-8").startswith("-- Question: "), path.name
        assert load_sql(path.stem) is load_sql(path.stem)


def test_the_address_of_the_settings_wins(settings: Settings) -> None:
    given = open_database(settings.model_copy(update={"database_url": "postgresql://ici/base"}))
    assert (given.owner_dsn, given.reader_dsn) == ("postgresql://ici/base", None)
    own = open_database(settings.model_copy(update={"database_url": None}))
    assert "webmap_lecture" in str(own.reader_dsn)
    assert "webmap_proprietaire" in own.owner_dsn


def test_the_first_line_of_a_message() -> None:
    assert error_line(Exception("une\ndeux")) == "une"
    assert error_line(Exception()) == "sans message"
