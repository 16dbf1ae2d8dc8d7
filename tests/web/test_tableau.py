"""`/tableaux/<id>.json`: the rows of an export, in the order asked for, read from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.store.db import Database

FILTERS = [
    {},
    {"bassin": "bassin_minier"},
    {"filter": "code_insee IS NOT NULL AND nom <> 'L''été'"},
    {"bbox": "3.3,50.3,3.5,50.45", "filter": "casei(accenti(nom)) LIKE '%a%'"},
]


def read(client: FlaskClient, couche: str, **query: str) -> dict[str, Any]:
    response = client.get(f"/tableaux/{couche}.json", query_string=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.get_json()
    return found


@pytest.mark.parametrize("query", FILTERS)
def test_it_holds_the_rows_of_the_export(reader: FlaskClient, query: dict[str, str]) -> None:
    export = reader.get("/exports/espace_nature.geojson", query_string=query).get_json()["features"]
    found = read(reader, "espace_nature", champs="nom,code_insee,precision", **query)
    rows = {row["id"]: [row["properties"][name] for name in ("nom", "code_insee", "precision")] for row in export}
    assert {cle: values for cle, *values in found["lignes"]} == rows
    assert found["nombre"] == len(rows)


def test_pages_follow_each_other_whatever_the_sort(reader: FlaskClient) -> None:
    for sort in ("nom", "-nom", "-population_municipale", "code_insee,-nom"):
        whole = read(reader, "commune", tri=sort, champs="nom,population_municipale")["lignes"]
        pages = [
            read(reader, "commune", tri=sort, champs="nom,population_municipale", depuis=str(at), lignes="10")
            for at in range(0, 60, 10)
        ]
        assert [row for page in pages for row in page["lignes"]] == whole
        assert len(whole) == 47


def test_texts_are_sorted_as_they_are_looked_up_and_missing_ones_come_last(
    client: FlaskClient, database: Database
) -> None:
    with database.owner() as connection:
        for code, name in (("1", "Étang"), ("2", "etang"), ("3", "Zoo"), ("4", "ÉCOLE"), ("5", "eau")):
            connection.execute(
                "INSERT INTO pub.espace_nature (code, nom, commune, observation, precision, etat, source, millesime)"
                " VALUES (%s, %s, 'x', NULLIF(%s, 'Zoo'), 'commune', 'projet', 'x', '2026')",
                [code, name, name],
            )
    kept = {"filter": "source = 'x'", "champs": "observation"}
    up = [row[1] for row in read(client, "espace_nature", tri="observation", **kept)["lignes"]]
    assert [text and text.casefold() for text in up] == ["eau", "école", "etang", "étang", None]
    down = [row[1] for row in read(client, "espace_nature", tri="-observation", **kept)["lignes"]]
    assert down == [*reversed(up[:-1]), None]


def test_a_row_is_found_by_its_key(reader: FlaskClient) -> None:
    order = [row[0] for row in read(reader, "commune", tri="-nom")["lignes"]]
    for key in (order[0], order[23], order[-1]):
        assert read(reader, "commune", tri="-nom", autour=key, lignes="1")["rang"] == order.index(key)
    assert read(reader, "commune", autour="nulle part")["rang"] is None


def test_it_follows_the_rows_and_says_304_until_they_change(client: FlaskClient, database: Database) -> None:
    first = client.get("/tableaux/espace_nature.json")
    seen = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/tableaux/espace_nature.json", headers=seen).status_code == 304
    with database.owner() as connection:
        connection.execute("DELETE FROM pub.espace_nature WHERE code = 'mare-a-goriaux'")
    again = client.get("/tableaux/espace_nature.json", headers=seen)
    assert again.get_json()["nombre"] == first.get_json()["nombre"] - 1
    assert again.get_json()["revision"] > first.get_json()["revision"]


def test_a_value_that_is_kept_says_why(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.filosofi (code_insee, med21, secret, non_disponible, precision, etat, source, millesime)"
            " VALUES ('59172', 14890, '{tp6021}', '{d121}', 'commune', 'existant', 'insee-filosofi-2021', '2021')"
        )
    found = read(client, "filosofi", champs="med21,tp6021,d121,d921")
    assert found["lignes"] == [["59172", 14890, {"absent": "secret"}, {"absent": "non_disponible"}, None]]


@pytest.mark.parametrize(
    "query",
    [
        "champs=inconnu", "tri=inconnu", "tri=geom", "depuis=-1", "lignes=x", "depuis=99999999", "autre=1", "champs=",
        "tri=nom,code,etat,source", "filter=nom", "bassin=nulle_part", "lignes=1&lignes=2", "champs=geom", "lignes=%C2%B2",
    ],
)  # fmt: skip
def test_what_it_does_not_know_is_refused_with_a_sentence(reader: FlaskClient, query: str) -> None:
    response = reader.get(f"/tableaux/espace_nature.json?{query}")
    assert response.status_code == 400
    assert response.get_json()["detail"]


def test_any_text_may_name_a_row(reader: FlaskClient) -> None:
    assert read(reader, "commune", autour="é'\"\\\n")["rang"] is None
    assert read(reader, "commune", lignes="0")["lignes"] == []
    assert read(reader, "commune", depuis="9999999")["lignes"] == []
    assert len(read(reader, "commune", lignes="9999999")["lignes"]) == 47


def test_too_many_rows_are_refused_and_old_orders_forgotten(
    reader: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webmap.store.tableau._KEPT", 60)
    store = reader.application.extensions["webmap"].tableaux
    for sort in ("nom", "-nom", "code_insee"):
        assert len(read(reader, "commune", tri=sort, champs="precision")["lignes"]) == 47
    assert sum(map(len, store._orders.values())) == 47
    monkeypatch.setattr("webmap.store.tableau.MAX_ROWS", 46)
    response = reader.get("/tableaux/commune.json?tri=-code_insee")
    assert response.status_code == 400
    assert "46 lignes au plus" in response.get_json()["detail"]
