"""`/cartes/<code>.html`: one file, closed, that shows what the atlas shows."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from webmap.formats.carte import CARTE_CSP
from webmap.web import cartes

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.store.db import Database

HOSTILE = ('<img src=x onerror="alert(1)">', "</script><script>alert(1)</script>", "{{ 7 * 7 }}", "<!--<script>")


def read_texts(html: str) -> dict[str, Any]:
    """Return the constant every text of the file is in."""
    found = re.search(r"const CARTE=(.*);\n", html)
    assert found is not None
    texts: dict[str, Any] = json.loads(found[1])
    return texts


def test_the_territory_is_one_closed_file(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    response = reader.get("/cartes/territoire.html")
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    assert response.headers["Content-Security-Policy"] == CARTE_CSP
    assert CARTE_CSP.startswith("sandbox allow-scripts; default-src 'none'")
    assert "Content-Disposition" not in response.headers
    page = read_page(response.text)
    assert not [a for _, a in page.tags if (a.get("src") or a.get("href") or "#")[0] not in "#d"]
    assert "Atlas de La Porte du Hainaut : La Porte du Hainaut" in page.text
    assert "Cellules schématiques, pas des limites administratives" in page.text


def test_it_downloads_when_asked(reader: FlaskClient) -> None:
    response = reader.get("/cartes/amandinois.html?telecharger")
    assert response.headers["Content-Disposition"] == 'attachment; filename="carte_bassin_amandinois.html"'
    assert response.headers["Content-Security-Policy"] == CARTE_CSP


def test_the_file_name_is_safe_whatever_the_code(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.bassin (code, nom, etat, source, millesime) VALUES (%s, 'x', 'existant', 'x', '2026')",
            ['é" x\r\nA: b'],
        )
    response = client.get("/cartes/%C3%A9%22%20x%0D%0AA:%20b.html?telecharger&couches=qpv")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == 'attachment; filename="carte_bassin_---x--A--b.html"'


@pytest.mark.parametrize(
    ("decoupage", "code"),
    [
        ("bassin", "amandinois"),
        ("equipe", "nord"),
        ("commune", "59172"),
        ("bv2022", "59172"),
        ("territoire", "200042190"),
    ],
)
def test_it_holds_what_is_in_the_unit(reader: FlaskClient, decoupage: str, code: str) -> None:
    html = reader.get(f"/cartes/{code}.html?couches=espace_nature&decoupage={decoupage}").text
    features = reader.get("/exports/espace_nature.geojson", query_string={decoupage: code}).get_json()["features"]
    (layer,) = read_texts(html)["layers"]
    assert sorted(row[0] for row in layer["rows"]) == sorted(feature["properties"]["nom"] for feature in features)
    assert len(features) == {"bassin": 2, "equipe": 6, "commune": 1, "bv2022": 4, "territoire": 10}[decoupage]


def test_a_unit_page_links_to_its_own_map(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    for decoupage, code in (
        ("commune", "59172"),
        ("bv2022", "59172"),
        ("bassin", "ostrevent"),
        ("territoire", "200042190"),
    ):
        links = read_page(reader.get(f"/territoires/{decoupage}/{code}").text).links()
        shown, downloaded = (link for link in links if link.startswith("/cartes/"))
        assert reader.get(shown).status_code == 200
        assert f'filename="carte_{decoupage}_{code}.html"' in reader.get(downloaded).headers["Content-Disposition"]


def test_the_territory_lists_what_is_not_located(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    html = reader.get("/cartes/territoire.html?couches=projet_emblematique").text
    assert "non localisés" in read_page(html).text
    assert "Fabrique des savoirs et de la citoyenneté" in read_page(html).text


def test_with_contours_no_schematic_notice(reader_with_contours: FlaskClient) -> None:
    text = reader_with_contours.get("/cartes/territoire.html?couches=espace_nature").text
    assert "pas des limites administratives" not in text.lower()


def test_stored_markup_stays_text(client: FlaskClient, database: Database, read_page: Callable[[str], Page]) -> None:
    before = read_page(client.get("/cartes/territoire.html?couches=espace_nature").text)
    with database.owner() as connection:
        for number, text in enumerate(HOSTILE):
            for precision, code in (("commune", "59172"), (None, None)):
                connection.execute(
                    "INSERT INTO pub.espace_nature (code, nom, commune, observation, precision, code_insee, geom, etat, source, millesime)"
                    " SELECT %s, %s, 'x', %s, %s, %s, CASE WHEN %s::text IS NULL THEN NULL ELSE e.geom END, 'existant', %s, '2026'"
                    " FROM pub.espace_nature e WHERE code = 'terrils-denain'",
                    [f"h{number}{code}", text, text, precision, code, code, text],
                )
        connection.execute("UPDATE pub.commune SET nom = %s WHERE code_insee = '59172'", [HOSTILE[0]])
    html = client.get("/cartes/territoire.html?couches=espace_nature").text
    page, texts = read_page(html), read_texts(html)
    assert page.count("script") == before.count("script")
    assert page.count("img") == 0
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    rows = [row[0] for row in texts["layers"][0]["rows"]]
    for text in HOSTILE:
        assert text in rows, "drawn, in the data"
        assert text in page.text, "not located, in the list"
    assert "49" not in re.findall(r"\b\d+\b", " ".join(rows))
    assert HOSTILE[0] in texts["communes"]


def test_a_filter_keeps_the_rows_of_the_link_and_is_said(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    path = "/cartes/territoire.html"
    address = f"{path}?couches=espace_nature,gare"
    condition = "nom LIKE 'B%' OR nom = '<script>'"
    filtered = reader.get(path, query_string={"couches": "espace_nature,gare", "filter.espace_nature": condition})
    expected = reader.get("/exports/espace_nature.geojson", query_string={"filter": condition}).get_json()["features"]
    all_of_it = len(reader.get("/exports/espace_nature.geojson").get_json()["features"])
    assert 0 < len(expected) < all_of_it
    rows, gares = (layer["rows"] for layer in read_texts(filtered.text)["layers"])
    assert [row[0] for row in rows] == [feature["properties"]["nom"] for feature in expected]
    whole = read_texts(reader.get(address).text)["layers"]
    assert (len(whole[0]["rows"]), len(whole[1]["rows"])) == (all_of_it, len(gares))
    text = read_page(filtered.text).text
    assert (
        f"Carte filtrée : Espaces de nature et de loisirs (CQL2, {condition})." in text
    )  # case and accents count: no words
    assert f"Filtre : CQL2, {condition}." in text
    told = reader.get(
        path, query_string={"couches": "gare", "filter.gare": "etat IN ('existant','projet') AND code_insee = '59172'"}
    )
    assert (
        "Filtre : état est «\u00a0existant\u00a0» ou «\u00a0en projet\u00a0» et commune (code INSEE) est"
        in read_page(told.text).text
    )
    assert "filtrée" not in reader.get(address).text


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("nulle_part.html", 404, "nulle_part"),
        ("%00.html", 404, "ni bassin ni territoire"),
        ("territoire.html?couches=", 404, "pas de couche"),
        ("territoire.html?couches=qpv,nulle_part", 404, "nulle_part"),
        ("territoire.html?couches=qpv,qpv", 400, "deux fois"),
        ("territoire.html?couches=engagement", 404, "sans géométrie"),
        ("territoire.html?couches=" + ",".join("abcdefghijklmnopqrstuvwxyzabcde"), 400, "30 au plus"),
        ("territoire.html?couches=qpv&couches=qpv", 400, "plusieurs fois"),
        ("territoire.html?telecharger=1&telecharger=2", 400, "plusieurs fois"),
        ("territoire.html?zoom=3", 400, "zoom"),
        ("territoire.html?couches=qpv&filter.gare=nom='a'", 400, "filter.gare"),
        ("territoire.html?couches=qpv&filter.qpv=inconnu=1", 400, "inconnu"),
        ("territoire.html?filter=nom='a'", 400, "filter"),
        ("59172.html?decoupage=bassin", 404, "59172"),
        ("59172.html?decoupage=canton", 404, "canton"),
    ],
)
def test_what_has_no_meaning_is_refused(reader: FlaskClient, address: str, status: int, said: str) -> None:
    response = reader.get(f"/cartes/{address}")
    assert response.status_code == status
    assert said in response.get_json()["detail"]
    assert "sandbox" not in response.headers["Content-Security-Policy"]


def test_a_layer_too_heavy_for_one_file_is_refused(reader: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cartes, "_MAX_BYTES", 1_000)
    response = reader.get("/cartes/territoire.html?couches=espace_nature")
    assert response.status_code == 400
    assert "trop lourde" in response.get_json()["detail"]
