"""Layers made for a test: a definition, its table, a few rows. No folder, and no Python in the package."""

from __future__ import annotations

import random
from itertools import groupby
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pytest
from psycopg import sql

from tests.conftest import copied
from webmap.catalog.definition import LayerDefinition
from webmap.store.builder import build_layers
from webmap.store.drawn import build_drawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

    Params = Sequence[Any] | Mapping[str, Any] | None

# What a partner's file may hold: each must come back as it was, and run nothing.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "a\\b\\\\c \\. \\N \\u0041",
    "une\nligne\r\net \ttabulation",
    "\x01\x02\x08\x1f\x7f",
    "\U0001f333\U0001f9d1\u200d\U0001f33e é œ \u2028",
    "« L'Haÿ » \"guillemets\" ''",
    "%s %(x)s {} {0}",
    ",",
    "\\.",
    "",
)


_built: WeakKeyDictionary[Database, list[LayerDefinition]] = WeakKeyDictionary()


def content(**changes: object) -> dict[str, Any]:
    """Return what `layer.toml` and `style.toml` would say; `changes` replace keys."""
    return {
        "id": "essai",
        "title": "Essais",
        "singular": "essai",
        "theme": "territoire",
        "description": "Une couche d'essai.",
        "geometry": "point",
        "key": "code",
        "name": "nom",
        "source": {
            "name": "Essai",
            "producer": "Nous",
            "licence": "Licence Ouverte",
            "millesime": "2026",
            "provenance": "Écrite pour un test.",
        },
        "fields": [
            {"id": "code", "label": "Code", "required": True},
            {"id": "nom", "label": "Nom", "required": True},
        ],
        "style": {"rules": [{"label": "Tout"}]},
        **changes,
    }


def define(*, more: Iterable[dict[str, Any]] = (), **changes: object) -> LayerDefinition:
    """Return a definition like `content`, with `more` fields after `code` and `nom`."""
    whole = content(**changes)
    return LayerDefinition.model_validate({**whole, "fields": [*whole["fields"], *more]})


def build(database: Database, layer: LayerDefinition) -> list[str]:
    """Create or extend the table of a layer, as `db upgrade` does; returns the sentences."""
    with database.owner() as connection:
        changes = build_layers(connection, [layer])
        build_drawn(connection, [layer])
    return changes


def build_once(database: Database, layer: LayerDefinition) -> None:
    """Create the table of a layer for all the examples of a property: making sure each time costs more than the example."""
    if layer not in _built.setdefault(database, []):
        build(database, layer)
        _built[database].append(layer)


def insert(database: Database, layer: LayerDefinition, rows: Iterable[Mapping[str, Any]], srid: int = 4326) -> None:
    """Insert rows; `geom` is WKT in `srid`, what a row does not say is filled with plain values."""
    whole = []
    for number, given in enumerate(rows):
        row = {"code": f"c{number}", "nom": f"n{number}", "etat": "existant", "source": "s", "millesime": "2026"}
        row |= dict(given)
        if row.get("geom"):
            row.setdefault("precision", "exacte")
        whole.append(row)
    shape = sql.SQL("ST_Transform(ST_GeomFromText(%s, {}), 2154)").format(srid)
    if layer.geometry in {"line", "polygon"}:
        shape = sql.SQL("ST_Multi({})").format(shape)
    with database.owner() as connection:
        for names, alike in groupby(
            whole, key=tuple
        ):  # one statement for those that say the same columns: triggers cost
            values = sql.SQL(", ").join(shape if name == "geom" else sql.SQL("%s") for name in names)
            several = list(alike)
            statement = sql.SQL("INSERT INTO pub.{} ({}) VALUES {}").format(
                sql.Identifier(layer.id),
                sql.SQL(", ").join(map(sql.Identifier, names)),
                sql.SQL(", ").join([sql.SQL("({})").format(values)] * len(several)),
            )
            connection.execute(statement, [value for row in several for value in row.values()])


def ask(database: Database, statement: str, params: Params = None) -> Any:  # noqa: ANN401 - one cell of any type
    """Return the first cell of a statement run by the owner."""
    with database.owner() as connection:
        row = connection.execute(statement.encode(), params).fetchone()
    return None if row is None else next(iter(row.values()))


def do(database: Database, statement: str, params: Params = None) -> None:
    """Run a statement as the owner, and commit."""
    with database.owner() as connection:
        connection.execute(statement.encode(), params)


def revisions(database: Database) -> dict[str, int]:
    """Layer -> revision, as the database says now."""
    with database.owner() as connection:
        rows = connection.execute("SELECT couche, revision FROM app.revision").fetchall()
    return {row["couche"]: row["revision"] for row in rows}


def members(database: Database, decoupage: str, draw: Mapping[str, str | None]) -> None:
    """Say which unit each commune is in, for a découpage that is no layer."""
    with database.owner() as connection:
        connection.execute("DELETE FROM app.appartenance WHERE decoupage = %s", [decoupage])
        connection.cursor().executemany(
            "INSERT INTO app.appartenance (decoupage, code_insee, unite, source, millesime) VALUES (%s, %s, %s, 's', '2026')",
            [(decoupage, code, unit) for code, unit in draw.items() if unit],
        )


def shuffled(codes: Iterable[str], seed: int, units: int = 3) -> dict[str, str | None]:
    """Draw a unit, or none, for each commune: the same for the same seed."""
    chosen = random.Random(seed)  # noqa: S311 - a reproducible draw, not a secret
    return {code: chosen.choice([None, *(f"u{n}" for n in range(units))]) for code in sorted(codes)}


@pytest.fixture(scope="session")
def facts(cluster: Cluster, filled: str) -> Iterator[Database]:
    """Return one copy of the facts for all the tests that only read."""
    with copied(cluster, filled) as database:
        yield database


@pytest.fixture(scope="session")
def facts_with_contours(cluster: Cluster, contoured: str) -> Iterator[Database]:
    """Return one copy of the facts and contours for all the tests that only read."""
    with copied(cluster, contoured) as database:
        yield database
