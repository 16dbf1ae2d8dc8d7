"""The box of a layer is that of its vertices in degrees, found without looking at more than the rows at its edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from tests.store.conftest import ask, build, build_once, define, do, insert
from webmap.store.attachment import sql_source
from webmap.store.extents import _sql_placed, fetch_extents

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

WHOLE = "SELECT ARRAY[ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b)] FROM (SELECT ST_Extent(ST_Transform(t.geom, 4326)) AS b FROM {}) b"
LAYERS = {
    "point": define(id="essai_points"),
    "line": define(id="essai_lignes", geometry="line"),
    "polygon": define(id="essai_surfaces", geometry="polygon"),
}
# Corners of what is drawn, where Lambert-93 bends most, and beyond it.
places = st.tuples(st.floats(-600_000, 1_700_000), st.floats(5_800_000, 7_500_000))


def whole(database: Database, source: str) -> Any:  # noqa: ANN401 - four numbers or four NULLs
    """Return the box of each vertex taken to degrees."""
    return ask(database, WHOLE.format(source))


def shape(kind: str, place: tuple[float, float]) -> str:
    x, y = place
    corners = [(x, y), (x + 40_000, y + 3), (x + 7, y + 60_000)]
    if kind == "point":
        return f"POINT({x} {y})"
    line = ", ".join(f"{a} {b}" for a, b in corners)
    return f"LINESTRING({line})" if kind == "line" else f"POLYGON(({line}, {x} {y}))"


@pytest.mark.parametrize("kind", LAYERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10, deadline=None)
@given(drawn=st.lists(places, max_size=9), near=st.floats(0, 3))
def test_it_is_the_box_of_every_vertex(
    database: Database, kind: str, drawn: list[tuple[float, float]], near: float
) -> None:
    layer = LAYERS[kind]
    build_once(database, layer)
    do(database, f"TRUNCATE pub.{layer.id}")
    # Beside each, one that the index cannot tell from it.
    rows = [{"geom": shape(kind, (x + step, y - step))} for x, y in drawn for step in (0, near)]
    insert(database, layer, [*rows, {"geom": None}], srid=2154)
    box = fetch_extents(database, [layer])[layer.id]
    assert box == (tuple(whole(database, f"pub.{layer.id} t")) if drawn else None)


def test_a_cell_counts_for_who_draws_alone(database: Database, catalog: Catalog) -> None:
    commune = catalog.by_id["commune"]
    assert fetch_extents(database, [commune]) == {"commune": None}
    cells = sql_source(commune).as_string()
    assert fetch_extents(database, [commune], cells=True)["commune"] == tuple(whole(database, cells))
    do(
        database,
        "UPDATE pub.commune c SET geom = k.geom, precision = 'exacte' FROM app.cellule k"
        " WHERE k.couche = 'commune' AND k.cle = c.code_insee AND c.code_insee = '59172'",
    )
    assert fetch_extents(database, [commune])["commune"] == tuple(whole(database, "pub.commune t"))
    assert fetch_extents(database, [commune], cells=True)["commune"] == tuple(whole(database, cells))


def test_a_list_without_geometry_has_none(facts: Database, catalog: Catalog) -> None:
    listed = [layer for layer in catalog.public if not layer.drawn]
    assert fetch_extents(facts, listed) == dict.fromkeys((layer.id for layer in listed), None)
    assert listed


def test_a_country_is_not_read_whole(database: Database) -> None:
    layer = define()
    build(database, layer)
    do(
        database,
        "INSERT INTO pub.essai (code, nom, geom, precision, etat, source, millesime)"
        " SELECT format('%s-%s', x, y), 'n', ST_SetSRID(ST_MakePoint(600000 + 997 * x + 7 * y, 6800000 + 991 * y), 2154),"
        " 'exacte', 'existant', 's', '2026' FROM generate_series(1, 70) x, generate_series(1, 70) y;"
        " ANALYZE pub.essai; ANALYZE tuile.essai",
    )
    asked = sql.SQL("EXPLAIN (ANALYZE, FORMAT json) {}").format(_sql_placed(layer))
    (plan,) = database.read(asked)[0].values()
    nodes: list[dict[str, Any]] = [plan[0]["Plan"]]
    read = 0
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        read += node["Actual Rows"] * node["Actual Loops"] if node.get("Relation Name") == "essai" else 0
        assert node["Node Type"] != "Seq Scan"
    assert read < 400
    assert fetch_extents(database, [layer])["essai"] == tuple(whole(database, "pub.essai t"))
