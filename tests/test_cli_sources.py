"""`webmap sources` and `webmap bassins`: what they print, what they return, what the pages then say."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import pytest

from tests.commands import command_of
from tests.importing.published import Desk, collection, feature, irve_csv, points, read_contours
from webmap.app import create_app
from webmap.importing.seeds import load_seeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.commands import Run
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database


@pytest.fixture
def desk(database_with_contours: Database, catalog: Catalog, settings: Settings) -> Iterator[Desk]:
    with Desk.open(database_with_contours, catalog, settings) as found:
        yield found


@pytest.fixture
def run(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs the command on the test's database and sources."""
    return command_of(desk, monkeypatch, tmp_path / "arrivees")


@pytest.fixture
def client(desk: Desk) -> FlaskClient:
    return create_app(desk.settings, desk.database).test_client()


def publish_irve(desk: Desk, count: int = 10) -> None:
    desk.publish("irve", "consolidation", irve_csv(*points(*[{}] * count)).encode())


# --- sources -----------------------------------------------------------------------------------------------------


def test_refresh_says_each_source_and_fails_when_one_does(desk: Desk, run: Run) -> None:
    publish_irve(desk)
    done = run("sources", "refresh", "irve")
    assert done.exit_code == 0
    assert done.output.startswith("✓ irve, consolidation : 10 lignes lues près du territoire ; 10 créées")
    again = run("sources", "refresh", "irve").output.splitlines()
    assert again[0] == "= irve, consolidation : inchangée depuis le dernier chargement"
    assert again[1].endswith("mesures contrôlées sur 5 découpages : aucun écart")
    failed = run("sources", "refresh", "irve", "gare")
    assert failed.exit_code == 1
    assert "✗ gare, gares : " in failed.output
    assert "1 source n'a pas répondu comme attendu ; sa couche reste comme elle était." in failed.output
    unknown = run("sources", "refresh", "licorne")
    assert unknown.exit_code == 1
    assert (
        "La couche « licorne » n'a pas de source officielle. Couches possibles : commune, cours_eau," in unknown.output
    )


def test_a_refresh_tells_what_no_longer_adds_up(desk: Desk, run: Run, client: FlaskClient) -> None:
    publish_irve(desk)
    with desk.database.owner() as connection:  # contours that overlap, under a réservoir that covers them
        connection.execute("UPDATE pub.commune SET geom = ST_Multi(ST_Buffer(geom, 400)) WHERE code_insee = '59172'")
        connection.execute(
            "INSERT INTO pub.trame_verte (code, nom, element, portee, document, geom, precision, etat, source,"
            " source_ligne, millesime) SELECT 'large', 'Réservoir', 'reservoir', 'diagnostic', 'essai',"
            " ST_Multi(ST_Buffer(geom, 900)), 'exacte', 'existant', 'facts', '1', '2026'"
            " FROM pub.commune WHERE code_insee = '59172'"
        )
    done = run("sources", "refresh", "irve")
    assert done.exit_code == 0, "the refresh itself is done"
    assert re.search(r"\d+ écarts, chiffres non publiés ; le détail : webmap conservation$", done.output.strip())
    told = {
        (value["couche"], value["mesure"]): value
        for value in client.get("/territoires/bassin/bassin_minier.json").get_json()["unites"][0]["mesures"]
    }
    assert told["trame_verte", "surface_km2"]["valeur"] is None
    assert told["trame_verte", "surface_km2"]["indisponible"].startswith("non publié")


def test_accepter(desk: Desk, run: Run) -> None:
    publish_irve(desk)
    run("sources", "refresh", "irve")
    publish_irve(desk, 2)
    refused = run("sources", "refresh", "irve")
    assert (refused.exit_code, "--accepter" in refused.output) == (1, True)
    assert run("sources", "refresh", "irve", "--accepter").exit_code == 0
    assert len(desk.keys("irve")) == 2


def test_the_state_is_told_in_french(desk: Desk, run: Run) -> None:
    publish_irve(desk)
    before = run("sources", "etat").output
    assert before.count("jamais demandée") == 14
    run("sources", "refresh", "irve", "gare")
    lines = run("sources", "etat").output.splitlines()
    irve = next(line for line in lines if "irve, consolidation" in line)
    assert re.fullmatch(
        r"✓ irve, consolidation : demandée le \d\d/\d\d/\d{4} à \d\d:\d\d, chargée le \d\d/\d\d/\d{4} ; 10 lignes lues près .*",
        irve,
    )
    gare = next(line for line in lines if "gare, gares" in line)
    assert gare.startswith("✗ gare, gares : demandée le ")
    assert "jamais chargée" in gare
    assert "404" in gare


