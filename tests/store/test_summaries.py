"""What each unit holds, counted again apart with shapely and pyproj: parts + hors unité + non localisé = whole."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from pyproj import Geod, Transformer

from tests.conftest import connect
from tests.store.conftest import build, build_once, define, do, insert, members, shuffled
from webmap.store.attachment import sql_in_unit
from webmap.store.cursors import sql_keyed
from webmap.store.places import fetch_origins, sql_citations, sql_search
from webmap.store.report import fetch_report
from webmap.store.statements import count_queries
from webmap.store.summaries import (
    EMPTY,
    NOTHING,
    LayerSummary,
    fetch_summaries,
    fetch_units,
    fetch_units_of,
    measured_layers,
    sql_summary,
)
from webmap.store.zones import sql_zone_summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapely.geometry.base import BaseGeometry

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

GEOD = Geod(ellps="GRS80")
TO_WGS84 = Transformer.from_crs(2154, 4326, always_xy=True)
LIST = {"id": "communes", "type": "list", "label": "Communes"}
LAYERS = {kind: define(geometry=kind, more=[LIST], communes_field="communes") for kind in ("point", "line", "polygon")}
CODES = ["59002", "59172", "59205", "59292", "59491", "59526", "59038"]
BOUNDED = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def geodesic(shape: BaseGeometry) -> tuple[float, float]:
    """Return the length and area of a Lambert-93 shape, on the ellipsoid, by another library."""
    moved = shapely.transform(shape, lambda points: np.column_stack(TO_WGS84.transform(*points.T)))
    return GEOD.geometry_length(moved), GEOD.geometry_area_perimeter(shapely.orient_polygons(moved))[0]


def size(geometry: str, shape: BaseGeometry) -> float:
    """Return what a measure of this geometry measures; 0 for a mere touch."""
    if shape.is_empty or shapely.get_dimensions(shape) < {"line": 1, "polygon": 2}[geometry]:
        return 0
    return geodesic(shape)[0 if geometry == "line" else 1]


@dataclass(frozen=True)
class Again:
    """What one row is, counted apart: the size it has in each commune it is tied to, None when no place is known."""

    parts: dict[str, float] | None


def tie(layer: LayerDefinition, row: dict[str, Any], contours: dict[str, BaseGeometry]) -> Again:
    if contours and row.get("geom") and row["precision"] == "exacte":
        shape = shapely.from_wkt(row["geom"])
        if layer.geometry == "point":
            return Again(
                dict.fromkeys([code for code in sorted(contours) if contours[code].intersects(shape)][:1], 0.0)
            )
        pieces = {code: size(layer.geometry, contours[code].intersection(shape)) for code in contours}
        return Again({code: value for code, value in pieces.items() if value > 0})
    named = row.get("communes") or ([row["code_insee"]] if row.get("code_insee") else None)
    return Again(None if named is None else dict.fromkeys([code for code in named if code.startswith("59")], 0.0))


def check(layer: LayerDefinition, summary: LayerSummary, rows: list[Again], draw: dict[str, str | None]) -> None:
    """Compare a summary with the same rows counted apart, then with itself."""
    counted: Counter[str] = Counter()
    sizes: defaultdict[str | None, float] = defaultdict(float)
    outside = doubles = 0
    for row in rows:
        units = {unit for code in row.parts or () if (unit := draw.get(code))}
        counted.update(units)
        outside += bool(row.parts) and not units
        doubles += max(0, len(units) - 1)
        for code, value in (row.parts or {}).items():
            sizes[draw.get(code)] += value
    rel = 1e-4 if layer.geometry == "polygon" else 1e-6
    assert {unit: count.nombre for unit, count in summary.unites.items()} == counted
    for unit, count in summary.unites.items():
        assert (count.taille or 0) == pytest.approx(sizes[unit], rel=rel, abs=1e-3)
    assert summary.hors_unite.nombre == outside
    assert (summary.hors_unite.taille or 0) == pytest.approx(sizes[None], rel=rel, abs=1e-3)
    assert summary.non_localise.nombre == sum(row.parts is None for row in rows)
    assert summary.ensemble.nombre == sum(row.parts is None or bool(row.parts) for row in rows)
    assert summary.territoire.nombre == summary.ensemble.nombre
    assert summary.doubles.nombre == doubles
    total = sum(counted.values()) + outside + summary.non_localise.nombre
    assert total - doubles == summary.ensemble.nombre
    parts = sum(count.taille or 0 for count in (*summary.unites.values(), summary.hors_unite))
    assert parts == pytest.approx(summary.territoire.taille or 0, rel=1e-6, abs=1e-6)
    whole = summary.ensemble.taille or 0
    assert parts + (summary.hors_territoire.taille or 0) == pytest.approx(whole, rel=1e-6, abs=1e-3)


def contours_of(database: Database) -> dict[str, BaseGeometry]:
    with database.owner() as connection:
        rows = connection.execute(
            "SELECT code_insee, ST_AsBinary(geom) AS wkb FROM pub.commune WHERE geom IS NOT NULL"
        ).fetchall()
    return {row["code_insee"]: shapely.from_wkb(bytes(row["wkb"])) for row in rows}


def place(kind: str, x: float, y: float, reach: float, *, hole: bool) -> str:
    if kind == "point":
        return shapely.Point(x, y).wkt
    if kind == "line":
        return shapely.LineString([(x, y), (x + reach, y + reach / 3), (x + reach / 2, y - reach)]).wkt
    outer = shapely.box(x - reach, y - reach / 2, x + reach, y + reach)
    return (outer.difference(outer.centroid.buffer(reach / 3)) if hole else outer).wkt


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "x": st.integers(714_000, 743_000).map(lambda x: x + 0.37),
            "y": st.integers(7_012_000, 7_049_000).map(lambda y: y + 0.41),
            "reach": st.integers(5, 9000),
            "hole": st.booleans(),
            "precision": st.sampled_from(["exacte", "exacte", "commune", None]),
            "code_insee": st.sampled_from([*CODES, "75056", None]),
            "communes": st.sampled_from([None, None, [], CODES[:2], [*CODES[2:4], "75056"]]),
        }
    ),
    max_size=8,
)


def fill(database: Database, layer: LayerDefinition, drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make these the only rows of the layer; returns them as inserted."""
    rows = []
    for number, one in enumerate(drawn):
        row = {name: one[name] for name in ("precision", "code_insee", "communes")} | {"code": f"c{number}"}
        if one["precision"] == "exacte" or (one["precision"] and layer.geometry == "point"):
            row["geom"] = place(layer.geometry, one["x"], one["y"], one["reach"], hole=one["hole"])
        rows.append(row)
    do(database, "DELETE FROM pub.essai")
    insert(database, layer, rows, srid=2154)
    return rows


