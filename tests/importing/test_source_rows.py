"""Cells as official files write them: booleans, decimal commas, moments, lists, and what no table can hold."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from tests.importing.published import IRVE, feature
from webmap.importing.readers import Feature, parse_point
from webmap.importing.reading import Around, Tally, build_rows
from webmap.importing.source_rows import build_source_row

if TYPE_CHECKING:
    from webmap.catalog.connector import Connector
    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog

AROUND = Around((3.22729, 50.22465, 3.58092, 50.53361), frozenset({"59172"}))


@pytest.fixture
def irve(catalog: Catalog) -> tuple[LayerDefinition, Connector]:
    layer = catalog.by_id["irve"]
    return layer, layer.connectors[0]


def build(irve: tuple[LayerDefinition, Connector], **changes: str | None) -> tuple[dict[str, Any], list[str]]:
    return build_source_row(*irve, {**IRVE, **changes}, "2026-07-29")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, True) for text in ("true", "TRUE", "True", "1", "O", "oui", "VRAI", "1.0", "yes")),
        *((text, False) for text in ("false", "FALSE", "0", "N", "non", "Faux", "0.0", "no")),
        ("", None),
    ],
)
def test_boolean_words(irve: tuple[LayerDefinition, Connector], text: str, *, value: bool | None) -> None:
    row, problems = build(irve, gratuit=text)
    assert (row["gratuit"], problems) == (value, [])


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("puissance_nominale", "22,5", 22.5),
        ("puissance_nominale", " 7.4 ", 7.4),
        ("nbre_pdc", "2.0", 2),
        ("nbre_pdc", "2", 2),
        ("date_maj", "2026-07-01T00:00:00+00:00", dt.date(2026, 7, 1)),
        ("date_maj", "2026-07-01 10:00:00", dt.date(2026, 7, 1)),
        ("date_maj", "2026-07-01", dt.date(2026, 7, 1)),
        ("nom_station", "  Gare « L'Haÿ »  ", "Gare « L'Haÿ »"),
    ],
)
def test_numbers_and_dates(irve: tuple[LayerDefinition, Connector], field: str, text: str, value: object) -> None:
    row, problems = build(irve, **{field: text})
    assert (row[field], problems) == (value, [])


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    [
        ("puissance_nominale", "22 kW", "puissance_nominale = « 22 kW » : attendu un nombre"),
        ("puissance_nominale", "1e999", "attendu un nombre"),
        ("puissance_nominale", "1.234,5", "attendu un nombre"),
        ("nbre_pdc", "2.5", "attendu un nombre entier"),
        ("nbre_pdc", "9" * 30, "attendu un nombre entier"),
        ("gratuit", "peut-être", "attendu true ou false"),
        ("date_maj", "01/07/2026", "attendu une date"),
        ("implantation_station", "Ailleurs", "attendu Voirie"),
        ("nom_station", "", "nom_station est obligatoire et vide"),
        ("nom_station", "a\0b", "nom_station : caractère illisible"),
        ("nom_station", "a\ud800b", "nom_station : caractère illisible"),
        ("nom_station", "x" * 20_001, "nom_station : plus de 20000 caractères"),
        ("code_insee_commune", "5917", "attendu un code de cinq caractères"),
    ],
)
def test_what_does_not_fit_is_told(
    irve: tuple[LayerDefinition, Connector], field: str, text: str, problem: str
) -> None:
    _, problems = build(irve, **{field: text})
    assert any(problem in found for found in problems), problems


def test_common_columns_are_filled(irve: tuple[LayerDefinition, Connector]) -> None:
    row, problems = build(irve)
    assert problems == []
    named = {name: row[name] for name in ("precision", "source", "millesime", "etat", "code_insee", "source_url")}
    assert named == {
        "precision": "exacte", "source": "irve-consolidation", "millesime": "2026-07-29", "etat": "existant",
        "code_insee": "59172", "source_url": "https://www.data.gouv.fr/api/1/datasets/r/eb76d20a-8501-400e-b336-d85724de5435",
    }  # fmt: skip


def test_in_geometry_mode_only_the_key_and_what_is_compared_are_read(catalog: Catalog) -> None:
    layer = catalog.by_id["qpv"]
    row, problems = build_source_row(
        layer, layer.connectors[0], {"code_qp": " QN1 ", "lib_qp": "Elnon", "insee_com": "59526, 59172"}, "2026-01-01"
    )
    assert problems == []
    assert {name: value for name, value in row.items() if value is not None} == {
        "code_qp": "QN1", "lib_qp": "Elnon", "communes": ["59526", "59172"],
    }  # fmt: skip


# --- reading -----------------------------------------------------------------------------------------------------


def read(irve: tuple[LayerDefinition, Connector], *changes: dict[str, str]) -> tuple[list[dict[str, Any]], Tally]:
    tally = Tally()
    cells = [{**IRVE, "id_pdc_itinerance": f"FRABCE{n}", **change} for n, change in enumerate(changes)]
    features = [parse_point(c["coordonneesXY"], c) for c in cells]
    return list(build_rows(*irve, features, "2026-07-29", AROUND, tally)), tally


@pytest.mark.parametrize("word", ["Non concerné", "non concerne", "NON CONCERNÉ", "Non  concerné ", "", "   "])
def test_an_identifier_that_is_none_is_never_a_key(irve: tuple[LayerDefinition, Connector], word: str) -> None:
    rows, tally = read(irve, {}, *[{"id_pdc_itinerance": word}] * 3)
    assert [row["id_pdc_itinerance"] for row in rows] == ["FRABCE0"]
    assert tally.without_key == 3
    assert "3 sans identifiant près du territoire, laissées de côté" in tally.told()


@pytest.mark.parametrize("word", ["Non concerné", "NON CONCERNE", ""])
def test_a_station_that_is_none_is_no_station(irve: tuple[LayerDefinition, Connector], word: str) -> None:
    rows, tally = read(irve, *[{"id_station_itinerance": word, "restriction_gabarit": "Non concerné"}] * 2)
    assert [row["id_station_itinerance"] for row in rows] == [None, None]
    assert {row["restriction_gabarit"] for row in rows} == {"Non concerné"}  # a free text, not an identifier
    assert tally.aside == []


def test_what_is_far_is_not_counted_as_without_identifier(irve: tuple[LayerDefinition, Connector]) -> None:
    far = {"coordonneesXY": "[5.37, 43.29]", "code_insee_commune": "13055"}
    rows, tally = read(irve, {**far, "id_pdc_itinerance": "Non concerné"}, far, {"coordonneesXY": "[43.29, 5.37]"})
    assert rows == []
    assert (tally.read, tally.without_key, tally.swapped, tally.abroad) == (3, 0, 1, 0)
    assert tally.misplaced == ["FRABCE2"]  # says 59172 and stands in Marseille
    assert any("1 dit une commune du territoire et est placée loin de lui" in line for line in tally.told())


def test_without_coordinates_only_a_row_of_our_communes_is_kept(irve: tuple[LayerDefinition, Connector]) -> None:
    rows, _ = read(irve, {"coordonneesXY": ""}, {"coordonneesXY": "?", "code_insee_commune": "13055"})
    assert [(row["id_pdc_itinerance"], row["geometry"]) for row in rows] == [("FRABCE0", None)]


def test_an_unreadable_geometry_is_set_aside(irve: tuple[LayerDefinition, Connector], catalog: Catalog) -> None:
    layer = catalog.by_id["zonage_nature"]
    tally = Tally()
    broken = '{"type": "Polygon", "coordinates": [[[3.3, 50.3], [3.4, 50.4]]]}'
    good = '{"type": "Polygon", "coordinates": [[[3.3, 50.3], [3.4, 50.4], [3.3, 50.4], [3.3, 50.3]]]}'
    features = [
        Feature(feature(None, id_mnhn="a", nom="A")["properties"], text)
        for text in (broken, good, "{}", '{"type": "Polygon"}')
    ]
    rows = list(build_rows(layer, layer.connectors[0], features, "2026-07-29", AROUND, tally))
    assert len(rows) == 1
    assert tally.aside == [f"objet {n} (a) : géométrie illisible" for n in (1, 3, 4)]
    del irve
