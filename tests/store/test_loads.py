"""Revisions: whoever writes a layer raises its revision, in the transaction that writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.store.conftest import ask, build, define, do, insert, revisions
from webmap.store.loads import Load, LoadReport, fetch_seed_hashes, load_rows, record_load, replace_members

if TYPE_CHECKING:
    from webmap.store.db import Database

ONE = "INSERT INTO pub.essai (code, nom, etat, source, millesime) VALUES ('b', 'n', 'existant', 's', '2026')"
ROW = {"precision": None, "code_insee": None, "etat": "existant", "source": "s", "source_ligne": "1"}
ROW |= {"source_url": None, "millesime": "2026", "geom": None}


@pytest.fixture
def own(database: Database) -> Database:
    """Return a database with a layer « essai » of one row."""
    build(database, define())
    insert(database, define(), [{"code": "a"}])
    return database


def revision(database: Database) -> int:
    return revisions(database)["essai"]


@pytest.mark.parametrize(
    ("statement", "raised"),
    [
        (ONE, 1),
        ("UPDATE pub.essai SET nom = 'x'", 1),
        ("DELETE FROM pub.essai", 1),
        ("TRUNCATE pub.essai", 1),
        (f"WITH x AS ({ONE} RETURNING 1) UPDATE pub.essai SET nom = 'x'", 2),
        ("UPDATE pub.essai SET nom = 'x' WHERE code = 'absent'", 0),
        ("DELETE FROM pub.essai WHERE code = 'absent'", 0),
        ("INSERT INTO pub.essai SELECT * FROM pub.essai WHERE false", 0),
        (f"{ONE.replace(chr(39) + 'b' + chr(39), chr(39) + 'a' + chr(39))} ON CONFLICT DO NOTHING", 0),
    ],
)
def test_any_connection_raises_it_when_a_row_is_touched(own: Database, statement: str, raised: int) -> None:
    before = revisions(own)
    with psycopg.connect(own.owner_dsn, application_name="QGIS") as connection:
        connection.execute(statement.encode())
    after = revisions(own)
    assert after.pop("essai") - before.pop("essai") == raised
    assert after == before


def test_a_copy_raises_it_once_whatever_its_rows(own: Database) -> None:
    before = revision(own)
    with psycopg.connect(own.owner_dsn) as connection, connection.cursor().copy(b"COPY pub.essai FROM STDIN") as copy:
        for code in ("c", "d", "e"):
            copy.write_row((code, "n", None, None, None, "existant", "s", None, None, "2026"))
    assert revision(own) == before + 1


def test_it_belongs_to_the_writing_transaction(own: Database) -> None:
    before = revision(own)
    with psycopg.connect(own.owner_dsn) as writer:
        writer.execute(ONE.encode())
        assert revision(own) == before
        writer.rollback()
        assert revision(own) == before
        writer.execute(ONE.encode())
        writer.commit()
        assert revision(own) == before + 1


def test_the_date_of_the_change_follows(own: Database) -> None:
    before = ask(own, "SELECT modifiee FROM app.revision WHERE couche = 'essai'")
    do(own, ONE)
    assert ask(own, "SELECT modifiee FROM app.revision WHERE couche = 'essai'") > before


def test_a_load_writes_only_what_differs(own: Database) -> None:
    layer = define()
    do(own, "DELETE FROM pub.essai")
    rows = [{"code": code, "nom": code, **ROW} for code in ("a", "b", "c")]
    with own.owner() as connection:
        report = load_rows(connection, layer, rows)
        record_load(connection, Load("essai", "seed", "seed.csv", "0" * 64, 3), report)
    assert (report.created, report.updated, report.removed, report.kept) == (["a", "b", "c"], [], [], [])
    before = revision(own)
    with own.owner() as connection:
        report = load_rows(connection, layer, rows)
    assert (report.created, report.updated, report.removed, report.kept) == ([], [], [], [])
    assert revision(own) == before
    with own.owner() as connection:
        report = load_rows(connection, layer, [rows[0] | {"nom": "A"}, rows[1]])
    assert (report.created, report.updated, report.removed, report.kept) == ([], ["a"], ["c"], [])
    assert report.sentence() == "0 ligne créée, 1 modifiée, 1 retirée"


def test_a_typed_place_is_kept_in_lambert_93(own: Database) -> None:
    place = {"precision": "exacte", "geom": "SRID=4326;POINT(3.4 50.3)"}
    with own.owner() as connection:
        load_rows(connection, define(), [{"code": "p", "nom": "P", **ROW, **place}])
    found = ask(own, "SELECT ST_AsText(ST_Transform(geom, 4326), 6) FROM pub.essai WHERE code = 'p'")
    assert found == "POINT(3.4 50.3)"
    assert ask(own, "SELECT ST_SRID(geom) FROM pub.essai WHERE code = 'p'") == 2154


def test_the_last_seed_counts_and_a_file_is_no_seed(own: Database) -> None:
    with own.owner() as connection:
        for origin, digest in (("seed", "1"), ("seed", "2"), ("fichier", "3")):
            record_load(connection, Load("essai", origin, "f", digest, 0), LoadReport())
        assert fetch_seed_hashes(connection)["essai"] == "2"


def test_members_are_replaced_and_raise_what_reads_them(own: Database) -> None:
    member = {
        "code_insee": "59172",
        "unite": "u",
        "statut": None,
        "source": "s",
        "source_ligne": None,
        "millesime": "m",
    }
    before = revisions(own)
    with own.owner() as connection:
        for unit in ("u", "v"):
            replace_members(connection, "essai", [member | {"unite": unit}])
    assert ask(own, "SELECT string_agg(unite, ' ') FROM app.appartenance WHERE decoupage = 'essai'") == "v"
    after = revisions(own)
    assert {layer for layer in after if after[layer] != before[layer]} == {"commune", "essai"}