@pytest.mark.parametrize("kind", LAYERS)
@BOUNDED
@given(drawn=ROWS, seed=st.integers(0, 9999))
def test_with_contours_the_parts_make_the_whole(
    database_with_contours: Database, kind: str, drawn: list[dict[str, Any]], seed: int
) -> None:
    database, layer = database_with_contours, LAYERS[kind]
    build_once(database, layer)
    contours = contours_of(database)
    draw = shuffled(contours, seed)
    members(database, "hasard", draw)
    rows = fill(database, layer, drawn)
    check(
        layer, fetch_summaries(database, [layer], "hasard")["essai"], [tie(layer, row, contours) for row in rows], draw
    )


@pytest.mark.parametrize("kind", LAYERS)
@BOUNDED
@given(drawn=ROWS, seed=st.integers(0, 9999))
def test_without_contours_communes_named_are_all_there_is(
    database: Database, kind: str, drawn: list[dict[str, Any]], seed: int
) -> None:
    layer = LAYERS[kind]
    build_once(database, layer)
    draw = shuffled(CODES, seed)
    members(database, "hasard", draw)
    rows = fill(database, layer, drawn)
    check(layer, fetch_summaries(database, [layer], "hasard")["essai"], [tie(layer, row, {}) for row in rows], draw)


@pytest.fixture(scope="module")
def squared(cluster: Cluster, contoured: str) -> str:
    """Make the template of a territory of three communes that are squares of 1 km; the others are far away."""
    cluster.create_database("squared", template=contoured)
    database = connect(cluster, "squared")
    do(database, "UPDATE pub.commune SET geom = ST_Translate(geom, 400000, 0)")
    for number, code in enumerate(("59002", "59038", "59064")):
        box = f"ST_Multi(ST_MakeEnvelope({720000 + 1000 * number}, 7030000, {721000 + 1000 * number}, 7031000, 2154))"
        do(database, f"UPDATE pub.commune SET geom = {box} WHERE code_insee = %s", [code])
    database.close()
    return "squared"


@pytest.fixture
def squares(make_database: Callable[[str | None], Database], squared: str) -> Database:
    """Return a copy of it that the test may write to."""
    return make_database(squared)


