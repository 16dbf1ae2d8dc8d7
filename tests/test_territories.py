"""The territory shipped beside the first: the program is the same, the base is not."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import shapely

from tests.territories import FIRST, Served, get_json, read_pages, refresh_communes, serve
from webmap.app import create_app
from webmap.importing.seeds import load_seeds
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

ROOT = Path(__file__).resolve().parent.parent
BETHUNE = ROOT / "territoires" / "bethune-bruay"


@pytest.fixture(scope="module")
def bethune(cluster: Cluster) -> Iterator[Served]:
    yield from serve(cluster, BETHUNE)


def test_it_has_its_own_name_and_database(bethune: Served, settings: Settings) -> None:
    assert bethune.settings.territoire.code == "200072460"
    assert bethune.settings.database_name == "webmap_200072460" != settings.database_name
    assert {layer.id for layer in bethune.catalog.layers} == {
        *bethune.settings.couches, "borne_irve", "quartier_agglomeration",
    }  # fmt: skip


def test_no_page_speaks_of_the_first_territory(bethune: Served) -> None:
    pages = read_pages(bethune.client)
    assert len(pages) > 80
    assert {(path, word) for path, text in pages.items() for word in FIRST if word in text} == set()
    assert bethune.settings.territoire.titre in pages["/"]


def test_its_units_are_its_communes_and_itself(bethune: Served) -> None:
    page = bethune.client.get("/territoires").get_data(as_text=True)
    assert re.findall(r'id="decoupage-(\w+)"', page) == ["commune", "territoire"]
    communes = get_json(bethune.client, "/territoires/commune.json")
    names = {unit["nom"] for unit in communes["unites"]}
    assert len(communes["unites"]) == 73
    assert [unit["nom"] for unit in communes["unites"]][8:10] == ["Béthune", "Beugin"], (
        "accents do not change the order"
    )
    assert {"Béthune", "Bruay-la-Buissière", "Lozinghem"} <= names
    assert all(unit["code"].startswith("62") for unit in communes["unites"])


def test_an_unknown_population_is_said_and_never_zero(bethune: Served) -> None:
    whole = get_json(bethune.client, "/territoires/territoire/200072460.json")["unites"][0]
    assert (whole["population"], whole["nombre_communes"], whole["surface_km2"]) == (None, 73, None)
    rates = [value for value in whole["mesures"] if value["mesure"] == "pour_1000_habitants"]
    assert rates
    assert all(value["valeur"] is None for value in rates)
    espace = next(value for value in rates if value["couche"] == "espace_nature")
    assert espace["indisponible"] == "indisponible (population inconnue)"
    page = bethune.client.get("/territoires/territoire/200072460").get_data(as_text=True)
    assert "population inconnue" in page
    table = bethune.client.get("/territoires/commune").get_data(as_text=True)
    assert "population inconnue" in table
    assert "Liste incomplète" in table
    assert "Liste incomplète" in page
    assert not re.search(r'>0 <span class="unite">habitants', page)


def test_bornes_are_told_as_the_document_tells_them(bethune: Served) -> None:
    whole = get_json(bethune.client, "/territoires/territoire/200072460.json")["unites"][0]
    values = {(value["couche"], value["mesure"]): value for value in whole["mesures"]}
    assert values["borne_irve", "nombre"]["valeur"] == 13
    stated = {name: value["valeur"] for (couche, name), value in values.items() if couche == "borne_irve"}
    assert [
        stated[f"declare_bornes_{name}"]
        for name in ("en_service", "rapides", "2021", "sites_nommes", "objectif_2024", "envisagees_2023")
    ] == [53, 8, 32, 21, 100, 15]
    assert not any(value["additive"] for value in values.values() if value["declare"])
    assert values["irve", "nombre"]["valeur"] is None, "a borne is no point de recharge"
    rows = get_json(bethune.client, "/exports/borne_irve.geojson")["features"]
    assert {row["properties"]["precision"] for row in rows} == {"commune"}
    assert all(row["geometry"] and row["properties"]["source_ligne"] for row in rows)


def test_a_site_on_three_communes_counts_in_each_and_once_in_all(bethune: Served) -> None:
    report = get_json(bethune.client, "/territoires/commune.json")
    counts = {
        unit["nom"]: value["valeur"]
        for unit in report["unites"]
        for value in unit["mesures"]
        if (value["couche"], value["mesure"]) == ("espace_nature", "nombre") and value["valeur"]
    }
    assert counts == {"Auchel": 1, "Lozinghem": 1, "Marles-les-Mines": 1}
    rest = next(rest for rest in report["restes"] if rest["couche"] == "espace_nature")
    assert (rest["ensemble"], rest["comptes_plusieurs_fois"], rest["non_localise"]) == (1, 2, 0)


def test_figures_of_trames_and_quartiers(bethune: Served) -> None:
    figures = {(layer.id, figure.id): figure.value for layer in bethune.catalog.layers for figure in layer.figures}
    assert figures["trame_verte", "sites_entretenus"] == 11
    assert figures["trame_verte", "surface_entretenue"] == 220
    assert figures["trame_verte", "surface_geree"] == 500
    assert figures["qpv", "quartiers_declares"] == 16
    assert figures["quartier_agglomeration", "quartiers_declares"] == 5
    for couche in ("qpv", "quartier_agglomeration", "trame_verte", "trame_bleue", "trame_noire", "gare"):
        assert get_json(bethune.client, f"/exports/{couche}.geojson")["features"] == []


def test_every_line_cited_says_what_is_written() -> None:
    """Needs the report itself: a copy of the seed documents beside the project."""
    found = sorted((ROOT.parent / "shared" / "seeds").glob("002_*.txt"))
    if not found:
        pytest.skip("the report is not on this machine")
    lines = found[0].read_text(encoding="utf-8").split("\n")
    checks = {292: "100 communes", 726: "100", 738: "15 bornes", 753: "53", 758: "8 bornes rapides", 764: "32 bornes"}
    checks |= {766: "21 bornes", 1429: "sites suivis", 1463: "500 ha", 1486: "trame noire", 3022: "16 quartiers"}
    assert {number for number, words in checks.items() if words not in lines[number - 1]} == set()
    with (BETHUNE / "layers" / "commune" / "seed.csv").open(encoding="utf-8", newline="") as file:
        communes = list(csv.DictReader(file))
    for row in communes:
        for cited in row["source_ligne"].split("; "):
            first, _, last = cited.partition("-")
            text = re.sub(r"[^a-zéèêëâôûùîœ]", "", " ".join(lines[int(first) - 1 : int(last or first)]).lower())
            word = re.sub(r"[^a-zéèêëâôûùîœ]", "", row["nom"].lower().removeprefix("la "))[:6]
            assert word in text or word.replace("é", "e") in text or word == "vieill", (row["nom"], cited)
    assert {row["population_municipale"] for row in communes} == {""}


def test_both_territories_are_served_side_by_side(bethune: Served, client: FlaskClient) -> None:
    one, other = (get_json(each, "/territoires/commune.json")["unites"] for each in (client, bethune.client))
    assert len(one) == 47
    assert {unit["code"] for unit in one} & {unit["code"] for unit in other} == set()
    pages = [each.get("/").get_data(as_text=True) for each in (client, bethune.client)]
    assert ["Amandinois" in page for page in pages] == [True, False]
    assert bethune.client.get("/territoires/bassin").status_code == 404
    assert client.get("/territoires/bassin").status_code == 200
    assert client.get("/exports/borne_irve.geojson").status_code == 404


def test_the_official_list_completes_the_communes_named(
    cluster: Cluster, bethune: Served, tmp_path: Path, make_database: Callable[[str | None], Database]
) -> None:
    del cluster
    database = make_database(None)
    upgrade(database, bethune.catalog, bethune.settings)
    load_seeds(database, bethune.catalog, bethune.settings)
    with (BETHUNE / "layers" / "commune" / "seed.csv").open(encoding="utf-8", newline="") as file:
        named = [
            (row["code_insee"], row["nom"], float(row["centre_lon"]), float(row["centre_lat"]))
            for row in csv.DictReader(file)
        ]
    listed = [*named, ("62049", "Auchy-au-Bois", 2.372, 50.555)]  # a commune the report does not name
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "nom": name, "population": 100 + rank},
            "geometry": shapely.box(lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001).__geo_interface__,
        }
        for rank, (code, name, lon, lat) in enumerate(listed)
    ]
    outcome = refresh_communes(database, bethune, tmp_path, features)
    assert outcome.status == "changee", outcome.sentence
    app = create_app(bethune.settings, database).test_client()
    whole = get_json(app, "/territoires/territoire/200072460.json")["unites"][0]
    assert whole["nombre_communes"] == 74
    assert whole["population"] == sum(range(100, 174))
    assert whole["surface_km2"] > 0
    assert load_seeds(database, bethune.catalog, bethune.settings) == [], "the facts do not come back over it"
