"""`/healthz`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg_pool import ConnectionPool

from webmap.app import create_app
from webmap.store.db import Database
from webmap.store.statements import count_queries

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.config import Settings


def test_a_service_that_reads_is_healthy(reader: FlaskClient) -> None:
    with count_queries() as statements:
        response = reader.get("/healthz")
    assert (response.status_code, response.get_json()) == (200, {"etat": "ok"})
    assert len(statements) == 1


def test_a_dead_database_is_503_for_the_supervisor(settings: Settings) -> None:
    dsn = "host=/nulle-part dbname=x"
    database = Database(dsn, dsn)
    database.__dict__["_pool"] = ConnectionPool(dsn, min_size=1, timeout=0.1, open=True)  # the real one waits 5 s
    try:
        response = create_app(settings, database).test_client().get("/healthz", headers={"Accept": "text/html"})
    finally:
        database.close()
    assert response.status_code == 503
    assert response.mimetype == "application/problem+json"
