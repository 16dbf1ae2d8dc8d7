"""`/territoires/…`: parts and rests make the whole, and what is not known is no number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import copied
from tests.web.summaries_read import DECOUPAGES, get, values
from webmap.app import create_app
from webmap.catalog import counting
from webmap.importing.run import load_source
from webmap.store.summaries import fetch_summaries
from webmap.web import french

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

    Report = dict[str, Any]

GEOMETRIC = {"surface_km2", "part_surface", "longueur_km"}


# --- conservation ------------------------------------------------------------------------------------------------


def assert_conserved(report: Report, whole: Report) -> None:
    total = values(whole["unites"][0])
    rests = {rest["couche"]: rest for rest in report["restes"] if rest["mesure"] == "nombre"}
    for couche, rest in rests.items():
        counted = [values(unit)[couche, "nombre"]["valeur"] for unit in report["unites"]]
        if rest["ensemble"] == 0:
            assert counted == [None] * len(counted)
            continue
        parts = sum(counted) + rest["hors_unite"] + rest["non_localise"]
        assert parts - rest["comptes_plusieurs_fois"] == rest["ensemble"], couche
        assert rest["ensemble"] == total[couche, "nombre"]["valeur"], couche
    for key, first in values(report["unites"][0]).items():
        if key[0] in rests and first["additive"] and first["valeur"] is not None and key[1] == "nombre":
            rest = rests[key[0]]
            assert rest["comptes_plusieurs_fois"] == 0
            parts = sum(values(unit)[key]["valeur"] for unit in report["unites"])
            assert parts + rest["hors_unite"] + rest["non_localise"] == total[key]["valeur"]


@pytest.mark.parametrize("decoupage", DECOUPAGES[:-1])
def test_parts_and_rests_make_the_whole(reader: FlaskClient, decoupage: str) -> None:
    assert_conserved(get(reader, decoupage), get(reader, "territoire"))


@pytest.fixture(scope="module")
def straddled(cluster: Cluster, contoured: str) -> Iterator[Database]:
    """Add surfaces, lines and points that straddle units, stand on their boundary, or leave the territory; to be read only."""
    with copied(cluster, contoured) as database:
        with database.owner() as connection:
            connection.execute(
                """
            CREATE TEMPORARY TABLE forme AS
            WITH tout AS (SELECT ST_Union(geom) AS geom FROM pub.commune),
            repere AS (SELECT geom, ST_Centroid(geom) AS milieu, ST_PointN(ST_ExteriorRing((ST_Dump(geom)).geom), 1) AS bord FROM tout),
            mitoyen AS (
              SELECT ST_StartPoint((ST_Dump(ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 2))).geom) AS geom
              FROM pub.commune a JOIN pub.commune b ON a.code_insee < b.code_insee AND ST_Length(ST_Intersection(a.geom, b.geom)) > 100
              ORDER BY a.code_insee, b.code_insee LIMIT 1
            )
            SELECT r.*, m.geom AS limite FROM repere r, mitoyen m LIMIT 1;
            INSERT INTO pub.trame_verte (code, nom, element, portee, document, geom, precision, etat, source, source_ligne, millesime)
            SELECT code, code, 'reservoir', 'diagnostic', 'essai', ST_Multi(geom), 'exacte', 'existant', 'facts', '1', '2026' FROM (
              SELECT 'vaste' AS code, ST_Buffer(milieu, 6000) AS geom FROM forme
              UNION ALL SELECT 'bord', ST_Buffer(bord, 3000) FROM forme
              UNION ALL SELECT 'ailleurs', ST_Buffer(ST_Translate(bord, 200000, 0), 100) FROM forme
            ) surface;
            INSERT INTO pub.liaison_douce (code, nom, communes, geom, precision, etat, source, source_ligne, millesime)
            SELECT 'traverse', 'Traverse', ARRAY['59172'], ST_Multi(ST_MakeLine(ST_Translate(bord, -9000, 0), milieu)), 'exacte',
              'existant', 'facts', '1', '2026' FROM forme;
            INSERT INTO pub.halle (code, nom, geom, precision, code_insee, etat, source, source_ligne, millesime)
            SELECT 'limite', 'Limite', limite, 'exacte', NULL, 'existant', 'facts', '1', '2026' FROM forme;
            INSERT INTO pub.halle (code, nom, code_insee, etat, source, source_ligne, millesime)
            VALUES ('sans', 'Sans', NULL, 'existant', 'facts', '1', '2026'), ('code', 'Code', '59172', 'existant', 'facts', '1', '2026');
                """
            )
        yield database


@pytest.mark.parametrize("decoupage", DECOUPAGES[:-1])
def test_straddling_rows_are_conserved_too(straddled: Database, settings: Settings, decoupage: str) -> None:
    client = create_app(settings, straddled).test_client()
    report, whole = get(client, decoupage), get(client, "territoire")
    assert_conserved(report, whole)
    total = values(whole["unites"][0])
    assert total["trame_verte", "nombre"]["valeur"] == 2, "what lies outside is in no count"
    assert total["halle", "nombre"]["valeur"] == 3
    rest = {rest["couche"]: rest for rest in report["restes"] if rest["mesure"] == "nombre"}
    assert rest["trame_verte"]["comptes_plusieurs_fois"] > 0
    assert rest["halle"]["comptes_plusieurs_fois"] == 0, "a point on a boundary is in one commune"
    assert rest["halle"]["non_localise"] == 1
    for unit in report["unites"]:
        assert not values(unit)["trame_verte", "nombre"]["additive"]


@pytest.mark.parametrize("decoupage", DECOUPAGES[:-1])
def test_lengths_and_areas_add_up_to_the_whole(straddled: Database, catalog: Catalog, decoupage: str) -> None:
    layers = [catalog.by_id["trame_verte"], catalog.by_id["liaison_douce"]]
    for summary in fetch_summaries(straddled, layers, decoupage).values():
        parts = [count.taille or 0 for count in (*summary.unites.values(), summary.hors_unite)]
        assert sum(parts) == pytest.approx(summary.territoire.taille or 0, rel=1e-9)
        whole = sum(parts) + (summary.hors_territoire.taille or 0)
        assert whole == pytest.approx(summary.ensemble.taille or 0, rel=1e-6)


def test_area_of_a_straddling_surface_is_shared_out(straddled: Database, settings: Settings) -> None:
    client = create_app(settings, straddled).test_client()
    units = get(client, "bassin")["unites"]
    whole = values(get(client, "territoire")["unites"][0])["trame_verte", "surface_km2"]["valeur"]
    parts = [values(unit)["trame_verte", "surface_km2"]["valeur"] for unit in units]
    assert whole > 100
    assert sum(parts) == pytest.approx(whole)
    for unit, part in zip(units, parts, strict=True):
        share = values(unit)["trame_verte", "part_surface"]["valeur"]
        assert share == pytest.approx(100 * part / unit["surface_km2"])
        assert not values(unit)["trame_verte", "part_surface"]["additive"]


# --- what is not known -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decoupage", DECOUPAGES)
def test_without_contours_no_area_nor_share_is_given(reader: FlaskClient, decoupage: str) -> None:
    report = get(reader, decoupage)
    assert report["contours_charges"] is False
    for unit in (*report["unites"], report["ensemble"]):
        assert unit["surface_km2"] is None
        geometric = [value for value in unit["mesures"] if value["mesure"] in GEOMETRIC]
        assert geometric
        for value in geometric:
            assert value["valeur"] is None
            assert value["indisponible"] in {counting.NO_CONTOURS, counting.EMPTY_LAYER}
    assert counting.NO_CONTOURS == "indisponible (contours non chargés)"


def test_no_area_of_a_schematic_cell_is_shown_anywhere(reader: FlaskClient, app_cells: list[float]) -> None:
    pages = [reader.get(f"/territoires/bassin{suffix}").text for suffix in ("", ".json", ".csv", "/amandinois")]
    for area in app_cells:
        for text in (str(area)[:7], french.nombre(area, 1), french.nombre(area, 2)):
            assert not any(text in page for page in pages)
    assert "indisponible (contours non chargés)" in pages[3]


@pytest.fixture
def app_cells(database: Database) -> list[float]:
    """Return the km² of the cells of bassins, which no page may show."""
    with database.owner() as connection:
        rows = connection.execute(
            "SELECT ST_Area(ST_Transform(geom, 4326)::geography) / 1e6 AS km2 FROM app.cellule WHERE couche = 'bassin'"
        ).fetchall()
    assert len(rows) == 3
    return [row["km2"] for row in rows]


def test_an_empty_layer_is_unknown_not_zero(reader: FlaskClient) -> None:
    for unit in get(reader, "bassin")["unites"]:
        for measure in ("nombre", "pour_1000_habitants"):
            value = values(unit)["halle", measure]
            assert value["valeur"] is None
            assert value["indisponible"] == counting.EMPTY_LAYER
            assert value["indisponible"].startswith("non renseigné")


def test_a_missing_population_makes_the_total_unknown(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        connection.execute("UPDATE pub.commune SET population_municipale = NULL WHERE code_insee = '59172'")
    units = {unit["code"]: unit for unit in get(client, "bassin")["unites"]}
    assert units["bassin_minier"]["population"] is None
    rate = values(units["bassin_minier"])["espace_nature", "pour_1000_habitants"]
    assert (rate["valeur"], rate["indisponible"]) == (None, counting.NO_POPULATION)
    assert isinstance(units["ostrevent"]["population"], int)
    assert client.get("/territoires/bassin/bassin_minier").status_code == 200


def test_rates_are_counts_over_population(reader: FlaskClient) -> None:
    for unit in get(reader, "bassin")["unites"]:
        rate = values(unit)["espace_nature", "pour_1000_habitants"]
        assert rate["valeur"] == pytest.approx(
            1000 * values(unit)["espace_nature", "nombre"]["valeur"] / unit["population"]
        )
        assert "DGCL" in rate["source"] or "Composition des intercommunalités" in rate["source"]
        assert rate["additive"] is False


# --- with contours -----------------------------------------------------------------------------------------------


def test_with_contours_areas_are_given_and_add_up(reader_with_contours: FlaskClient) -> None:
    report, communes = get(reader_with_contours, "bassin"), get(reader_with_contours, "commune")
    assert report["contours_charges"] is True
    whole = report["ensemble"]["surface_km2"]
    assert whole > 300
    for units in (report["unites"], communes["unites"]):
        assert sum(unit["surface_km2"] for unit in units) == pytest.approx(whole)
    text = reader_with_contours.get("/territoires/bassin/amandinois").text
    assert "contours.geojson, chargé le" in text, "an area says which contours it is read from"
    assert "ellules schématiques" not in text


def test_a_perimeter_nobody_gave_is_no_area(reader_with_contours: FlaskClient) -> None:
    value = values(get(reader_with_contours, "territoire")["ensemble"])["qpv", "surface_km2"]
    assert (value["valeur"], value["indisponible"]) == (None, counting.NO_EXACT_PLACE)


REAL = "communes/communes_caph_admin-express-2018.geojson"


def test_official_contours_measure_the_known_area(
    database: Database, catalog: Catalog, settings: Settings, shared_file: Callable[[str], Path]
) -> None:
    load_source(database, catalog, settings, "commune", shared_file(REAL))
    whole = get(create_app(settings, database).test_client(), "territoire")["ensemble"]
    assert whole["surface_km2"] == pytest.approx(372.9, rel=0.002)
