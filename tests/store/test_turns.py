"""One turn for all the exports of all the workers: never two at once, never lost with the one that dies, never for ever."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from webmap.errors import DatabaseError
from webmap.store import db, turns
from webmap.store.db import Database
from webmap.store.turns import queue_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Another worker, in the middle of its turn until it is killed; the end of the test would end it too.
WORKER = """
import sys
from pathlib import Path
from webmap.store.turns import queue_up
with queue_up(Path(sys.argv[1])) as export, export.take():
    print("mon tour", flush=True)
    sys.stdin.read()
"""
ROWS = sql.SQL("SELECT repeat('x', 1000) FROM generate_series(1, 3000)")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".webmap" / "exports.lock"


@contextlib.contextmanager
def another_worker(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WORKER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "mon tour\n"
        try:
            yield process
        finally:
            process.kill()


@dataclass
class Time:
    """The clock of this process's turns: it only moves when one waits; `then` happens once that one has waited for long."""

    now: float = 0.0
    long: float = float("inf")
    then: Callable[[], object] = lambda: None

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait: the time moves on."""
        self.now += seconds
        if self.now >= self.long:
            self.long = float("inf")
            self.then()


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Return the clock by which turns are waited for."""
    found = Time()
    monkeypatch.setattr(turns, "time", found)
    return found


def waited(path: Path, time: Time) -> float:
    """Take a turn, and return how long it was to come."""
    start = time.now
    with queue_up(path) as export, export.take():
        return time.now - start


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def test_a_turn_waits_for_the_other_worker_and_is_freed_when_it_is_killed(path: Path, instant: Time) -> None:
    with another_worker(path) as process, queue_up(path) as export:
        instant.long, instant.then = 3.0, lambda: end(process)
        with export.take():
            assert process.poll() == -9, "waited as long as it was held"
            assert instant.now < turns._PATIENCE, "had it as soon as it was free"


def test_a_turn_too_long_to_come_is_waited_for_once(path: Path, instant: Time) -> None:
    with another_worker(path) as process, queue_up(path) as export:
        for _ in range(10):
            with export.take():
                assert instant.now == pytest.approx(turns._PATIENCE, abs=0.01)
        end(process)
        with export.take():  # free again: this export holds it, and the next one waits
            assert waited(path, instant) == pytest.approx(turns._PATIENCE, abs=0.01)


def test_an_export_that_waited_enough_in_all_waits_no_more(
    path: Path, instant: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_MOST_WAITED", 2.0)
    with another_worker(path):
        assert waited(path, instant) == pytest.approx(2, abs=0.01)


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
    database: Database, path: Path, instant: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_BLOCK", 100_000)
    reading = Database(database.owner_dsn, database.reader_dsn, path)
    try:
        with another_worker(path) as process:
            stream = reading.stream(ROWS)
            assert next(stream) == b"x" * 1000 + b"\n"  # the first row waits for nobody
            instant.long, instant.then = 3.0, lambda: end(process)
            assert next(stream)
            assert process.poll() == -9, "waited as long as it was held"
        assert waited(path, instant) == 0  # between two blocks, and after one is left unfinished
        stream.close()
        assert waited(path, instant) == 0
    finally:
        reading.close()


def test_a_stream_that_fails_in_its_turn_gives_it_back(
    database: Database, path: Path, instant: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = Database(database.owner_dsn, database.reader_dsn, path)
    monkeypatch.setattr(db, "_STREAM_TIMEOUT_MS", 300)
    try:
        with pytest.raises(DatabaseError, match="prend trop de temps"):
            list(reading.stream(sql.SQL("SELECT pg_sleep(0.05) FROM generate_series(1, 1000)")))
        assert waited(path, instant) == 0
    finally:
        reading.close()
