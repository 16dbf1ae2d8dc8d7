"""Search, one row, the rows of a unit, and how much each layer holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.store.conftest import HOSTILE, build, define, do, insert, revisions
from webmap.errors import OutdatedError
from webmap.store.places import (
    check_reader,
    contours_loaded,
    fetch_commune_names,
    fetch_inventory,
    fetch_layer_places,
    fetch_origins,
    fetch_place,
    fetch_revisions,
    fetch_unit_places,
    search_places,
)
from webmap.store.statements import count_queries
from webmap.store.summaries import fetch_summaries

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database


def names(database: Database, catalog: Catalog, text: str) -> list[str]:
    return [row["nom"] for row in search_places(database, catalog.public, text)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Denain", "Denain"),
        ("DENAIN", "Denain"),
        ("dénàin", "Denain"),
        ("saint-amand", "Saint-Amand-les-Eaux"),
        ("st amand", "Saint-Amand-les-Eaux"),
        ("St-Amand les eaux", "Saint-Amand-les-Eaux"),
        ("eaux amand", "Saint-Amand-les-Eaux"),
        ("roeulx", "Rœulx"),
        ("RŒULX", "Rœulx"),
        ("emerchicourt", "Émerchicourt"),
        ("  Émer  ", "Émerchicourt"),
        ("59172", "Denain"),
    ],
)
def test_what_a_person_types_is_found_first(facts: Database, catalog: Catalog, text: str, first: str) -> None:
    assert names(facts, catalog, text)[0] == first


SIGNS = ["", "   ", "-", "'", "%", "_", "%%", "\\", "(", ".*", "x%z", "x" * 1000, "xy " * 300, *HOSTILE[:4]]


@pytest.mark.parametrize("text", SIGNS)
def test_signs_and_long_texts_find_nothing_and_break_nothing(facts: Database, catalog: Catalog, text: str) -> None:
    assert names(facts, catalog, text) == []


@pytest.mark.parametrize("text", ["d_nain", "de%n", "d.nain", "d\\nain", "d-nain", "d'nain"])
def test_a_sign_separates_words_and_stands_for_nothing(facts: Database, catalog: Catalog, text: str) -> None:
    words = "".join(letter if letter.isalpha() else " " for letter in text)
    assert names(facts, catalog, text) == names(facts, catalog, words)
    assert 0 < len(names(facts, catalog, text)) <= 20


@pytest.mark.parametrize("text", ["e", "am", "am l", "59"])
def test_one_or_two_letters_begin_a_word(facts: Database, catalog: Catalog, text: str) -> None:
    found = search_places(facts, catalog.public, text)
    longest = max(text.split(), key=len)
    assert found
    with facts.owner() as connection:
        for row in found:
            asked = "SELECT string_to_array(app.cle_recherche(%s), ' ') AS mots"
            words = connection.execute(asked, [f"{row['nom']} {row['cle']}"]).fetchall()[0]["mots"]
            assert any(word.startswith(longest) for word in words)


def test_any_part_of_a_word_finds_it_from_three_letters(facts: Database, catalog: Catalog) -> None:
    for row in search_places(facts, catalog.public, "mand"):
        assert "mand" in row["nom"].lower()
    assert "Saint-Amand-les-Eaux" in names(facts, catalog, "mand")


def test_a_found_place_says_where_it_is(facts: Database, catalog: Catalog) -> None:
    denain = search_places(facts, catalog.public, "denain")[0]
    assert (denain["couche"], denain["cle"], denain["commune"]) == ("commune", "59172", None)
    assert 3.2 < denain["ouest"] < denain["est"] < 3.6
    assert 50.2 < denain["sud"] < denain["nord"] < 50.6
    poche = next(row for row in search_places(facts, catalog.public, "Haveluy") if row["couche"] == "poche_pauvrete")
    assert poche["commune"] == "Haveluy"


def test_an_internal_layer_is_never_found(database: Database, catalog: Catalog) -> None:
    secret = define(visibility="interne")
    build(database, secret)
    insert(database, secret, [{"nom": "Xylophage"}])
    assert names(database, catalog, "Xylophage") == []
    with pytest.raises(OutdatedError, match="devenu interne"):
        search_places(database, [*catalog.public, secret], "Xylophage")
    build(database, define())
    assert [row["nom"] for row in search_places(database, [define()], "xylophage")] == ["Xylophage"]


def test_one_row(facts: Database, catalog: Catalog) -> None:
    row = fetch_place(facts, catalog.by_id["poche_pauvrete"], "haveluy-centre")
    assert row is not None
    assert (row["nom"], row["precision"], row["communes_noms"]) == ("Centre (Haveluy)", "quartier", ["Haveluy"])
    assert row["unites"]["commune"] == {"code": "59292", "nom": "Haveluy"}
    assert row["unites"]["territoire"]["nom"] == "La Porte du Hainaut"
    assert row["ouest"] == row["est"]
    assert fetch_place(facts, catalog.by_id["poche_pauvrete"], "'; --") is None


def test_one_row_over_several_communes(facts: Database, catalog: Catalog) -> None:
    row = fetch_place(facts, catalog.by_id["qpv"], "QN05920M")
    assert row is not None
    assert (row["communes_noms"], row["codes_ailleurs"]) == (["Raismes"], ["59014"])
    assert row["ouest"] is None
    assert row["unites"] is None


@pytest.mark.parametrize(
    ("decoupage", "unit"), [("bassin", "bassin_minier"), ("commune", "59172"), ("territoire", "200042190")]
)
@pytest.mark.parametrize("contours", [False, True])
def test_the_list_of_a_unit_is_what_the_summary_counts(
    facts: Database,
    facts_with_contours: Database,
    catalog: Catalog,
    decoupage: str,
    unit: str,
    *,
    contours: bool,
) -> None:
    database = facts_with_contours if contours else facts
    layers = [layer for layer in catalog.public if layer.measures and layer.id != "commune" and not layer.decoupage]
    with count_queries() as counted:
        rows = fetch_unit_places(database, layers, decoupage, unit)
    assert len(counted) == 1
    for layer_id, summary in fetch_summaries(database, layers, decoupage).items():
        own = [row for row in rows if row["couche"] == layer_id]
        count = summary.unites.get(unit)
        assert sum(row["localise"] for row in own) == (count.nombre if count else 0), layer_id
        assert sum(not row["localise"] for row in own) == summary.non_localise.nombre, layer_id


def test_no_layer_no_list(facts: Database) -> None:
    assert fetch_unit_places(facts, [], "bassin", "bassin_minier") == []


def test_a_list_is_cut_at_five_hundred(database: Database) -> None:
    layer = define()
    build(database, layer)
    do(
        database,
        "INSERT INTO pub.essai SELECT to_char(n, '0000'), 'n', NULL, NULL, NULL, 'existant', 's', NULL, NULL, '2026'"
        " FROM generate_series(1, 600) n",
    )
    with count_queries() as counted:
        assert len(fetch_layer_places(database, layer)) == 500
    with database.owner() as connection:
        connection.execute("SET enable_seqscan = off")  # six hundred rows: no index would be worth it
        plan = connection.execute(f"EXPLAIN {counted[0]}".encode()).fetchall()
    assert "ix_essai_rang_nom" in str(plan)
    assert len(fetch_unit_places(database, [layer], "territoire", "200042190")) == 500


def test_how_much_each_layer_holds(facts: Database, catalog: Catalog) -> None:
    with count_queries() as counted:
        found = fetch_inventory(facts, catalog.public)
    assert len(counted) <= 3  # whatever the layers
    assert found.keys() == {layer.id for layer in catalog.public}
    assert (found["qpv"]["lignes"], found["qpv"]["localises"], found["qpv"]["exactes"]) == (13, 0, 0)
    assert (found["commune"]["lignes"], found["commune"]["localises"], found["commune"]["exactes"]) == (47, 47, 0)
    assert {layer: row["revision"] for layer, row in found.items()}.items() <= revisions(facts).items()
    assert all(row["origine"] == "seed" and row["charge"] for row in found.values())


def test_revisions_are_read_for_what_is_asked(facts: Database) -> None:
    known = revisions(facts)
    assert fetch_revisions(facts, ["qpv", "bassin", "licorne"]) == [("bassin", known["bassin"]), ("qpv", known["qpv"])]


def test_contours_are_there_or_not(facts: Database, facts_with_contours: Database) -> None:
    assert not contours_loaded(facts)
    assert fetch_origins(facts, []).contour_source == "contours des communes non chargés"
    assert contours_loaded(facts_with_contours)
    told = fetch_origins(facts_with_contours, [])
    assert told.contours
    assert told.contour_source.startswith("contours des communes : contours.geojson, chargé le ")


def test_one_contour_missing_is_not_loaded(database_with_contours: Database) -> None:
    do(database_with_contours, "UPDATE pub.commune SET geom = NULL, precision = NULL WHERE code_insee = '59002'")
    assert not contours_loaded(database_with_contours)


def test_names_and_health(facts: Database) -> None:
    assert len(fetch_commune_names(facts)) == 47
    assert fetch_commune_names(facts)["59172"] == "Denain"
    with count_queries() as counted:
        check_reader(facts)
    assert len(counted) == 1
