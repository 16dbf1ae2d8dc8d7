"""`/exports/<id>.geojson?filter=…`: what CQL2 keeps; what is compiled is in tests/store/test_filters.py."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.web.exports_read import export, keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from webmap.store.db import Database


def test_a_filter_keeps_the_rows_that_satisfy_it(reader: FlaskClient) -> None:
    features = export(reader, "espace_nature")["features"]
    in_denain = {feature["id"] for feature in features if "Denain" in feature["properties"]["commune"]}
    assert 0 < len(in_denain) < len(features)
    assert keys(reader, "espace_nature", filter="commune LIKE '%Denain%'") == in_denain
    assert keys(reader, "espace_nature", filter="ACCENTI(CASEI(commune)) LIKE accenti(casei('%DÉNAIN%'))") == in_denain
    as_json = json.dumps({"op": "like", "args": [{"property": "commune"}, "%Denain%"]})
    assert keys(reader, "espace_nature", filter=as_json, **{"filter-lang": "cql2-json"}) == in_denain
    assert keys(reader, "qpv", filter="partage = true") < keys(reader, "qpv")
    assert keys(reader, "qpv", filter="A_CONTAINS(communes, ('59172'))") == keys(reader, "qpv", commune="59172")
    assert keys(reader, "commune", filter="population_municipale > 10000 AND NOT population_municipale IN (1, 2)")


def test_a_filter_combines_with_units_and_a_box(reader: FlaskClient) -> None:
    text = "nom < 'M'"
    kept = keys(reader, "espace_nature", filter=text)
    for query in (
        {"bassin": "amandinois"},
        {"bbox": "3.2,50.2,3.42,50.6"},
        {"bassin": "ostrevent", "commune": "59092"},
    ):
        assert keys(reader, "espace_nature", filter=text, **query) == kept & keys(reader, "espace_nature", **query)
    assert 0 < len(kept) < 10


def test_a_spatial_filter_is_said_in_its_coordinate_system(reader_with_contours: FlaskClient) -> None:
    boxes = {
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84": "BBOX(3.30, 50.32, 3.42, 50.40)",
        "http://www.opengis.net/def/crs/EPSG/0/4326": "BBOX(50.32, 3.30, 50.40, 3.42)",
    }
    expected = keys(reader_with_contours, "commune", bbox="3.30,50.32,3.42,50.40")
    assert 0 < len(expected) < 47
    for crs, box in boxes.items():
        assert (
            keys(reader_with_contours, "commune", filter=f"S_INTERSECTS(geom, {box})", **{"filter-crs": crs})
            == expected
        )


def test_a_place_known_by_its_commune_is_in_no_polygon(reader: FlaskClient) -> None:
    features = export(reader, "espace_nature")["features"]
    assert {feature["properties"]["precision"] for feature in features} == {"commune"}
    everywhere = "S_INTERSECTS(geom, BBOX(-10, 40, 12, 53))"
    collection = export(reader, "espace_nature", filter=everywhere)
    assert collection["features"] == []
    assert "exact" in collection["metadonnees"]["filtre_note"]
    assert keys(reader, "espace_nature", filter=f"NOT {everywhere}") == set()


def test_the_file_says_what_was_kept(reader: FlaskClient) -> None:
    hostile = """nom = '</script>"}] \\ é' OR code IS NOT NULL"""
    response = reader.get(
        "/exports/qpv.geojson", query_string={"filter": hostile.replace("nom", "lib_qp").replace("code", "code_qp")}
    )
    assert response.headers["Content-Disposition"].startswith('attachment; filename="qpv_filtre_')
    told = response.get_json()["metadonnees"]
    assert told["filtre"].startswith("lib_qp = '</script>")
    assert "filtre_note" not in told
    assert "filtre" not in export(reader, "qpv")["metadonnees"]


def test_another_filter_has_another_etag(reader: FlaskClient) -> None:
    filters = ("nom = 'a'", "nom = 'b'", "population_municipale > 1", "population_municipale > 2", "S_WITHIN(geom, POINT(3 50))",
               "S_WITHIN(geom, POINT(3 51))", "nom IN ('a', 'b')")  # fmt: skip
    etags = {reader.get("/exports/commune.geojson", query_string={"filter": text}).headers["ETag"] for text in filters}
    assert len(etags) == len(filters)
    etag = reader.get("/exports/commune.geojson?filter=population_municipale>1").headers["ETag"]
    assert (
        reader.get(
            "/exports/commune.geojson?filter=population_municipale>1", headers={"If-None-Match": etag}
        ).status_code
        == 304
    )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("filter=", "vide"),
        ("filter=population_municipale", "« population_municipale » (nombre entier) n'est pas une condition"),
        (
            "filter=population_municipale='beaucoup'",
            "« population_municipale » (nombre entier) et le texte « beaucoup » ne se comparent pas",
        ),
        ("filter=habitants>1", "champs possibles : nom, population_municipale"),
        ("filter=nom='a'&filter=nom='b'", "plusieurs fois"),
        ("filter=nom='a'&filter-lang=ecql", "cql2-text"),
        ("filter=nom='a'&filter-crs=EPSG:27572", "filter-crs"),
        ("filter=nom='%00'", "caractère"),
        ("filter=nom=%27%ff%27%27", "guillemet"),
        ("filter=" + "(" * 5000, "niveaux imbriqués"),
        ("filter=nom='" + "a" * 10_000 + "'", "plus de 8 ko"),
        ("filter={}&filter-lang=cql2-json", "une condition est attendue"),
        ("filter=S_WITHIN(geom,POLYGON((3 50,4 51,4 50,3 51,3 50)))", "le contour se croise en (3.5 50.5)"),
        ("filter=nom%3D'a'%3BDROP TABLE pub.commune", "n'est pas compris"),
    ],
)
def test_a_bad_filter_is_400_with_a_sentence(reader: FlaskClient, query: str, said: str) -> None:
    response = reader.get(f"/exports/commune.geojson?{query}")
    assert response.status_code == 400
    assert said in response.get_json()["detail"]
    assert len(export(reader, "commune")["features"]) == 47


def test_nothing_internal_can_be_asked_for(
    client: FlaskClient, serve: Callable[[Path], FlaskClient], layers_folder: Path
) -> None:
    toml = layers_folder / "gare" / "layer.toml"
    toml.write_text('visibility = "interne"\n' + toml.read_text(encoding="utf-8"), encoding="utf-8")
    served = serve(layers_folder)
    assert served.get("/exports/gare.geojson?filter=libelle IS NOT NULL").status_code == 404
    for name in ("ctid", "xmin", "tableoid", "schematique", "t", "t.nom", "pub.gare", "empreinte"):
        response = client.get("/exports/commune.geojson", query_string={"filter": f'"{name}" IS NULL'})
        assert response.status_code == 400
        assert f"« {name} »" in response.get_json()["detail"]


def test_a_filter_that_takes_too_long_is_stopped(
    client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.espace_nature (code, nom, commune, observation, etat, source, millesime)"
            " SELECT 'n' || i, 'x', 'x', repeat('a', 4000), 'existant', 'x', '2026' FROM generate_series(1, 2000) i"
        )
    bomb = " OR ".join([f"observation LIKE '{'%a_' * 60}b'"] * 30)
    monkeypatch.setattr("webmap.store.db._STREAM_TIMEOUT_MS", 50)
    stopped = client.get("/exports/espace_nature.geojson", query_string={"filter": bomb})
    assert stopped.status_code == 503
    assert stopped.get_json()["detail"].endswith(".")
    monkeypatch.undo()
    assert client.get("/exports/espace_nature.geojson?filter=nom='x'").status_code == 200


def test_the_filters_of_the_documentation_answer(reader_with_contours: FlaskClient) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "utilisation.md").read_text(encoding="utf-8")
    examples = re.findall(r"^/exports/(\w+)\.geojson\?filter=(.+)$", text, re.MULTILINE)
    assert len(examples) == 3
    for layer, condition in examples:
        found = keys(reader_with_contours, layer, filter=condition)
        assert 0 < len(found) < len(keys(reader_with_contours, layer)), condition
