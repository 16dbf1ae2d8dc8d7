"""Errors: RFC 9457 for programs, a French page for people, and nothing leaked to either."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest
from psycopg_pool import ConnectionPool
from werkzeug.exceptions import RequestEntityTooLarge

from webmap.app import create_app
from webmap.errors import CatalogError, DatabaseError, ImportRefusedError, OutdatedError
from webmap.store.db import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.config import Settings

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
SECRET = "host=10.0.0.1 password=hunter2"  # noqa: S105 - of nothing


@pytest.mark.parametrize("accept", ["application/json", "*/*", None, "application/geo+json, */*", "text/*;q=0.1, */*"])
def test_a_program_is_answered_with_problem_json(reader: FlaskClient, accept: str | None) -> None:
    response = reader.get("/nulle-part", headers={"Accept": accept} if accept else {})
    assert response.status_code == 404
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert problem.keys() == {"type", "title", "status", "detail", "code"}
    assert problem["type"] == "about:blank"
    assert problem["status"] == 404
    assert problem["title"] == "Introuvable"
    assert problem["detail"].endswith(".")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("accept", [FIREFOX, CHROME, "text/html"])
def test_a_browser_is_answered_with_a_french_page(
    reader: FlaskClient, read_page: Callable[[str], Page], accept: str
) -> None:
    response = reader.get("/couches/<b>nulle&part", headers={"Accept": accept})
    assert response.status_code == 404
    assert response.mimetype == "text/html"
    page = read_page(response.text)
    assert "Introuvable" in page.text
    assert "Il n'y a pas de couche « <b>nulle&part »" in page.text
    assert "/" in page.links()
    assert 'lang="fr"' in response.text
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/exports/x.geojson", "/territoires/x.json", "/territoires/x.csv", "/tuiles/x/0/0/0.mvt", "/fiches/x/y.json"],
)
def test_an_address_of_data_never_answers_a_page(reader: FlaskClient, path: str) -> None:
    assert reader.get(path, headers={"Accept": FIREFOX}).mimetype == "application/problem+json"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_another_method_is_405_and_says_which_are_allowed(reader: FlaskClient, method: str) -> None:
    for path in ("/", "/exports/qpv.geojson", "/territoires/bassin"):
        response = reader.open(path, method=method)
        assert response.status_code == 405
        assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
        assert response.get_json()["title"] == "Méthode refusée"


@pytest.fixture
def breaking(app: Flask) -> Callable[[Exception], FlaskClient]:
    """Return a function that makes `/couches` raise."""

    def break_with(error: Exception) -> FlaskClient:
        def view() -> str:
            raise error

        app.view_functions["couches"] = view
        return app.test_client()

    return break_with


@pytest.mark.parametrize("accept", [FIREFOX, "application/json"])
def test_an_unknown_error_is_an_incident_and_nothing_else(
    breaking: Callable[[Exception], FlaskClient], caplog: pytest.LogCaptureFixture, accept: str
) -> None:
    with caplog.at_level(logging.ERROR, logger="webmap"):
        response = breaking(RuntimeError(SECRET)).get("/couches", headers={"Accept": accept})
    assert response.status_code == 500
    found = re.search(r"incident ([0-9a-f]{8})", response.text)
    assert found is not None
    for leaked in ("10.0.0.1", "hunter2", "RuntimeError", "Traceback", "Internal Server Error", ".py"):
        assert leaked not in response.text
    assert found[1] in caplog.text, "the log tells which"
    assert "hunter2" in caplog.text, "and what"
    assert response.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in response.headers


def test_two_incidents_have_two_numbers(breaking: Callable[[Exception], FlaskClient]) -> None:
    client = breaking(ValueError())
    assert client.get("/couches").text != client.get("/couches").text


@pytest.mark.parametrize("error", [CatalogError([SECRET]), ImportRefusedError("/etc/webmap", [SECRET])])
def test_what_only_the_administrator_may_read_is_an_incident(
    breaking: Callable[[Exception], FlaskClient], error: Exception
) -> None:
    response = breaking(error).get("/couches")
    assert response.status_code == 500
    assert "incident" in response.get_json()["detail"]
    assert "hunter2" not in response.text
    assert "/etc" not in response.text


def test_a_database_error_is_503_without_its_message(breaking: Callable[[Exception], FlaskClient]) -> None:
    response = breaking(DatabaseError(SECRET)).get("/couches")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "hunter2" not in response.text
    assert response.get_json()["code"] == "base_de_donnees"
    told = breaking(OutdatedError("Il doit être relancé.")).get("/couches").get_json()
    assert (told["status"], told["title"], told["detail"]) == (503, "Atlas à relancer", "Il doit être relancé.")


@pytest.mark.parametrize(("error", "status"), [(DatabaseError(SECRET), 503), (RuntimeError(SECRET), 500)])
def test_what_fails_before_flask_is_told_as_the_rest_and_not_tried_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    asked: list[object] = []

    def fail(layers: object) -> None:
        asked.append(layers)
        raise error

    monkeypatch.setattr(app.extensions["webmap"].kept_tiles, "fetch_versions", fail)
    response = app.test_client().get("/tuiles/qpv/8/130/86.mvt")
    assert (response.status_code, len(asked)) == (status, 1)
    assert response.mimetype == "application/problem+json"
    assert "hunter2" not in response.text
    assert "Content-Security-Policy" in response.headers


@pytest.fixture
def orphan(settings: Settings) -> Iterator[FlaskClient]:
    """Return a client of an application whose database is nowhere."""
    dsn = "host=/nulle-part dbname=x"
    database = Database(dsn, dsn)
    database.__dict__["_pool"] = ConnectionPool(dsn, min_size=1, timeout=0.1, open=True)  # the real one waits 5 s
    yield create_app(settings, database).test_client()
    database.close()


@pytest.mark.parametrize(
    "path",
    ["/", "/exports/qpv.geojson", "/tuiles/qpv/8/130/86.mvt", "/territoires/bassin", "/fiches/qpv/x.json", "/couches"],
)
def test_without_a_database_every_address_is_503(orphan: FlaskClient, path: str) -> None:
    response = orphan.get(path)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert response.get_json()["title"] == "Base de données indisponible"
    assert "nulle-part" not in response.text


def test_without_a_database_a_browser_gets_a_page(orphan: FlaskClient, read_page: Callable[[str], Page]) -> None:
    page = read_page(orphan.get("/", headers={"Accept": FIREFOX}).text)
    assert "Base de données indisponible" in page.text
    assert "Réessayez dans un instant" in page.text


def test_a_body_too_long_is_413_in_french(breaking: Callable[[Exception], FlaskClient]) -> None:
    response = breaking(RequestEntityTooLarge()).get("/couches")
    assert response.status_code == 413
    assert response.get_json()["title"] == "Demande trop longue"


def test_a_table_that_another_process_dropped_is_503_not_an_incident(client: FlaskClient, database: Database) -> None:
    # What `db upgrade` does of a layer that is drawn no more, under a server that still has it.
    with database.owner() as connection:
        connection.execute("DROP TABLE tuile.qpv, trace.qpv CASCADE")
    response = client.get("/ogc/collections/qpv?f=json")
    assert response.status_code == 503
    assert response.get_json()["title"] == "Atlas à relancer"
