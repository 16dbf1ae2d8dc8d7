"""Exports as a client of HTTP meets them: ranges, conditions, a count before, refusals, and a client that hangs up."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING

import pytest
from psycopg import sql
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.conftest import connect
from tests.web import export_layers
from webmap.app import create_app
from webmap.web import fichiers
from webmap.web.demandes import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

FILES = ("gpkg", "shp.zip", "fgb", "kml", "xlsx", "parquet")
LONG = 60  # seconds: only what never comes takes them
SQUARE = "POLYGON((3.30 50.30,3.42 50.30,3.42 50.42,3.30 50.42,3.30 50.30))"


@pytest.fixture(scope="module")
def atlas(
    cluster: Cluster, filled: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """Serve the layers of `export_layers`, to be read only."""
    with export_layers.served(cluster, filled, settings, tmp_path_factory.mktemp("essais")) as (client, _):
        yield client


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where this test's temporary files go: in the shared folder, another worker may be exporting."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


# --- finished files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FILES)
def test_a_finished_file_is_the_same_whenever_it_is_asked(
    atlas: FlaskClient, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/exports/essai_polygon.{form}"
    with atlas.get(path) as first:
        monkeypatch.setattr("time.time", lambda clock=time.time: clock() + 100_000)
        with atlas.get(path) as second:
            assert first.data == second.data
            assert first.headers["ETag"] == second.headers["ETag"]
        assert not first.headers["ETag"].startswith("W/")
        assert int(first.headers["Content-Length"]) == len(first.data)
        assert first.mimetype == FORMATS[form].mimetype


@pytest.mark.parametrize("form", FILES)
def test_a_finished_file_is_taken_up_where_it_stopped(atlas: FlaskClient, form: str) -> None:
    path = f"/exports/essai_line.{form}"
    with atlas.get(path) as whole:
        etag, body = whole.headers["ETag"], whole.data
        assert whole.headers["Accept-Ranges"] == "bytes"
    with atlas.get(path, headers={"Range": "bytes=100-", "If-Range": etag}) as rest:
        assert rest.status_code == 206
        assert rest.headers["Content-Range"] == f"bytes 100-{len(body) - 1}/{len(body)}"
        assert rest.data == body[100:]
        assert rest.headers["Content-Disposition"] == whole.headers["Content-Disposition"]
    with atlas.get(path, headers={"Range": "bytes=100-", "If-Range": '"autre"'}) as changed:
        assert (changed.status_code, changed.data) == (200, body)
    with atlas.get(path, headers={"Range": "bytes=99999999-"}) as beyond:
        assert beyond.status_code == 416
    with atlas.head(path) as head:
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["Content-Length"] == str(len(body))
        assert head.headers["ETag"] == etag
    with atlas.get(path, headers={"If-None-Match": etag}) as known:
        assert (known.status_code, known.data) == (304, b"")


def test_a_file_has_no_name_once_its_answer_starts(atlas: FlaskClient, temporary: Path) -> None:
    with atlas.get("/exports/essai_point.gpkg", buffered=False) as response:
        next(response.iter_encoded())
        assert not list(temporary.glob("webmap-export-*"))


def test_nothing_is_left_of_a_file_that_could_not_be_made(
    atlas: FlaskClient, monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    for name, value in (("_MAX_BYTES", 10), ("MAX_ROWS", 2)):
        with monkeypatch.context() as changed:
            changed.setattr(fichiers, name, value)
            if name == "MAX_ROWS":
                changed.setattr(fichiers.refuse_many, "__defaults__", (value,))
            for form in ("gpkg", "shp.zip", "fgb", "kml", "parquet"):
                refused = atlas.get(f"/exports/essai_point.{form}")
                assert refused.status_code in ({413} if name == "MAX_ROWS" else {200, 413}), form
                refused.close()
    assert not list(temporary.glob("webmap-export-*"))
    with atlas.get("/exports/essai_point.gpkg") as response:
        assert response.status_code == 200


def test_a_file_that_grows_too_much_is_stopped_with_a_sentence(
    atlas: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fichiers, "_MAX_BYTES", -1)
    for form in FILES:
        response = atlas.get(f"/exports/essai_point.{form}")
        assert response.status_code == 413
        assert "1 Go" in response.get_json()["detail"]


def test_files_wait_for_their_turn_then_say_so(atlas: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fichiers, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(fichiers, "_line", threading.BoundedSemaphore(2))
    monkeypatch.setattr(fichiers, "_WAIT", 0.05)
    with fichiers._turn():
        busy = atlas.get("/exports/essai_point.gpkg")
        assert busy.status_code == 503
        assert busy.headers["Retry-After"]
        assert atlas.get("/exports/essai_point.csv").status_code == 200, "streams do not wait"
        monkeypatch.setattr(fichiers, "_WAIT", 3600)
        with fichiers._line:  # as many as may are waiting: this one is not kept
            assert atlas.get("/exports/essai_point.gpkg").status_code == 503
    with atlas.get("/exports/essai_point.gpkg") as response:
        assert response.status_code == 200


# --- selections --------------------------------------------------------------------------------------------------


def count(client: FlaskClient, layer: str, **query: str) -> int:
    return int(client.get(f"/exports/{layer}.json", query_string=query).get_json()["nombre"])


def test_a_polygon_selects_what_meets_it(reader_with_contours: FlaskClient) -> None:
    box = {"bbox": "3.30,50.30,3.42,50.42"}
    for layer in ("commune", "espace_nature"):
        ids = [
            {
                f["id"]
                for f in reader_with_contours.get(f"/exports/{layer}.geojson", query_string=q).get_json()["features"]
            }
            for q in (box, {"polygone": SQUARE})
        ]
        assert ids[0] == ids[1]
        assert 0 < len(ids[0]) < count(reader_with_contours, layer)
    triangle = "POLYGON((3.30 50.30,3.42 50.30,3.30 50.42,3.30 50.30))"
    assert 0 < count(reader_with_contours, "commune", polygone=triangle) < count(reader_with_contours, "commune", **box)


def test_the_count_is_announced_before_the_download(atlas: FlaskClient) -> None:
    query = {"filter": "entier < 0", "crs": "EPSG:2154", "champs": "code,entier"}
    told = atlas.get("/exports/essai_point.json", query_string=query).get_json()
    assert told["nombre"] == 1
    assert told["filtre"] == {"filtre": "entier < 0"}
    assert told["champs"] == ["code", "entier"]
    assert "geojson" not in told["formats"]
    assert told["formats"] == list(told["liens"])
    for form, link in told["liens"].items():
        with atlas.get(link) as response:
            assert response.status_code == 200, form
            name = rf"essai_point_filtre_epsg2154_{dt.datetime.now(dt.UTC):%Y}-\d\d-\d\d_r\d+\.{re.escape(form)}"
            assert re.search(name, response.headers["Content-Disposition"])
    assert set(atlas.get("/exports/essai_point.json").get_json()["formats"]) == set(FORMATS)


def test_the_page_of_a_layer_offers_its_files(atlas: FlaskClient, read_page: Callable[[str], Page]) -> None:
    page = read_page(atlas.get("/couches/essai_point").text)
    assert "16 lignes" in page.text.replace("\u202f", " ").replace("\xa0", " ")
    links = [link for link in page.links() if link.startswith("/exports/essai_point.")]
    assert {link.partition("essai_point.")[2] for link in links} >= set(FORMATS)
    address = "/couches/essai_point?crs=EPSG%3A2154&champs=code&champs=nom&filter=entier%20%3C%200"
    chosen = read_page(atlas.get(address).text)
    assert "1 ligne" in chosen.text.replace("\u202f", " ").replace("\xa0", " ")
    links = [link for link in chosen.links() if link.startswith("/exports/essai_point.")]
    assert "/exports/essai_point.gpkg?filter=entier+%3C+0&crs=EPSG%3A2154&champs=code%2Cnom" in links
    links = [link for link in links if "?" in link]
    assert not [link for link in links if ".geojson" in link]
    with atlas.get(links[0]) as response:
        assert response.status_code == 200
    assert atlas.get("/couches/essai_point?couleur=rouge").status_code == 400


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [*FORMATS, "json"])
@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("crs=EPSG:27572", 400, "crs"),
        ("crs=", 400, "crs"),
        ("crs=2154;drop", 400, "crs"),
        ("champs=", 400, "champs possibles"),
        ("champs=nom,secret", 400, "« secret »"),
        ("champs=geom", 400, "« geom »"),
        ("champs=nom,nom", 400, "deux fois"),
        ("champs=nom%00", 400, "champ"),
        ("polygone=", 400, "vide"),
        ("polygone=POINT(3 50)", 422, "surface"),
        ("polygone=POLYGON((3.3 50.3,3.4 50.4,3.4 50.3,3.3 50.4,3.3 50.3))", 422, "se croise"),
        ("polygone=POLYGON((10 40,11 40,11 41,10 40))", 422, "ne touche pas"),
        ("polygone=POLYGON((nan 50,4 50,4 51,nan 50))", 400, "nombre"),
        ("polygone=" + "(" * 3000, 400, "WKT"),
        ("bbox=1,2,3", 400, "attendu"),
        ("filter=" + "(" * 5000, 400, "niveaux"),
        ("couches=commune", 400, "inconnu"),
        ("separateur=x", 400, "separateur"),
    ],
)
def test_bad_input_is_told_whatever_the_format(
    reader: FlaskClient, form: str, query: str, status: int, said: str
) -> None:
    response = reader.get(f"/exports/commune.{form}?{query}")
    assert response.status_code == status
    assert said in response.get_json()["detail"]
    assert len(response.get_json()["detail"]) < 600


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("separateur=|", "separateur"),
        ("decimale=,", "separateur=;"),
        ("geometrie=kml", "geometrie"),
        ("geometrie=lonlat", "points"),
        ("separateur=;&separateur=,", "plusieurs fois"),
    ],
)
def test_a_csv_that_cannot_be_is_refused(reader: FlaskClient, query: str, said: str) -> None:
    response = reader.get(f"/exports/commune.csv?{query}")
    assert response.status_code == 400
    assert said in response.get_json()["detail"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("couches=", 404),
        ("couches=commune,nulle_part", 404),
        ("couches=commune,commune", 400),
        ("couches=" + ",".join(["commune"] * 40), 400),
        ("couches=commune&champs=nom", 400),
        ("couches=commune&filter=nom = 'x'", 400),
        ("couches=commune&filter.gare=libelle = 'x'", 400),
        ("couches=commune&filter.commune=nulle_part = 1", 400),
        ("couches=commune&crs=1", 400),
    ],
)
def test_a_package_that_cannot_be_is_refused(reader: FlaskClient, query: str, status: int) -> None:
    response = reader.get(f"/exports/paquet.gpkg?{query}")
    assert response.status_code == status
    assert response.get_json()["detail"].endswith(".")


def test_an_unknown_format_is_404(reader: FlaskClient) -> None:
    for form in ("gml", "shp", "zip", "GPKG", "gpkg.exe", "csv%00"):
        response = reader.get(f"/exports/commune.{form}")
        assert response.status_code == 404
        assert (
            "Formats : geojson, geojsonl, gpkg, shp.zip, fgb, kml, csv, xlsx, parquet." in response.get_json()["detail"]
        )
    assert "couche « absente »" in reader.get("/exports/absente.gml").get_json()["detail"]


# --- a client that hangs up --------------------------------------------------------------------------------------


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
    cluster.create_database("beaucoup", template=filled)
    database = connect(cluster, "beaucoup")
    fill_much(database)
    yield database
    database.close()
    cluster.drop_database("beaucoup")


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


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Drop the line."""


def test_a_client_that_hangs_up_stops_the_query(settings: Settings, much: Database) -> None:
    database = much
    server = make_server("127.0.0.1", 0, create_app(settings, database), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        for form in ("geojson", "csv"):
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=LONG)
            connection.request("GET", f"/exports/espace_nature.{form}")
            response = connection.getresponse()
            assert response.status == 200
            assert response.read(1000)
            assert still_running(database, 0) != [], "it is still being sent"
            response.close()
            connection.close()
            assert still_running(database) == []
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=LONG)
        connection.request("GET", "/exports/espace_nature.json")
        assert json.loads(connection.getresponse().read())["nombre"] == 60_010
        connection.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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
