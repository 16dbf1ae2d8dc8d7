"""Exports whose client hangs up, stops reading, or is still reading when the server is asked to stop."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from tests.conftest import copied
from tests.listening import listen
from webmap.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

LONG = 60  # seconds: only what never comes takes them


def fill_much(database: Database, size: int = 500) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.espace_nature (code, nom, commune, observation, etat, source, millesime)"
            " SELECT 'n' || i, 'x', 'x', repeat('y', %s), 'existant', 'x', '2026' FROM generate_series(1, 60000) i",
            [size],
        )


@pytest.fixture(scope="module")
def much(cluster: Cluster, filled: str) -> Iterator[Database]:
    """Return a database with a layer that takes long to send, to be read only."""
    with copied(cluster, filled) as database:
        fill_much(database)
        yield database


def still_running(database: Database, seconds: float = LONG) -> list[str]:
    """Return what the web's connections still do, after waiting for them to stop."""
    end = time.monotonic() + seconds
    while True:
        rows = database.read(  # as the web's own role: PostgreSQL shows to no other what it is at
            sql.SQL(
                "SELECT query FROM pg_stat_activity WHERE application_name = 'webmap-lecture' AND state <> 'idle'"
                " AND datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        if not rows or time.monotonic() > end:
            return [row["query"] for row in rows]
        time.sleep(0.05)


@pytest.mark.parametrize("form", ["geojson", "geojsonl", "csv"])
def test_a_download_that_is_dropped_gives_its_connection_back(settings: Settings, much: Database, form: str) -> None:
    database = much
    client = create_app(settings, database).test_client()
    for rank in range(12):  # more than the pool holds
        response = client.get(f"/exports/espace_nature.{form}", buffered=False)
        next(response.iter_encoded())
        assert rank or still_running(database, 0) != []
        response.close()
    assert still_running(database) == []
    assert client.get("/exports/espace_nature.json").get_json()["nombre"] == 60_010


def test_a_client_that_hangs_up_stops_the_query(settings: Settings, much: Database) -> None:
    database = much
    with listen(create_app(settings, database)) as port:
        for form in ("geojson", "csv"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
            connection.request("GET", f"/exports/espace_nature.{form}")
            response = connection.getresponse()
            assert response.status == 200
            assert response.read(1000)
            assert still_running(database, 0) != [], "it is still being sent"
            response.close()
            connection.close()
            assert still_running(database) == []
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        connection.request("GET", "/exports/espace_nature.json")
        assert json.loads(connection.getresponse().read())["nombre"] == 60_010
        connection.close()


# The server of production, in a process of its own: what it shows of a client that leaves is what counts.
GRANIAN = """
import multiprocessing, sys, threading
from granian import Granian
from granian.constants import Interfaces
from webmap.app import create_app
from webmap.cli.serving import cut_stalled
from webmap.config import load_settings
from webmap.store.db import Database
multiprocessing.set_start_method("fork", force=True)
def load():
    threading.Thread(target=cut_stalled, args=(int(sys.argv[2]),), daemon=True).start()
    return create_app(load_settings({}), Database(*sys.argv[3:]))
server = Granian("app", port=int(sys.argv[1]), interface=Interfaces.WSGI, websockets=False, blocking_threads=4)
server.serve(target_loader=load, wrap_loader=False)
"""


@contextlib.contextmanager
def production(
    database: Database, folder: Path, stalled: int = 60_000
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve a database by granian, temporary files in `folder`; clients `stalled` for so many milliseconds are cut."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert database.reader_dsn
    command = [sys.executable, "-c", GRANIAN, str(port), str(stalled), database.owner_dsn, database.reader_dsn]
    environ = {**os.environ, "TMPDIR": str(folder)}
    server = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield port, server
    finally:
        with contextlib.suppress(ProcessLookupError):  # asked to stop by the test
            os.killpg(server.pid, signal.SIGKILL)  # its worker too
        server.wait()


def test_a_client_that_hangs_up_stops_the_file_being_made_for_it(database: Database, tmp_path: Path) -> None:
    fill_much(database, 20)
    with database.owner() as connection:  # the whole file would take a minute and a half: no one waits so long below
        connection.execute(
            "ALTER TABLE pub.espace_nature ENABLE ROW LEVEL SECURITY;"
            " CREATE POLICY lente ON pub.espace_nature TO webmap_lecture"
            " USING (current_query() NOT LIKE 'FETCH%' OR pg_sleep(0.0015) IS NOT NULL)"
        )
    with production(database, tmp_path) as (port, _):
        asking = reach(port)
        asking.request("GET", "/exports/espace_nature.xlsx")
        # It is being made, by what the policy slows down.
        wait_for(lambda: any(query.startswith("FETCH") for query in still_running(database, 0)))
        asking.close()
        wait_for(lambda: not still_running(database, 0) and not list(tmp_path.iterdir()))


def test_clients_that_stop_reading_are_cut_and_their_places_are_others(database: Database, tmp_path: Path) -> None:
    fill_much(database)
    with production(database, tmp_path, 1_000) as (port, _):
        reach(port).close()
        time.sleep(0.2)  # the option is set on the listening socket, soon after
        stalled = [reach(port) for _ in range(4)]  # as many as there are threads
        for connection in stalled:
            connection.request("GET", "/exports/espace_nature.geojson")
            assert connection.getresponse().read(1)
        wait_for(lambda: not still_running(database, 0))
        other = reach(port)
        other.request("GET", "/healthz")
        assert other.getresponse().status == 200
        for connection in [*stalled, other]:
            connection.close()


def test_an_export_that_had_begun_is_sent_whole_by_a_server_asked_to_stop(database: Database, tmp_path: Path) -> None:
    fill_much(database, 100)
    with production(database, tmp_path) as (port, server):
        connection = reach(port)
        connection.request("GET", "/exports/espace_nature.geojson")
        response = connection.getresponse()
        start = response.read(1_000)
        server.send_signal(signal.SIGTERM)
        assert len(json.loads(start + response.read())["features"]) == 60_010
        connection.close()
        assert server.wait(LONG) == 0


def wait_for(reached: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + LONG
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


def reach(port: int) -> http.client.HTTPConnection:
    """Return a connection to a server that starts."""
    end = time.monotonic() + LONG
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.connect()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)
        else:
            return connection
