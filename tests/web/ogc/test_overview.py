"""The small map of the pages of the API: what the page lists, drawn over the communes, each place tied to its item."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import pytest
from psycopg import sql

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.store.db import Database

_ITEM = re.compile(r'<a href="([^"]+)" tabindex="-1"><title>([^<]+)</title>\s*(.*?)</a>', re.DOTALL)
_OPENED = re.compile(r'<a href="(/#[^"]+)">Ouvrir dans la carte</a>')


def page(client: FlaskClient, path: str) -> str:
    response = client.get(path, headers={"Accept": "text/html"})
    assert response.status_code == 200
    return response.text


@pytest.mark.parametrize("layer_id", ["commune", "cours_eau", "gare"])
def test_the_map_of_a_page_of_items_shows_them_and_leads_to_them(api: FlaskClient, layer_id: str) -> None:
    path = f"/ogc/collections/{layer_id}/items"
    listed = [feature["id"] for feature in api.get(f"{path}?limit=5&f=json").get_json()["features"]]
    drawn = _ITEM.findall(page(api, f"{path}?limit=5"))
    assert sorted(unquote(href) for href, _, _ in drawn) == sorted(f"{path}/{key}?f=html" for key in listed)
    assert all(("<circle" if layer_id == "gare" else "<path") in shape for *_, shape in drawn)
    for href, _, _ in drawn:
        assert api.get(href).status_code == 200


def test_the_map_of_a_collection_shows_all_its_places(api: FlaskClient, placed_database: Database) -> None:
    [row] = placed_database.read(sql.SQL("SELECT count(*) AS nombre FROM pub.commune WHERE geom IS NOT NULL"))
    assert len(_ITEM.findall(page(api, "/ogc/collections/commune"))) == row["nombre"]


def test_the_map_of_an_item_is_around_it(api: FlaskClient) -> None:
    whole = page(api, "/ogc/collections/commune/items/59172")
    assert 'class="surface"' in whole
    assert _OPENED.findall(whole) == ["/#couches=commune&amp;fiche=commune:59172"]
    scale = re.compile(r"scale\(([\d.]+)\)")
    close, far = (float(scale.findall(text)[0]) for text in (whole, page(api, "/ogc/collections/commune/items")))
    assert close > 1.5 * far


def test_the_map_opens_with_the_unit_and_the_filter_of_the_page(api: FlaskClient) -> None:
    asked = "nom LIKE 'A%' AND population_municipale > 10"
    text = page(api, f"/ogc/collections/commune/items?bassin=ostrevent&filter={quote(asked)}")
    [href] = _OPENED.findall(text)
    name, value = href.split("&amp;")[-1].split("=", 1)
    assert href.startswith("/#couches=commune&amp;filtre=bassin:ostrevent&amp;")
    assert (name, unquote(value)) == ("filtres", f"commune:{asked}")
    # A filter the map cannot read is left out, rather than said to hold.
    other = quote('{"op":"like","args":[{"property":"nom"},"A%"]}')
    assert _OPENED.findall(page(api, f"/ogc/collections/commune/items?filter-lang=cql2-json&filter={other}")) == [
        "/#couches=commune"
    ]


def test_no_place_is_told_and_a_table_has_no_map(reader: FlaskClient, api: FlaskClient) -> None:
    text = page(reader, "/ogc/collections/qpv/items")
    assert "Rien à dessiner ici : aucun élément de cette page" in text
    assert _OPENED.findall(text) == ["/#couches=qpv"]
    assert "<svg" not in page(api, "/ogc/collections/filosofi/items")


def test_many_places_are_bounded_and_the_rest_is_told(own_api: tuple[FlaskClient, Database]) -> None:
    client, database = own_api
    with database.owner() as connection:
        connection.execute("DELETE FROM pub.gare")
        connection.execute(
            "INSERT INTO pub.gare (code_uic, libelle, voyageurs, geom, precision, etat, source, millesime)"
            " SELECT 'g' || lpad(n::text, 4, '0'), 'Gare <' || n || '>', true, ST_SetSRID(ST_MakePoint(720000 + n, 7030000), 2154),"
            " 'exacte', 'existant', 'essai', '2026' FROM generate_series(1, 501) n"
        )
        connection.execute("UPDATE pub.gare SET geom = ST_Translate(geom, 0, 900000) WHERE code_uic = 'g0001'")
    text = page(client, "/ogc/collections/gare")
    assert len(_ITEM.findall(text)) == 499
    assert "Gare &lt;2&gt;" in text
    assert "La carte s’en tient aux 500 premiers" in text
    assert "Hors du cadre : 1." in text
