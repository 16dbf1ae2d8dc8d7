"""Exports as a client of HTTP meets them: ranges, conditions, a count before, refusals, and a client that hangs up."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
import threading
import time
from typing import TYPE_CHECKING

import pytest

from webmap.web import fichiers
from webmap.web.demandes import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.web.conftest import Page

FILES = ("gpkg", "shp.zip", "fgb", "kml", "xlsx", "parquet")
SQUARE = "POLYGON((3.30 50.30,3.42 50.30,3.42 50.42,3.30 50.42,3.30 50.30))"


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
