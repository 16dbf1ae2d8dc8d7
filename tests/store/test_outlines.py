"""The shapes drawn on pages: where they should be, about as large as they should be, exclaves and holes in place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import shapely
from shapely.geometry import Polygon, box

from tests.store.conftest import ask, build, define, insert
from webmap.importing.run import load_source
from webmap.store.outlines import Outline, Outlines, fetch_marks, fetch_outlines
from webmap.store.statements import count_queries

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

DECOUPAGES = ("bassin", "equipe", "bv2022", "commune", "territoire")


def shape_of(outline: Outline) -> BaseGeometry:
    """Read a path back, as a screen does with fill-rule evenodd: what lies in an odd number of rings is inside."""
    found: BaseGeometry = Polygon()
    for ring in re.findall(r"M(-?\d+) (-?\d+)l([-\d ]+)z", outline.trace):
        points = [(int(ring[0]), int(ring[1]))]
        steps = list(map(int, ring[2].split()))
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            points.append((points[-1][0] + dx, points[-1][1] + dy))
        found = found.symmetric_difference(shapely.make_valid(Polygon(points)))
    return found


def areas(database: Database, decoupage: str) -> dict[str, float]:
    """Return the area in Lambert-93 of each unit, from what is stored."""
    with database.owner() as connection:
        rows = connection.execute(
            "SELECT m.code, sum(ST_Area(COALESCE(c.geom, k.geom))) AS aire FROM app.membre m"
            " JOIN pub.commune c USING (code_insee)"
            " LEFT JOIN app.cellule k ON k.couche = 'commune' AND k.cle = c.code_insee"
            " WHERE m.decoupage = %s GROUP BY m.code",
            [decoupage],
        ).fetchall()
    return {row["code"]: row["aire"] for row in rows}


def check_shapes(database: Database, decoupage: str) -> Outlines:
    """Each unit is drawn, in the box, at its size, with its label inside; none overlaps another; one statement."""
    with count_queries() as statements:
        outlines = fetch_outlines(database, decoupage)
    assert len(statements) == 1
    expected = areas(database, decoupage)
    assert {outline.code for outline in outlines.unites} == set(expected)
    x, y, width, height = outlines.boite
    frame = box(x, y, x + width, y + height)
    shapes = [shape_of(outline) for outline in outlines.unites]
    for outline, shape in zip(outlines.unites, shapes, strict=True):
        assert frame.covers(shape)
        assert shape.area == pytest.approx(expected[outline.code], rel=0.03)
        assert shape.covers(shapely.Point(outline.centre))
        assert shape.covers(shapely.Point(outline.centre).buffer(outline.rayon * 0.9))
    drawn = shapely.union_all(shapes)
    assert sum(shape.area for shape in shapes) == pytest.approx(drawn.area, rel=1e-3)  # no overlap
    if decoupage != "equipe":
        everything = shapely.union_all([shape_of(outline) for outline in outlines.communes])
        assert drawn.symmetric_difference(everything).area < 1e-3 * everything.area  # no gap between units
    return outlines


@pytest.mark.parametrize("decoupage", DECOUPAGES)
def test_every_unit_has_its_shape_from_contours(database_with_contours: Database, decoupage: str) -> None:
    assert not check_shapes(database_with_contours, decoupage).schematique


@pytest.mark.parametrize("decoupage", DECOUPAGES)
def test_cells_stand_in_for_contours_and_say_so(database: Database, decoupage: str) -> None:
    outlines = check_shapes(database, decoupage)
    assert outlines.schematique
    assert len(outlines.communes) == len(areas(database, "commune"))


def test_official_contours_are_drawn_at_their_size(database: Database, catalog: Catalog, settings: Settings) -> None:
    path = Path(__file__).resolve().parents[3] / "shared/data/communes/communes_caph_admin-express-2018.geojson"
    if not path.is_file():
        pytest.skip("the official contours are not on this machine; our own contours cover the same case")
    load_source(database, catalog, settings, "commune", path)
    for decoupage in DECOUPAGES:
        assert not check_shapes(database, decoupage).schematique


def test_all_decoupages_share_one_frame(database_with_contours: Database) -> None:
    found = [fetch_outlines(database_with_contours, decoupage) for decoupage in DECOUPAGES]
    assert len({(outlines.boite, outlines.origine) for outlines in found}) == 1
    assert len({frozenset(outlines.communes) for outlines in found}) == 1


def test_an_exclave_and_a_hole_are_drawn(database_with_contours: Database) -> None:
    with database_with_contours.owner() as connection:
        connection.execute(
            "WITH b AS (SELECT code_insee, ST_PointOnSurface(geom) AS p FROM pub.commune ORDER BY ST_Area(geom) DESC LIMIT 1),"
            " trou AS (SELECT code_insee, ST_Expand(p, 400) AS g FROM b),"
            # The largest commune loses a square in its middle to the smallest one, for which it is an exclave.
            " perte AS (UPDATE pub.commune c SET geom = ST_Multi(ST_Difference(c.geom, trou.g)) FROM trou"
            " WHERE c.code_insee = trou.code_insee)"
            " UPDATE pub.commune c SET geom = ST_Multi(ST_Union(c.geom, trou.g)) FROM trou"
            " WHERE c.code_insee = (SELECT code_insee FROM pub.commune ORDER BY ST_Area(geom) LIMIT 1)"
        )
    outlines = check_shapes(database_with_contours, "commune")
    rings = sorted(outline.trace.count("M") for outline in outlines.unites)
    assert rings[-2:] == [2, 2]
    assert rings[0] == 1
    exclave = next(o for o in outlines.unites if o.trace.count("M") == 2 and len(shapely.get_parts(shape_of(o))) == 2)
    parts = sorted(shapely.get_parts(shape_of(exclave)), key=shapely.area)
    assert parts[0].area == pytest.approx(800 * 800, rel=0.05)
    assert parts[1].covers(shapely.Point(exclave.centre))  # the name is written in the larger part


def test_a_commune_that_changes_unit_is_drawn_in_its_new_one(database_with_contours: Database) -> None:
    before = fetch_outlines(database_with_contours, "bassin")
    with database_with_contours.owner() as connection:
        connection.execute(
            "UPDATE app.appartenance SET unite = %s WHERE decoupage = 'bassin' AND code_insee ="
            " (SELECT min(code_insee) FROM app.appartenance WHERE decoupage = 'bassin' AND unite = %s)",
            [before.unites[0].code, before.unites[1].code],
        )
    after = check_shapes(database_with_contours, "bassin")
    assert shape_of(after.unites[0]).area > shape_of(before.unites[0]).area


def test_a_territory_without_any_shape_draws_nothing(database: Database) -> None:
    with database.owner() as connection:
        connection.execute("DELETE FROM app.cellule")
    outlines = fetch_outlines(database, "bassin")
    assert (outlines.boite, outlines.unites, outlines.communes) == ((0, 0, 0, 0), (), ())


def test_marks_stand_in_their_unit(database_with_contours: Database, catalog: Catalog) -> None:
    layers = [layer for layer in catalog.public if layer.decoupage is None and layer.id != "commune"]
    outlines = fetch_outlines(database_with_contours, "bassin")
    seen = 0
    for outline in outlines.unites:
        with count_queries() as statements:
            marks = fetch_marks(database_with_contours, layers, "bassin", outline.code, outlines)
        assert len(statements) == 1
        near = shape_of(outline).buffer(100)
        assert all(near.covers(shapely.Point(mark.centre)) for mark in marks if not mark.trace)
        seen += len(marks)
    assert seen > 0


@pytest.mark.parametrize("geometry", ["line", "polygon"])
def test_lines_and_surfaces_are_marked_with_their_shape(database_with_contours: Database, geometry: str) -> None:
    layer = define(geometry=geometry)
    build(database_with_contours, layer)
    drawn = {
        "line": "SELECT ST_AsText(ST_Boundary(ST_Buffer(ST_PointOnSurface(geom), 300))) FROM pub.commune",
        "polygon": "SELECT ST_AsText(ST_Buffer(ST_PointOnSurface(geom), 300)) FROM pub.commune",
    }
    wkt = ask(database_with_contours, drawn[geometry] + " ORDER BY code_insee LIMIT 1")
    insert(database_with_contours, layer, [{"geom": wkt}], srid=2154)
    outlines = fetch_outlines(database_with_contours, "territoire")
    marks = fetch_marks(database_with_contours, [layer], "territoire", outlines.unites[0].code, outlines)
    assert [(mark.couche, mark.cle, mark.nom, mark.precision) for mark in marks] == [("essai", "c0", "n0", "exacte")]
    assert marks[0].trace.endswith("z") == (geometry == "polygon")
    commune = min(outlines.communes, key=lambda outline: outline.code)
    assert shape_of(commune).covers(shapely.Point(marks[0].centre))


def test_no_layer_asks_nothing(database_with_contours: Database) -> None:
    outlines = fetch_outlines(database_with_contours, "bassin")
    assert fetch_marks(database_with_contours, [], "bassin", outlines.unites[0].code, outlines) == ()
