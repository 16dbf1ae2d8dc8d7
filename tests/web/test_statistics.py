"""Figures of INSEE as people read them: bounds with their communes, secrets said, classes with their zeros."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.store.db import Database

RATES = {"59172": 43.0, "59002": 21.0, "59064": None}  # Denain, Abscon, Bellaing: all in the Bassin minier
UNIT = "/territoires/bassin/bassin_minier"


@pytest.fixture
def filled_client(client: FlaskClient, database: Database) -> FlaskClient:
    """Return a client of an atlas that has three communes of Filosofi, one of which hides its rate."""
    with database.owner() as connection:
        for code, rate in RATES.items():
            connection.execute(
                "INSERT INTO pub.filosofi (code_insee, nbmenfisc21, tp6021, secret, precision, etat, source, millesime)"
                " VALUES (%s, 10, %s, %s, 'commune', 'existant', 'insee-filosofi-2021', '2021')",
                [code, rate, None if rate else ["tp6021"]],
            )
    return client


def figures(client: FlaskClient, path: str) -> dict[str, dict[str, Any]]:
    """Return the figures of Filosofi of a unit, as the CSV gives them."""
    rows = csv.DictReader(io.StringIO(client.get(f"{path}.csv").text.removeprefix("\ufeff")))
    return {row["mesure"]: row for row in rows if row["couche"] == "filosofi"}


def test_bounds_stand_with_their_communes_on_the_page(filled_client: FlaskClient) -> None:
    page = re.sub(r"\s+", " ", filled_client.get(UNIT).text.replace("\u00a0", " ").replace("&nbsp;", " "))
    assert "de 21 à 43 % <small>(2 communes ; 1 masquée ; 16 sans donnée)</small>" in page
    assert "1 commune masquée" not in page  # the households are known where the rate is not: only communes are missing
    assert "16 communes sans donnée" in page
    assert "secret statistique" in filled_client.get("/territoires/commune/59064").text


def test_the_empty_layer_gives_no_number(client: FlaskClient) -> None:
    for path in (
        UNIT,
        "/territoires/bassin",
        "/territoires/commune/59064",
        "/couches/filosofi",
        "/couches/grille_densite",
    ):
        assert client.get(path).status_code == 200
    assert "Une couche encore vide" in client.get("/couches/filosofi").text


def test_the_csv_has_the_bounds_and_no_value(filled_client: FlaskClient) -> None:
    rate = figures(filled_client, UNIT)["taux_pauvrete"]
    assert (rate["valeur"], rate["communes_masquees"]) == ("", "1")
    assert [float(rate[name].replace(",", ".")) for name in ("borne_min", "borne_max")] == [21, 43]
    assert rate["indisponible"].startswith("non calculable : une médiane ou un taux")