def summary_of(database: Database, layer: LayerDefinition, *wkt: str, decoupage: str = "commune") -> LayerSummary:
    build(database, layer)
    insert(database, layer, [{"code": f"c{n}", "geom": text} for n, text in enumerate(wkt)], srid=2154)
    return fetch_summaries(database, [layer], decoupage)["essai"]


def test_a_point_on_a_shared_boundary_is_counted_once(squares: Database) -> None:
    summary = summary_of(
        squares, LAYERS["point"], "POINT(721000 7030500)", "POINT(722000 7030000)", "POINT(720500 7030500)"
    )
    assert {code: count.nombre for code, count in summary.unites.items()} == {"59002": 2, "59038": 1}
    assert summary.doubles == EMPTY


def test_a_line_along_a_shared_boundary_is_measured_once(squares: Database) -> None:
    line = "LINESTRING(721000 7029000,721000 7032000)"
    summary = summary_of(squares, LAYERS["line"], line)
    once = geodesic(shapely.from_wkt("LINESTRING(721000 7030000,721000 7031000)"))[0]
    assert {code: round(count.taille or 0) for code, count in summary.unites.items()} == {
        "59002": round(once),
        "59038": 0,
    }
    assert summary.territoire.taille == pytest.approx(once, rel=1e-6)


def test_a_surface_that_only_touches_is_not_there(squares: Database) -> None:
    beside = shapely.box(720200, 7031000, 720800, 7031400).wkt
    corner = shapely.box(719000, 7029000, 720000, 7030000).wkt
    summary = summary_of(squares, LAYERS["polygon"], beside, corner)
    assert summary.unites == {}
    assert summary.ensemble == EMPTY


def test_a_straddling_surface_with_a_hole_is_shared_out(squares: Database) -> None:
    outer = shapely.box(720500, 7030200, 721500, 7030800)
    shape = outer.difference(shapely.box(720900, 7030400, 721200, 7030600))
    summary = summary_of(squares, LAYERS["polygon"], shape.wkt)
    left, right = (
        geodesic(shape.intersection(shapely.box(x, 7030000, x + 1000, 7031000)))[1] for x in (720000, 721000)
    )
    assert summary.unites["59002"].taille == pytest.approx(left, rel=1e-6)
    assert summary.unites["59038"].taille == pytest.approx(right, rel=1e-6)
    assert summary.territoire.taille == pytest.approx(geodesic(shape)[1], rel=1e-6)
    assert (summary.territoire.nombre, summary.territoire.mesurees, summary.doubles.nombre) == (1, 1, 1)


def test_an_exclave_counts_once_in_its_unit(squares: Database) -> None:
    members(squares, "hasard", {"59002": "a", "59064": "a", "59038": "b"})
    shape = shapely.box(720500, 7030200, 722500, 7030800)
    summary = summary_of(squares, LAYERS["polygon"], shape.wkt, decoupage="hasard")
    assert {code: count.nombre for code, count in summary.unites.items()} == {"a": 1, "b": 1}
    assert summary.unites["a"].taille == pytest.approx(summary.unites["b"].taille, rel=1e-3)


def test_what_is_outside_counts_nowhere(squares: Database) -> None:
    summary = summary_of(squares, LAYERS["point"], "POINT(600000 6800000)")
    assert summary == LayerSummary({})


def test_an_empty_layer_is_empty(squares: Database) -> None:
    assert summary_of(squares, LAYERS["polygon"]) == LayerSummary({})


def test_an_exact_point_counts_where_it_stands_not_where_it_says(squares: Database) -> None:
    build(squares, LAYERS["point"])
    insert(squares, LAYERS["point"], [{"geom": "POINT(720500 7030500)", "code_insee": "59064"}], srid=2154)
    assert list(fetch_summaries(squares, [LAYERS["point"]], "commune")["essai"].unites) == ["59002"]


FAR = """INSERT INTO pub.essai (code, nom, geom, precision, etat, source, millesime)
SELECT 'l' || n, 'n', {}, 'exacte', 'existant', 's', '2026' FROM generate_series(1, 3000) n,
LATERAL (SELECT ST_SetSRID(ST_MakePoint(100000 + 40 * n, 6200000), 2154) AS p) q"""
SHAPES = {
    "point": "p",
    "line": "ST_Multi(ST_MakeLine(p, ST_Translate(p, 30, 30)))",
    "polygon": "ST_Multi(ST_Expand(p, 15))",
}
COUNTED = {"id": "n", "type": "nombre", "label": "Essais", "unit": "essais"}


