"""`/tuiles/<ids>/<z>/<x>/<y>.mvt`: what a tile holds, what is refused, and that it is never stale."""

from __future__ import annotations

import gzip
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import mapbox_vector_tile
import pytest

from webmap.app import create_app
from webmap.catalog.bands import LABELS
from webmap.store.db import count_queries
from webmap.store.tiles import TileStore
from webmap.store.versioned import VersionedBytes
from webmap.web.params import MAX_LAYERS

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

HERE = "8/130/86"  # the whole territory
MIMETYPE = "application/vnd.mapbox-vector-tile"


def decode(client: FlaskClient, ids: str, zxy: str = HERE, query: str = "") -> dict[str, list[dict[str, Any]]]:
    response = client.get(f"/tuiles/{ids}/{zxy}.mvt{query}")
    assert response.status_code in {200, 204}, response.text
    assert response.mimetype == MIMETYPE
    layers = mapbox_vector_tile.decode(response.data)
    return {name: layer["features"] for name, layer in layers.items()}


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


def versioned(client: FlaskClient, ids: str, zxy: str = HERE) -> str:
    named = client.get("/tuiles.json").get_json()["versions"]
    return f"/tuiles/{ids}/{','.join(named[each] for each in ids.split(','))}/{zxy}.mvt"


def add_halle(database: Database, code: str) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.halle (code, nom, geom, precision, etat, source, millesime) VALUES (%(code)s, %(code)s,"
            " ST_Transform(ST_SetSRID(ST_MakePoint(3.39, 50.35), 4326), 2154), 'exacte', 'existant', 'x', '2026')",
            {"code": code},
        )


@pytest.mark.parametrize("ids", ["commune", "commune,bassin,espace_nature", "halle"])
@pytest.mark.parametrize("accept", ["", "gzip", "gzip;q=0", "br, gzip;q=0.5"])
def test_a_version_is_the_bytes_of_the_plain_address_and_costs_no_statement(
    reader: FlaskClient, ids: str, accept: str
) -> None:
    def read(path: str) -> tuple[int, bytes]:
        response = reader.get(path, headers={"Accept-Encoding": accept})
        gzipped = response.headers.get("Content-Encoding") == "gzip"
        assert gzipped <= (accept in {"gzip", "br, gzip;q=0.5"})
        assert response.headers["Vary"] == "Accept-Encoding"
        return response.status_code, gzip.decompress(response.data) if gzipped else response.data

    plain, path = read(f"/tuiles/{ids}/{HERE}.mvt"), versioned(reader, ids)
    with count_queries() as statements:
        assert read(path) == plain
        response = reader.get(path)
    assert statements == []
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reader.get(path, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    assert reader.head(path).headers["ETag"] == response.headers["ETag"]
    flask = reader.get("/healthz")  # what the front answers carries what Flask's answers carry
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy"):
        assert response.headers[name] == flask.headers[name]


@pytest.mark.parametrize("zxy", ["08/130/86", "8/130/0086", "8/130/9999", "99/0/0", "8/-1/86", "8/1e1/86"])
def test_a_version_of_a_bad_address_is_refused_as_the_plain_one(reader: FlaskClient, zxy: str) -> None:
    plain = reader.get(f"/tuiles/commune/{zxy}.mvt")
    found = reader.get(versioned(reader, "commune", zxy))
    assert (found.status_code, found.data) == (plain.status_code, plain.data)


@pytest.mark.parametrize("named", ["0" * 16, "x", "0" * 16 + ",x", "," * 40, "%00", "é", "0" * 900, "current"])
def test_an_unknown_version_leads_to_the_current(reader: FlaskClient, named: str) -> None:
    response = reader.get(f"/tuiles/commune/{named}/{HERE}.mvt")
    assert response.status_code == 307
    assert response.headers["Location"] == versioned(reader, "commune")
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("path", "status"),
    [("nulle/{v}/8/130/86", 404), ("commune,commune/{v},{v}/8/130/86", 400), ("commune/{v}/8/130/86.mvt?bassin=ostrevent&x=", 400)],
)  # fmt: skip
def test_a_version_takes_no_filter_and_no_other_layer(reader: FlaskClient, path: str, status: int) -> None:
    reader.get(versioned(reader, "commune"))
    version = versioned(reader, "commune").split("/")[3]
    response = reader.get(
        f"/tuiles/{path.format(v=version).removesuffix('.mvt')}" + (".mvt" if "?" not in path else "")
    )
    assert response.status_code == status


