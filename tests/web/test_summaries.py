"""`/territoires/…`: the same numbers as a page, as JSON and as CSV, each with its rule and its source."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.measures_read import plain, read_measures
from webmap.app import create_app
from webmap.catalog import counting
from webmap.importing.run import load_source
from webmap.store.db import count_queries
from webmap.store.report import fetch_report
from webmap.store.summaries import fetch_summaries
from webmap.web import french, reports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

    Report = dict[str, Any]

DECOUPAGES = ("bassin", "equipe", "bv2022", "commune", "territoire")
MEASURE_KEYS = {"couche", "mesure", "valeur", "unite", "regle", "source", "additive"}  # the issue's own list
GEOMETRIC = {"surface_km2", "part_surface", "longueur_km"}


def get(client: FlaskClient, decoupage: str) -> Report:
    response = client.get(f"/territoires/{decoupage}.json")
    assert response.status_code == 200
    report: Report = json.loads(response.text, parse_constant=pytest.fail)  # NaN is no JSON
    return report


def values(unit: Report) -> dict[tuple[str, str], Report]:
    return {(v["couche"], v["mesure"]): v for v in unit["mesures"]}


# --- shape -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decoupage", DECOUPAGES)
def test_json_has_the_shape_the_issue_gives(reader: FlaskClient, decoupage: str) -> None:
    report = get(reader, decoupage)
    assert report["decoupage"] == decoupage
    assert report["unites"]
    for unit in report["unites"]:
        assert isinstance(unit["code"], str)
        assert isinstance(unit["nom"], str)
        assert isinstance(unit["population"], int)
        assert isinstance(unit["nombre_communes"], int)
        assert unit["surface_km2"] is None
        for value in unit["mesures"]:
            assert value.keys() >= MEASURE_KEYS
            assert value["valeur"] is None or isinstance(value["valeur"], int | float)
            assert isinstance(value["additive"], bool)
            assert value["regle"]
            assert value["source"]
            assert (value["valeur"] is None) == (value["indisponible"] is not None)


def test_keys_of_the_json_are_those_published(reader: FlaskClient) -> None:
    report = get(reader, "bassin")
    top = {"decoupage", "titre", "avertissement", "contours_charges", "unites", "restes", "partages", "ensemble"}
    assert report.keys() == top
    unit = report["unites"][0]
    assert unit.keys() == {"code", "nom", "population", "nombre_communes", "surface_km2", "communes", "mesures"}
    more = {"couche_titre", "libelle", "millesime", "indisponible", "note", "declare", "comptage", "sens"}
    more |= {"borne_min", "borne_max", "communes_masquees"}
    assert unit["mesures"][0].keys() == MEASURE_KEYS | more
    assert unit["mesures"][0].keys() == report["ensemble"]["mesures"][0].keys()


def test_every_measured_layer_is_in_every_unit(reader: FlaskClient, catalog: Catalog) -> None:
    measured = {(layer.id, measure.id) for layer in catalog.public for measure in layer.measures}
    measured |= {("commune", name) for name in ("population_municipale", "surface_km2", "densite")}
    for unit in get(reader, "commune")["unites"]:
        assert values(unit).keys() == measured


def test_bassins_hold_the_whole_agglomeration(reader: FlaskClient) -> None:
    report = get(reader, "bassin")
    assert [unit["nom"] for unit in report["unites"]] == ["Amandinois", "Bassin minier", "Ostrevent"]
    assert sum(unit["nombre_communes"] for unit in report["unites"]) == 47
    assert len({code for unit in report["unites"] for code in unit["communes"]}) == 47
    assert sum(unit["population"] for unit in report["unites"]) == 158_351
    assert (report["ensemble"]["population"], report["ensemble"]["nombre_communes"]) == (158_351, 47)
    assert "à confirmer" in report["avertissement"]


def test_equipes_leave_34_communes_out(reader: FlaskClient) -> None:
    report = get(reader, "equipe")
    assert {unit["code"]: unit["nombre_communes"] for unit in report["unites"]} == {"nord": 7, "sud": 6}


def test_bv2022_is_another_zoning_than_bassin(reader: FlaskClient) -> None:
    report = get(reader, "bv2022")
    assert len(report["unites"]) == 5
    assert sum(unit["nombre_communes"] for unit in report["unites"]) == 47
    assert "ne jamais mêler" not in json.dumps(get(reader, "bassin"), ensure_ascii=False)


def test_territoire_has_one_unit_which_is_the_whole(reader: FlaskClient) -> None:
    report = get(reader, "territoire")
    assert [unit["code"] for unit in report["unites"]] == ["200042190"]
    assert report["unites"][0] == report["ensemble"]
    assert report["restes"] == []


def test_one_unit_is_the_same_alone_as_among_the_others(reader: FlaskClient) -> None:
    together = get(reader, "bassin")
    for unit in together["unites"]:
        alone = reader.get(f"/territoires/bassin/{unit['code']}.json").get_json()
        assert alone == {**together, "unites": [unit]}


# --- stated and counted ------------------------------------------------------------------------------------------


def test_qpv_shows_12_stated_and_13_coded_with_both_sources(
    reader: FlaskClient, read_page: Callable[[str], Page]
) -> None:
    whole = values(get(reader, "territoire")["ensemble"])
    counted, stated = whole["qpv", "nombre"], whole["qpv", "declare_quartiers_declares"]
    assert (counted["valeur"], stated["valeur"]) == (13, 12)
    assert "Quartiers prioritaires de la politique de la ville 2024" in counted["source"]
    assert "Contrat Quartiers 2030" in stated["source"]
    assert "ligne 72" in stated["source"]
    assert (counted["declare"], stated["declare"], stated["additive"]) == (False, True, False)
    assert stated["regle"] == counting.STATED
    page = read_page(reader.get("/territoires/bassin/amandinois").text)
    assert ["Quartiers réglementaires annoncés", "12\u00a0quartiers"] in [row[:2] for row in page.rows]
    assert [row[2] for row in page.rows if row[0] == "Quartiers prioritaires"] == ["13\u00a0quartiers"]


def test_known_totals_are_counted(reader: FlaskClient) -> None:
    whole = values(get(reader, "territoire")["ensemble"])
    for layer, expected in {"poche_pauvrete": 11, "projet_emblematique": 9, "espace_nature": 10}.items():
        assert whole[layer, "nombre"]["valeur"] == expected


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


@pytest.fixture
def straddled(database_with_contours: Database) -> Database:
    """Add surfaces, lines and points that straddle units, stand on their boundary, or leave the territory."""
    with database_with_contours.owner() as connection:
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
    return database_with_contours


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


# --- the same numbers everywhere ---------------------------------------------------------------------------------


def read_csv(client: FlaskClient, path: str) -> list[dict[str, str]]:
    response = client.get(path)
    assert response.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(response.text)))


@pytest.mark.parametrize("path", [*DECOUPAGES, "bassin/ostrevent", "commune/59172", "equipe/sud", "bv2022/59172"])
def test_csv_says_what_json_says(reader: FlaskClient, path: str) -> None:
    report = reader.get(f"/territoires/{path}.json").get_json()
    expected = [
        (unit["code"], unit["nom"], value["couche"], value["mesure"], value["valeur"], value["unite"], value["regle"])
        for unit in [*report["unites"], *([report["ensemble"]] if report["decoupage"] != "territoire" else [])]
        for value in unit["mesures"]
    ]
    found = [
        (row["code"], row["nom"], row["couche"], row["mesure"], number(row["valeur"]), row["unite"], row["regle"])
        for row in read_csv(reader, f"/territoires/{path}.csv")
    ]
    assert found == expected


def number(text: str) -> float | None:
    return float(text) if text else None


@pytest.mark.parametrize("path", ["bassin/amandinois", "commune/59172", "equipe/nord", "territoire/200042190"])
def test_page_says_what_json_says(
    reader_with_contours: FlaskClient, read_page: Callable[[str], Page], path: str
) -> None:
    report = reader_with_contours.get(f"/territoires/{path}.json").get_json()
    html = reader_with_contours.get(f"/territoires/{path}").text
    page = read_page(html)
    told = read_measures(html)
    stated = {row[0]: row for row in reversed(page.rows) if len(row) > 2}  # the first: charts have tables too
    unit, empty = report["unites"][0], 0
    for value in unit["mesures"]:
        if value["indisponible"] == counting.EMPTY_LAYER:
            empty += 1
        elif value["declare"]:
            number = f"{french.nombre(value['valeur'])}\u00a0{french.accorde(value['valeur'], value['unite'])}"
            assert stated[value["libelle"]][1].startswith(number)
        else:
            line = told.pop(value["libelle"])
            assert line.shows(line.cells[0], value), line
            assert line.rule == plain(value["regle"])
            assert line.cites(value), line
    assert told == {}
    assert empty
    assert french.nombre(unit["population"]) in page.text
    assert french.nombre(unit["surface_km2"]) in page.text


def test_unit_page_lists_places_and_the_not_located(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    page = read_page(reader.get("/territoires/bassin/amandinois").text)
    assert "/fiches/espace_nature/" in " ".join(page.links())
    assert "Non localisés (territoire entier)" in page.text
    assert "Fabrique des savoirs et de la citoyenneté" in page.text
    assert page.text.count("affectation de travail") == 1, "said once of all the communes"


# --- addresses and cost ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", ".json", ".csv"])
@pytest.mark.parametrize("path", ["canton", "canton/1", "bassin/hainaut", "commune/75056", "territoire/1", "cours_eau"])
def test_unknown_decoupage_or_unit_is_404_with_a_sentence(reader: FlaskClient, path: str, suffix: str) -> None:
    response = reader.get(f"/territoires/{path}{suffix}")
    assert response.status_code == 404
    detail = response.get_json()["detail"]
    assert detail.endswith(".")
    assert any(part in detail for part in path.split("/"))


def test_a_parameter_is_refused(reader: FlaskClient) -> None:
    for path in ("", "/bassin", "/bassin.json", "/bassin/amandinois.csv"):
        assert reader.get(f"/territoires{path}?annee=2020").status_code == 400


@pytest.mark.parametrize("suffix", ["", ".json", ".csv"])
def test_revalidation_costs_nothing_until_a_layer_changes(client: FlaskClient, database: Database, suffix: str) -> None:
    path = f"/territoires/bassin{suffix}"
    etag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    with database.owner() as connection:
        connection.execute(
            "UPDATE pub.espace_nature SET observation = 'changé' WHERE code = (SELECT min(code) FROM pub.espace_nature)"
        )
    fresh = client.get(path, headers={"If-None-Match": etag})
    assert (fresh.status_code, fresh.headers["ETag"] == etag) == (200, False)


def test_a_commune_that_changes_bassin_changes_every_summary(client: FlaskClient, database: Database) -> None:
    before = client.get("/territoires/bassin.json")
    with database.owner() as connection:
        connection.execute(
            "UPDATE app.appartenance SET unite = 'ostrevent' WHERE decoupage = 'bassin' AND code_insee = '59172'"
        )
        connection.execute("UPDATE app.revision SET revision = revision + 1 WHERE couche = 'commune'")
    after = client.get("/territoires/bassin.json", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    counts = {unit["code"]: unit["nombre_communes"] for unit in before.get_json()["unites"]}
    assert {unit["code"]: unit["nombre_communes"] for unit in after.get_json()["unites"]} == {
        **counts,
        "ostrevent": counts["ostrevent"] + 1,
        "bassin_minier": counts["bassin_minier"] - 1,
    }


@pytest.fixture
def unkept(reader: FlaskClient, settings: Settings, tmp_path: Path) -> FlaskClient:
    """Return a client of the reader's database for whom nothing was made yet."""
    own = settings.model_copy(update={"octets_folder": tmp_path})
    return create_app(own, reader.application.extensions["webmap"].database).test_client()


