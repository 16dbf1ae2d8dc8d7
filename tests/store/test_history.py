"""What a load leaves on record, and what the next refresh may rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.store.conftest import ask
from webmap.store.history import Origin, fetch_checks, fetch_previous, record_check, record_source
from webmap.store.loads import Load

if TYPE_CHECKING:
    from webmap.store.db import Database


def record(database: Database, recipe: str, etag: str, columns: list[str], connector: str = "gares") -> None:
    origin = Origin(connector, "https://x/y?token=***", etag, "Wed, 01 Jul 2026 10:00:00 GMT", "ODbL")
    with database.owner() as connection:
        load = Load("gare", "source", "gares.geojson", f"sha-{etag}", 3)
        record_source(connection, load, origin, 1234, {"recette": recipe, "colonnes": columns})


def test_the_last_load_counts_whatever_recipe_it_was_read_by(database: Database) -> None:
    with database.owner() as connection:
        assert fetch_previous(connection, "gare", "gares") is None
    record(database, "r1", "v1", ["a", "b"])
    record(database, "r2", "v2", ["a"])
    record(database, "r1", "autre", [], connector="voisin")
    with database.owner() as connection:
        known = fetch_previous(connection, "gare", "gares")
    assert known is not None
    assert (known.recipe, known.etag, known.sha256, known.columns) == ("r2", "v2", "sha-v2", frozenset({"a"}))


def test_everything_asked_for_is_on_record(database: Database) -> None:
    record(database, "r1", "v1", [])
    row = ask(
        database,
        "SELECT concat_ws('|', connecteur, url, etag, modifiee_amont, licence, taille, lignes, sha256, origine)"
        " FROM app.chargement WHERE connecteur = 'gares'",
    )
    assert row == "gares|https://x/y?token=***|v1|Wed, 01 Jul 2026 10:00:00 GMT|ODbL|1234|3|sha-v1|source"


def test_the_last_check_and_the_last_load_stand_side_by_side(database: Database) -> None:
    record(database, "r1", "v1", [])
    with database.owner() as connection:
        record_check(connection, "gare", "gares", "changee", "Tout va.")
        record_check(connection, "gare", "gares", "echec", "404")
        record_check(connection, "irve", "consolidation", "echec", "503")
    checks = fetch_checks(database)
    assert set(checks) == {("gare", "gares"), ("irve", "consolidation")}
    gare, irve = checks["gare", "gares"], checks["irve", "consolidation"]
    assert (gare["resultat"], gare["phrase"], gare["lignes"], gare["licence"]) == ("echec", "404", 3, "ODbL")
    assert (irve["charge"], irve["lignes"]) == (None, None)
