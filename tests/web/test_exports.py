"""`/exports/<id>.geojson`: what RFC 7946 asks, what selects, what is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import shapely
from shapely.geometry import shape

from tests.web.exports_read import export, keys
from webmap.app import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database


TERRITORY = "3.2,50.2,3.6,50.6"
HOSTILE = ('<img src=x onerror="alert(1)">', "</script><script>alert(1)</script>", "\"}]} \\ \x01 \x02 é\u2028 '")


# --- what is sent ------------------------------------------------------------------------------------------------


def test_every_public_layer_is_exported_as_rfc_7946(
    reader_with_contours: FlaskClient, reader: FlaskClient, catalog: Catalog
) -> None:
    for client in (reader, reader_with_contours):
        for layer in catalog.public:
            response = client.get(f"/exports/{layer.id}.geojson")
            assert response.data[:1] == b"{", "UTF-8 without a byte order mark"
            collection = export(client, layer.id)
            assert "crs" not in collection
            assert collection["name"] == layer.id
            assert collection["metadonnees"]["licence"] == layer.source.licence
            ids = [feature["id"] for feature in collection["features"]]
            assert len(set(ids)) == len(ids)
            for feature in collection["features"]:
                assert feature.keys() == {"type", "id", "geometry", "properties"}
                assert set(layer.field_ids) <= feature["properties"].keys()
                assert {"precision", "etat", "source", "millesime"} <= feature["properties"].keys()


def test_rings_turn_as_the_rfc_says_with_seven_decimals(reader_with_contours: FlaskClient) -> None:
    features = export(reader_with_contours, "commune")["features"]
    assert len(features) == 47
    for feature in features:
        geometry = shape(feature["geometry"])
        assert isinstance(geometry, shapely.MultiPolygon)
        assert all(part.exterior.is_ccw for part in geometry.geoms)
        for ring in (ring for part in feature["geometry"]["coordinates"] for ring in part):
            assert len(ring) >= 4
            assert ring[0] == ring[-1]
            assert all(len(str(value).partition(".")[2]) <= 7 for position in ring for value in position)


def test_schematic_cells_are_never_exported(reader: FlaskClient) -> None:
    for layer in ("commune", "bassin", "equipe", "bv2022"):
        features = export(reader, layer)["features"]
        assert features
        assert all(feature["geometry"] is None for feature in features)


def test_a_row_without_a_place_has_a_null_geometry(reader: FlaskClient) -> None:
    features = export(reader, "projet_emblematique")["features"]
    located = [feature for feature in features if feature["geometry"]]
    assert len(features) == 9
    assert 0 < len(located) < 9
    assert len(export(reader, "qpv")["features"]) == 13


def test_a_reference_list_is_exported(reader: FlaskClient) -> None:
    assert len(export(reader, "engagement")["features"]) == 3


def test_an_empty_layer_is_a_valid_empty_collection(reader: FlaskClient) -> None:
    assert export(reader, "halle")["features"] == []


def test_hostile_text_stays_text(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        for number, text in enumerate(HOSTILE):
            connection.execute(
                "INSERT INTO pub.espace_nature (code, nom, commune, observation, etat, source, millesime)"
                " VALUES (%s, %s, 'x', %s, 'existant', 'x', '2026')",
                [f"hostile{number}", text, text],
            )
    response = client.get("/exports/espace_nature.geojson")
    rows = {feature["id"]: feature["properties"] for feature in response.get_json()["features"]}
    for number, text in enumerate(HOSTILE):
        assert (rows[f"hostile{number}"]["nom"], rows[f"hostile{number}"]["observation"]) == (text, text)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"].startswith("attachment")


# --- selections --------------------------------------------------------------------------------------------------


def test_units_share_out_the_rows_of_a_layer(reader: FlaskClient) -> None:
    bassins = [keys(reader, "espace_nature", bassin=code) for code in ("amandinois", "bassin_minier", "ostrevent")]
    assert all(bassins)
    assert set.union(*bassins) == keys(reader, "espace_nature")
    assert sum(map(len, bassins)) == 10


def test_a_commune_selects_what_names_it(reader: FlaskClient) -> None:
    features = export(reader, "poche_pauvrete", commune="59292")["features"]
    assert {feature["properties"]["code_insee"] for feature in features} == {"59292"}
    assert len(features) == 5


def test_a_list_of_communes_selects_in_each_of_them(reader: FlaskClient) -> None:
    shared = [f for f in export(reader, "qpv")["features"] if len(f["properties"]["communes"]) > 1]
    assert shared
    inside = keys(reader, "commune")
    for feature in shared:
        for code in set(feature["properties"]["communes"]) & inside:
            assert feature["id"] in keys(reader, "qpv", commune=code)


def test_bbox_keeps_what_touches_it(reader_with_contours: FlaskClient) -> None:
    box = (3.30, 50.32, 3.42, 50.40)
    text = ",".join(map(str, box))
    for layer in ("commune", "espace_nature"):
        everything = {f["id"]: f["geometry"] for f in export(reader_with_contours, layer)["features"]}
        expected = {
            key for key, geometry in everything.items() if geometry and shape(geometry).intersects(shapely.box(*box))
        }
        assert keys(reader_with_contours, layer, bbox=text) == expected
        assert 0 < len(expected) < len(everything)


def test_selections_combine(reader: FlaskClient) -> None:
    both = keys(reader, "espace_nature", bassin="amandinois", bbox=TERRITORY)
    located = {f["id"] for f in export(reader, "espace_nature", bassin="amandinois")["features"] if f["geometry"]}
    assert both == located
    commune = "59526"
    assert keys(reader, "espace_nature", bassin="amandinois", commune=commune) == keys(
        reader, "espace_nature", commune=commune
    )
    assert keys(reader, "espace_nature", bassin="ostrevent", commune=commune) == set()
    assert keys(reader, "commune", bassin="bassin_minier", equipe="sud") < keys(reader, "commune", equipe="sud") | {""}


@pytest.mark.parametrize(
    "bbox",
    ["-180,-90,180,90", "-10,40,12,53", "0,0,180,90"],
)
def test_a_box_larger_than_france_is_fine(reader_with_contours: FlaskClient, bbox: str) -> None:
    assert len(keys(reader_with_contours, "commune", bbox=bbox)) == 47


@pytest.mark.parametrize(
    "bbox", ["100,0,110,3", "-180,-90,-170,-80", "2,48,2.1,48.1", "3.3,50.3,3.3,50.3", "180,90,180,90"]
)
def test_an_empty_selection_is_a_valid_empty_collection(reader: FlaskClient, bbox: str) -> None:
    assert export(reader, "espace_nature", bbox=bbox)["features"] == []


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("emprise=1,2,3,4", "emprise"),
        ("bbox=1,2,3,4&bbox=1,2,3,4", "plusieurs fois"),
        ("bassin=amandinois&bassin=ostrevent", "plusieurs fois"),
        ("bbox=", "bbox"),
        ("bbox=ouest", "attendu ouest,sud,est,nord"),
        ("bbox=1,2,3", "attendu"),
        ("bbox=1,2,3,4,5", "attendu"),
        ("bbox=nan,50,4,51", "attendu"),
        ("bbox=3,50,inf,51", "attendu"),
        ("bbox=3.6,50.2,3.2,50.6", "inversées"),
        ("bbox=3.2,50.6,3.6,50.2", "inversées"),
        ("bbox=50.2,3.2,50.6,300", "degrés"),
        ("bbox=3,50,1e400,51", "attendu"),
        ("bbox=735000,7020000,740000,7030000", "degrés"),
        ("bassin=hainaut", "code inconnu"),
        ("bassin=", "code inconnu"),
        ("commune=Denain", "code inconnu"),
        ("commune=75056", "code inconnu"),
        ("bassin=amandinois%00", "code inconnu"),
        ("bbox=3,50,4,51%00", "attendu"),
        ("bassin=%27%20OR%20true--", "code inconnu"),
        ("%00=1", "inconnu"),
        ("bassin=" + "a" * 10_000, "code inconnu"),
    ],
)
def test_a_bad_parameter_is_400_with_a_sentence(reader: FlaskClient, query: str, said: str) -> None:
    response = reader.get(f"/exports/commune.geojson?{query}")
    assert response.status_code == 400
    problem = response.get_json()
    assert said in problem["detail"]
    assert len(problem["detail"]) < 400
    assert problem["code"] == "parametre_invalide"


@pytest.mark.parametrize("layer", ["nulle_part", "commune;drop", "..%2Fwebmap", "%00", "Commune"])
def test_an_unknown_layer_is_404_with_a_sentence(reader: FlaskClient, layer: str) -> None:
    response = reader.get(f"/exports/{layer}.geojson")
    assert response.status_code == 404
    assert response.get_json()["detail"].endswith(".")


# --- HTTP --------------------------------------------------------------------------------------------------------


def test_head_answers_as_get_without_a_body(reader: FlaskClient) -> None:
    get, head = reader.get("/exports/commune.geojson"), reader.head("/exports/commune.geojson")
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Type", "Content-Disposition", "ETag", "Access-Control-Allow-Origin"):
        assert head.headers[name] == get.headers[name]
    assert reader.head("/exports/commune.geojson?bbox=x").status_code == 400


def test_revalidation_is_304_until_the_layer_changes(client: FlaskClient, database: Database) -> None:
    path = "/exports/espace_nature.geojson?bassin=amandinois"
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    assert client.get(path, headers={"If-None-Match": f'"other", {etag}'}).status_code == 304
    with database.owner() as connection:
        connection.execute("UPDATE pub.halle SET nom = nom")  # empty: touches no row, raises nothing
        connection.execute("UPDATE pub.espace_nature SET observation = 'changé'")
    fresh = client.get(path, headers={"If-None-Match": etag})
    assert fresh.status_code == 200
    assert fresh.headers["ETag"] != etag
    assert "changé" in fresh.text


def test_another_selection_has_another_etag(reader: FlaskClient) -> None:
    queries = ("", "?bassin=amandinois", "?bassin=ostrevent", f"?bbox={TERRITORY}", "?commune=59172")
    etags = {reader.get(f"/exports/commune.geojson{query}").headers["ETag"] for query in queries}
    assert len(etags) == len(queries)


def test_the_file_name_says_the_selection(reader: FlaskClient) -> None:
    response = reader.get(f"/exports/qpv.geojson?bassin=bassin_minier&bbox={TERRITORY}")
    name = r"qpv_bassin-bassin_minier_emprise_\d{4}-\d\d-\d\d_r\d+\.geojson"
    assert re.fullmatch(f'attachment; filename="{name}"', response.headers["Content-Disposition"])


def test_the_file_name_is_safe_whatever_the_code(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.bassin (code, nom, etat, source, millesime) VALUES (%s, 'x', 'existant', 'x', '2026')",
            ['é"; a\r\nSet-Cookie: b'],
        )
    response = client.get("/exports/qpv.geojson", query_string={"bassin": 'é"; a\r\nSet-Cookie: b'})
    assert response.status_code == 200
    name = response.headers["Content-Disposition"].removeprefix('attachment; filename="').removesuffix('"')
    assert re.fullmatch(r"qpv_bassin-----a--Set-Cookie--b_[\d-]+_r\d+\.geojson", name)
    assert "Set-Cookie" not in response.headers


def test_any_site_may_take_what_is_public(reader: FlaskClient) -> None:
    assert reader.get("/exports/commune.geojson").headers["Access-Control-Allow-Origin"] == "*"


def test_a_large_layer_is_sent_in_pieces(settings: Settings, database: Database) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.espace_nature (code, nom, commune, observation, etat, source, millesime)"
            " SELECT 'n' || i, 'x', 'x', repeat('y', 1000), 'existant', 'x', '2026' FROM generate_series(1, 3000) i"
        )
    response = create_app(settings, database).test_client().get("/exports/espace_nature.geojson", buffered=False)
    pieces = [len(piece) for piece in response.iter_encoded()]
    assert sum(pieces) > 3_000_000
    assert max(pieces) < 1_100_000  # what is read in a turn, and one row
    assert "Content-Length" not in response.headers
