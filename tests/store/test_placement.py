"""What webmap draws by itself: cells, unions, and a place in its commune for what is known by commune only."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
import shapely

from tests.store.conftest import ask, build, define, do, insert
from webmap.catalog.load import Catalog
from webmap.importing.seeds import load_seeds
from webmap.store.placement import refresh
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapely.geometry.base import BaseGeometry

    from webmap.catalog.definition import LayerDefinition
    from webmap.config import Settings
    from webmap.store.db import Database

APART = 50  # metres


def rows(database: Database, statement: str) -> list[dict[str, Any]]:
    with database.owner() as connection:
        return connection.execute(statement.encode()).fetchall()


def place(database: Database, catalog: Catalog, *more: LayerDefinition) -> None:
    whole = Catalog(catalog.folder, (*catalog.layers, *more), catalog.themes, catalog.documents)
    with database.owner() as connection:
        refresh(connection, whole)


def shapes(database: Database, statement: str) -> dict[str, BaseGeometry]:
    return {row["cle"]: shapely.from_wkb(bytes(row["wkb"])) for row in rows(database, statement)}


CELLS = "SELECT cle, ST_AsBinary(geom) AS wkb FROM app.cellule WHERE couche = 'commune'"
CENTRES = "SELECT code_insee AS cle, ST_AsBinary(ST_Transform(ST_Point(centre_lon, centre_lat, 4326), 2154)) AS wkb FROM pub.commune"


def placed(database: Database, catalog: Catalog) -> list[tuple[str, BaseGeometry]]:
    found = []
    for layer in catalog.layers:
        if layer.geometry == "point":
            statement = (
                f"SELECT {layer.key} AS cle, code_insee, ST_AsBinary(geom) AS wkb FROM pub.{layer.id}"
                " WHERE precision IN ('commune', 'quartier') AND code_insee IS NOT NULL"
            )
            found += [(row["code_insee"], shapely.from_wkb(bytes(row["wkb"]))) for row in rows(database, statement)]
    return found


@pytest.mark.parametrize("contours", [False, True])
def test_a_place_known_by_commune_is_in_it_and_hides_no_other(
    facts: Database,
    facts_with_contours: Database,
    catalog: Catalog,
    *,
    contours: bool,
) -> None:
    database = facts_with_contours if contours else facts
    contour = "SELECT code_insee AS cle, ST_AsBinary(geom) AS wkb FROM pub.commune"
    grounds = shapes(database, contour if contours else CELLS)
    points = placed(database, catalog)
    assert len(points) > 30
    assert all(grounds[code].contains(point) for code, point in points)
    assert min(a.distance(b) for (_, a), (_, b) in combinations(points, 2)) >= APART


def test_two_databases_draw_the_same(
    make_database: Callable[[str | None], Database], facts: Database, catalog: Catalog, settings: Settings
) -> None:
    other = make_database(None)
    upgrade(other, catalog, settings)
    load_seeds(other, catalog, settings)
    for name in ("app.cellule", *(f"pub.{layer.id}" for layer in catalog.layers)):
        statement = f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t"
        assert ask(other, statement) == ask(facts, statement), name


def test_a_second_drawing_writes_nothing(database: Database, catalog: Catalog) -> None:
    before = rows(database, "SELECT * FROM app.revision ORDER BY couche")
    cells = rows(database, "SELECT xmin::text AS x, cle FROM app.cellule ORDER BY cle, couche")
    place(database, catalog)
    assert rows(database, "SELECT * FROM app.revision ORDER BY couche") == before
    assert rows(database, "SELECT xmin::text AS x, cle FROM app.cellule ORDER BY cle, couche") == cells


def test_an_exact_place_and_an_unknown_one_are_left_alone(database: Database, catalog: Catalog) -> None:
    layer = define()
    build(database, layer)
    insert(
        database,
        layer,
        [
            {"code": "exact", "geom": "POINT(3.4 50.3)", "code_insee": "59172"},
            {"code": "nulle part"},
            {"code": "ailleurs", "precision": "commune", "code_insee": "75056"},
            {"code": "commune", "precision": "commune", "code_insee": "59172"},
        ],
    )
    before = ask(database, "SELECT ST_AsEWKT(geom) FROM pub.essai WHERE code = 'exact'")
    place(database, catalog, layer)
    assert ask(database, "SELECT ST_AsEWKT(geom) FROM pub.essai WHERE code = 'exact'") == before
    assert (
        ask(database, "SELECT string_agg(code, ' ' ORDER BY code) FROM pub.essai WHERE geom IS NOT NULL")
        == "commune exact"
    )


def test_a_crowd_is_placed_to_the_last_and_stays_inside(database_with_contours: Database, catalog: Catalog) -> None:
    database, layer = database_with_contours, define()
    build(database, layer)
    insert(database, layer, [{"code": f"{n:05}", "precision": "commune", "code_insee": "59172"} for n in range(1500)])
    inside = (
        "SELECT count(DISTINCT ST_AsText(t.geom)) FROM pub.essai t"
        " JOIN pub.commune c ON c.code_insee = '59172' AND ST_Contains(c.geom, t.geom)"
    )
    place(database, catalog, layer)
    assert ask(database, inside) == 1500
    # A centre at the edge of its commune: half of what is drawn around it would be in the next one.
    do(
        database,
        "UPDATE pub.commune SET centre_lon = ST_X(p), centre_lat = ST_Y(p) FROM (SELECT ST_Transform(ST_LineInterpolatePoint("
        "ST_MakeLine(ST_PointN(ST_ExteriorRing(ST_GeometryN(geom, 1)), 1), ST_Centroid(geom)), 0.1), 4326) AS p"
        " FROM pub.commune WHERE code_insee = '59172') x WHERE code_insee = '59172'",
    )
    do(database, "DELETE FROM pub.essai WHERE code > '00400'")
    place(database, catalog, layer)
    assert ask(database, inside) == 401


def test_cells_tile_the_ground_around_every_centre(facts: Database) -> None:
    cells, centres = shapes(facts, CELLS), shapes(facts, CENTRES)
    assert len(cells) == 47
    assert cells.keys() == centres.keys()
    assert all(cells[code].is_valid and cells[code].contains(centre) for code, centre in centres.items())
    tree = shapely.STRtree(list(cells.values()))
    pairs = tree.query(list(cells.values()), predicate="overlaps").T
    overlap = sum(tree.geometries[a].intersection(tree.geometries[b]).area for a, b in pairs if a < b)
    assert overlap < 50  # m² of 500 km²: what rounding to the centimetre leaves
    whole = shapely.unary_union([cell.buffer(0.05) for cell in cells.values()])
    assert isinstance(whole, shapely.Polygon)
    assert len(whole.interiors) == 0


def test_cells_never_become_contours(facts: Database) -> None:
    assert ask(facts, "SELECT count(geom) FROM pub.commune") == 0
    assert ask(facts, "SELECT count(precision) FROM pub.commune") == 0
    for decoupage in ("bassin", "bv2022", "equipe"):
        assert ask(facts, f"SELECT count(geom) FROM pub.{decoupage}") == 0
        assert ask(facts, "SELECT count(*) FROM app.cellule WHERE couche = %s", [decoupage]) > 0


def test_a_unit_is_the_union_of_its_communes(database_with_contours: Database, catalog: Catalog) -> None:
    database = database_with_contours
    union = "SELECT ST_Equals(geom, (SELECT ST_Union(geom) FROM pub.commune WHERE code_insee = ANY(%s))) FROM pub.equipe WHERE code = %s"
    units = {r["unite"]: r["codes"] for r in rows(
        database, "SELECT unite, array_agg(code_insee) AS codes FROM app.appartenance WHERE decoupage = 'equipe' GROUP BY 1"
    )}  # fmt: skip
    assert len(units) == 2
    for code, communes in units.items():
        assert ask(database, union, [communes, code]) is True
    first, other = sorted(units)
    # An exclave: a commune far from the rest is a part of its own.
    statement = (
        "UPDATE app.appartenance SET unite = %s WHERE decoupage = 'equipe' AND code_insee = (SELECT c.code_insee"
        " FROM pub.commune c JOIN app.appartenance a USING (code_insee), pub.equipe e WHERE a.decoupage = 'equipe'"
        " AND a.unite <> %s AND e.code = %s ORDER BY ST_Distance(c.geom, e.geom) DESC LIMIT 1)"
    )
    do(database, statement, [first, first, first])
    place(database, catalog)
    assert ask(database, "SELECT ST_NumGeometries(geom) FROM pub.equipe WHERE code = %s", [first]) >= 2
    assert ask(database, "SELECT precision FROM pub.equipe WHERE code = %s", [other]) == "exacte"


def test_a_unit_with_a_contour_missing_has_none(database_with_contours: Database, catalog: Catalog) -> None:
    database = database_with_contours
    do(database, "UPDATE pub.commune SET geom = NULL, precision = NULL WHERE code_insee = '59002'")
    place(database, catalog)
    found = rows(database, "SELECT code, geom IS NULL AS vide, precision FROM pub.bassin ORDER BY code")
    assert [(row["code"], row["vide"], row["precision"]) for row in found] == [
        ("amandinois", False, "exacte"),
        ("bassin_minier", True, None),
        ("ostrevent", False, "exacte"),
    ]
