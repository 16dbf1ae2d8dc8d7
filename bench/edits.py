"""Edits interleaved with reads: whether a read that begins after an edit was committed ever answers what was before it.

Each reader also asks with the ETag it last had: a 304 then says that what it holds is current, which is checked as well.
"""

from __future__ import annotations

import itertools
import re
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import psycopg
from dataset import DATABASE, POLYGONS
from timing import connect

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator

    from stage import Stage

_EDITS, _READS, _READERS = 200, 20_000, 4
_SECONDS = 150.0  # bound on the whole; what was done by then is told
_TILE = (10, 518, 354)
_MARK = re.compile(rb"modification-(\d{6})")
_FEATURE = """
SELECT id FROM pub.surfaces
WHERE ST_Contains(ST_Transform(ST_TileEnvelope(10, 518, 354), 2154), geom) ORDER BY ST_Area(geom) DESC LIMIT 1
"""


class _Ledger:
    """What was committed, what was read, and what was stale among it."""

    def __init__(self) -> None:
        self.committed = 0
        self.stale: list[str] = []
        self.waits: list[float] = []
        self.failed: list[str] = []
        self.over = threading.Event()
        self._reads = itertools.count(1)
        self.reads = 0

    def note(self) -> None:
        self.reads = next(self._reads)
        if self.reads >= _READS:
            self.over.set()


def measure_edits(stage: Stage) -> dict[str, Any]:
    """Rename one feature 200 times while 20 000 reads ask for its tile and its item, on both processes."""
    with (
        stage.run(stage.ours),
        psycopg.connect(stage.cluster.dsn("webmap_proprietaire", DATABASE), autocommit=True) as database,
    ):
        stage.warm(stage.ours)
        row = database.execute(_FEATURE).fetchone()
        key = row[0] if row else 0
        before = database.execute("SELECT nom FROM pub.surfaces WHERE id = %s", [key]).fetchone()
        ledger = _Ledger()
        _edit(database, key, ledger)
        paths = (stage.ours.tile_path(POLYGONS, _TILE), f"/ogc/collections/{POLYGONS.id}/items/{key}?f=json")
        threads = [
            threading.Thread(target=_read, args=(stage.ours.port, paths, number, ledger)) for number in range(_READERS)
        ]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for number in range(1, _EDITS):
            while ledger.reads < number * (_READS // _EDITS) and not ledger.over.wait(0.001):
                if time.perf_counter() - start > _SECONDS:
                    ledger.over.set()
            if ledger.over.is_set():
                break
            _edit(database, key, ledger)
        while not ledger.over.wait(0.1):
            if time.perf_counter() - start > _SECONDS:
                ledger.over.set()
        for thread in threads:
            thread.join()
        database.execute("UPDATE pub.surfaces SET nom = %s WHERE id = %s", [before[0] if before else "", key])
    seconds = time.perf_counter() - start
    told = {"edits": ledger.committed, "reads": ledger.reads, "stale": len(ledger.stale), "seconds": seconds}
    return {**told, "failed": len(ledger.failed), "examples": [*ledger.stale[:3], *ledger.failed[:3]]}


def _edit(database: psycopg.Connection, key: int, ledger: _Ledger) -> None:
    number = ledger.committed + 1
    database.execute("UPDATE pub.surfaces SET nom = %s WHERE id = %s", [f"modification-{number:06d}", key])
    ledger.committed = number  # after the commit: only what began later must see it


def _read(port: int, paths: tuple[str, ...], number: int, ledger: _Ledger) -> None:
    connection = connect(port)
    held: dict[str, tuple[str, int]] = {}
    for turn, path in _turns(paths, number):
        if ledger.over.is_set():
            break
        if turn % 50 == 0:
            connection.close()  # another process may take the next connection
        wanted = ledger.committed
        try:
            seen = _ask(connection, path, held if turn % 3 else {})
        except (OSError, RuntimeError) as error:
            ledger.failed.append(f"{path} : {error}"[:200])
            connection.close()
            continue
        if seen < wanted:
            ledger.stale.append(f"{path} : modification {seen}, alors que {wanted} était faite")
        ledger.note()
    connection.close()


def _turns(paths: tuple[str, ...], number: int) -> Iterator[tuple[int, str]]:
    for turn in itertools.count(number):
        yield turn, paths[turn % len(paths)]


def _ask(connection: http.client.HTTPConnection, path: str, held: dict[str, tuple[str, int]]) -> int:
    """Return the number of the edit an answer shows."""
    etag, known = held.get(path, ("", 0))
    connection.request("GET", path, headers={"If-None-Match": etag} if etag else {})
    response = connection.getresponse()
    body = response.read()
    if response.status == HTTPStatus.NOT_MODIFIED:
        return known
    found = _MARK.search(body)
    if response.status != HTTPStatus.OK or found is None:
        raise RuntimeError(f"réponse {response.status}, sans la modification")
    held[path] = (response.headers.get("ETag", ""), int(found[1]))
    return int(found[1])
