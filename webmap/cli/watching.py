"""Behind a served atlas: after each change, coverages simplified and tiles made again, in a process that nobody waits for.

A process watches the revisions, whoever raises them (an import, an edit from QGIS, another server's command). The work is
done by another, which ends: what it took is given back. Both are of the lowest priority, and die with the server.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from typing import TYPE_CHECKING

import click

from webmap.app import build_kept_tiles
from webmap.cli.serving import live_with
from webmap.cli.tuiles import AHEAD, list_asked, make_tiles
from webmap.errors import DatabaseError, WebmapError
from webmap.store import drawn
from webmap.store.deployment import open_database
from webmap.store.revisions import fetch_moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webmap.catalog.load import Catalog
    from webmap.config import Settings

_FORK = multiprocessing.get_context("fork")  # nothing is imported again, and what is imported is shared
_LOOK = 10.0  # seconds between two looks: one indexed read
_MOST_SECONDS = 600.0  # of one work: what is left then is made when it is asked for
_LOWEST = 19


@contextlib.contextmanager
def keep_watch(settings: Settings, catalog: Catalog) -> Iterator[None]:
    """Watch for the block. This process has no thread nor connection yet: a forked one would have copies of both."""
    watcher = _FORK.Process(target=_watch, args=(settings, catalog, os.getpid()))
    watcher.start()
    try:
        yield
    finally:
        watcher.terminate()  # who works for it dies with it, and PostgreSQL undoes what was not committed
        watcher.join()


def _watch(settings: Settings, catalog: Catalog, parent: int) -> None:
    """Look for ever; work when something changed, and then nothing between two looks: an import may still be writing."""
    live_with(parent)
    os.nice(_LOWEST)
    seen = done = ""
    pause = _LOOK
    while True:
        moment = _look(settings)
        if moment and moment == seen != done:
            done, start = moment, time.monotonic()
            worker = _FORK.Process(target=_prepare, args=(settings, catalog, os.getpid()))
            worker.start()
            worker.join(_MOST_SECONDS)
            worker.kill()
            worker.join()
            pause = max(_LOOK, time.monotonic() - start)  # edits that follow each other cost half of the time at most
        seen = moment
        time.sleep(pause)
        pause = _LOOK


def _look(settings: Settings) -> str:
    """Return what the layers are at, nothing while the database does not answer."""
    with contextlib.suppress(DatabaseError), open_database(settings).owner() as connection:
        return fetch_moment(connection)
    return ""


def _prepare(settings: Settings, catalog: Catalog, parent: int) -> None:
    """Simplify the coverages that wait for it, then make the tiles of the territory, as far as the bounds go."""
    live_with(parent)
    settings.octets_folder.parent.mkdir(parents=True, exist_ok=True)
    with (settings.octets_folder.parent / "prechauffage.log").open("wb") as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
    database = open_database(settings)
    with database.owner() as connection:
        drawn.refresh(connection, catalog.layers)
    if settings.prechauffage:
        published = catalog.published
        kept = build_kept_tiles(settings, published, database)
        try:
            make_tiles(settings, kept, list_asked(settings, published, kept.couches, AHEAD)[0], gently=True)
        except WebmapError as error:
            click.echo(error)  # in the log: nobody waits for this
