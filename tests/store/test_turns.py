"""One turn for all the exports of all the workers: never two at once, never lost with the one that dies, never for ever."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from webmap.errors import DatabaseError
from webmap.store import db, turns
from webmap.store.db import Database
from webmap.store.turns import queue_up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Another worker, in the middle of its turn until it is killed.
WORKER = """
import sys, time
from pathlib import Path
from webmap.store.turns import queue_up
with queue_up(Path(sys.argv[1])) as export, export.take():
    print("mon tour", flush=True)
    time.sleep(60)
"""
ROWS = sql.SQL("SELECT repeat('x', 1000) FROM generate_series(1, 3000)")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".webmap" / "exports.lock"


@contextlib.contextmanager
def another_worker(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", WORKER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "mon tour\n"
        try:
            yield process
        finally:
            process.kill()


def waited(path: Path) -> float:
    with queue_up(path) as export:
        start = time.monotonic()
        with export.take():
            return time.monotonic() - start


def test_a_turn_waits_for_the_other_worker_and_is_freed_when_it_is_killed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 30)
    with another_worker(path) as process, queue_up(path) as export:
        killer = threading.Timer(0.3, process.kill)
        killer.start()
        start = time.monotonic()
        with export.take():
            assert 0.25 < time.monotonic() - start < 20  # waited, then had it as soon as it was free
            assert process.wait(5) == -9


def test_a_turn_too_long_to_come_is_waited_for_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 0.2)
    with another_worker(path) as process, queue_up(path) as export:
        start = time.monotonic()
        for _ in range(10):
            with export.take():
                pass
        assert 0.2 <= time.monotonic() - start < 1.5  # 2 if each block waited
        process.kill()
        process.wait(5)
        with export.take():  # free again: this export holds it, and the next one waits
            assert waited(path) >= 0.2


def test_an_export_that_waited_enough_in_all_waits_no_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_MOST_WAITED", 0.2)
    with another_worker(path):
        assert 0.2 <= waited(path) < turns._PATIENCE


def test_two_exports_of_a_worker_are_never_in_their_turn_at_once(path: Path) -> None:
    inside, most = [], []

    def read() -> None:
        with queue_up(path) as export:
            for _ in range(5):
                with export.take():
                    inside.append(1)
                    most.append(len(inside))
                    time.sleep(0.002)
                    inside.pop()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 20


def test_a_stream_waits_for_its_turn_and_gives_it_back(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_BLOCK", 100_000)
    monkeypatch.setattr(turns, "_PATIENCE", 30)
    reading = Database(database.owner_dsn, database.reader_dsn, path)
    try:
        with another_worker(path) as process:
            stream = reading.stream(ROWS)
            assert next(stream) == b"x" * 1000 + b"\n"  # the first row waits for nobody
            threading.Timer(0.3, process.kill).start()
            start = time.monotonic()
            assert len(next(stream)) >= 100_000
            assert time.monotonic() - start > 0.25
        assert waited(path) < 20  # between two blocks, and after one is left unfinished
        stream.close()
        assert waited(path) < 20
    finally:
        reading.close()


def test_a_stream_that_fails_in_its_turn_gives_it_back(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = Database(database.owner_dsn, database.reader_dsn, path)
    monkeypatch.setattr(db, "_STREAM_TIMEOUT_MS", 300)
    monkeypatch.setattr(turns, "_PATIENCE", 30)
    try:
        with pytest.raises(DatabaseError, match="prend trop de temps"):
            list(reading.stream(sql.SQL("SELECT pg_sleep(0.05) FROM generate_series(1, 1000)")))
        assert waited(path) < 20
    finally:
        reading.close()
