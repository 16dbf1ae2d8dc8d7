"""Pages of items: whole, in order, whatever comes and goes meanwhile; rows without a place come last."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.web.ogc.items_read import ask, following, keys, walk

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.store.db import Database


# --- pages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["", "nom", "-population_municipale", "etat,-nom", "-precision,etat", "source_url"])
@pytest.mark.parametrize("limit", [1, 5, 46, 47, 100])
def test_pages_make_the_whole_in_order(api: FlaskClient, sort: str, limit: int) -> None:
    query = {"sortby": sort} if sort else {}
    pages = walk(api, "commune", limit=limit, **query)
    found = [key for page in pages for key in keys(page)]
    assert found == keys(ask(api, "commune", limit=1000, **query))
    assert len(found) == len(set(found)) == 47
    assert {page["numberMatched"] for page in pages} == {47}


def test_sorts_follow_values_and_leave_nulls_last(own_api: tuple[FlaskClient, Database]) -> None:
    client, database = own_api
    with database.owner() as connection:
        connection.execute("UPDATE pub.irve SET date_mise_en_service = NULL WHERE nbre_pdc IN (20, 40)")
    for sort, backwards in (("date_mise_en_service", False), ("-date_mise_en_service", True)):
        pages = walk(client, "irve", sortby=sort, limit=2)
        days = [each["properties"]["date_mise_en_service"] for page in pages for each in page["features"]]
        known = [day for day in days if day]
        assert known == sorted(known, reverse=backwards)
        assert (len(days), days[-2:]) == (7, [None, None])
    ascending = ask(client, "irve", sortby="+puissance_nominale")["features"]
    assert ascending == ask(client, "irve", sortby="puissance_nominale")["features"]


def test_pages_stay_right_while_rows_come_and_go(own_api: tuple[FlaskClient, Database]) -> None:
    """What is there from first to last page is given once, whatever comes and goes around it meanwhile."""
    client, database = own_api
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.espace_nature (code, nom, commune, etat, source, millesime)"
            " SELECT 'k' || lpad(n::text, 4, '0'), 'n' || n % 7, 'x', 'existant', 'essai', '2026' FROM generate_series(1, 300) n"
        )
    stop = threading.Event()

    def churn() -> None:
        with database.owner() as connection:
            connection.autocommit = True
            number = 0
            while not stop.is_set():
                number += 1
                connection.execute(
                    "INSERT INTO pub.espace_nature (code, nom, commune, etat, source, millesime)"
                    " VALUES (%s, %s, 'x', 'existant', 'essai', '2026')",
                    [f"k{number % 300:04}-{number}", f"n{number % 7}"],
                )
                connection.execute("DELETE FROM pub.espace_nature WHERE code = %s", [f"k{number * 3 % 300:04}"])

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        walks = [
            [key for page in walk(client, "espace_nature", limit=13, **sort) for key in keys(page)]
            for sort in ({"sortby": "-nom"}, {"sortby": "nom"}, {})
        ]
    finally:
        stop.set()
        thread.join()
    left = set(keys(ask(client, "espace_nature", limit=10_000, sortby="nom")))
    stayed = {key for key in left if "-" not in key and key.startswith("k")}
    assert stayed
    for found in walks:
        assert len(found) == len(set(found))
        assert stayed <= set(found)


def test_the_row_a_cursor_stands_on_may_go(own_api: tuple[FlaskClient, Database]) -> None:
    client, database = own_api
    every = keys(ask(client, "commune", sortby="nom"))
    path = following(ask(client, "commune", sortby="nom", limit=10))
    assert path
    with database.owner() as connection:
        connection.execute("DELETE FROM pub.commune WHERE code_insee = ANY(%s)", [every[8:10]])
    assert keys(client.get(path).get_json(force=True)) == every[10:20]


# --- rows without a place ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_rows_without_a_place_come_after_the_others_and_are_counted(reader: FlaskClient, limit: int) -> None:
    pages = walk(reader, "projet_emblematique", limit=limit)
    placed = [[feature["geometry"] is not None for feature in page["features"]] for page in pages]
    assert all(len(set(page)) == 1 for page in placed)  # never both on one page
    flat = [each for page in placed for each in page]
    assert flat == sorted(flat, reverse=True)
    assert {page["numberMatched"] for page in pages} == {len(flat)} == {9}
    assert sorted(key for page in pages for key in keys(page)) == sorted(
        keys(ask(reader, "projet_emblematique", sortby="nom"))
    )


def test_a_layer_none_of_whose_rows_has_a_place_has_a_first_page(reader: FlaskClient) -> None:
    for layer in ("qpv", "engagement"):
        (page,) = walk(reader, layer)
        assert page["numberReturned"] == page["numberMatched"] > 0
        assert all(feature["geometry"] is None for feature in page["features"])


def test_the_page_for_people_lists_them_together(reader: FlaskClient) -> None:
    page = reader.get("/ogc/collections/projet_emblematique/items?f=html").text
    assert "9 éléments, 9 sur cette page" in page.replace("\xa0", " ").replace("\u202f", " ")


def test_a_sort_that_is_asked_for_mixes_rows(reader: FlaskClient) -> None:
    (page,) = walk(reader, "projet_emblematique", sortby="numero")
    assert len({feature["geometry"] is None for feature in page["features"]}) == 2
