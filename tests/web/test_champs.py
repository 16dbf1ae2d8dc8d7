"""`/couches/<id>/champs.json`: what the filter builder and the table know of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from webmap.store.filters import queryables
from webmap.web import french

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog


def fields(client: FlaskClient, couche: str) -> dict[str, dict[str, Any]]:
    response = client.get(f"/couches/{couche}/champs.json")
    assert response.status_code == 200
    return {each["id"]: each for each in response.get_json()["champs"]}


def test_every_layer_tells_fields_that_a_filter_may_name(reader: FlaskClient, catalog: Catalog) -> None:
    for layer in catalog.public:
        assert fields(reader, layer.id).keys() <= queryables(layer).keys()
    with_words = fields(reader, "projet_emblematique")
    assert with_words["etat"]["valeurs"] == french.ETATS
    assert with_words["precision"]["libelle"] == "Précision de l'emplacement"
    assert fields(reader, "filosofi").keys() & {"secret", "non_disponible"} == set()


def test_it_tells_units_types_and_how_many_rows_say_something(reader: FlaskClient) -> None:
    found = fields(reader, "irve")
    assert (found["puissance_nominale"]["type"], found["puissance_nominale"]["unite"]) == ("number", "kW")
    assert found["condition_acces"]["valeurs"]["Accès libre"] == "Accès libre"
    rows = reader.get("/exports/espace_nature.geojson").get_json()["features"]
    told = fields(reader, "espace_nature")
    for name in ("nom", "observation", "code_insee"):
        assert told[name]["remplis"] == sum(row["properties"][name] is not None for row in rows)


def test_values_come_most_frequent_first(reader: FlaskClient) -> None:
    rows = reader.get("/exports/espace_nature.geojson").get_json()["features"]
    communes = [row["properties"]["code_insee"] for row in rows if row["properties"]["code_insee"]]
    found = reader.get("/couches/espace_nature/champs/code_insee.json").get_json()["valeurs"]
    assert {each["valeur"]: each["lignes"] for each in found} == {code: communes.count(code) for code in communes}
    assert [each["lignes"] for each in found] == sorted((each["lignes"] for each in found), reverse=True)


@pytest.mark.parametrize("path", ["irve/champs/puissance_nominale", "irve/champs/%00", "nulle_part/champs/nom"])
def test_what_has_no_values_to_pick_is_404(reader: FlaskClient, path: str) -> None:
    assert reader.get(f"/couches/{path}.json").status_code == 404


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("quartier prioritaire", "quartiers prioritaires"),
        ("ancien quartier de veille active", "anciens quartiers de veille active"),
        ("axe transversal", "axes transversaux"),
        ("tronçon de cours d’eau", "tronçons de cours d’eau"),
        ("bassin de vie INSEE", "bassins de vie INSEE"),
        ("parc d’activité", "parcs d’activité"),
    ],
)
def test_a_noun_agrees_with_its_adjectives(one: str, several: str) -> None:
    assert french.plural(one) == several
