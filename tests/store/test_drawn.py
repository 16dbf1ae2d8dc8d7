"""What tiles are drawn from follows the rows in their transaction; coverages are simplified together, or drawn whole."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.store.conftest import ask, build, define, do, insert
from webmap.catalog.bands import LABELS, PIXEL, Band
from webmap.store import drawn
from webmap.store.coverage import simplify_coverage
from webmap.store.tile_statements import MAX_BYTES
from webmap.store.tiles import TileStore

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

HALF = 20037508.342789244
LABELLED = {"rules": [{"label": "x"}], "label": {"field": "nom", "zoom_min": 5}}
PLACE = (391_000.0, 6_530_000.0)  # EPSG:3857, in the agglomeration


def read(store: TileStore, tile: tuple[int, int, int], name: str = "essai") -> list[dict[str, Any]]:
    """Return the features of one layer of a tile, in metres of EPSG:3857."""
    z, x, y = tile
    side = 2 * HALF / 2**z
    body = store.fetch_tile(["essai"], z, x, y, None)
    units = mapbox_vector_tile.decode(body).get(name, {"extent": 4096})[
        "extent"
    ]  # that of the band, which may be finer
    layer = mapbox_vector_tile.decode(
        body,
        default_options={
            "y_coord_down": True,
            "transformer": lambda h, v: (-HALF + (x + h / units) * side, HALF - (y + v / units) * side),
        },
    ).get(name, {"features": []})
    return list(layer["features"])


def tile_at(x: float, y: float, z: int) -> tuple[int, int, int]:
    side = 2 * HALF / 2**z
    return z, int((x + HALF) // side), int((HALF - y) // side)


def paving(moves: list[tuple[float, float]], step: float) -> list[shapely.Polygon]:
    """Nine surfaces around PLACE that share wiggling boundaries; `moves` displace what they share, in parts of `step`."""
    x, y = PLACE
    centres = shapely.MultiPoint(
        [(x + (n % 3 + a / 3) * step, y + (n // 3 + b / 3) * step) for n, (a, b) in enumerate(moves)]
    )
    cells = shapely.voronoi_polygons(centres, extend_to=shapely.box(x - step, y - step, x + 3 * step, y + 3 * step))
    cells = shapely.segmentize(shapely.set_precision(cells, 0.01), step / 40)
    return list(shapely.transform(shapely.get_parts(cells), lambda c: c + step / 60 * np.sin(c[:, ::-1] / step * 47)))


@pytest.mark.parametrize("geometry", ["point", "line", "polygon"])
def test_what_is_drawn_follows_every_write(database: Database, geometry: str) -> None:
    layer = define(geometry=geometry, style=LABELLED)
    build(database, layer)
    shapes = {
        "point": ["POINT(3.4 50.3)", "POINT(3.5 50.4)"],
        "line": ["LINESTRING(3.4 50.3, 3.41 50.31, 3.5 50.3)", "LINESTRING(3.4 50.4, 3.5 50.4)"],
        "polygon": [
            "POLYGON((3.4 50.3, 3.41 50.31, 3.5 50.3, 3.4 50.3))",
            "POLYGON((3.4 50.4, 3.5 50.4, 3.5 50.5, 3.4 50.4))",
        ],
    }[geometry]
    content = "SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY cle), '[]') FROM tuile.essai d"

    def written() -> Any:  # noqa: ANN401 - rows as JSON
        now = ask(database, content)
        do(database, "COMMENT ON TABLE tuile.essai IS 'autre'")
        build(database, layer)  # made again from the rows
        assert ask(database, content) == now
        return [row["cle"] for row in now]

    insert(database, layer, [{"geom": shape} for shape in shapes])
    assert written() == ["c0", "c1"]
    do(database, "UPDATE pub.essai SET nom = 'autre', code = 'c9' WHERE code = 'c1'")
    assert written() == ["c0", "c9"]
    do(database, "UPDATE pub.essai SET geom = ST_Translate(geom, 1000, 0)")
    assert written() == ["c0", "c9"]
    do(database, "UPDATE pub.essai SET geom = NULL WHERE code = 'c9'")
    assert written() == ["c0"]
    do(database, "DELETE FROM pub.essai WHERE code = 'c0'")
    assert written() == []
    insert(database, layer, [{"geom": shapes[0]}])
    do(database, "TRUNCATE pub.essai")
    assert written() == []


def test_a_row_drawn_by_its_cell_that_takes_another_key_is_drawn_no_more(database: Database) -> None:
    """Its shape is no other, since it has none: the row of before would stay on the map, even once deleted."""
    drawn_keys = "SELECT coalesce(jsonb_agg(cle ORDER BY cle), '[]') FROM tuile.equipe"
    assert ask(database, drawn_keys) == ["nord", "sud"]
    do(database, "UPDATE pub.equipe SET code = 'est' WHERE code = 'nord'")
    assert ask(database, drawn_keys) == ["sud"]
    do(database, "DELETE FROM pub.equipe")
    assert ask(database, drawn_keys) == []


def test_rows_put_back_from_a_dump_are_drawn_again(database: Database) -> None:
    """`pg_restore --clean` makes the table anew, writes its rows, and only then its triggers: none sees them."""
    layer = define(geometry="point")
    build(database, layer)
    insert(database, layer, [{"geom": "POINT(3.4 50.3)", "nom": "avant"}])
    do(database, "CREATE TABLE pub.dump AS TABLE pub.essai")
    do(database, "UPDATE pub.essai SET nom = 'après'")
    state = (
        "SELECT jsonb_build_object('drawn', (SELECT string_agg(nom, ' ') FROM tuile.essai), 'revision', revision)"
        " FROM app.revision WHERE couche = 'essai'"
    )
    seen = ask(database, state)
    do(database, "ALTER TABLE pub.essai RENAME TO ancienne")
    do(database, "CREATE TABLE pub.essai (LIKE pub.ancienne INCLUDING ALL)")
    do(database, "INSERT INTO pub.essai SELECT * FROM pub.dump")
    do(database, "DROP TABLE pub.ancienne; DROP TABLE pub.dump")
    build(database, layer)
    assert seen["drawn"] == "après"
    now = ask(database, state)
    assert now == {"drawn": "avant", "revision": seen["revision"] + 1}
    build(database, layer)
    assert ask(database, state) == now


def test_an_internal_layer_leaves_nothing_to_draw(database: Database) -> None:
    build(database, define())
    build(database, define(visibility="interne"))
    assert ask(database, "SELECT to_regclass('tuile.essai') IS NULL")
    insert(database, define(), [{"geom": "POINT(3.4 50.3)"}])


def test_the_web_reads_what_is_drawn_and_nobody_else(database: Database, catalog: Catalog) -> None:
    public = [f"tuile.{layer.id}" for layer in catalog.public if layer.drawn]
    for role, allowed in {"webmap_lecture": True, "pg_monitor": False}.items():
        statement = (
            "SELECT bool_and((has_schema_privilege(%(role)s, 'tuile', 'USAGE') AND has_table_privilege(%(role)s, t, 'SELECT'))"
            " = %(allowed)s) FROM unnest(%(tables)s::text[]) t"
        )
        assert ask(database, statement, {"role": role, "allowed": allowed, "tables": public})


MOVES = st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=9, max_size=9)


@settings(max_examples=15, deadline=None)
@given(moves=MOVES, part=st.floats(0.001, 0.05))
def test_neighbours_share_their_simplified_boundary(moves: list[tuple[float, float]], part: float) -> None:
    surfaces = paving(moves, 1000)
    assume(shapely.coverage_is_valid(surfaces))  # rounding may part two of them before we do
    tolerance = part * 1000
    (found,) = simplify_coverage([shapely.to_wkb(surface) for surface in surfaces], [tolerance])
    simple = shapely.from_wkb(found)
    for before, after in zip(surfaces, simple, strict=True):
        assert shapely.hausdorff_distance(before.boundary, after.boundary) <= tolerance + 1e-6
    # Each inner edge is of two surfaces: one that is of a single one runs along the outside. So there is no gap.
    edges: dict[tuple[Any, ...], int] = {}
    for ring in (ring for piece in shapely.get_parts(simple) for ring in shapely.get_rings(piece)):
        points = shapely.get_coordinates(ring).tolist()
        for edge in pairwise(points):
            key = tuple(sorted(map(tuple, edge)))
            edges[key] = edges.get(key, 0) + 1
    outline = shapely.union_all(surfaces).boundary
    assert set(edges.values()) == {1, 2}
    outer = shapely.segmentize(shapely.linestrings([list(edge) for edge, count in edges.items() if count == 1]), 10)
    strays = shapely.distance(shapely.points(shapely.get_coordinates(outer)), outline)
    assert strays.max() <= tolerance + 1e-6


def define_coverage() -> LayerDefinition:
    return define(geometry="polygon", couverture=True, style=LABELLED)


def read_whole(store: TileStore, zoom: int) -> tuple[dict[str, Any], list[str]]:
    """Return what the nine tiles around PLACE draw of each row, each clipped to its tile, and the rows of their labels."""
    z, x, y = tile_at(*PLACE, zoom)
    side = 2 * HALF / 2**z
    pieces: dict[str, list[Any]] = {}
    labels: list[str] = []
    for column, row in ((x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
        box = shapely.box(
            -HALF + column * side, HALF - (row + 1) * side, -HALF + (column + 1) * side, HALF - row * side
        )
        for feature in read(store, (z, column, row)):
            shape = shapely.geometry.shape(feature["geometry"])
            assert shape.is_valid
            pieces.setdefault(feature["properties"]["cle"], []).append(shape.intersection(box))
        labels += [feature["properties"]["cle"] for feature in read(store, (z, column, row), "essai" + LABELS)]
        assert store.fetch_tile(["essai"], z, column, row, None) == store.fetch_tile(["essai"], z, column, row, None)
    return {key: shapely.union_all(found) for key, found in pieces.items()}, labels


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, zoom=st.integers(5, 12))
def test_tiles_of_a_coverage_hold_it_within_the_tolerance(
    database: Database, moves: list[tuple[float, float]], zoom: int
) -> None:
    layer = define(geometry="polygon", couverture=True, style=LABELLED)
    build(database, layer)
    do(database, "TRUNCATE pub.essai")
    surfaces = paving(moves, 60 * PIXEL / 2**zoom)
    insert(database, layer, [{"geom": shapely.to_wkt(surface, 3)} for surface in surfaces], srid=3857)
    store = TileStore(database, [layer])
    band = next(band for band in layer.drawing if zoom <= band.zoom_max)
    grid = 2 * HALF / 2**zoom / 4096
    for simplified in (False, True):  # as an edit leaves it, then as a load does
        if simplified:
            with database.owner() as connection:
                drawn.refresh(connection, [layer])
        assert ask(database, "SELECT generalisee FROM tuile.couverture WHERE couche = 'essai'") is simplified
        whole, labels = read_whole(store, zoom)
        assert sorted(labels) == sorted(whole) == [f"c{n}" for n in range(len(surfaces))]
        reach = 1.5 * grid + (band.metres if simplified else 0)
        for number, surface in enumerate(surfaces):
            seen = whole[f"c{number}"]
            assert surface.buffer(-2 * reach).difference(seen.buffer(1e-3)).area <= grid**2
            assert seen.difference(surface.buffer(reach)).area <= grid**2
        # No seam, between tiles nor between neighbours: what is left open is below the grid.
        together = shapely.union_all([shape.buffer(0.75 * grid) for shape in whole.values()])
        assert shapely.get_num_interior_rings(together) == 0
        assert together.geom_type == "Polygon"


def test_a_label_near_or_on_an_edge_is_in_one_tile(database: Database) -> None:
    """The surface around it is in both tiles: its name would be written twice."""
    layer = define(geometry="polygon", style=LABELLED)
    build(database, layer)
    z, column, row = tile_at(*PLACE, 12)
    side = 2 * HALF / 2**z
    x, y = column * side - HALF, HALF - row * side  # the corner of four tiles
    moved = [(0.0, 0.0), (0.01, 0.3), (-0.01, 0.3), (0.3, 0.01), (0.3, -0.01), (0.01, 0.01)]
    shapes = [shapely.Point(x + side * h, y + side * v).buffer(side / 30, 2).wkt for h, v in moved]
    insert(database, layer, [{"geom": shape} for shape in shapes], srid=3857)
    store = TileStore(database, [layer])
    around = [(z, column + h, row + v) for h in (-1, 0) for v in (-1, 0)]
    labels = [each["properties"]["cle"] for tile in around for each in read(store, tile, "essai" + LABELS)]
    assert sorted(labels) == [f"c{n}" for n in range(len(moved))]
    assert sum(len(read(store, tile)) for tile in around) > len(moved)


def test_a_tolerance_is_told_in_pixels_of_a_tile_of_512() -> None:
    assert Band(zoom_max=3, tolerance=1).metres == pytest.approx(2 * HALF / 2**3 / 512)


def test_a_tile_too_heavy_is_drawn_coarser_and_says_how_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = define()
    build(database, layer)
    insert(
        database,
        layer,
        [{"code": f"c{n}", "geom": f"POINT({3.3 + n % 20 / 1000} {50.3 + n // 20 / 1000})"} for n in range(200)],
    )
    store = TileStore(database, [layer])
    tile = tile_at(*PLACE, 7)
    assert len(read(store, tile)) == 200
    assert MAX_BYTES > 5_000
    monkeypatch.setattr("webmap.store.tiles.MAX_BYTES", 5_000)
    groups = read(store, tile)
    assert len(groups) < 20
    assert sum(feature["properties"].get("nombre", 1) for feature in groups) == 200
    assert all(("cle" in feature["properties"]) != ("nombre" in feature["properties"]) for feature in groups)


def test_two_tiles_tell_the_same_of_a_group_near_their_edge(database: Database) -> None:
    layer = define(bands=[{"zoom_max": 12, "group": 16}])
    build(database, layer)
    z, column, row = tile_at(*PLACE, 12)
    pixel = PIXEL / 2**z
    x, y = (column + 1) * 512 * pixel - HALF, HALF - (row + 0.5) * 512 * pixel
    # In one square, on the right of the edge: the second is beyond what the tile on the left reaches, their middle is not.
    points = [f"POINT({x + reach * pixel} {y + 4 * pixel})" for reach in (2, 11)]
    insert(database, layer, [{"geom": point} for point in points], srid=3857)
    store = TileStore(database, [layer])
    told = [[each["properties"] for each in read(store, (z, side, row))] for side in (column, column + 1)]
    assert told == [[{"nombre": 2}], [{"nombre": 2}]]


def test_what_a_band_drops_is_not_drawn(database: Database) -> None:
    layer = define(geometry="line", bands=[{"zoom_max": 9, "tolerance": 0.5, "drop": 2}])
    build(database, layer)
    pixel = PIXEL / 2**9
    x, y = PLACE
    lines = [f"LINESTRING({x} {y}, {x + length * pixel} {y})" for length in (1.9, 2.1)]
    insert(database, layer, [{"geom": line} for line in lines], srid=3857)
    store = TileStore(database, [layer])
    assert [feature["properties"]["cle"] for feature in read(store, tile_at(x, y, 9))] == ["c1"]
    assert [feature["properties"]["cle"] for feature in read(store, tile_at(x, y, 10))] == ["c0", "c1"]


def test_tiles_kept_of_a_coverage_drawn_whole_go_with_its_revision(database: Database) -> None:
    layer = define(geometry="polygon", couverture=True)
    build(database, layer)
    insert(database, layer, [{"geom": "POLYGON((3.4 50.3, 3.5 50.3, 3.5 50.4, 3.4 50.3))"}])
    revision = "SELECT revision FROM app.revision WHERE couche = 'essai'"
    seen = [ask(database, revision)]
    for _ in range(2):
        with database.owner() as connection:
            drawn.refresh(connection, [layer])
        seen.append(ask(database, revision))
    assert seen[0] < seen[1] == seen[2], "simplified once"


def test_a_coverage_is_simplified_again_when_its_bands_change(database: Database) -> None:
    kept: dict[float, int] = {}
    for tolerance in (0.25, 4, 0.25):
        layer = define(geometry="polygon", couverture=True, bands=[{"zoom_max": 12, "tolerance": tolerance}])
        build(database, layer)
        if not kept:
            insert(database, layer, [{"geom": each.wkt} for each in paving([(0.0, 0.0)] * 9, 1000)], srid=3857)
        with database.owner() as connection:
            drawn.refresh(connection, [layer])
        vertices = ask(database, "SELECT sum(ST_NPoints(_geom_12)) FROM tuile.essai")
        assert kept.setdefault(tolerance, vertices) == vertices
    assert kept[4] < kept[0.25]


def test_a_name_that_changes_leaves_a_coverage_simplified(database: Database) -> None:
    layer = define_coverage()
    build(database, layer)
    insert(database, layer, [{"geom": surface.wkt} for surface in paving([(0.0, 0.0)] * 9, 1000)], srid=3857)
    with database.owner() as connection:
        drawn.refresh(connection, [layer])
    said = (
        "SELECT jsonb_object_agg(cle, to_jsonb(d) - 'nom')"
        " || (SELECT to_jsonb(c) FROM tuile.couverture c WHERE couche = 'essai') FROM tuile.essai d"
    )
    before = ask(database, said)
    assert before["generalisee"]
    do(database, "UPDATE pub.essai SET nom = 'nouveau', precision = 'exacte'")
    assert ask(database, said) == before
    assert ask(database, "SELECT bool_and(nom = 'nouveau') FROM tuile.essai")
    do(database, "UPDATE pub.essai SET geom = ST_Translate(geom, 10, 0) WHERE code = 'c0'")
    assert not ask(database, said)["generalisee"]
