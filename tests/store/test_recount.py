"""Every type of measure by every rule, equal to what geopandas counts from the same rows."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import geopandas
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import SHARED
from tests.store.conftest import build_once, define, do, insert, members, shuffled
from tests.store.recounted import Recount, read_contours, read_rows
from webmap.importing.run import load_source
from webmap.store.conservation import build_checked, build_straddles
from webmap.store.summaries import LayerSummary, fetch_summaries

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

RULES = {
    "point": ("point_dans", "plus_proche"),
    "line": ("touche", "centroide", "part_de_longueur"),
    "polygon": ("touche", "centroide", "part_de_surface"),
    "none": ("commune",),
}
SIZED = {
    "line": (("longueur", "part_de_longueur"),),
    "polygon": (("surface", "part_de_surface"), ("part_surface", "part_de_surface")),
}
GROUPS = ("hors_unite", "hors_territoire", "non_localise", "doubles", "ensemble")
CODES = ["59002", "59172", "59205", "59292", "59491", "59526", "59038"]


def layer_of(kind: str) -> LayerDefinition:
    """Define a layer that measures everything its geometry allows, by every rule."""
    pairs = [*itertools.product(("nombre", "somme", "pour_1000"), RULES[kind]), *SIZED.get(kind, ())]
    pairs += [("distincts", RULES[kind][0])]
    measures = [
        {"id": f"{kind_of}_{rule}", "type": kind_of, "rule": rule, "label": "M", "unit": "u"}
        | ({"field": "n"} if kind_of in {"somme", "distincts"} else {})
        for kind_of, rule in pairs
    ]
    more = [{"id": "communes", "type": "list", "label": "C"}, {"id": "n", "type": "integer", "label": "N"}]
    style = None if kind == "none" else {"rules": [{"label": "Tout"}]}
    return define(geometry=kind, more=more, measures=measures, communes_field="communes", style=style)


LAYERS = {kind: layer_of(kind) for kind in RULES}


def check(database: Database, layer: LayerDefinition, decoupage: str, draw: dict[str, str | None]) -> LayerSummary:
    """Compare every measure of every unit and rest with the recount, and weigh the parts against the whole."""
    summary = fetch_summaries(database, [layer], decoupage)["essai"]
    again = Recount(layer, read_rows(database, layer), read_contours(database), draw)
    units = {unit for unit in draw.values() if unit}
    for measure in layer.measures:
        told = {unit: count.valeurs[measure.id] or 0 for unit, count in summary.unites.items()}
        if measure.type == "distincts":
            assert {unit: value for unit, value in told.items() if value} == again.distinct(measure)
            continue
        rel = 1e-4 if measure.type in {"surface", "part_surface"} else 1e-6
        expected = again.total(measure)
        for unit in units:
            where = f"{measure.id} in {unit}"
            assert told.get(unit, 0) == pytest.approx(expected.get(("unite", unit), 0), rel=rel, abs=1e-6), where
        for group in GROUPS:
            value = getattr(summary, group).valeurs.get(measure.id) or 0
            floor = 1e-3 if measure.type in {"longueur", "surface", "part_surface"} else 1e-6
            assert value == pytest.approx(expected.get(group, 0), rel=rel, abs=floor), f"{measure.id}, {group}"
    assert [rest for rest in build_checked(layer, summary) if not rest.conserve] == []
    for cut in build_straddles(layer, summary):
        parts = sum(part.valeur for part in cut.parts) + cut.hors_unite + cut.hors_territoire
        assert parts == pytest.approx(cut.total, rel=1e-6)
        assert len(cut.parts) + bool(cut.hors_unite) + bool(cut.hors_territoire) > 1
        assert all(part.part == pytest.approx(part.valeur / cut.total) for part in cut.parts)
    return summary


def fill(database: Database, layer: LayerDefinition, rows: list[dict[str, Any]]) -> None:
    build_once(database, layer)
    do(database, "DELETE FROM pub.essai")
    insert(database, layer, [{"code": f"c{n}", "n": n % 3 or None, **row} for n, row in enumerate(rows)], srid=2154)


@pytest.fixture
def exclaved(database_with_contours: Database) -> dict[str, str | None]:
    """Give a commune a hole that belongs to another, far away; return a draw whose units have no single piece."""
    database, (hollow, owner) = database_with_contours, ("59172", "59491")
    contours = read_contours(database)
    hole = contours[hollow].representative_point().buffer(300)
    for code, shape in ((hollow, contours[hollow].difference(hole)), (owner, contours[owner].union(hole))):
        statement = "UPDATE pub.commune SET geom = ST_Multi(ST_GeomFromText(%s, 2154)) WHERE code_insee = %s"
        do(database, statement, [shapely.to_wkt(shape, rounding_precision=-1), code])
    draw = shuffled(contours, 7)
    members(database, "hasard", draw)
    return draw


NAMED: list[dict[str, Any]] = [
    {"code_insee": "59002"},
    {"code_insee": "75056"},
    {"communes": CODES},
    {"communes": ["59002", "75056"]},
    {"communes": ["75056", "80021"]},
    {"communes": ["59002", "59172"], "code_insee": "59172"},
    {"communes": ["59002"], "code_insee": "75056"},
    {"precision": "commune", "code_insee": "59205"},
    {},
]


def made(kind: str, contours: dict[str, Any]) -> list[str]:
    """Draw what is hard to count: on limits, over a hole, across the border, beyond it, over everything."""
    hole = contours["59172"].representative_point()
    territory = shapely.union_all(list(contours.values()))
    pairs = itertools.combinations(contours.values(), 2)
    shared = next(line for a, b in pairs if (line := shapely.line_merge(a.intersection(b))).length > 500)
    edge = shapely.Point(shapely.get_coordinates(territory.convex_hull)[0])
    middle, away = territory.centroid, shapely.affinity.translate(edge, 90_000, 0)
    if kind == "point":
        return [
            p.wkt
            for p in (hole, middle, shapely.Point(shapely.get_coordinates(shared)[0]), away, contours["59002"].centroid)
        ]
    if kind == "line":
        across = shapely.LineString(shapely.get_coordinates([shapely.affinity.translate(edge, 4000, 0), middle, edge]))
        rings = [shapely.LineString(ring.exterior) for ring in (hole.buffer(500), away.buffer(50))]
        return [line.wkt for line in (shared, across, *rings)]
    ring = middle.buffer(7000).difference(middle.buffer(5000))
    crescent = edge.buffer(3000).difference(shapely.affinity.translate(edge, 400, 400).buffer(2600))
    shapes = (
        ring,
        hole.buffer(200),
        hole.buffer(900),
        edge.buffer(2500),
        crescent,
        territory.envelope,
        away.buffer(90),
    )
    return [shapely.to_wkt(shape, rounding_precision=-1) for shape in shapes]


@pytest.mark.parametrize("kind", RULES)
def test_what_is_hard_to_count_is_counted_the_same(
    database_with_contours: Database, exclaved: dict[str, str | None], kind: str
) -> None:
    layer = LAYERS[kind]
    shapes = [] if kind == "none" else made(kind, read_contours(database_with_contours))
    fill(database_with_contours, layer, [*NAMED, *({"geom": shape} for shape in shapes)])
    summary = check(database_with_contours, layer, "hasard", exclaved)
    assert (len(summary.partages) > 0) == (kind in SIZED)


@pytest.mark.parametrize("kind", RULES)
def test_an_empty_layer_has_no_part_and_no_whole(
    database_with_contours: Database, exclaved: dict[str, str | None], kind: str
) -> None:
    fill(database_with_contours, LAYERS[kind], [])
    assert check(database_with_contours, LAYERS[kind], "hasard", exclaved) == LayerSummary({})


@pytest.mark.parametrize("kind", RULES)
def test_without_contours_only_communes_named_count(database: Database, kind: str) -> None:
    draw = shuffled(read_codes(database), 3)
    members(database, "hasard", draw)
    fill(database, LAYERS[kind], NAMED)
    check(database, LAYERS[kind], "hasard", draw)


def read_codes(database: Database) -> list[str]:
    with database.owner() as connection:
        return [row["code_insee"] for row in connection.execute("SELECT code_insee FROM pub.commune").fetchall()]


COORDINATES = {"x": st.floats(712_000, 745_000), "y": st.floats(7_010_000, 7_051_000), "reach": st.floats(20, 9000)}
DRAWN = st.lists(st.fixed_dictionaries({**COORDINATES, "hole": st.booleans()}), max_size=6)


@pytest.mark.parametrize("kind", ["point", "line", "polygon"])
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=DRAWN, seed=st.integers(0, 9999), named=st.lists(st.sampled_from(NAMED), max_size=3))
def test_any_shapes_in_any_partition_are_conserved(
    database_with_contours: Database, kind: str, drawn: list[dict[str, Any]], seed: int, named: list[dict[str, Any]]
) -> None:
    draw = shuffled(read_contours(database_with_contours), seed)
    members(database_with_contours, "hasard", draw)
    fill(database_with_contours, LAYERS[kind], [*named, *({"geom": shaped(kind, **one)} for one in drawn)])
    check(database_with_contours, LAYERS[kind], "hasard", draw)


def shaped(kind: str, *, x: float, y: float, reach: float, hole: bool) -> str:
    if kind == "point":
        return shapely.Point(x, y).wkt
    if kind == "line":
        return shapely.LineString([(x, y), (x + reach, y + reach / 3), (x + reach / 2, y - reach)]).wkt
    outer = shapely.box(x - reach, y - reach / 2, x + reach, y + reach)
    return shapely.to_wkt(outer.difference(outer.centroid.buffer(reach / 3)) if hole else outer, rounding_precision=-1)


REAL = {
    "gares": ("point", "mobilite/gares_sncf_caph_bbox.geojson"),
    "troncons": ("line", "hydrographie/scarpe_escaut_troncons_2017.geojson"),
    "natura2000": ("polygon", "ecologie/natura2000_zsc_fr3100506_fr3100507_actuel_2021.geojson"),
    "pnr": ("polygon", "ecologie/pnr_scarpe_escaut_perimetre_2021.geojson"),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files_on_real_contours_are_counted_the_same(
    database: Database, catalog: Catalog, settings: Settings, name: str
) -> None:
    kind, path = REAL[name]
    contours = SHARED / "data" / "communes" / "communes_caph_admin-express-2018.geojson"
    if not contours.exists() or not (SHARED / "data" / path).exists():
        pytest.skip("real files of ../shared are not here; the made ones cover the same cases")
    load_source(database, catalog, settings, "commune", contours)
    shapes = geopandas.read_file(SHARED / "data" / path).to_crs(2154).geometry
    fill(database, LAYERS[kind], [{"geom": shapely.to_wkt(shape, rounding_precision=-1)} for shape in shapes])
    with database.owner() as connection:
        rows = connection.execute("SELECT code_insee, code FROM app.membre WHERE decoupage = 'bassin'").fetchall()
    summary = check(database, LAYERS[kind], "bassin", {row["code_insee"]: row["code"] for row in rows})
    assert summary.territoire.nombre
