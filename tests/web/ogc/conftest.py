"""An atlas where every layer has rows and every row of a drawn layer a place: what clients and conformance tests need."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

from tests.conftest import connect, copied
from tests.listening import Quiet, listen
from webmap.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg
    from flask import Flask
    from flask.testing import FlaskClient

    from webmap.catalog.definition import FieldDefinition, LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

    Connection = psycopg.Connection[dict[str, Any]]

_POINT = "ST_SetSRID(ST_MakePoint(715000.123456 + 137.7 * n, 7030000.987654 + 91.3 * n), 2154)"
_PLACES = {
    "point": _POINT,
    "line": f"ST_Multi(ST_MakeLine({_POINT}, ST_Translate({_POINT}, 300, 50)))",
    "polygon": f"ST_Multi(ST_Buffer({_POINT}, 123.4, 2))",
}
ROWS = 7


def _value(field: FieldDefinition, number: int) -> object:
    if field.enum:
        return list(field.enum)[number % len(field.enum)]
    return {
        "text": f"é{number} \"'\\",
        "integer": number * 10,
        "number": number / 3,
        "date": f"2024-0{1 + number % 9}-15",
        "boolean": bool(number % 2),
        "list": ["a", f"b{number}"],
    }[field.type]


def _insert(connection: Connection, layer: LayerDefinition, communes: list[str]) -> None:
    for number in range(ROWS):
        values = {"etat": "existant", "source": "essai", "source_ligne": str(number), "millesime": "2026"}
        values["code_insee"] = communes[number]
        row = values | {
            field.id: _value(field, number)
            for field in layer.fields
            if field.id not in layer.hiding and field.id != layer.communes_field
        }
        connection.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier("pub", layer.id),
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(sql.Placeholder() * len(row)),
            ),
            list(row.values()),
        )


def place_all(database: Database, catalog: Catalog) -> None:
    """Give rows to the layers that have none, and a place to the rows that have none."""
    with database.owner() as connection:
        communes = [
            row["code_insee"] for row in connection.execute("SELECT code_insee FROM pub.commune ORDER BY 1").fetchall()
        ]
        for layer in catalog.public:
            table = sql.Identifier("pub", layer.id)
            if not connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(table)).fetchone():
                _insert(connection, layer, communes)
            if layer.drawn:
                connection.execute(
                    sql.SQL(
                        "UPDATE {table} t SET geom = p.place, precision = 'exacte' FROM (SELECT {key} AS cle, {place} AS place"
                        " FROM (SELECT {key}, row_number() OVER (ORDER BY {key}) AS n FROM {table}) r) p"
                        " WHERE p.cle = t.{key} AND t.geom IS NULL"
                    ).format(table=table, key=sql.Identifier(layer.key), place=sql.SQL(_PLACES[layer.geometry]))
                )


@pytest.fixture(scope="session")
def placed(cluster: Cluster, contoured: str, catalog: Catalog) -> str:
    """Make the template of this folder. Returns its name."""
    cluster.create_database("placed", template=contoured)
    database = connect(cluster, "placed")
    place_all(database, catalog)
    database.close()
    return "placed"


@pytest.fixture(scope="session")
def placed_database(cluster: Cluster, placed: str) -> Iterator[Database]:
    """Return a copy that nothing may write to."""
    with copied(cluster, placed) as database:
        yield database


@pytest.fixture(scope="session")
def api(settings: Settings, placed_database: Database) -> FlaskClient:
    """Return a client for tests that only read."""
    return create_app(settings, placed_database).test_client()


class _KeptOpen(Quiet):
    protocol_version = "HTTP/1.1"


@contextlib.contextmanager
def serve_api(app: Flask) -> Iterator[str]:
    """Serve an application on a free port of this machine, connections kept open; gives the address of its API."""
    with listen(app, _KeptOpen) as port:
        yield f"http://127.0.0.1:{port}/ogc"


@pytest.fixture(scope="session")
def served(settings: Settings, placed_database: Database) -> Iterator[str]:
    """Return the address of an API that real clients can reach."""
    with serve_api(create_app(settings, placed_database)) as address:
        yield address


@pytest.fixture
def own_api(
    make_database: Callable[[str | None], Database], placed: str, settings: Settings
) -> tuple[FlaskClient, Database]:
    """Return a client, and the database of this test alone that it reads."""
    database = make_database(placed)
    return create_app(settings, database).test_client(), database
