"""`webmap sources load`: contours in, and everything that follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import SHARED
from webmap.errors import ImportRefusedError
from webmap.importing.run import load_source

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

REAL = SHARED / "data" / "communes" / "communes_caph_admin-express-2018.geojson"
DEPARTMENT = SHARED / "data" / "communes" / "communes-59-nord_admin-express-2018.geojson"


def rows(database: Database, statement: str) -> list[dict[str, Any]]:
    with database.owner() as connection:
        return connection.execute(statement.encode()).fetchall()


STATE = (
    "SELECT 'c' AS genre, code_insee AS cle, md5(ST_AsEWKB(geom)) AS md5 FROM pub.commune"
    " UNION ALL SELECT 'k', couche || cle, md5(ST_AsEWKB(geom)) FROM app.cellule"
    " UNION ALL SELECT 'b', code, md5(ST_AsEWKB(geom)) FROM pub.bassin"
    " UNION ALL SELECT 'r', couche, revision::text FROM app.revision"
    " UNION ALL SELECT 'l', id::text, nom FROM app.chargement ORDER BY 1, 2"
)


def test_our_own_file_then_the_same_again(
    database: Database, catalog: Catalog, settings: Settings, contours_file: Path
) -> None:
    report = load_source(database, catalog, settings, "commune", contours_file)
    assert report == "contours.geojson : 47 contours lus, 47 changés, 0 objet hors du territoire laissé de côté."
    state = rows(database, STATE)
    again = load_source(database, catalog, settings, "commune", contours_file)
    assert "47 contours lus, 0 changé" in again
    assert rows(database, STATE) == state
    assert rows(database, "SELECT nom, lignes FROM app.fraicheur WHERE couche = 'commune' AND origine = 'fichier'") == [
        {"nom": "contours.geojson", "lignes": 47}
    ]


def test_what_follows_from_contours(database_with_contours: Database) -> None:
    assert rows(database_with_contours, "SELECT DISTINCT precision FROM pub.commune") == [{"precision": "exacte"}]
    for decoupage in ("bassin", "bv2022"):
        union = (
            f"SELECT d.code FROM pub.{decoupage} d WHERE d.precision <> 'exacte' OR d.geom IS NULL OR"
            " NOT ST_Equals(d.geom, (SELECT ST_Union(c.geom) FROM pub.commune c JOIN app.membre m USING (code_insee)"
            f" WHERE m.decoupage = '{decoupage}' AND m.code = d.code))"
        )
        assert rows(database_with_contours, union) == []


@pytest.mark.parametrize("layer_id", ["halle", "bassin", "licorne"])
def test_no_other_layer_is_loaded_this_way(
    database: Database, catalog: Catalog, settings: Settings, contours_file: Path, layer_id: str
) -> None:
    with pytest.raises(ImportRefusedError, match=f"« {layer_id} ». Couche possible : commune"):
        load_source(database, catalog, settings, layer_id, contours_file)


def test_without_communes_it_says_what_to_do(
    database: Database, catalog: Catalog, settings: Settings, contours_file: Path
) -> None:
    with database.owner() as connection:
        connection.execute("DELETE FROM pub.commune")
    with pytest.raises(ImportRefusedError, match="webmap db upgrade"):
        load_source(database, catalog, settings, "commune", contours_file)


@pytest.mark.skipif(not REAL.exists(), reason="the official contours are not part of this repository (../shared/data)")
def test_the_real_contours(database: Database, catalog: Catalog, settings: Settings) -> None:
    report = load_source(database, catalog, settings, "commune", REAL)
    assert "47 contours lus, 47 changés" in report
    assert "La Sentinelle" in report
    area = rows(
        database,
        "SELECT count(geom) AS n, sum(ST_Area(ST_Transform(geom, 4326)::geography)) / 1e6 AS km2 FROM pub.commune",
    )[0]
    assert area["n"] == 47
    assert area["km2"] == pytest.approx(372.9, rel=0.002)
    points = [layer for layer in catalog.layers if layer.geometry == "point"]
    checked = 0
    for layer in points:
        found = rows(
            database,
            "SELECT t.code_insee AS dit, c.code_insee AS vu FROM pub.commune c"
            f" RIGHT JOIN pub.{layer.id} t ON ST_Contains(c.geom, t.geom) WHERE t.geom IS NOT NULL",
        )
        assert all(row["dit"] == row["vu"] for row in found), (layer.id, found)
        checked += len(found)
    assert checked > 30


@pytest.mark.skipif(not DEPARTMENT.exists(), reason="the department's contours are not part of this repository")
def test_a_file_of_the_whole_department(database: Database, catalog: Catalog, settings: Settings) -> None:
    report = load_source(database, catalog, settings, "commune", DEPARTMENT)
    assert "47 contours lus, 47 changés, 601 objets hors du territoire" in report
