"""`/fiches/<couche>/<cle>`: a row as a page and as JSON; whatever is stored stays text, whatever the key is reachable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from webmap.web import french

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

IMG = '<img src=x onerror="alert(1)">'
CLOSE = "</script><script>alert(1)</script>"
TEMPLATE = "{{ 7 * 7 }}"


def insert(database: Database, code: str, **values: str | None) -> None:
    row = {"nom": "Nom", "observation": None, "source_url": None, "commune": "x", **values}
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.espace_nature (code, nom, commune, observation, source_url, precision, code_insee, etat, source, millesime)"
            " VALUES (%(code)s, %(nom)s, %(commune)s, %(observation)s, %(source_url)s, 'commune', '59172', 'projet', %(source)s, '2026')",
            {"source": "x", **row, "code": code},
        )


def sheet(client: FlaskClient, path: str) -> dict[str, Any]:
    response = client.get(f"/fiches/{path}.json")
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/json"
    found: dict[str, Any] = response.get_json()
    return found


def test_a_secret_is_said_and_never_shown(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.filosofi (code_insee, med21, tp6021, secret, non_disponible, precision, etat, source, millesime)"
            " VALUES ('59172', 14890, 76.54, '{tp6021}', '{d121}', 'commune', 'existant', 'insee-filosofi-2021', '2021')"
        )
    found = sheet(client, "filosofi/59172")
    lines = {line["libelle"]: line["valeur"] for line in found["lignes"]}
    assert (found["titre"], found["localisation"]) == ("Denain", "la commune entière")
    assert lines["Niveau de vie annuel médian"] == "14\u00a0890\u00a0€"
    assert lines["Taux de pauvreté au seuil de 60 %"] == "secret statistique"
    assert lines["Premier décile du niveau de vie"] == "non disponible à la source"
    assert lines["Ménages fiscaux"] == "—"
    assert not {"Valeurs couvertes par le secret statistique", "Valeurs non disponibles"} & lines.keys()
    assert found["source"]["nom"].startswith("Filosofi 2021")
    assert "76,5" not in client.get("/fiches/filosofi/59172").text
    assert ">Denain</a>" in client.get("/couches/filosofi").text


def test_a_sheet_says_what_is_known_and_where_from(reader: FlaskClient) -> None:
    found = sheet(reader, "espace_nature/terrils-denain")
    assert found["couche"] == "espace_nature"
    assert found["titre"] == "Terril(s) de Denain"
    assert found["precision"] == "commune"
    assert found["localisation"] == french.PRECISIONS["commune"]
    assert found["etat"] in french.ETATS.values()
    assert found["source"]["nom"].startswith("Projet de Territoire")
    assert found["source"]["ligne"]
    assert found["source"]["millesime"] == "2023-10"
    west, south, east, north = found["etendue"]
    assert west == east
    assert 3.2 < west < 3.6
    assert 50.2 < south == north < 50.6
    hrefs = {link["href"] for link in found["liens"]}
    assert {"/couches/espace_nature", "/territoires/commune/59172", "/territoires/bassin/bassin_minier"} <= hrefs


def test_every_row_of_the_atlas_has_a_sheet(reader: FlaskClient, catalog: Catalog) -> None:
    for layer in catalog.public:
        for feature in reader.get(f"/exports/{layer.id}.geojson").get_json()["features"]:
            assert sheet(reader, f"{layer.id}/{feature['id']}")["cle"] == feature["id"]


def test_a_page_says_what_the_json_says(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    for path in ("qpv/QN05950M", "projet_emblematique/1", "commune/59172", "bassin/ostrevent", "engagement/1"):
        response = reader.get(f"/fiches/{path}")
        if response.status_code == 404:  # the keys of facts are not this test's matter
            continue
        found, page = sheet(reader, path), read_page(response.text)
        for line in found["lignes"]:
            assert line["libelle"] in page.text
            assert line["valeur"] in page.text
        assert found["localisation"] in page.text
        assert all(link["href"] in page.links() for link in found["liens"])


def test_a_cell_is_no_limit_and_a_missing_place_is_said(reader: FlaskClient) -> None:
    assert "pas une limite administrative" in sheet(reader, "commune/59172")["localisation"]
    qpv = reader.get("/exports/qpv.geojson").get_json()["features"][0]["id"]
    found = sheet(reader, f"qpv/{qpv}")
    assert found["localisation"] == "périmètre inconnu, commune connue"
    assert found["etendue"] is None


def test_with_contours_a_commune_is_exact(reader_with_contours: FlaskClient) -> None:
    found = sheet(reader_with_contours, "commune/59172")
    assert found["localisation"] == french.PRECISIONS["exacte"]
    assert found["etendue"][0] < found["etendue"][2]


# --- hostile text ------------------------------------------------------------------------------------------------


def assert_text_only(page: Page, *texts: str) -> None:
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src") != "x"
    assert all(text in page.text for text in texts)


def test_stored_markup_stays_text_on_every_page(
    client: FlaskClient, database: Database, read_page: Callable[[str], Page]
) -> None:
    paths = ("/fiches/espace_nature/terrils-denain", "/couches/espace_nature", "/territoires/bassin/bassin_minier")
    scripts = [read_page(client.get(path).text).count("script") for path in paths]
    insert(database, "terrils-denain2", nom=IMG, observation=CLOSE + TEMPLATE, source=IMG)
    insert(database, "fin", nom=CLOSE)
    for path, before in zip(paths, scripts, strict=True):
        page = read_page(client.get(path.replace("denain", "denain2")).text)
        assert_text_only(page, IMG)
        assert page.count("script") == before
    assert_text_only(read_page(client.get(paths[0] + "2").text), CLOSE, TEMPLATE)
    assert_text_only(read_page(client.get("/couches/espace_nature").text), CLOSE)


def test_stored_markup_stays_text_in_json(client: FlaskClient, database: Database) -> None:
    insert(database, "h", nom=IMG, observation=CLOSE)
    response = client.get("/fiches/espace_nature/h.json")
    assert response.mimetype == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    found = response.get_json()
    assert found["titre"] == IMG
    assert CLOSE in [line["valeur"] for line in found["lignes"]]
    result = client.get("/recherche.json", query_string={"q": "onerror alert"}).get_json()["resultats"]
    assert [row["nom"] for row in result] == [IMG]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "data:text/html,x", "//example.org", "x",
        "java\tscript:alert(1)", "vbscript:x", "file:///etc/passwd", "",
    ],
)  # fmt: skip
def test_an_address_that_is_not_http_is_not_linked(
    client: FlaskClient, database: Database, read_page: Callable[[str], Page], url: str
) -> None:
    insert(database, "lien", source_url=url)
    assert sheet(client, "espace_nature/lien")["source"]["url"] is None
    links = read_page(client.get("/fiches/espace_nature/lien").text).links()
    assert all(link.startswith(("/", "#", "data:,")) for link in links)


def test_an_http_address_is_linked(client: FlaskClient, database: Database, read_page: Callable[[str], Page]) -> None:
    url = 'https://example.org/a?b=c&d="e"'
    insert(database, "lien", source_url=url)
    assert sheet(client, "espace_nature/lien")["source"]["url"] == url
    page = read_page(client.get("/fiches/espace_nature/lien").text)
    assert [attributes for tag, attributes in page.tags if attributes.get("href") == url and tag == "a"] == [
        {"href": url, "rel": "noopener"}
    ]


# --- keys --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        "a/b", "Rœulx été", "100 %", "a%2Fb", "a?b=c", "a#b", "a&b", "é/è/%", "a+b", "a;b", "'\"<>", "a//b",
        "a/", "a\\b", "日本", "x" * 300,
    ],
)  # fmt: skip
def test_a_row_is_reached_by_the_link_of_its_layer_whatever_its_key(
    client: FlaskClient, database: Database, read_page: Callable[[str], Page], key: str
) -> None:
    before = set(read_page(client.get("/couches/espace_nature").text).links())
    insert(database, key, nom="Lieu dit")
    (link,) = set(read_page(client.get("/couches/espace_nature").text).links()) - before
    assert link.isascii()
    assert sheet(client, link.removeprefix("/fiches/"))["cle"] == key
    assert "Lieu dit" in read_page(client.get(link).text).text


@pytest.mark.parametrize(
    "path", ["espace_nature/nulle-part", "espace_nature/%00", "espace_nature/" + "x" * 301, "nulle_part/1", "%00/1"]
)
def test_an_unknown_row_is_404_with_a_sentence(reader: FlaskClient, path: str) -> None:
    for suffix in ("", ".json"):
        response = reader.get(f"/fiches/{path}{suffix}")
        assert response.status_code == 404
        assert response.get_json()["detail"].endswith(".")


def test_a_parameter_is_refused(reader: FlaskClient) -> None:
    assert reader.get("/fiches/commune/59172.json?x=1").status_code == 400
