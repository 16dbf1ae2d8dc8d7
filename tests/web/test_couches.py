"""`/couches`: the catalogue; a layer that is not public is as if it did not exist; a new one needs no Python."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

    Serve = Callable[[Path], FlaskClient]

ROOT = Path(__file__).resolve().parents[2]


def read_atlas(client: FlaskClient) -> dict[str, Any]:
    """Return the state that the map page gives its script."""
    found = re.search(r'<script type="application/json" id="atlas">(.*?)</script>', client.get("/").text, re.DOTALL)
    assert found is not None
    atlas: dict[str, Any] = json.loads(found[1])
    return atlas


# --- the catalogue -----------------------------------------------------------------------------------------------


def test_the_catalogue_lists_every_public_layer(
    reader: FlaskClient, catalog: Catalog, read_page: Callable[[str], Page]
) -> None:
    page = read_page(reader.get("/couches").text)
    for layer in catalog.public:
        assert f"/couches/{layer.id}" in page.links()
        assert f"/exports/{layer.id}.geojson" in page.links()


def test_a_layer_says_what_it_is_and_where_it_comes_from(
    reader: FlaskClient, catalog: Catalog, read_page: Callable[[str], Page]
) -> None:
    for layer in catalog.public:
        response = reader.get(f"/couches/{layer.id}")
        assert response.status_code == 200
        text = read_page(response.text).text
        for expected in (layer.title, layer.source.producer, layer.source.licence, layer.source.provenance):
            assert " ".join(expected.split(" ")) in text
        for field in layer.fields:
            assert field.id in text
            assert field.label in text
        assert "Dernier chargement" in text
        assert (layer.warning or "") in text


def test_an_empty_layer_says_so_and_how_to_fill_it(
    reader: FlaskClient, catalog: Catalog, read_page: Callable[[str], Page]
) -> None:
    text = read_page(reader.get("/couches/halle").text).text
    assert "aucune" in text.lower()
    assert str(catalog.by_id["halle"].how_to_fill) in text
    for figure in ("23 halles", "16 halles", "4 halles"):
        assert figure in text
    assert "contradiction du document" in text


def test_freshness_follows_the_last_edit(
    client: FlaskClient, database: Database, read_page: Callable[[str], Page]
) -> None:
    before = read_page(client.get("/couches/espace_nature").text).text
    with database.owner() as connection:
        connection.execute("UPDATE pub.espace_nature SET observation = 'x'")
        row = connection.execute("SELECT revision FROM app.revision WHERE couche = 'espace_nature'").fetchone()
    assert row is not None
    assert f"révision {row['revision']}" not in before
    assert f"révision {row['revision']}" in read_page(client.get("/couches/espace_nature").text).text


def test_an_unknown_layer_is_404_and_a_parameter_400(reader: FlaskClient) -> None:
    assert reader.get("/couches/nulle_part").status_code == 404
    assert reader.get("/couches?x=1").status_code == 400
    assert reader.get("/couches/qpv?x=1").status_code == 400


# --- an internal layer -------------------------------------------------------------------------------------------


def make_internal(folder: Path, layer: str) -> None:
    path = folder / layer / "layer.toml"
    path.write_text('visibility = "interne"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")


def test_an_internal_layer_is_as_if_it_did_not_exist(layers_folder: Path, serve: Serve, catalog: Catalog) -> None:
    public = serve(layers_folder)
    key = public.get("/exports/poche_pauvrete.geojson").get_json()["features"][0]["id"]
    addresses = (
        "/couches/poche_pauvrete",
        "/exports/poche_pauvrete.geojson",
        "/tuiles/poche_pauvrete/8/130/86.mvt",
        "/tuiles/commune,poche_pauvrete/8/130/86.mvt",
        f"/fiches/poche_pauvrete/{key}",
        f"/fiches/poche_pauvrete/{key}.json",
        "/cartes/territoire.html?couches=poche_pauvrete",
        "/territoires/poche_pauvrete.json",
    )
    assert [public.get(address).status_code for address in addresses[:-1]] == [200] * 7
    make_internal(layers_folder, "poche_pauvrete")
    client = serve(layers_folder)
    for address in addresses:
        unknown = client.get(address.replace("poche_pauvrete", "nulle_part"))
        hidden = client.get(address)
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.text.replace("poche_pauvrete", "nulle_part") == unknown.text, "nothing tells one from the other"
    title, marks = catalog.by_id["poche_pauvrete"].title, ("poche_pauvrete", key)
    pages = ["/", "/couches", "/territoires", "/territoires/territoire.json", "/territoires/bassin.csv"]
    pages += ["/territoires/bassin", "/territoires/bassin/bassin_minier", "/territoires/commune/59292.json"]
    pages += ["/cartes/territoire.html", "/fiches/commune/59292.json", "/recherche.json?q=riez"]
    for path in pages:
        text = client.get(path).text
        assert not [mark for mark in marks if mark in text], path
        assert f">{title}<" not in text, path
        assert f'"{title}"' not in text, path


def test_the_reader_role_cannot_read_an_internal_table(layers_folder: Path, serve: Serve, database: Database) -> None:
    make_internal(layers_folder, "poche_pauvrete")
    serve(layers_folder)
    with database.owner() as connection:
        found = connection.execute(
            "SELECT has_table_privilege('webmap_lecture', 'pub.poche_pauvrete', 'SELECT') AS hidden,"
            " has_table_privilege('webmap_lecture', 'pub.qpv', 'SELECT') AS public"
        ).fetchone()
    assert found == {"hidden": False, "public": True}


def test_an_internal_decoupage_is_no_decoupage(layers_folder: Path, serve: Serve) -> None:
    make_internal(layers_folder, "equipe")
    client = serve(layers_folder)
    for address in ("/territoires/equipe", "/territoires/equipe.json", "/territoires/equipe/nord", "/cartes/nord.html"):
        assert client.get(address).status_code == 404
    assert client.get("/exports/commune.geojson?equipe=nord").status_code == 400
    assert client.get("/tuiles/commune/8/130/86.mvt?equipe=nord").status_code == 400
    for path in ("/", "/territoires", "/fiches/commune/59172.json", "/recherche.json?q=equipe"):
        text = client.get(path).text
        assert "equipe" not in text.replace("q=equipe", "").replace('"requete": "equipe"', "").replace("equipement", "")
        assert "Équipe Nord" not in text


# --- a new layer -------------------------------------------------------------------------------------------------


def add_documented_example(folder: Path) -> None:
    """Write the complete example of layers/README.md, word for word."""
    blocks = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "layers" / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    texts = [text for language, text in blocks if language in {"toml", "csv"}]
    definition, style, seed, documents = texts[:4]
    added = folder / "aire_covoiturage"
    added.mkdir()
    for name, text in {"layer.toml": definition, "style.toml": style, "seed.csv": seed}.items():
        (added / name).write_text(text, encoding="utf-8")
    with (folder / "documents.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + documents)


def test_a_layer_added_as_a_folder_is_everywhere(layers_folder: Path, serve: Serve) -> None:
    add_documented_example(layers_folder)
    client = serve(layers_folder)

    atlas = read_atlas(client)
    layer = next(c for theme in atlas["themes"] for c in theme["couches"] if c["id"] == "aire_covoiturage")
    assert (layer["titre"], layer["lignes"], layer["localises"]) == ("Aires de covoiturage", 3, 2)
    assert [entry["label"] for entry in layer["legende"]] == ["Aire existante", "Aire à venir"]

    tile = mapbox_vector_tile.decode(client.get("/tuiles/aire_covoiturage/8/130/86.mvt").data)["aire_covoiturage"]
    assert {f["properties"]["cle"]: f["properties"]["etat"] for f in tile["features"]} == {
        "aire-a": "existant",
        "aire-b": "programme",
    }

    features = client.get("/exports/aire_covoiturage.geojson").get_json()["features"]
    assert [feature["id"] for feature in features] == ["aire-a", "aire-b", "aire-c"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [3.39, 50.33]}
    assert features[2]["geometry"] is None
    assert features[0]["properties"]["places"] == 40

    whole = client.get("/territoires/territoire.json").get_json()["ensemble"]["mesures"]
    shown = {value["mesure"]: value["valeur"] for value in whole if value["couche"] == "aire_covoiturage"}
    assert shown == {"nombre": 3, "places": 40, "declare_aires_prevues": 12}
    units = client.get("/territoires/bassin.json").get_json()
    rest = next(rest for rest in units["restes"] if rest["couche"] == "aire_covoiturage")
    assert (rest["non_localise"], rest["ensemble"]) == (1, 3)

    assert client.get("/couches/aire_covoiturage").status_code == 200
    assert "40\u00a0places" in client.get("/fiches/aire_covoiturage/aire-a").text
    assert client.get("/recherche.json?q=aire+b").get_json()["resultats"][0]["cle"] == "aire-b"
    assert "Aire C" in client.get("/cartes/territoire.html?couches=aire_covoiturage").text


def test_a_decoupage_added_as_a_folder_is_everywhere(layers_folder: Path, serve: Serve) -> None:
    folder = layers_folder / "canton"
    folder.mkdir()
    for name in ("layer.toml", "style.toml"):
        text = (layers_folder / "equipe" / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace("equipe", "canton").replace("quipe", "anton"), encoding="utf-8")
    members = (layers_folder / "equipe" / "membres.csv").read_text(encoding="utf-8")
    (folder / "membres.csv").write_text(members.replace("equipe", "canton"), encoding="utf-8")
    client = serve(layers_folder)
    report = client.get("/territoires/canton.json").get_json()
    assert {unit["code"]: unit["nombre_communes"] for unit in report["unites"]} == {"nord": 7, "sud": 6}
    assert len(client.get("/exports/commune.geojson?canton=nord").get_json()["features"]) == 7
    assert "canton" in {decoupage["id"] for decoupage in read_atlas(client)["decoupages"]}
    assert client.get("/fiches/canton/nord").status_code == 200


def test_hostile_text_of_a_definition_stays_text(
    layers_folder: Path, serve: Serve, read_page: Callable[[str], Page]
) -> None:
    title = "</script><img src=x onerror=alert(1)>"
    path = layers_folder / "qpv" / "layer.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        re.sub(r'^title = ".*"$', f'title = "{title}"', text, count=1, flags=re.MULTILINE), encoding="utf-8"
    )
    client = serve(layers_folder)
    for address in (
        "/",
        "/couches",
        "/couches/qpv",
        "/territoires/bassin/amandinois",
        "/cartes/territoire.html?couches=qpv",
    ):
        page = read_page(client.get(address).text)
        assert not [tag for tag, attributes in page.tags if tag == "img" or "onerror" in attributes], address
        assert title in page.text, address
    assert title in {c["titre"] for theme in read_atlas(client)["themes"] for c in theme["couches"]}


@pytest.mark.parametrize("visibility", ["publique", "interne"])
def test_a_layer_may_become_internal_and_public_again(layers_folder: Path, serve: Serve, visibility: str) -> None:
    make_internal(layers_folder, "qpv")
    assert serve(layers_folder).get("/couches/qpv").status_code == 404
    path = layers_folder / "qpv" / "layer.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"interne"', f'"{visibility}"', 1), encoding="utf-8")
    assert serve(layers_folder).get("/couches/qpv").status_code == (200 if visibility == "publique" else 404)
