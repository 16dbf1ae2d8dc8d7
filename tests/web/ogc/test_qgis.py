"""QGIS itself plugs in, where Debian's python3-qgis is installed: items, vector tiles, an export, and the database.

`apt-get install --no-install-recommends python3-qgis` (about 1 GB); last run with QGIS 3.22.16.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

CENTIMETRE = 0.01
PYTHON = Path("/usr/bin/python3")  # the system's: ours sees no package of apt
SESSION = Path(__file__).with_name("qgis_session.py")
MARK, WHITE = "#ff00ff", "#ffffff"


@pytest.fixture(scope="module")
def seen(
    served: str, api: FlaskClient, placed_database: Database, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Return what one QGIS saw: to start it takes longer than to look."""
    if (
        not PYTHON.exists()
        or subprocess.run([PYTHON, "-c", "import qgis"], capture_output=True, check=False).returncode
    ):
        pytest.skip("QGIS is not installed (apt-get install python3-qgis)")
    folder = tmp_path_factory.mktemp("qgis")
    drawn = ",".join(layer.id for layer in catalog.public if layer.drawn)
    gpkg = folder / "atlas.gpkg"
    with api.get(f"/exports/paquet.gpkg?couches={drawn}&crs=EPSG:2154") as answer:
        gpkg.write_bytes(answer.data)
    assert placed_database.reader_dsn
    server = conninfo_to_dict(placed_database.reader_dsn)
    asked = {
        "root": served.removesuffix("/ogc"),
        "database": {"host": server["host"], "port": server["port"], "name": server["dbname"]},
        "gpkg": str(gpkg),
        "folder": str(folder),
    }
    run = subprocess.run(
        [PYTHON, SESSION, json.dumps(asked)],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
        env={"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "LC_ALL": "C.UTF-8"},
    )
    assert run.returncode == 0, run.stderr[-3_000:]
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def test_qgis_reads_the_items_where_the_database_has_them(seen: dict[str, Any], placed_database: Database) -> None:
    rows = placed_database.read(sql.SQL("SELECT code_insee, ST_AsBinary(geom) AS geom FROM pub.commune"))
    read = {name: shapely.from_wkt(text) for name, text in seen["items"]["places"].items()}
    assert read.keys() == {row["code_insee"] for row in rows}
    for row in rows:
        assert shapely.hausdorff_distance(read[row["code_insee"]], shapely.from_wkb(row["geom"])) < CENTIMETRE


def test_qgis_asks_for_a_box_and_for_a_filter(seen: dict[str, Any], api: FlaskClient) -> None:
    for name, query in (("box", "bbox=3.35,50.3,3.45,50.4"), ("filtered", "filter=population_municipale > 10000")):
        told = api.get(f"/ogc/collections/commune/items?limit=1000&{query}").get_json()
        assert seen["items"][name] == sorted(feature["id"] for feature in told["features"]), name
        assert 0 < len(seen["items"][name]) < len(seen["items"]["places"])


@pytest.mark.parametrize("code", ["4326", "2154"])
def test_qgis_draws_the_items_in_two_systems(seen: dict[str, Any], placed_database: Database, code: str) -> None:
    [row] = placed_database.read(
        sql.SQL("SELECT ST_Area(ST_Transform(ST_Union(geom), {})) AS surface FROM pub.commune").format(
            sql.Literal(int(code))
        )
    )
    picture = seen["items"]["pictures"][code]
    assert set(picture["colours"]) == {MARK, WHITE}
    assert picture["colours"][MARK] * picture["side"] ** 2 == pytest.approx(row["surface"], rel=0.02)


@pytest.mark.parametrize("layer_id", ["cours_eau", "gare"])
def test_qgis_draws_the_vector_tiles_in_the_style_of_the_atlas(
    seen: dict[str, Any], catalog: Catalog, layer_id: str
) -> None:
    tiles, style = seen["tiles"][layer_id], catalog.by_id[layer_id].style
    assert tiles["valid"]
    assert tiles["styled"], tiles["problem"]
    assert style
    assert {rule.color for rule in style.rules} <= set(tiles["colours"])
    pixels = {name: number for name, number in tiles["picture"]["colours"].items() if name != WHITE}
    colour = max(pixels, key=pixels.__getitem__)
    assert pixels[colour] > 10
    assert near(colour, style.rules[0].color), colour


def near(one: str, other: str) -> bool:
    """Whether two colours are the same but for a tenth of white: a symbol lets that much of the map through."""
    pairs = [(int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return all(abs(a - b) <= 0.15 * 255 for a, b in pairs)


def test_a_geopackage_opens_in_the_style_of_the_map(seen: dict[str, Any], catalog: Catalog, api: FlaskClient) -> None:
    drawn = {layer.id: layer for layer in catalog.public if layer.drawn and layer.style}
    assert seen["gpkg"].keys() >= drawn.keys()
    for layer in drawn.values():
        opened, style = seen["gpkg"][layer.id], layer.style
        assert style
        assert opened["field"] == style.field, layer.id
        expected = [[rule.value or "", rule.label if style.field else ""] for rule in style.rules]
        assert [rule[:2] for rule in opened["rules"]] == expected, layer.id
        for (_, _, symbol), rule in zip(opened["rules"], style.rules, strict=True):
            assert symbol["color"] == rule.color.lower(), layer.id
            assert symbol["stroke"] == (None if layer.geometry == "line" else rule.stroke.lower()), layer.id
            assert symbol["drawers"] == (2 if layer.geometry == "polygon" and rule.hatch != "none" else 1), layer.id
        assert opened["label"] == (style.label.field if style.label else None), layer.id
        assert opened["crs"] == "EPSG:2154"
        assert opened["number"] == api.get(f"/exports/{layer.id}.json").get_json()["nombre"]


def test_a_reader_sees_the_public_layers_of_the_database_with_their_keys(
    seen: dict[str, Any], catalog: Catalog, placed_database: Database
) -> None:
    database = seen["database"]
    assert database["keys"] == {layer.id: [layer.key] for layer in catalog.public}
    assert database["systems"] == ["EPSG:2154"]
    for name, opened in database["opened"].items():
        [row] = placed_database.read(sql.SQL("SELECT count(*) AS nombre FROM pub.{}").format(sql.Identifier(name)))
        assert opened == {"number": row["nombre"], "editable": False}
