"""`/tuiles/<ids>/<versions>/<z>/<x>/<y>.mvt`: the bytes of a version last, are never stale, and cost the database nothing."""

from __future__ import annotations

import gzip
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import mapbox_vector_tile
import pytest

from tests.web.tiles_read import HERE, add_halle, decode, versioned
from webmap.app import create_app
from webmap.store.statements import count_queries
from webmap.store.tiles import TileStore
from webmap.store.versioned import VersionedBytes
from webmap.web import front
from webmap.web.params import MAX_LAYERS

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

    from webmap.config import Settings
    from webmap.store.db import Database


@pytest.mark.parametrize("ids", ["commune", "commune,bassin,espace_nature", "halle"])
@pytest.mark.parametrize("accept", ["", "gzip", "gzip;q=0", "gzip;Q=0", "br, gzip;q=0.5"])
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


def test_what_is_said_with_a_tile_is_remembered_within_bounds_and_changes_nothing(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "_KNOWN", 2)
    app = create_app(settings.model_copy(update={"octets_folder": tmp_path}), database)
    client = app.test_client()
    before = app.wsgi_app
    assert isinstance(before, front.Front)
    path, known = versioned(client, "commune"), before._known
    first = client.get(path, headers={"Accept-Encoding": "gzip"})
    again = [client.get(path, headers={"Accept-Encoding": "gzip"}) for _ in range(2)]
    assert list(known) == [(path, "gzip")]
    assert [(each.status, [*each.headers], each.data) for each in again] == [
        (first.status, [*first.headers], first.data)
    ] * 2
    assert client.head(path, headers={"Accept-Encoding": "gzip"}).headers == first.headers
    seen = {"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]}
    assert client.get(path, headers=seen).status_code == 304
    assert client.get(f"{path}?x=1", headers={"Accept-Encoding": "gzip"}).status_code == 400
    assert client.post(path, headers={"Accept-Encoding": "gzip"}).status_code == 405
    for accept in (*map("gzip, x{}".format, range(5)), "gzip" + " " * 200):
        assert gzip.decompress(client.get(path, headers={"Accept-Encoding": accept}).data)
    assert len(known) <= 2
    assert all(len(accept) <= 100 for _, accept in known)
    assert client.get(path, headers={"Accept-Encoding": "gzip"}).data == first.data
    VersionedBytes(tmp_path, 1_000_000).close("commune")
    assert client.get(path, headers={"Accept-Encoding": "gzip"}).status_code == 404


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
    assert len({path.stat().st_ino for path in kept}) <= 16, "one file, or one for each thread that met none yet"
    with count_queries() as statements:
        assert {app.test_client().get(path).status_code for path in paths} == {204}
    assert statements == []
    many = ",".join(f"c{number}" for number in range(MAX_LAYERS + 1))
    assert (
        app.test_client().get(f"/tuiles/{many}/{','.join(['0' * 16] * (MAX_LAYERS + 1))}/{HERE}.mvt").status_code == 400
    )
    assert app.test_client().get("/healthz").status_code == 200
