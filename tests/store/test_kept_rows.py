"""Rows kept in memory are those the statement would give now, whatever was written, and cost one indexed read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from tests.store.conftest import build, define, do, insert
from webmap.store import kept_rows
from webmap.store.db import Database
from webmap.store.extents import fetch_extents
from webmap.store.kept_rows import one_state, read_kept
from webmap.store.places import fetch_inventory
from webmap.store.report import fetch_report
from webmap.store.statements import count_queries
from webmap.store.summaries import fetch_summaries, fetch_units, measured_layers

if TYPE_CHECKING:
    import pytest

    from webmap.catalog.load import Catalog

LAYER = define(measures=[{"id": "nombre", "type": "nombre", "label": "Essais", "unit": "essais", "rule": "point_dans"}])
COMMUNES = sql.SQL("SELECT code_insee FROM pub.commune ORDER BY code_insee")


def check(database: Database, catalog: Catalog) -> None:
    """Compare what this database remembers with what one that remembers nothing reads."""
    fresh = Database(database.owner_dsn, database.reader_dsn)
    layers = [LAYER, *measured_layers(catalog)]
    assert fetch_inventory(database, layers) == fetch_inventory(fresh, layers)
    for cells in (True, False):
        assert fetch_extents(database, layers, cells=cells) == fetch_extents(fresh, layers, cells=cells)
    for decoupage in ("bassin", "commune", "territoire"):
        assert fetch_summaries(database, layers, decoupage) == fetch_summaries(fresh, layers, decoupage)
        assert fetch_units(database, decoupage) == fetch_units(fresh, decoupage)
        with one_state(database, [LAYER.id, *(layer.id for layer in catalog.public)]):
            assert fetch_summaries(database, layers, decoupage) == fetch_summaries(fresh, layers, decoupage)
    fresh.close()


def test_what_is_kept_is_what_would_be_read(database_with_contours: Database, catalog: Catalog) -> None:
    database = database_with_contours
    build(database, LAYER)
    check(database, catalog)
    insert(database, LAYER, [{"geom": "POINT(3.39 50.33)"}, {"geom": None, "code_insee": "59172"}])
    check(database, catalog)
    for statement in (
        "UPDATE pub.essai SET geom = ST_Translate(geom, 3000, 0)",
        "UPDATE pub.commune SET population_municipale = 12 WHERE code_insee = '59172'",
        "UPDATE pub.commune SET geom = NULL WHERE code_insee = '59172'",
        "UPDATE pub.bassin SET nom = 'Autre' WHERE code = 'ostrevent'",
        "UPDATE app.appartenance SET unite = 'ostrevent' WHERE decoupage = 'bassin' AND code_insee = '59172'",
        "DELETE FROM app.cellule WHERE cle = '59172'",
        "UPDATE pub.essai SET source = 'autre' WHERE geom IS NULL",
        "DELETE FROM pub.essai",
    ):
        do(database, statement)
        check(database, catalog)


def test_an_edit_of_one_layer_recounts_that_layer_alone(database: Database, catalog: Catalog) -> None:
    build(database, LAYER)
    layers = [LAYER, *measured_layers(catalog)]
    fetch_summaries(database, layers, "bassin")
    insert(database, LAYER, [{"code_insee": "59172"}])
    with count_queries() as statements:
        found = fetch_summaries(database, layers, "bassin")
    assert found["essai"].territoire.nombre == 1
    assert [("AS MATERIALIZED" in each, "'essai'" in each) for each in statements if "AS MATERIALIZED" in each] == [
        (True, True)
    ]


def test_what_layers_hold_is_asked_once_and_counted_again_where_it_changed(
    database: Database, catalog: Catalog
) -> None:
    def told() -> list[str]:
        with count_queries() as counted:
            fetch_inventory(database, catalog.public)
        return [each for each in counted if "count(*)" in each]

    assert len(told()) == 1
    assert told() == []
    do(database, "UPDATE pub.qpv SET source = 'autre'")
    (again,) = told()
    assert '"pub"."qpv"' in again
    assert '"pub"."bassin"' not in again


def test_a_report_recounts_the_layers_that_changed_and_asks_once_for_the_rest(
    database: Database, catalog: Catalog
) -> None:
    fetch_report(database, catalog, "bassin")
    do(database, "DELETE FROM pub.espace_nature WHERE code > (SELECT min(code) FROM pub.espace_nature)")
    with count_queries() as statements:
        report = fetch_report(database, catalog, "bassin")
    counts = {value.mesure: value.valeur for value in report.ensemble.values if value.couche == "espace_nature"}
    assert counts["nombre"] == 1
    assert sum("app.revision" in each and "webmap.base" in each for each in statements) == 1
    assert [each.count('"espace_nature"') > 0 for each in statements if "AS MATERIALIZED" in each] == [True]


def test_a_contour_is_measured_once_and_again_when_it_changes(database_with_contours: Database) -> None:
    database = database_with_contours
    fetch_units(database, "commune")
    do(database, "UPDATE pub.commune SET population_municipale = 12 WHERE code_insee = '59172'")
    with count_queries() as statements:
        before = {unit.code: unit.surface_km2 for unit in fetch_units(database, "commune")}
    assert [each for each in statements if "geography" in each] == []
    do(database, "UPDATE pub.commune SET geom = ST_Multi(ST_Buffer(geom, -100)) WHERE code_insee = '59172'")
    after = {unit.code: unit.surface_km2 for unit in fetch_units(database, "commune")}
    assert [code for code in before if after[code] != before[code]] == ["59172"]
    assert len(database.areas) == 47


def test_a_zone_that_is_drawn_is_read_each_time(database: Database) -> None:
    for communes in (["59172"], ["59172", "59526"]):
        with database.drawing(communes):
            (unit,) = fetch_units(database, "polygone")
        assert unit.communes == tuple(communes)
    assert fetch_units(database, "polygone") == []


def test_a_whole_country_fills_no_memory(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_rows, "_MOST_ROWS", 46)
    assert len(read_kept(database, COMMUNES, None, [])) == 47
    assert database.kept == {}
    monkeypatch.undo()
    monkeypatch.setattr(kept_rows, "_MOST_STATEMENTS", 3)
    for rank in range(5):
        read_kept(database, sql.SQL("SELECT {} AS rang").format(sql.Literal(rank)), None, [])
    assert [rows for _, rows in database.kept.values()] == [[{"rang": rank}] for rank in (2, 3, 4)]


def test_no_row_is_no_row(database: Database) -> None:
    nothing = sql.SQL("SELECT code_insee FROM pub.commune WHERE false")
    assert [read_kept(database, nothing, None, []) for _ in range(2)] == [[], []]
