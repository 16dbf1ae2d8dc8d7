"""A file of contours with something wrong in it: a French sentence names the fault, and nothing is written."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import mapping, shape

from webmap.errors import ImportRefusedError
from webmap.importing.contours import read_contours
from webmap.importing.run import load_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

    Collection = dict[str, Any]
    Break = Callable[[Collection], object]

BOWTIE = [[[3.3, 50.3], [3.4, 50.4], [3.4, 50.3], [3.3, 50.4], [3.3, 50.3]]]


def transformed(collection: Collection, change: Callable[[Any], Any]) -> Collection:
    for feature in collection["features"]:
        feature["geometry"] = mapping(shapely.transform(shape(feature["geometry"]), change))
    return collection


def to_lambert(points: Iterable[tuple[float, float]]) -> list[list[float]]:
    project = Transformer.from_crs(4326, 2154, always_xy=True)
    return [list(project.transform(x, y)) for x, y in points]


def set_geometry(geometry: object) -> Break:
    return lambda c: c["features"][0].update(geometry=geometry)


def grow(collection: Collection) -> None:
    first = collection["features"][0]
    first["geometry"] = mapping(shape(first["geometry"]).buffer(0.03))


# Sentence expected -> what is done to a good file; the result, when there is one, replaces the collection.
BREAKS: dict[str, Break] = {
    "1 commune du territoire sans contour : 59002": lambda c: c["features"].pop(0),
    "objet 48, commune 59002|la commune 59002 est déjà venue": lambda c: c["features"].append(c["features"][0]),
    "47 communes du territoire sans contour : 59002, .*…": lambda c: c["features"].clear(),
    "objet 1, commune 59002 : contour invalide .Self-intersection": set_geometry(
        {"type": "Polygon", "coordinates": BOWTIE}
    ),
    "objet 1, commune 59002 : Point, attendu une surface": set_geometry(
        {"type": "Point", "coordinates": [3.298, 50.328]}
    ),
    "objet 1, commune 59002 : GeometryCollection, attendu une surface": set_geometry(
        {"type": "GeometryCollection", "geometries": []}
    ),
    "objet 1, commune 59002 : Polygon, attendu une surface": set_geometry({"type": "Polygon", "coordinates": []}),
    "objet 1, commune 59002 : géométrie absente ou illisible": set_geometry(None),
    "commune 59002 : géométrie absente ou illisible": set_geometry({"type": "Polygon", "coordinates": "3.2,50.3"}),
    "longitude et latitude sont peut-être inversées": lambda c: transformed(c, lambda p: p[:, ::-1]),
    "le fichier est peut-être en Lambert-93": lambda c: transformed(c, to_lambert),
    "59002 et .* se recouvrent sur .* %": grow,
    "est en urn:ogc:def:crs:EPSG::2154 : attendu WGS84": lambda c: c.update(
        crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    ),
    "n'est pas une FeatureCollection GeoJSON": lambda c: c.update(type="Feature"),
    "n'est pas une FeatureCollection": lambda c: c.update(features={}),
    "objet 1 : pas de propriété « code »": lambda c: c["features"][0].update(properties=None),
    "objet 1 : pas de propriété": lambda c: c["features"][0].update(properties=["59002"]),
    "objet 1 : pas de": lambda c: c["features"].insert(0, 7),
}


@pytest.fixture
def good(contours_file: Path) -> Collection:
    return dict(json.loads(contours_file.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def centres(catalog: Catalog) -> dict[str, tuple[float, float] | None]:
    lines = (catalog.folder / "bassin" / "seed.csv").read_text(encoding="utf-8").splitlines()[1:]
    cells = [line.split(",") for line in lines]
    return {cell[0]: (float(cell[-2]), float(cell[-1])) for cell in cells}


def contours_of(database: Database) -> list[dict[str, Any]]:
    with database.owner() as connection:
        return connection.execute(
            "SELECT code_insee, geom, precision, (SELECT max(id) FROM app.chargement) AS charge,"
            " (SELECT sum(revision) FROM app.revision) AS revisions FROM pub.commune ORDER BY 1"
        ).fetchall()


def write(tmp_path: Path, collection: object) -> Path:
    path = tmp_path / "communes.geojson"
    path.write_text(json.dumps(collection), encoding="utf-8")
    return path


def test_each_fault_is_named_and_nothing_is_written(
    database: Database, catalog: Catalog, settings: Settings, tmp_path: Path, good: Collection
) -> None:
    before = contours_of(database)
    for sentence, damage in BREAKS.items():
        broken = copy.deepcopy(good)
        damage(broken)
        with pytest.raises(ImportRefusedError, match=sentence) as refused:
            load_source(database, catalog, settings, "commune", write(tmp_path, broken))
        assert "communes.geojson" in str(refused.value)
        assert contours_of(database) == before


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"", "Le fichier est vide : téléchargez-le de nouveau"),
        (b"<!DOCTYPE html><html><body>Erreur 404</body></html>", "une page web, ou du XML : enregistrez le fichier"),
        (
            b'{"type": "FeatureCollection", "features": [{"type"',
            "JSON refusé : illisible à partir de la ligne 1, colonne 51. Téléchargez le fichier de nouveau",
        ),
        (b"[" * 100_000, "JSON refusé : des objets imbriqués sans fin"),
        ('{"type": "Fea\xe9"}'.encode("latin-1"), "l'octet 14 n'est pas de l'UTF-8 : enregistrez-le en UTF-8"),
        (b'{"type": "FeatureCollection", "features": [' + b"9" * 5000 + b"]}", "JSON refusé : un nombre démesuré"),
    ],
    ids=["empty", "html", "truncated", "deep", "latin-1", "long number"],
)
def test_what_is_not_geojson(tmp_path: Path, content: bytes, advice: str) -> None:
    path = tmp_path / "communes.geojson"
    path.write_bytes(content)
    with pytest.raises(ImportRefusedError, match=r"communes.geojson n'est pas du GeoJSON en UTF-8") as refused:
        read_contours(path, {})
    assert advice in refused.value.problems[0]


@pytest.mark.parametrize("content", ["[]", "null", "3", '{"type": "FeatureCollection"}'])
def test_json_that_is_no_collection(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.geojson"
    path.write_text(content)
    with pytest.raises(ImportRefusedError, match="n'est pas une FeatureCollection"):
        read_contours(path, {})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"absent ne se lit pas \(il n'existe pas\)"):
        read_contours(tmp_path / "absent", {})


@pytest.mark.parametrize(
    "crs",
    [None, {}, "EPSG:4326", {"properties": None}, {"properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}],
)
def test_a_harmless_crs_member_is_accepted(
    tmp_path: Path, good: Collection, centres: dict[str, tuple[float, float] | None], crs: object
) -> None:
    contours, others = read_contours(write(tmp_path, {**good, "crs": crs}), centres)
    assert (len(contours), others) == (47, [])


def test_what_is_elsewhere_is_left_out_and_counted(
    tmp_path: Path, good: Collection, centres: dict[str, tuple[float, float] | None]
) -> None:
    other = {"type": "Feature", "properties": {"code": "75056"}, "geometry": None}
    contours, others = read_contours(write(tmp_path, {**good, "features": [other, *good["features"]]}), centres)
    assert (len(contours), others) == (47, ["75056"])
    assert [c.code_insee for c in contours] == sorted(centres)


def test_a_long_list_of_problems_is_cut(
    tmp_path: Path, good: Collection, centres: dict[str, tuple[float, float] | None]
) -> None:
    for feature in good["features"]:
        feature["geometry"] = None
    with pytest.raises(ImportRefusedError) as refused:
        read_contours(write(tmp_path, good), centres)
    assert len(refused.value.problems) == 21
    assert refused.value.problems[-1] == "… et 28 autres"


def test_heights_are_dropped(tmp_path: Path, good: Collection, centres: dict[str, tuple[float, float] | None]) -> None:
    first = good["features"][0]
    first["geometry"] = mapping(shapely.force_3d(shape(first["geometry"]), z=30))
    contours, _ = read_contours(write(tmp_path, good), centres)
    assert not shapely.from_wkb(contours[0].ewkb).has_z