@pytest.mark.parametrize("kind", SHAPES)
def test_the_rows_of_a_country_are_left_to_the_index(squares: Database, kind: str) -> None:
    layer = define(geometry=kind, measures=[COUNTED | {"rule": "point_dans" if kind == "point" else "centroide"}])
    build(squares, layer)
    do(squares, FAR.format(SHAPES[kind]))
    near = place(kind, 720_500, 7_030_500, 90, hole=False)
    insert(squares, layer, [{"code_insee": "59002", "source": "t"}, {"geom": near}], srid=2154)
    with squares.owner() as connection:
        connection.execute("ANALYZE pub.essai")
        connection.execute("SET plan_cache_mode = force_generic_plan")
        rows = sql.SQL("SELECT FROM pub.essai t WHERE {}")
        shape = shapely.to_wkb(shapely.box(720_000, 7_030_000, 721_000, 7_031_000))
        zone = {"groupes": ["unite", "hors_unite", "ensemble"], "codes": ["a", "", ""], "formes": [shape] * 3}
        zone |= {"touchees": ["59002"] * 3, "dedans": "unite"}
        statements = [
            (sql_summary(layer), {"decoupage": "bassin"}),
            (sql_citations(layer), None),
            (rows.format(sql_in_unit(layer)), {"decoupage": "commune", "unite": "59002"}),
            (rows.format(sql_keyed(layer)), {"cle": "c0"}),
            (sql_zone_summary(layer), zone),
            (sql_search([layer]), {"texte": "c0 n"}),
            (sql_search([layer]), {"texte": "l29 n0"}),
        ]
        lines = [
            str(row["QUERY PLAN"])
            for each, params in statements
            for row in connection.execute(b"EXPLAIN (ANALYZE) " + each.as_bytes(), params)
        ]
    assert [line for line in lines if "Seq Scan on essai" in line and "never executed" not in line] == []
    assert fetch_summaries(squares, [layer], "commune")["essai"].unites["59002"].nombre == 2
    assert fetch_origins(squares, [layer]).cited == {"essai": (["s", "t"], ["2026"])}


def test_a_layer_without_any_row_is_what_its_statement_says(facts: Database, catalog: Catalog) -> None:
    layers = measured_layers(catalog)
    cited = fetch_origins(facts, layers).cited
    found = fetch_summaries(facts, layers, "equipe")
    assert {name for name, summary in found.items() if summary == NOTHING} == {
        layer.id for layer in layers
    } - cited.keys()


def test_one_statement_a_layer_whatever_the_units(facts: Database, catalog: Catalog) -> None:
    facts.kept.clear()  # of whatever ran before
    fetch_units_of(facts, ["equipe"])  # reads the contours, which are those of every découpage
    costs = {}
    for decoupage in ("bassin", "commune", "territoire"):
        with count_queries() as counted:
            fetch_report(facts, catalog, decoupage)
        costs[decoupage] = len(counted)
    assert costs["bassin"] == costs["commune"]
    measured = [layer for layer in catalog.public if layer.measures and layer.id != "commune" and not layer.decoupage]
    assert costs["commune"] <= len(measured) + 6
    with count_queries() as counted:
        fetch_summaries(facts, measured, "commune")
    assert len(counted) == len(measured)


def test_units_know_their_communes_and_ground(facts: Database, facts_with_contours: Database) -> None:
    bare, full = (fetch_units(database, "bassin") for database in (facts, facts_with_contours))
    assert [unit.nom for unit in bare] == ["Amandinois", "Bassin minier", "Ostrevent"]
    assert sum(unit.nombre_communes for unit in bare) == 47
    assert sum(unit.population or 0 for unit in bare) == 158_351
    assert {unit.surface_km2 for unit in bare} == {None}
    assert all(unit.etendue for unit in bare)
    contours = contours_of(facts_with_contours)
    for unit in full:
        area = sum(geodesic(contours[code])[1] for code in unit.communes) / 1e6
        assert unit.surface_km2 == pytest.approx(area, rel=1e-4)
    assert fetch_units(facts, "licorne") == []


def test_one_population_missing_makes_the_total_unknown(database: Database) -> None:
    do(database, "UPDATE pub.commune SET population_municipale = NULL WHERE code_insee = '59172'")
    found = {unit.code: unit.population for unit in fetch_units(database, "bassin")}
    assert [code for code, population in found.items() if population is None] == ["bassin_minier"]
    assert fetch_units(database, "territoire")[0].population is None