def test_a_mirror_by_the_command(desk: Desk, run: Run, tmp_path: Path) -> None:
    publish_irve(desk)
    made = run("sources", "mirror", str(tmp_path / "cle"))
    assert made.exit_code == 1
    assert "✓ irve/consolidation.csv" in made.output
    assert "✗ mobilite/gares.geojson : " in made.output
    assert "13 sources manquent dans le miroir ; le reste est utilisable." in made.output
    desk.server._routes.clear()
    assert run("sources", "refresh", "irve", "--mirror", str(tmp_path / "cle")).exit_code == 0
    assert len(desk.keys("irve")) == 10


def test_load_asks_before_a_hole(run: Run, tmp_path: Path, contours_file: Path) -> None:
    contours = read_contours(contours_file)
    cut = contours["59172"].difference(contours["59172"].representative_point().buffer(0.01))
    path = tmp_path / "communes.geojson"
    path.write_bytes(collection([feature(c, code=code, nom="") for code, c in {**contours, "59172": cut}.items()]))
    refused = run("sources", "load", "commune", str(path))
    assert (refused.exit_code, "un trou de" in refused.output) == (1, True)
    assert run("sources", "load", "commune", str(path), "--accepter").exit_code == 0


def test_load_of_a_web_page_says_what_to_do(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "communes.geojson"
    path.write_text("<!DOCTYPE html><html><body>Téléchargement</body></html>", encoding="utf-8")
    refused = run("sources", "load", "commune", str(path))
    assert refused.exit_code == 1
    assert refused.output == (
        "communes.geojson n'est pas du GeoJSON en UTF-8. Attendu : une FeatureCollection avec les propriétés code et nom.\n"
        "C'est une page web, ou du XML : enregistrez le fichier GeoJSON lui-même, non la page qui y mène.\n"
    )


def test_the_pages_say_what_is_missing(desk: Desk, run: Run, client: FlaskClient) -> None:
    page = client.get("/couches").text
    assert page.count("source jamais demandée") == 14
    assert "jamais demandée (<code>webmap sources refresh irve</code>)" in client.get("/couches/irve").text
    run("sources", "refresh")
    page = client.get("/couches").text
    assert len(re.findall(r"échec le \d\d/\d\d/\d{4}", page)) == 14
    irve = client.get("/couches/irve").text
    assert "la couche est restée comme elle était" in irve
    assert "Une couche encore vide" in irve
    publish_irve(desk)
    run("sources", "refresh", "irve")
    irve = client.get("/couches/irve").text
    assert re.search(r"vérifiée le \d\d/\d\d/\d{4}, chargée le \d\d/\d\d/\d{4} \(10 lignes lues\)", irve)


# --- bassins -----------------------------------------------------------------------------------------------------

COMMUNE, FROM, TO = "59092", "ostrevent", "bassin_minier"  # Bouchain


def bassin(client: FlaskClient) -> dict[str, Any]:
    units = client.get("/territoires/bassin.json").get_json()["unites"]
    return {unit["code"]: unit for unit in units}


def keys_of_tile(client: FlaskClient, unit: str) -> set[str]:
    """Communes drawn over the whole territory, kept to one bassin."""
    body = client.get(f"/tuiles/commune/8/130/86.mvt?bassin={unit}", follow_redirects=True).data
    layers = mapbox_vector_tile.decode(body)
    return {f["properties"]["cle"] for f in layers.get("commune", {"features": []})["features"]}


def keys_of_export(client: FlaskClient, unit: str) -> set[str]:
    features = client.get(f"/exports/commune.geojson?bassin={unit}").get_json()["features"]
    return {f["properties"]["code_insee"] for f in features}


def test_every_summary_follows_a_decision_at_once(desk: Desk, run: Run, client: FlaskClient) -> None:
    before = bassin(client)
    etag = client.get("/territoires/bassin.json").headers["ETag"]
    assert COMMUNE in before[FROM]["communes"]
    assert COMMUNE in keys_of_tile(client, FROM)
    assert "affectation de travail" in client.get(f"/territoires/bassin/{FROM}").text
    cells = desk.rows("SELECT cle, md5(ST_AsEWKB(geom)) AS m FROM app.cellule WHERE couche = 'bassin' ORDER BY 1")
    [commune] = [
        r["population_municipale"]
        for r in desk.rows("SELECT population_municipale FROM pub.commune WHERE code_insee = %s", [COMMUNE])
    ]
    done = run("bassins", "affecter", COMMUNE, TO, "--motif", "  Délibération du 12 mars  ")
    assert done.exit_code == 0
    told = done.output.splitlines()
    assert told[0] == f"{COMMUNE} : {FROM} → {TO} (Délibération du 12 mars)"
    assert told[1].endswith("mesures contrôlées sur 5 découpages : aucun écart")
    after = bassin(client)
    assert COMMUNE not in after[FROM]["communes"]
    assert COMMUNE in after[TO]["communes"]
    assert after[TO]["population"] == before[TO]["population"] + commune
    assert after[FROM]["population"] == before[FROM]["population"] - commune
    assert after[TO]["surface_km2"] > before[TO]["surface_km2"]
    assert client.get("/territoires/bassin.json", headers={"If-None-Match": etag}).status_code == 200
    assert COMMUNE not in keys_of_tile(client, FROM)
    assert COMMUNE in keys_of_tile(client, TO)
    assert COMMUNE not in keys_of_export(client, FROM)
    assert COMMUNE in keys_of_export(client, TO)
    assert cells != desk.rows(
        "SELECT cle, md5(ST_AsEWKB(geom)) AS m FROM app.cellule WHERE couche = 'bassin' ORDER BY 1"
    )
    union = desk.rows(
        "SELECT d.code FROM pub.bassin d WHERE NOT ST_Equals(d.geom, (SELECT ST_Union(c.geom) FROM pub.commune c"
        " JOIN app.membre m USING (code_insee) WHERE m.decoupage = 'bassin' AND m.code = d.code))"
    )
    assert union == []
    total = sum(unit["population"] for unit in after.values())
    assert total == sum(unit["population"] for unit in before.values()) == 158_351
    rows = list(csv.DictReader(client.get(f"/territoires/bassin/{TO}.csv").text.splitlines()))
    assert {int(row["population"]) for row in rows if row["code"] == TO} == {after[TO]["population"]}


def test_the_decision_is_dated_recorded_and_shown(desk: Desk, run: Run, client: FlaskClient) -> None:
    run("bassins", "affecter", COMMUNE, TO, "--motif", "Délibération <b>n° 4</b>")
    run("bassins", "affecter", COMMUNE, FROM, "--motif", "Retour")
    rows = desk.rows(
        "SELECT avant, apres, motif, decidee::date = current_date AS ce_jour FROM app.affectation ORDER BY id"
    )
    assert rows == [
        {"avant": FROM, "apres": TO, "motif": "Délibération <b>n° 4</b>", "ce_jour": True},
        {"avant": TO, "apres": FROM, "motif": "Retour", "ce_jour": True},
    ]
    run("bassins", "affecter", COMMUNE, TO, "--motif", "Délibération <b>n° 4</b>")
    text = client.get(f"/territoires/bassin/{TO}").text
    line = next(line for line in text.splitlines() if f"/territoires/commune/{COMMUNE}" in line)
    assert re.search(r"décision : Délibération &lt;b&gt;n° 4&lt;/b&gt;, le \d\d/\d\d/\d{4}", line)
    assert "affectation de travail" not in line


def test_a_decision_outlives_a_changed_seed(desk: Desk, run: Run, client: FlaskClient) -> None:
    run("bassins", "affecter", COMMUNE, TO, "--motif", "Décidé")
    desk.rows("UPDATE app.chargement SET sha256 = 'x' WHERE couche IN ('bassin', 'commune') AND origine = 'seed'")
    assert load_seeds(desk.database, desk.catalog, desk.settings)
    assert COMMUNE in bassin(client)[TO]["communes"]
    row = desk.rows(
        "SELECT unite, statut, source FROM app.appartenance WHERE decoupage = 'bassin' AND code_insee = %s", [COMMUNE]
    )
    assert row == [{"unite": TO, "statut": "decidee", "source": "Décision : Décidé"}]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["75056", TO, "--motif", "x"], "Il n'y a pas de commune « 75056 »"),
        (
            [COMMUNE, "licorne", "--motif", "x"],
            "Il n'y a pas de unité « licorne ». Codes connus : amandinois (Amandinois)",
        ),
        ([COMMUNE, TO, "--motif", "   "], "Le motif est vide"),
        (["'; DROP TABLE pub.commune; --", TO, "--motif", "x"], "Il n'y a pas de commune"),
    ],
)
def test_what_is_unknown_or_unexplained_is_refused(desk: Desk, run: Run, arguments: list[str], sentence: str) -> None:
    state = desk.content("commune", "bassin")
    done = run("bassins", "affecter", *arguments)
    assert done.exit_code == 1
    assert sentence in done.output
    assert desk.content("commune", "bassin") == state
    assert desk.rows("SELECT * FROM app.affectation") == []
    assert run("bassins", "affecter", COMMUNE, TO).exit_code == 2
