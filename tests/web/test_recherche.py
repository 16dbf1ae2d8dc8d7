"""`/recherche.json`: places by name, as people type them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.store.db import Database

    Row = dict[str, Any]


def find(client: FlaskClient, text: str) -> list[Row]:
    response = client.get("/recherche.json", query_string={"q": text})
    assert response.status_code == 200
    body = response.get_json()
    assert body["requete"] == text
    rows: list[Row] = body["resultats"]
    return rows


@pytest.mark.parametrize(
    ("text", "nom"),
    [
        ("denain", "Denain"),
        ("DENAIN", "Denain"),
        ("  Dénain  ", "Denain"),
        ("roeulx", "Rœulx"),
        ("rœulx", "Rœulx"),
        ("saint amand", "Saint-Amand-les-Eaux"),
        ("St Amand", "Saint-Amand-les-Eaux"),
        ("herin", "Hérin"),
        ("59172", "Denain"),
        ("wavrechain sous denain", "Wavrechain-sous-Denain"),
    ],
)
def test_accents_case_and_hyphens_do_not_count(reader: FlaskClient, text: str, nom: str) -> None:
    rows = find(reader, text)
    assert rows[0]["nom"] == nom
    assert rows[0]["couche"] == "commune"
    assert rows[0]["couche_titre"] == "Communes"


def test_places_of_every_layer_are_found(reader: FlaskClient) -> None:
    rows = find(reader, "goriaux")
    assert [(row["couche"], row["detail"]) for row in rows if row["couche"] == "espace_nature"] == [
        ("espace_nature", "Raismes")
    ]
    assert rows[0]["etendue"][0] == rows[0]["etendue"][2]


def test_a_place_nobody_located_has_no_extent(reader: FlaskClient) -> None:
    rows = find(reader, "fabrique des savoirs")
    assert [row["etendue"] for row in rows] == [None]


@pytest.mark.parametrize("text", ["", "   ", "-", "%", "_", "'", "\\", "zzzzzz", "' OR 1=1 --zz", "é" * 200])
def test_what_names_nothing_finds_nothing(reader: FlaskClient, text: str) -> None:
    assert find(reader, text) == []


def test_at_most_twenty_places_communes_first(reader: FlaskClient) -> None:
    rows = find(reader, "e")
    assert len(rows) == 20
    ranks = [row["couche"] != "commune" for row in rows]
    assert ranks == sorted(ranks)


def test_wildcards_are_letters(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.halle (code, nom, etat, source, millesime) VALUES ('h', '50 % bio', 'existant', 'x', '2026')"
        )
    assert [row["nom"] for row in find(client, "50 bio")] == ["50 % bio"]


@pytest.mark.parametrize("query", ["", "q=a&q=b", "q=" + "a" * 201, "q=%00", "q=a&limite=3", "texte=a"])
def test_a_bad_parameter_is_400(reader: FlaskClient, query: str) -> None:
    response = reader.get(f"/recherche.json?{query}")
    assert response.status_code == 400
    assert response.get_json()["detail"].endswith(".")


def test_bytes_that_are_no_text_do_not_fail(reader: FlaskClient) -> None:
    assert reader.get("/recherche.json?q=%ff%fe").status_code == 200
    assert reader.get("/recherche.json?q=%ed%a0%80").status_code == 200
