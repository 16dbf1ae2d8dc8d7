"""Every format read back by a reader that is not ours: same rows, same values, same places, within what the format can hold."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import sqlite3
import zipfile
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import geopandas
import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely
from pyarrow import parquet
from pyproj import CRS, Transformer

from tests.web import export_layers
from tests.web.export_layers import LONG, PLACES
from tests.web.files_read import FILES, read, same, take, written
from webmap.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    from webmap.config import Settings
    from webmap.store.db import Database


PROJECTED = ("gpkg", "shp.zip", "fgb", "parquet", "csv", "xlsx")
FIELDS = ("entier", "nombre_reel", "jour", "oui_non", "liste_de_noms", "liste_de_noms_bis", "sorte")
METRES = {2154: 1e-3, 3950: 1e-3, 3857: 1e-3}


# --- round trips -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("geometry", PLACES)
@pytest.mark.parametrize("form", FILES)
def test_a_format_gives_back_what_the_layer_holds(atlas: FlaskClient, tmp_path: Path, form: str, geometry: str) -> None:
    found = read(take(atlas, f"essai_{geometry}", form, tmp_path), form)
    expected = {row["code"]: row for row in export_layers.rows(geometry)}
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        for field in ("nom", *FIELDS):
            wanted = written(row[field], form, field)
            assert same(found[key].get(field), wanted, form), (key, field, found[key].get(field), wanted)
        assert found[key]["etat"] == "existant"
        place = found[key]["geom"]
        if row["geom"] is None:
            assert place is None or place.is_empty
        else:
            wanted_place = shapely.from_wkt(row["geom"])
            assert place.hausdorff_distance(wanted_place) < 1e-7
            assert place.geom_type.removeprefix("Multi") == wanted_place.geom_type


@pytest.mark.parametrize("srid", [2154, 3950, 3857])
@pytest.mark.parametrize("form", PROJECTED)
def test_a_format_carries_the_system_asked_for(atlas: FlaskClient, tmp_path: Path, form: str, srid: int) -> None:
    path = take(atlas, "essai_polygon", form, tmp_path, crs=f"EPSG:{srid}")
    place = read(path, form)["c0"]["geom"]
    move = Transformer.from_crs(4326, srid, always_xy=True).transform
    degrees = shapely.from_wkt(str(PLACES["polygon"][0]))
    wanted = shapely.transform(degrees, lambda points: np.column_stack(move(points[:, 0], points[:, 1])))
    assert place.hausdorff_distance(wanted) < METRES[srid]
    if form in {"gpkg", "fgb", "shp.zip"}:
        options = {"layer": "essai_polygon"} if form == "gpkg" else {}
        info = pyogrio.read_info(f"/vsizip/{path}" if form == "shp.zip" else path, **options)
        assert CRS(info["crs"]).to_epsg(min_confidence=20) == srid
    if form == "parquet":
        assert geopandas.read_parquet(path).crs.to_epsg() == srid


@pytest.mark.parametrize("form", ["geojson", "geojsonl", "kml"])
def test_a_format_of_degrees_refuses_another_system(atlas: FlaskClient, form: str) -> None:
    response = atlas.get(f"/exports/essai_point.{form}?crs=EPSG:2154")
    assert response.status_code == 400
    assert "gpkg" in response.get_json()["detail"]
    with atlas.get(f"/exports/essai_point.{form}?crs=CRS84") as accepted:
        assert accepted.status_code == 200


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("layer", ["halle", "engagement", "essai_polygon"])
def test_an_empty_selection_is_a_valid_file(atlas: FlaskClient, tmp_path: Path, form: str, layer: str) -> None:
    path = take(atlas, layer, form, tmp_path, filter="source = 'aucune'")
    if form in {"gpkg", "fgb", "shp.zip"}:
        source = f"/vsizip/{path}" if form == "shp.zip" else path
        assert pyogrio.read_arrow(source, **({"layer": layer} if form == "gpkg" else {}))[1].num_rows == 0
    elif form == "kml":
        assert ET.parse(path).getroot().tag.endswith("kml")
    elif form == "parquet":
        assert parquet.read_table(path).num_rows == 0
    elif form == "xlsx":
        assert openpyxl.load_workbook(path)["Données"].max_row == 1
    elif form == "geojson":
        assert json.loads(path.read_text(encoding="utf-8"))["features"] == []
    else:
        assert path.read_text(encoding="utf-8").count("\n") == (1 if form == "csv" else 0)


@pytest.mark.parametrize("form", FILES)
def test_only_the_fields_asked_for_leave(atlas: FlaskClient, tmp_path: Path, form: str) -> None:
    path = take(atlas, "essai_point", form, tmp_path, champs="entier,code")
    row = read(path, form)["c0"]
    assert set(row) - {"geom", "wkb_geometry", "fid_gpkg", "lon", "lat", "id", "Name", "description"} - {  # what GDAL reads in any KML
        "timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon", "Description",
    } == {"entier", "code"}  # fmt: skip
    assert row["entier"] in {-3, "-3"}


# --- what each format says of itself -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", FILES)
def test_a_format_keeps_the_order_of_the_table(atlas: FlaskClient, tmp_path: Path, form: str) -> None:
    sort = "-sorte,entier"
    query = {"tri": sort, "champs": "code,nom,entier"}
    links = atlas.get("/exports/essai_point.json", query_string=query).get_json()["liens"]
    if form == "fgb":  # sorted by place, for its index
        assert form not in links
        refused = atlas.get("/exports/essai_point.fgb", query_string=query)
        assert (refused.status_code, "range ses lignes" in refused.text) == (400, True)
        return
    assert "tri=-sorte%2Centier" in links[form]
    table = atlas.get(f"/tableaux/essai_point.json?tri={sort}&lignes=500").get_json()["lignes"]
    keys = [row[0] for row in table]
    assert keys != sorted(keys)
    assert list(read(take(atlas, "essai_point", form, tmp_path, **query), form)) == keys


def test_a_geopackage_carries_metadata_labels_and_styles(atlas: FlaskClient, tmp_path: Path) -> None:
    path = take(atlas, "essai_polygon", "gpkg", tmp_path, filter="nom <> 'x'")
    with sqlite3.connect(path) as book:
        told = json.loads(book.execute("SELECT metadata FROM gpkg_metadata").fetchone()[0])
        assert told["licence"] == "Licence Ouverte 2.0"
        assert told["filtre"] == "nom <> 'x'"
        labels = dict(book.execute("SELECT column_name, title FROM gpkg_data_columns").fetchall())
        assert labels["entier"] == "Libellé de entier"
        table, default, qml = book.execute("SELECT f_table_name, useAsDefault, styleQML FROM layer_styles").fetchone()
        assert (table, default) == ("essai_polygon", 1)
        assert ET.fromstring(qml).find("renderer-v2[@attr='sorte']") is not None
        assert book.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert book.execute("PRAGMA foreign_key_check").fetchall() == []
    book.close()
    assert [name for name, _ in pyogrio.list_layers(path)] == ["essai_polygon", "layer_styles"]


def test_a_shapefile_tells_what_it_cut(atlas: FlaskClient, tmp_path: Path) -> None:
    path = take(atlas, "essai_polygon", "shp.zip", tmp_path, crs="2154")
    with zipfile.ZipFile(path) as archive:
        assert {name.rpartition(".")[2] for name in archive.namelist()} == {
            "shp",
            "shx",
            "dbf",
            "prj",
            "cpg",
            "qml",
            "txt",
        }
        assert archive.read("essai_polygon.cpg") == b"UTF-8"
        assert b"Lambert" in archive.read("essai_polygon.prj")
        told = archive.read("LISEZMOI.txt").decode()
    assert "liste_de_1 : liste_de_noms_bis" in told
    assert "Textes coupés à 254 octets : 1" in told
    assert "licence : Licence Ouverte 2.0" in told
    assert "sorte : Libellé de sorte. a = Premier ; b = Second" in told


def test_a_workbook_opens_on_how_to_read_it(atlas: FlaskClient, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(take(atlas, "essai_point", "xlsx", tmp_path))
    assert book.sheetnames == ["À lire", "Données", "Champs"]
    told: dict[Any, Any] = {row[0]: row[1] for row in book["À lire"].iter_rows(min_row=2, values_only=True)}
    assert told["licence"] == "Licence Ouverte 2.0"
    types = {cell.data_type for row in book["Données"].iter_rows() for cell in row}
    assert "f" not in types


def test_a_geoparquet_says_its_version_box_and_types(atlas: FlaskClient, tmp_path: Path) -> None:
    path = take(atlas, "essai_polygon", "parquet", tmp_path)
    told = parquet.read_metadata(path).metadata
    geo = json.loads(told[b"geo"])
    assert geo["version"] == "1.1.0"
    column = geo["columns"][geo["primary_column"]]
    assert column["bbox"] == pytest.approx([3.3, 50.3, 3.6, 50.4])
    assert (column["encoding"], column["geometry_types"]) == ("WKB", ["MultiPolygon"])
    assert "crs" not in column, "CRS84 is the default"
    assert column["orientation"] == "counterclockwise"
    for place in geopandas.read_parquet(path).geometry.dropna():
        assert all(part.exterior.is_ccw for part in place.geoms)
    assert json.loads(told[b"webmap"])["licence"] == "Licence Ouverte 2.0"
    assert geopandas.read_parquet(path).crs == CRS("OGC:CRS84")
    assert b"geo" not in parquet.read_metadata(take(atlas, "essai_none", "parquet", tmp_path)).metadata


def test_a_kml_is_styled_and_asks_nothing_of_the_network(atlas: FlaskClient, tmp_path: Path) -> None:
    text = take(atlas, "essai_polygon", "kml", tmp_path).read_text(encoding="utf-8")
    root = ET.fromstring(text)
    space = "{http://www.opengis.net/kml/2.2}"
    marks = root.findall(f".//{space}Placemark")
    assert len(marks) == len(export_layers.rows("polygon"))
    assert marks[0].findtext(f"{space}styleUrl") == "#regle0"
    assert marks[1].findtext(f"{space}styleUrl") == "#regle1"
    assert root.findtext(f".//{space}Style[@id='regle0']/{space}PolyStyle/{space}color") == "590000ff"
    assert "<script" not in text
    assert "href" not in text


def test_a_spreadsheet_of_france_reads_the_csv(atlas: FlaskClient, tmp_path: Path) -> None:
    path = take(atlas, "essai_point", "csv", tmp_path, separateur=";", decimale=",")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = {
        row["code"]: row for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=";")
    }
    assert rows["c0"]["nombre_reel"] == "1234,5678901"
    assert (rows["c0"]["lon"], rows["c0"]["lat"]) == ("3,35", "50,35")
    wkt = take(atlas, "essai_point", "csv", tmp_path, geometrie="wkt").read_text(encoding="utf-8")
    assert "POINT(3.35 50.35)" in wkt


def test_geojson_follows_the_rules_of_rfc_7946(atlas: FlaskClient) -> None:
    text = atlas.get("/exports/essai_polygon.geojson").text
    collection = json.loads(text, parse_constant=pytest.fail)
    assert "crs" not in collection
    for feature in collection["features"]:
        for polygon in feature["geometry"]["coordinates"] if feature["geometry"] else []:
            outer, *holes = polygon
            assert shapely.LinearRing(outer).is_ccw
            assert not any(shapely.LinearRing(hole).is_ccw for hole in holes)
            for ring in polygon:
                assert len(ring) >= 4
                assert ring[0] == ring[-1]
                assert all(math.isfinite(n) and len(repr(n).partition(".")[2]) <= 7 for point in ring for n in point)
    lines = atlas.get("/exports/essai_polygon.geojsonl").text.split("\n")
    assert [json.loads(line) for line in lines if line] == collection["features"]


def test_several_layers_are_one_geopackage(atlas: FlaskClient, tmp_path: Path) -> None:
    with atlas.get("/exports/paquet.gpkg?couches=essai_point,essai_polygon,essai_none&crs=EPSG:2154") as response:
        assert response.status_code == 200
        assert (
            'filename="paquet_essai_point-essai_polygon-essai_none_epsg2154' in response.headers["Content-Disposition"]
        )
        path = tmp_path / "p.gpkg"
        path.write_bytes(response.data)
    kinds = dict(pyogrio.list_layers(path).tolist())
    assert kinds == {"essai_point": "Point", "essai_polygon": "MultiPolygon", "essai_none": None, "layer_styles": None}
    for geometry in ("point", "polygon", "none"):
        info = pyogrio.read_info(path, layer=f"essai_{geometry}")
        assert info["features"] == len(export_layers.rows(geometry))
    with sqlite3.connect(path) as book:
        assert book.execute("SELECT count(*) FROM gpkg_metadata").fetchone() == (3,)
        assert book.execute("SELECT count(*) FROM layer_styles").fetchone() == (2,)
    book.close()


def test_a_condition_of_a_package_is_that_of_one_layer(atlas: FlaskClient, tmp_path: Path) -> None:
    query = "crs=EPSG:2154&filter.commune=population_municipale > 10000"
    with atlas.get(f"/exports/paquet.gpkg?couches=bassin,commune&{query}") as response:
        assert "_filtre_" in response.headers["Content-Disposition"]
        path = tmp_path / "p.gpkg"
        path.write_bytes(response.data)
    for layer, part in (("commune", "?filter=population_municipale > 10000"), ("bassin", "")):
        expected = atlas.get(f"/exports/{layer}.json{part}").get_json()["nombre"]
        assert pyogrio.read_info(path, layer=layer)["features"] == expected > 0
    with contextlib.closing(sqlite3.connect(path)) as book:
        told = [json.loads(text) for (text,) in book.execute("SELECT metadata FROM gpkg_metadata ORDER BY id")]
    assert [facts.get("filtre") for facts in told] == [None, "population_municipale > 10000"]


# --- what never leaves -------------------------------------------------------------------------------------------


def test_what_is_internal_or_undeclared_never_leaves(
    settings: Settings, serve: Callable[[Path], FlaskClient], layers_folder: Path, database: Database
) -> None:
    export_layers.add_layers(layers_folder)
    client = serve(layers_folder)
    export_layers.fill(database)
    with database.owner() as connection:
        connection.execute("ALTER TABLE pub.essai_point ADD COLUMN cachee text DEFAULT 'jamais-dehors'")
    for form in (*FILES, "json"):
        with client.get(f"/exports/essai_point.{form}") as response:
            assert response.status_code == 200
            body = response.data
        if form in {"xlsx", "shp.zip"}:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                body = b"".join(archive.read(name) for name in archive.namelist())
        assert b"jamais-dehors" not in body
        assert b"cachee" not in body
        assert client.get(f"/exports/secrete.{form}").status_code == 404
        assert client.get(f"/exports/essai_point.{form}?champs=cachee").status_code == 400
    assert client.get("/exports/paquet.gpkg?couches=essai_point,secrete").status_code == 404
    assert create_app(settings, database).test_client().get("/exports/essai_point.gpkg").status_code == 404


def test_the_long_name_is_whole_where_it_can_be(atlas: FlaskClient, tmp_path: Path) -> None:
    assert read(take(atlas, "essai_point", "gpkg", tmp_path), "gpkg")["c1"]["nom"] == LONG
