"""`/territoires/…`: the same numbers as a page, as JSON and as CSV, each with its rule and its source."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from tests.web.measures_read import plain, read_measures
from tests.web.summaries_read import DECOUPAGES, get, values
from webmap.catalog import counting
from webmap.web import french

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.catalog.load import Catalog


MEASURE_KEYS = {"couche", "mesure", "valeur", "unite", "regle", "source", "additive"}  # the issue's own list


# --- shape -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decoupage", DECOUPAGES)
def test_json_has_the_shape_the_issue_gives(reader: FlaskClient, decoupage: str) -> None:
    report = get(reader, decoupage)
    assert report["decoupage"] == decoupage
    assert report["unites"]
    for unit in report["unites"]:
        assert isinstance(unit["code"], str)
        assert isinstance(unit["nom"], str)
        assert isinstance(unit["population"], int)
        assert isinstance(unit["nombre_communes"], int)
        assert unit["surface_km2"] is None
        for value in unit["mesures"]:
            assert value.keys() >= MEASURE_KEYS
            assert value["valeur"] is None or isinstance(value["valeur"], int | float)
            assert isinstance(value["additive"], bool)
            assert value["regle"]
            assert value["source"]
            assert (value["valeur"] is None) == (value["indisponible"] is not None)


def test_keys_of_the_json_are_those_published(reader: FlaskClient) -> None:
    report = get(reader, "bassin")
    top = {"decoupage", "titre", "avertissement", "contours_charges", "unites", "restes", "partages", "ensemble"}
    assert report.keys() == top
    unit = report["unites"][0]
    assert unit.keys() == {"code", "nom", "population", "nombre_communes", "surface_km2", "communes", "mesures"}
    more = {"couche_titre", "libelle", "millesime", "indisponible", "note", "declare", "comptage", "sens"}
    more |= {"borne_min", "borne_max", "communes_masquees"}
    assert unit["mesures"][0].keys() == MEASURE_KEYS | more
    assert unit["mesures"][0].keys() == report["ensemble"]["mesures"][0].keys()


def test_every_measured_layer_is_in_every_unit(reader: FlaskClient, catalog: Catalog) -> None:
    measured = {(layer.id, measure.id) for layer in catalog.public for measure in layer.measures}
    measured |= {("commune", name) for name in ("population_municipale", "surface_km2", "densite")}
    for unit in get(reader, "commune")["unites"]:
        assert values(unit).keys() == measured


def test_bassins_hold_the_whole_agglomeration(reader: FlaskClient) -> None:
    report = get(reader, "bassin")
    assert [unit["nom"] for unit in report["unites"]] == ["Amandinois", "Bassin minier", "Ostrevent"]
    assert sum(unit["nombre_communes"] for unit in report["unites"]) == 47
    assert len({code for unit in report["unites"] for code in unit["communes"]}) == 47
    assert sum(unit["population"] for unit in report["unites"]) == 158_351
    assert (report["ensemble"]["population"], report["ensemble"]["nombre_communes"]) == (158_351, 47)
    assert "à confirmer" in report["avertissement"]


def test_equipes_leave_34_communes_out(reader: FlaskClient) -> None:
    report = get(reader, "equipe")
    assert {unit["code"]: unit["nombre_communes"] for unit in report["unites"]} == {"nord": 7, "sud": 6}


def test_bv2022_is_another_zoning_than_bassin(reader: FlaskClient) -> None:
    report = get(reader, "bv2022")
    assert len(report["unites"]) == 5
    assert sum(unit["nombre_communes"] for unit in report["unites"]) == 47
    assert "ne jamais mêler" not in json.dumps(get(reader, "bassin"), ensure_ascii=False)


def test_territoire_has_one_unit_which_is_the_whole(reader: FlaskClient) -> None:
    report = get(reader, "territoire")
    assert [unit["code"] for unit in report["unites"]] == ["200042190"]
    assert report["unites"][0] == report["ensemble"]
    assert report["restes"] == []


def test_one_unit_is_the_same_alone_as_among_the_others(reader: FlaskClient) -> None:
    together = get(reader, "bassin")
    for unit in together["unites"]:
        alone = reader.get(f"/territoires/bassin/{unit['code']}.json").get_json()
        assert alone == {**together, "unites": [unit]}


# --- stated and counted ------------------------------------------------------------------------------------------


def test_qpv_shows_12_stated_and_13_coded_with_both_sources(
    reader: FlaskClient, read_page: Callable[[str], Page]
) -> None:
    whole = values(get(reader, "territoire")["ensemble"])
    counted, stated = whole["qpv", "nombre"], whole["qpv", "declare_quartiers_declares"]
    assert (counted["valeur"], stated["valeur"]) == (13, 12)
    assert "Quartiers prioritaires de la politique de la ville 2024" in counted["source"]
    assert "Contrat Quartiers 2030" in stated["source"]
    assert "ligne 72" in stated["source"]
    assert (counted["declare"], stated["declare"], stated["additive"]) == (False, True, False)
    assert stated["regle"] == counting.STATED
    page = read_page(reader.get("/territoires/bassin/amandinois").text)
    assert ["Quartiers réglementaires annoncés", "12\u00a0quartiers"] in [row[:2] for row in page.rows]
    assert [row[2] for row in page.rows if row[0] == "Quartiers prioritaires"] == ["13\u00a0quartiers"]


def test_known_totals_are_counted(reader: FlaskClient) -> None:
    whole = values(get(reader, "territoire")["ensemble"])
    for layer, expected in {"poche_pauvrete": 11, "projet_emblematique": 9, "espace_nature": 10}.items():
        assert whole[layer, "nombre"]["valeur"] == expected


# --- the same numbers everywhere ---------------------------------------------------------------------------------


def read_csv(client: FlaskClient, path: str) -> list[dict[str, str]]:
    response = client.get(path)
    assert response.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(response.text)))


@pytest.mark.parametrize("path", [*DECOUPAGES, "bassin/ostrevent", "commune/59172", "equipe/sud", "bv2022/59172"])
def test_csv_says_what_json_says(reader: FlaskClient, path: str) -> None:
    report = reader.get(f"/territoires/{path}.json").get_json()
    expected = [
        (unit["code"], unit["nom"], value["couche"], value["mesure"], value["valeur"], value["unite"], value["regle"])
        for unit in [*report["unites"], *([report["ensemble"]] if report["decoupage"] != "territoire" else [])]
        for value in unit["mesures"]
    ]
    found = [
        (row["code"], row["nom"], row["couche"], row["mesure"], number(row["valeur"]), row["unite"], row["regle"])
        for row in read_csv(reader, f"/territoires/{path}.csv")
    ]
    assert found == expected


def number(text: str) -> float | None:
    return float(text) if text else None


@pytest.mark.parametrize("path", ["bassin/amandinois", "commune/59172", "equipe/nord", "territoire/200042190"])
def test_page_says_what_json_says(
    reader_with_contours: FlaskClient, read_page: Callable[[str], Page], path: str
) -> None:
    report = reader_with_contours.get(f"/territoires/{path}.json").get_json()
    html = reader_with_contours.get(f"/territoires/{path}").text
    page = read_page(html)
    told = read_measures(html)
    stated = {row[0]: row for row in reversed(page.rows) if len(row) > 2}  # the first: charts have tables too
    unit, empty = report["unites"][0], 0
    for value in unit["mesures"]:
        if value["indisponible"] == counting.EMPTY_LAYER:
            empty += 1
        elif value["declare"]:
            number = f"{french.nombre(value['valeur'])}\u00a0{french.accorde(value['valeur'], value['unite'])}"
            assert stated[value["libelle"]][1].startswith(number)
        else:
            line = told.pop(value["libelle"])
            assert line.shows(line.cells[0], value), line
            assert line.rule == plain(value["regle"])
            assert line.cites(value), line
    assert told == {}
    assert empty
    assert french.nombre(unit["population"]) in page.text
    assert french.nombre(unit["surface_km2"]) in page.text


def test_unit_page_lists_places_and_the_not_located(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    page = read_page(reader.get("/territoires/bassin/amandinois").text)
    assert "/fiches/espace_nature/" in " ".join(page.links())
    assert "Non localisés (territoire entier)" in page.text
    assert "Fabrique des savoirs et de la citoyenneté" in page.text
    assert page.text.count("affectation de travail") == 1, "said once of all the communes"