def test_a_summary_made_once_costs_one_statement(unkept: FlaskClient) -> None:
    path = "/territoires/bassin/ostrevent.json"
    first = unkept.get(path)
    with count_queries() as statements:
        identity, gzipped = unkept.get(path), unkept.get(path, headers={"Accept-Encoding": "gzip"})
    assert len(statements) == 2
    assert "app.revision" in statements[0]
    assert first.data == identity.data == gzip.decompress(gzipped.data)
    assert identity.headers["ETag"] == gzipped.headers["ETag"]
    assert gzipped.headers["Content-Encoding"] == "gzip"
    assert identity.headers["Vary"] == gzipped.headers["Vary"] == "Accept-Encoding"
    assert unkept.get("/territoires/bassin/nulle-part.json").status_code == 404


def test_a_kept_summary_is_answered_before_the_routes_as_they_answer_it(
    unkept: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = ["/territoires/bassin/ostrevent.json", "/territoires/bassin.json"]
    made = [unkept.get(path, headers={"Accept-Encoding": "gzip"}) for path in paths]
    front = unkept.application.wsgi_app
    monkeypatch.setattr(front, "_behind", lambda _wsgi, start: start("418 Behind", []) and [])
    for path, first in zip(paths, made, strict=True):
        again = unkept.get(path, headers={"Accept-Encoding": "gzip"})
        assert (again.status_code, again.data) == (200, first.data)
        assert sorted(again.headers) == sorted(first.headers)
        seen = unkept.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (seen.status_code, seen.data, seen.headers["ETag"]) == (304, b"", first.headers["ETag"])
        head = unkept.head(path)
        assert (head.status_code, head.data) == (200, b"")
        assert int(head.headers["Content-Length"]) == len(gzip.decompress(first.data))
    others = ["/territoires/bassin/.json", "/territoires/bassin.json?x=1", "/territoires/bassin/%FF.json"]
    assert [unkept.get(path).status_code for path in [*others, "/territoires/bassin/amandinois.json"]] == [418] * 4
    assert unkept.post(paths[0]).status_code == 418


def test_a_summary_made_while_the_data_change_is_not_kept(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(settings.model_copy(update={"octets_folder": tmp_path}), database).test_client()

    def edited(*asked: Any) -> Any:  # noqa: ANN401 - what fetch_report takes and gives
        report = fetch_report(*asked)
        with database.owner() as connection:
            connection.execute("DELETE FROM pub.espace_nature")
        return report

    monkeypatch.setattr(reports, "fetch_report", edited)
    before = client.get("/territoires/bassin.json")
    assert not list((tmp_path / "syntheses").rglob("*.gz"))
    monkeypatch.undo()
    after = [
        client.get("/territoires/bassin.json", headers={"If-None-Match": before.headers["ETag"]}) for _ in range(2)
    ]
    assert [each.status_code for each in after] == [200, 200]
    assert before.data != after[0].data == after[1].data
    assert len(list((tmp_path / "syntheses").rglob("*.gz"))) == 1


def test_cost_does_not_depend_on_the_number_of_units(unkept: FlaskClient, catalog: Catalog) -> None:
    costs = {}
    for decoupage in DECOUPAGES[:-1]:
        with count_queries() as statements:
            get(unkept, decoupage)
        costs[decoupage] = len(statements)
    assert len(set(costs.values())) == 1, costs
    measured = [layer for layer in catalog.public if layer.measures and layer.decoupage is None]
    assert costs["bassin"] <= len(measured) + 7, "one a layer, and a few for the units and their sources"


def test_file_name_is_safe_whatever_the_code(client: FlaskClient, database: Database) -> None:
    code = 'é"; x\r\nX: y'
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.bassin (code, nom, etat, source, millesime) VALUES (%s, 'x', 'existant', 'x', '2026')",
            [code],
        )
    response = client.get("/territoires/bassin/%C3%A9%22;%20x%0D%0AX:%20y.csv")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == 'attachment; filename="territoires_bassin_----x--X--y.csv"'