def test_an_old_version_leads_to_fresh_bytes_once_it_is_not_kept(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    client = create_app(settings.model_copy(update={"octets_folder": tmp_path}), database).test_client()
    old = versioned(client, "halle")
    assert client.get(old).status_code == 204
    add_halle(database, "h")
    assert client.get(old, follow_redirects=True).status_code in {200, 204}  # its own bytes, as long as they are there
    assert len(decode(client, "halle")["halle"]) == 1
    fresh = versioned(client, "halle")
    assert fresh != old
    other = create_app(settings.model_copy(update={"octets_folder": tmp_path}), database).test_client()
    while (response := other.get(old, follow_redirects=True)).status_code != 200:  # another thread collects
        time.sleep(0.02)
    assert response.request.path == fresh
    assert list(mapbox_vector_tile.decode(response.data)) == ["halle"]


def test_edits_and_reads_in_turn_show_nothing_stale_on_any_server(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    own = settings.model_copy(update={"octets_folder": tmp_path})
    clients = [create_app(own, database).test_client() for _ in range(2)]
    seen: dict[str, str] = {}
    for turn in range(12):
        add_halle(database, f"h{turn:02}")
        for client in clients:
            for address in (f"/tuiles/halle/{HERE}.mvt", versioned(client, "halle")):
                response = client.get(address, headers={"If-None-Match": seen.get(address, "")})
                assert response.status_code == 200
                found = mapbox_vector_tile.decode(response.data)["halle"]["features"]
                assert {feature["properties"]["cle"] for feature in found} == {
                    f"h{each:02}" for each in range(turn + 1)
                }
                seen[address] = response.headers["ETag"] if client is clients[1] else seen.get(address, "")
    before = versioned(clients[0], "commune")
    with database.owner() as connection:  # drawn in place of a contour, though no row of a layer changes
        connection.execute("UPDATE app.cellule SET geom = ST_Translate(geom, 50, 0) WHERE cle = '59172'")
    assert versioned(clients[0], "commune") != before


def test_a_hundred_clients_on_one_cold_tile_cost_one_statement(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings.model_copy(update={"octets_folder": tmp_path}), database)
    path, made, make = versioned(app.test_client(), "commune"), [], TileStore.fetch_layer

    def slow(store: TileStore, layer_id: str, z: int, x: int, y: int) -> tuple[bytes, list[str]]:
        made.append(layer_id)
        time.sleep(0.2)
        return make(store, layer_id, z, x, y)

    monkeypatch.setattr(TileStore, "fetch_layer", slow)
    with ThreadPoolExecutor(100) as pool:
        found = list(pool.map(lambda _: app.test_client().get(path), range(100)))
    assert {response.status_code for response in found} == {200}
    assert len({response.data for response in found}) == 1
    assert made == ["commune"]


def test_bytes_changed_while_they_are_asked_are_never_lasting(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(settings.model_copy(update={"octets_folder": tmp_path}), database).test_client()
    path, make = versioned(client, "halle"), TileStore.fetch_layer

    def edited(store: TileStore, layer_id: str, z: int, x: int, y: int) -> tuple[bytes, list[str]]:
        add_halle(database, "h")
        return make(store, layer_id, z, x, y)

    monkeypatch.setattr(TileStore, "fetch_layer", edited)
    response = client.get(path)
    monkeypatch.undo()
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-cache")
    assert client.get(path).status_code == 307
    assert client.get(path, follow_redirects=True).data == response.data


def test_the_store_lost_torn_or_full_while_serving_costs_no_answer(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "octets"
    client, other = (
        create_app(settings.model_copy(update={"octets_folder": folder}), database).test_client() for _ in range(2)
    )
    path = versioned(client, "commune")
    whole = client.get(path).data
    [kept] = folder.glob("commune/**/*.mvt.gz")
    kept.write_bytes(kept.read_bytes()[:-9])
    assert other.get(path).data == whole
    shutil.rmtree(folder)
    folder.write_text("")  # nothing can be written there any more
    third = create_app(settings.model_copy(update={"octets_folder": folder}), database).test_client()
    assert [each.get(path).data for each in (client, other, third)] == [whole] * 3


def test_a_closed_layer_is_answered_no_more_and_the_others_are(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    client = create_app(settings.model_copy(update={"octets_folder": tmp_path}), database).test_client()
    paths = [versioned(client, "commune,bassin"), versioned(client, "commune"), f"/tuiles/commune/{HERE}.mvt"]
    assert [client.get(path).status_code for path in paths] == [200] * 3
    VersionedBytes(tmp_path, 1_000_000).close("commune")  # by the command line, while this server goes on
    assert [client.get(path).status_code for path in paths] == [404] * 3
    assert client.get(versioned(client, "bassin")).status_code == 200


def test_a_burst_of_cold_tiles_is_bounded_work_and_takes_no_room(
    reader: FlaskClient, settings: Settings, tmp_path: Path
) -> None:
    database = reader.application.extensions["webmap"].database
    app = create_app(settings.model_copy(update={"octets_folder": tmp_path}), database)
    template = versioned(app.test_client(), "commune", "14/X/5500")
    paths = [template.replace("X", str(x)) for x in range(8000, 8300)]
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda path: app.test_client().get(path).status_code, paths)) == {204}
    kept = list((tmp_path / "commune").rglob("*.gz"))
    assert len(kept) == 300
    assert len({path.stat().st_ino for path in kept}) == 1
    with count_queries() as statements:
        assert {app.test_client().get(path).status_code for path in paths} == {204}
    assert statements == []
    many = ",".join(f"c{number}" for number in range(MAX_LAYERS + 1))
    assert (
        app.test_client().get(f"/tuiles/{many}/{','.join(['0' * 16] * (MAX_LAYERS + 1))}/{HERE}.mvt").status_code == 400
    )
    assert app.test_client().get("/healthz").status_code == 200
