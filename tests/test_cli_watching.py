"""What goes on behind a served atlas after a change: where it is bounded, and that nothing of it is left."""

from __future__ import annotations

import importlib
import os
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from webmap.cli import watching
from webmap.cli.tuiles import list_asked
from webmap.geo.grid import list_tiles
from webmap.store import drawn
from webmap.store.db import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from webmap.catalog.load import Catalog
    from webmap.config import Settings

NEVER = "UPDATE tuile.couverture SET generalisee = false WHERE couche = 'commune'"
LEFT = "SELECT couche FROM tuile.couverture WHERE NOT generalisee"


@pytest.fixture
def own(settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings whose tiles are in a folder of this test, read from its database by the forked processes too."""
    monkeypatch.setattr(watching, "open_database", lambda _: Database(database.owner_dsn, database.reader_dsn))
    monkeypatch.setattr(watching, "_LOOK", 0.2)
    return settings.model_copy(update={"octets_folder": tmp_path / "octets"})


def wait_for(reached: Callable[[], object]) -> None:
    end = time.monotonic() + 40
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


def run(database: Database, statement: bytes | str) -> list[dict[str, object]]:
    with database.owner() as connection:
        found = connection.execute(statement.encode() if isinstance(statement, str) else statement)
        return found.fetchall() if found.description else []


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def test_tiles_are_made_at_the_start_and_after_each_change(
    own: Settings, catalog: Catalog, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "AHEAD", 4)
    expected = len(list_asked(own, catalog, ["poche_pauvrete"], 4)[0])
    poches = own.octets_folder / "poche_pauvrete"

    def versions() -> set[str]:
        whole = [path for path in poches.glob("*") if len(list(path.rglob("*.gz"))) == expected]
        return {path.name for path in whole}

    with watching.keep_watch(own, catalog):
        watcher = children()[0]
        wait_for(versions)
        first = versions()
        assert watcher.nice() == 19
        run(database, "UPDATE pub.poche_pauvrete SET nom = nom || ' (bis)'")
        wait_for(lambda: versions() - first)
        assert not first & {path.name for path in poches.glob("*")}, "what is old is collected"
    assert children() == []


def test_a_large_coverage_is_left_to_the_watcher_and_the_server_starts_without_it(
    own: Settings, catalog: Catalog, database: Database
) -> None:
    run(database, NEVER)
    with database.owner() as connection:
        drawn.refresh(connection, catalog.layers, 5)
    assert run(database, LEFT) == [{"couche": "commune"}]
    quiet = own.model_copy(update={"prechauffage": False})
    with watching.keep_watch(quiet, catalog):
        wait_for(lambda: not run(database, LEFT))
        assert not own.octets_folder.exists()


@pytest.mark.parametrize("stopped_by", ["the bound", "the server"])
def test_the_work_ends_with_its_time_or_with_the_server(
    own: Settings, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stopped_by: str
) -> None:
    monkeypatch.setattr(watching, "_MOST_SECONDS", 1 if stopped_by == "the bound" else 60)
    (tmp_path / "travail").mkdir()
    reading, writing = os.pipe()

    def endless(*_: object, **__: object) -> None:
        os.close(writing)  # the test's own is left: what nothing stops ends with the test
        (tmp_path / "travail" / str(os.getpid())).touch()
        os.read(reading, 1)

    # The first thing it does: a slow machine too is there before the bound.
    monkeypatch.setattr(drawn, "refresh", endless)
    with watching.keep_watch(own, catalog):
        wait_for(lambda: list((tmp_path / "travail").iterdir()))
        [pid] = [int(path.name) for path in (tmp_path / "travail").iterdir()]
        if stopped_by == "the bound":
            wait_for(lambda: not psutil.pid_exists(pid))
            assert len(children()) == 1, "it goes on watching"
    wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    os.close(writing)
    os.close(reading)


def test_the_tiles_made_ahead_are_bounded_and_the_coarsest_come_first(
    own: Settings, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("webmap.cli.tuiles"), "MOST", 50)
    france = own.territoire.model_copy(update={"etendue": (-5.2, 42.2, 8.3, 51.2)})
    asked, reached = list_asked(own.model_copy(update={"territoire": france}), catalog, ["commune", "bassin"], 12)
    assert (len(asked), reached) == (2 * len(list(list_tiles(france.etendue, 0, reached))), 6)
    assert [each[1] for each in asked] == sorted(each[1] for each in asked)
