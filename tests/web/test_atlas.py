"""`/`: the page of the map and the state it gives its script."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

from webmap.app import create_app
from webmap.config import Fond
from webmap.store.statements import count_queries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database


def read_atlas(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="atlas">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    atlas: dict[str, Any] = json.loads(found[1])
    return atlas


def layers_of(atlas: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {layer["id"]: layer for theme in atlas["themes"] for layer in theme["couches"]}


def test_the_page_carries_all_it_needs(reader: FlaskClient, catalog: Catalog) -> None:
    response = reader.get("/")
    assert response.mimetype == "text/html"
    atlas = read_atlas(response.text)
    assert atlas["titre"] == "Atlas de La Porte du Hainaut"
    layers = layers_of(atlas)
    assert layers.keys() == {layer.id for layer in catalog.public if layer.drawn}
    for layer in layers.values():
        assert layer["style"]["rules"]
        assert [entry["label"] for entry in layer["legende"]] == [rule["label"] for rule in layer["style"]["rules"]]
        assert layer["revision"] >= 1
        assert layer["localises"] <= layer["lignes"]
        assert layer["exactes"] <= layer["lignes"]


def test_counts_say_what_is_not_located(reader: FlaskClient) -> None:
    layers = layers_of(read_atlas(reader.get("/").text))
    counts = {name: (layers[name]["lignes"], layers[name]["localises"]) for name in ("commune", "qpv", "espace_nature")}
    assert counts == {"commune": (47, 47), "qpv": (13, 0), "espace_nature": (10, 10)}
    assert layers["halle"]["lignes"] == 0


def test_units_to_filter_by_have_an_extent(reader: FlaskClient) -> None:
    decoupages = {d["id"]: d for d in read_atlas(reader.get("/").text)["decoupages"]}
    assert list(decoupages) == ["bassin", "equipe", "bv2022", "commune"]
    assert len(decoupages["commune"]["unites"]) == 47
    for decoupage in decoupages.values():
        for unit in decoupage["unites"]:
            west, south, east, north = unit["etendue"]
            assert 3 < west < east < 4
            assert 50 < south < north < 51
    assert decoupages["bassin"]["avertissement"]


def test_the_schematic_notice_goes_with_the_cells(
    reader: FlaskClient, reader_with_contours: FlaskClient, read_page: Callable[[str], Page]
) -> None:
    notice = "Cellules schématiques, pas des limites administratives"
    without, with_them = reader.get("/").text, reader_with_contours.get("/").text
    assert read_atlas(without)["avertissement_contours"] == notice
    assert notice in read_page(without).text
    assert read_atlas(with_them)["contours_charges"] is True
    assert notice not in with_them


def test_every_address_given_to_the_script_answers(reader: FlaskClient) -> None:
    atlas = read_atlas(reader.get("/").text)
    urls = atlas["urls"]
    values = {
        "ids": "commune", "z": 8, "x": 130, "y": 86, "couche": "commune", "cle": "59172",
        "decoupage": "bassin", "code": "amandinois", "format": "csv", "champ": "nom", "jeton": "0" * 32,
        "versions": atlas["versions"]["commune"],
    }  # fmt: skip
    queries = dict.fromkeys(("recherche", "adresses"), "?q=denain")
    queries |= {"paquet": "?couches=commune", "qr": "?vue=couches=qpv"}
    queries["tampon"] = '?metres=5&geometrie={"type":"Point","coordinates":[3.4,50.4]}'
    for name, template in urls.items():
        with reader.get(template.format(**values) + queries.get(name, "")) as answer:
            if name == "abandon":  # posted: tests/web/test_travaux.py
                assert answer.status_code == 405
                continue
            assert answer.status_code == 200, name


def test_basemaps_are_those_of_the_configuration(settings: Settings, database: Database) -> None:
    fond = Fond(
        id="essai", titre="Essai", type="xyz", url="https://tuiles.example/{z}/{x}/{y}.png", attribution="© Essai"
    )
    edited = settings.model_copy(update={"fonds": (fond,)})
    response = create_app(edited, database).test_client().get("/")
    assert read_atlas(response.text)["fonds"] == [fond.model_dump()]
    assert "data.geopf.fr" not in response.text
    assert "img-src 'self' data: https://tuiles.example;" in response.headers["Content-Security-Policy"]


def test_the_page_stands_without_its_script(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    page = read_page(reader.get("/").text)
    boxes = [a for tag, a in page.tags if tag == "input" and a.get("name") == "couche"]
    layers = layers_of(read_atlas(reader.get("/").text))
    assert [a["value"] for a in boxes] == list(layers)
    assert {a["value"] for a in boxes if "checked" in a} == {name for name, c in layers.items() if c["affichee"]}
    assert "La carte demande JavaScript" in page.text


def test_the_page_costs_few_statements(reader: FlaskClient) -> None:
    with count_queries() as statements:
        reader.get("/")
    assert len(statements) <= 10


def test_parameters_of_other_sites_are_ignored(reader: FlaskClient) -> None:
    # Links shared by mail or social networks gain such things: the map must still open.
    assert reader.get("/?utm_source=lettre").status_code == 200


def test_the_sign_of_groups_is_there_when_a_layer_groups(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    plain = read_atlas(create_app(settings, database).test_client().get("/").text)
    assert "groupe" not in plain["signes"]
    assert {layer["groupe_zoom"] for layer in layers_of(plain).values()} == {None}
    folder = tmp_path / "layers"
    shutil.copytree(settings.layers_folder, folder)
    with (folder / "irve" / "layer.toml").open("a", encoding="utf-8") as file:
        file.write("\n[[bands]]\nzoom_max = 9\ngroup = 64\n\n[[bands]]\nzoom_max = 11\ngroup = 32\n")
    edited = settings.model_copy(update={"layers_folder": folder})
    atlas = read_atlas(create_app(edited, database).test_client().get("/").text)
    assert "nombre" in atlas["signes"]["groupe"]["label"]
    assert layers_of(atlas)["irve"]["groupe_zoom"] == 11
