"""The database's shape: Alembic agrees with the tables, goes back and forth, and a second upgrade does nothing."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import psycopg
import pytest
from alembic import command
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tests.store.conftest import ask, define, do, revisions
from webmap.config import PROJECT
from webmap.errors import CatalogError
from webmap.store import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database


@contextlib.contextmanager
def alchemy(database: Database) -> Iterator[Connection]:
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(database.owner_dsn), poolclass=NullPool
    )
    with engine.connect() as connection:
        yield connection


def test_alembic_finds_nothing_to_change(database: Database) -> None:
    with alchemy(database) as connection:
        command.check(schema.alembic_config(connection))
        connection.rollback()
    do(database, "ALTER TABLE app.chargement ADD COLUMN en_trop text")
    with alchemy(database) as connection, pytest.raises(Exception, match="en_trop"):
        command.check(schema.alembic_config(connection))


def test_down_and_up_again_on_an_empty_database(make_database: Callable[[str | None], Database]) -> None:
    database = make_database(None)
    with database.owner() as connection:
        schema._prepare(connection, reads_as_owner=False)
    schemas = "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname IN ('pub', 'raw')"
    for _ in range(2):
        with alchemy(database) as connection:
            command.upgrade(schema.alembic_config(connection), "head")
            connection.commit()
        assert ask(database, schemas) == "pub raw"
        with alchemy(database) as connection:
            command.check(schema.alembic_config(connection))
            connection.rollback()
            command.downgrade(schema.alembic_config(connection), "base")
            connection.commit()
        assert ask(database, schemas) is None
        assert ask(database, "SELECT to_regclass('app.revision')::text") is None


def test_going_down_drops_no_facts(database: Database) -> None:
    with alchemy(database) as connection, pytest.raises(Exception, match="depend"):
        command.downgrade(schema.alembic_config(connection), "base")
    assert ask(database, "SELECT count(*) FROM pub.commune") == 47


def test_every_migration_is_named_by_its_date() -> None:
    files = sorted((PROJECT / "migrations" / "versions").glob("*.py"))
    assert files
    dates = []
    for path in files:
        assert re.fullmatch(r"20\d{6}_\d{4}_\d{4}_[a-z_]+\.py", path.name), path.name
        stamp = path.name
        written = f"Create Date: {stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]}"
        assert written in path.read_text(encoding="utf-8")
        dates.append(stamp[:13])
    assert len(set(dates)) == len(dates)


def test_a_second_upgrade_says_and_changes_nothing(database: Database, catalog: Catalog, settings: Settings) -> None:
    before = revisions(database)
    assert schema.upgrade(database, catalog, settings) == []
    assert revisions(database) == before
    assert before.keys() >= set(catalog.by_id)


def test_an_empty_database_says_what_it_became(
    make_database: Callable[[str | None], Database], catalog: Catalog, settings: Settings
) -> None:
    database = make_database(None)
    changes = schema.upgrade(database, catalog, settings)
    assert any(change.startswith("schéma de la base : version ") for change in changes)
    assert {f"couche {layer.id} : table créée" for layer in catalog.layers} <= set(changes)


def test_a_refusal_leaves_everything_as_it_was(database: Database, catalog: Catalog, settings: Settings) -> None:
    do(database, "ALTER TABLE pub.halle ADD COLUMN en_trop text")
    do(database, "DROP TABLE pub.gare")
    with pytest.raises(CatalogError, match="en_trop"):
        schema.upgrade(database, catalog, settings)
    assert ask(database, "SELECT to_regclass('pub.gare')::text") is None


def test_units_of_every_decoupage(facts: Database) -> None:
    rows = facts.read(sql.SQL("SELECT decoupage, count(*) AS n FROM app.unite GROUP BY 1 ORDER BY 1"))
    found = {row["decoupage"]: row["n"] for row in rows}
    assert found == {"bassin": 3, "bv2022": 5, "commune": 47, "equipe": 2, "territoire": 1}
    rows = facts.read(sql.SQL("SELECT decoupage, count(*) AS n FROM app.membre GROUP BY 1"))
    found = {row["decoupage"]: row["n"] for row in rows}
    assert found == {"bassin": 47, "bv2022": 47, "commune": 47, "equipe": 13, "territoire": 47}


def test_a_commune_without_its_accents(facts: Database) -> None:
    statement = sql.SQL("SELECT app.cle_recherche(%(t)s) AS cle")
    assert facts.read(statement, {"t": "  L'Œuf-du Rœulx, ÉTÉ "}) == [{"cle": "l oeuf du roeulx ete"}]


def test_functions_do_not_run_for_the_public(facts: Database) -> None:
    allowed = "SELECT has_function_privilege('webmap_lecture', 'app.monter_revision()', 'EXECUTE')"
    assert ask(facts, allowed) is False
    assert define().id not in revisions(facts)
