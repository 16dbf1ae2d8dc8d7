"""`/tuiles/<ids>/<z>/<x>/<y>.mvt`: what a tile holds, what is refused, and that it is never stale."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests.web.tiles_read import HERE, MIMETYPE, decode
from webmap.catalog.bands import LABELS
from webmap.web.params import MAX_LAYERS

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.store.db import Database


def test_layers_are_concatenated_in_one_tile(reader: FlaskClient) -> None:
    layers = decode(reader, "commune,bassin,espace_nature")
    drawn = {"commune", "bassin", "espace_nature"}
    assert drawn <= set(layers) <= drawn | {name + LABELS for name in drawn}
    assert len(layers["bassin"]) == 3
    assert len(layers["espace_nature"]) == 10


def test_features_carry_key_name_and_what_the_style_needs(reader: FlaskClient) -> None:
    features = decode(reader, "projet_emblematique")["projet_emblematique"]
    for feature in features:
        assert feature["properties"].keys() <= {"cle", "nom", "etat", "approximatif"}
        assert feature["properties"]["cle"]
    assert any(feature["properties"].get("approximatif") for feature in features)


def test_cells_are_marked_schematic_and_contours_are_not(
    reader: FlaskClient, reader_with_contours: FlaskClient
) -> None:
    assert all(feature["properties"].get("schematique") for feature in decode(reader, "commune")["commune"])
    assert not any("schematique" in f["properties"] for f in decode(reader_with_contours, "commune")["commune"])


def keys(client: FlaskClient, ids: str, query: dict[str, str]) -> set[str]:
    found = decode(client, ids, query=f"?{urlencode(query)}")
    return {feature["properties"]["cle"] for feature in found.get(ids, [])}


@pytest.mark.parametrize(
    "asked",
    [
        "commune LIKE '%a%' AND precision = 'commune'",
        "casei(accenti(nom)) LIKE casei(accenti('%ETANG%'))",
        "nom = 'L''étang que nul n''a vu'",
        "observation IS NULL OR etat <> 'existant'",
    ],
)
@pytest.mark.parametrize("unit", [{}, {"bassin": "amandinois"}, {"commune": "59491"}])
def test_a_tile_holds_the_rows_an_export_holds_by_the_same_filter(
    reader_with_contours: FlaskClient, asked: str, unit: dict[str, str]
) -> None:
    query = {"filter": asked, **unit}
    export = reader_with_contours.get("/exports/espace_nature.geojson", query_string=query).get_json()
    drawn = {row["id"] for row in export["features"] if row["geometry"]}
    assert keys(reader_with_contours, "espace_nature", query) == drawn


def test_a_filtered_tile_is_kept_and_is_not_the_whole_one(client: FlaskClient, database: Database) -> None:
    asked = {"filter": "nom = 'À part'"}
    address = f"/tuiles/espace_nature/{HERE}.mvt?{urlencode(asked)}"
    first = client.get(address)
    assert first.status_code == 204
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert first.headers["ETag"] != client.get(f"/tuiles/espace_nature/{HERE}.mvt").headers["ETag"]
    with database.owner() as connection:
        connection.execute("UPDATE pub.espace_nature SET nom = 'À part' WHERE code = 'mare-a-goriaux'")
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert keys(client, "espace_nature", asked) == {"mare-a-goriaux"}


@pytest.mark.parametrize(
    ("ids", "asked", "told"),
    [
        ("espace_nature,commune", "nom = 'x'", "une seule couche"),
        ("espace_nature", "inconnu = 'x'", "champs possibles"),
        ("espace_nature", "nom = 'x", "pas fermé"),
        ("espace_nature", "", "vide"),
    ],
)
def test_a_filter_a_tile_cannot_take_is_refused_with_a_sentence(
    reader: FlaskClient, ids: str, asked: str, told: str
) -> None:
    response = reader.get(f"/tuiles/{ids}/{HERE}.mvt", query_string={"filter": asked})
    assert response.status_code == 400
    assert told in response.get_json()["detail"]


def test_a_unit_filters(reader: FlaskClient) -> None:
    kept = [
        {f["properties"]["cle"] for f in decode(reader, "espace_nature", query=f"?bassin={code}")["espace_nature"]}
        for code in ("amandinois", "bassin_minier", "ostrevent")
    ]
    assert all(kept)
    assert sum(map(len, kept)) == 10
    assert len(decode(reader, "commune", query="?equipe=nord")["commune"]) == 7


def test_the_world_tile_does_not_fail(reader: FlaskClient, catalog: Catalog) -> None:
    drawn = [layer.id for layer in catalog.public if layer.drawn]
    for zxy in ("0/0/0", "1/1/0", "22/2130000/1410000"):
        assert reader.get(f"/tuiles/{','.join(drawn[:MAX_LAYERS])}/{zxy}.mvt").status_code in {200, 204}


def test_an_empty_tile_is_204(reader: FlaskClient) -> None:
    for address in ("commune/9/0/0", f"halle/{HERE}"):
        response = reader.get(f"/tuiles/{address}.mvt")
        assert (response.status_code, response.data, response.mimetype) == (204, b"", MIMETYPE)
        assert "ETag" in response.headers


@pytest.mark.parametrize(
    "zxy",
    [
        "a/0/0", "0/b/0", "0/0/c", "-1/0/0", "0/-1/0", "1/2/0", "1/0/2", "23/0/0", "9/512/0", "9/0/512", "1.5/0/0",
        "%00/0/0", "0/%00/0", "1e3/0/0", "\uff19/260/172", "9/ 260/172", "9/260/172%20", "123456789/0/0", "9/+260/172",
    ],
)  # fmt: skip
def test_a_bad_address_is_400(reader: FlaskClient, zxy: str) -> None:
    response = reader.get(f"/tuiles/commune/{zxy}.mvt")
    assert response.status_code == 400
    assert "Adresse de tuile" in response.get_json()["detail"]


def test_more_layers_than_the_limit_is_400(reader: FlaskClient) -> None:
    response = reader.get(f"/tuiles/{','.join(f'c{i}' for i in range(MAX_LAYERS + 1))}/{HERE}.mvt")
    assert response.status_code == 400
    assert "31 couches demandées : 30 au plus" in response.get_json()["detail"]


@pytest.mark.parametrize(
    ("ids", "status", "said"),
    [
        ("commune,commune", 400, "deux fois"),
        ("commune,nulle_part", 404, "nulle_part"),
        ("commune,", 404, "pas de couche"),
        (",", 400, "deux fois"),
        ("commune%00", 404, "pas de couche"),
        ("engagement", 404, "sans géométrie"),
        ("commune,engagement", 404, "sans géométrie"),
    ],
)
def test_bad_layers_are_refused_with_a_sentence(reader: FlaskClient, ids: str, status: int, said: str) -> None:
    response = reader.get(f"/tuiles/{ids}/{HERE}.mvt")
    assert response.status_code == status
    assert said in response.get_json()["detail"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("bassin=amandinois&commune=59172", "une seule unité"),
        ("bassin=amandinois&bassin=amandinois", "plusieurs fois"),
        ("bassin=inconnu", "code inconnu"),
        ("bassin=%00", "code inconnu"),
        ("bbox=1,2,3,4", "bbox"),
        ("v=3", "« v » inconnu"),
    ],
)
def test_a_bad_parameter_is_400(reader: FlaskClient, query: str, said: str) -> None:
    response = reader.get(f"/tuiles/commune/{HERE}.mvt?{query}")
    assert response.status_code == 400
    assert said in response.get_json()["detail"]


def test_a_tile_is_fresh_after_an_insert_and_304_before(client: FlaskClient, database: Database) -> None:
    path = f"/tuiles/halle/{HERE}.mvt"
    empty = client.get(path)
    assert empty.status_code == 204
    seen = {"If-None-Match": empty.headers["ETag"]}
    assert client.get(path, headers=seen).status_code == 304
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.halle (code, nom, geom, precision, etat, source, millesime) VALUES ('h', 'Halle',"
            " ST_Transform(ST_SetSRID(ST_MakePoint(3.39, 50.35), 4326), 2154), 'exacte', 'existant', 'x', '2026')"
        )
    fresh = client.get(path, headers=seen)
    assert fresh.status_code == 200
    assert fresh.headers["Cache-Control"] == "no-cache"
    assert [f["properties"]["nom"] for f in decode(client, "halle")["halle"]] == ["Halle"]
    seen = {"If-None-Match": fresh.headers["ETag"]}
    assert client.get(path, headers=seen).status_code == 304
    with database.owner() as connection:
        connection.execute("DELETE FROM pub.halle")
    assert client.get(path, headers=seen).status_code == 204


def test_the_unit_is_part_of_the_etag(reader: FlaskClient) -> None:
    queries = ("", "?bassin=amandinois", "?bassin=ostrevent", "?commune=59172")
    etags = [reader.get(f"/tuiles/commune/{HERE}.mvt{query}").headers["ETag"] for query in queries]
    assert len(set(etags)) == len(etags)


def test_a_point_near_an_edge_is_in_both_tiles(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        connection.execute(  # 300 m inside the first tile: a symbol there is cut by the edge
            "INSERT INTO pub.halle (code, nom, geom, precision, etat, source, millesime)"
            " SELECT 'h', 'Halle', ST_Transform(ST_SetSRID(ST_MakePoint(ST_XMax(e) - 300, (ST_YMin(e) + ST_YMax(e)) / 2), 3857), 2154),"
            " 'exacte', 'existant', 'x', '2026' FROM ST_TileEnvelope(9, 260, 172) e"
        )
    assert len(decode(client, "halle", "9/260/172")["halle"]) == 1
    assert len(decode(client, "halle", "9/261/172")["halle"]) == 1
