"""A tile put together from what was encoded says what one encoded on the spot says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import pytest
import shapely
import shapely.affinity
import shapely.geometry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import ask, build, define, do, insert
from webmap.store import drawn, tile_statements
from webmap.store.tile_statements import MAX_BYTES, TileStatements
from webmap.store.tiles import TileStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database

Z, X, Y = 9, 260, 172  # in the agglomeration, on a zoom finer than its band
HALF = 20037508.342789244
SIDE = 2 * HALF / 2**Z
CORNER = (X * SIDE - HALF, HALF - (Y + 1) * SIDE)  # of the tile, at the south west
FIELDS = [
    {"id": "code", "label": "Code", "required": True},
    {"id": "nom", "label": "Nom"},
    {"id": "rang", "label": "Rang", "type": "integer"},
    {"id": "part", "label": "Part", "type": "number"},
    {"id": "ouvert", "label": "Ouvert", "type": "boolean"},
]


def layer_of(geometry: str, styled: str | None) -> LayerDefinition:
    style: dict[str, Any] = {"rules": [{"label": "x"}]}
    if styled:
        style = {"field": styled, "rules": [{"label": "x", "value": "1"}, {"label": "y"}]}
    return define(geometry=geometry, style=style, fields=FIELDS)


def read(body: bytes) -> dict[str, tuple[Any, Any]]:
    """Return the attributes and the shape, in parts of the tile, of each row of the tile."""
    if not body:
        return {}
    units = mapbox_vector_tile.decode(body)["essai"]["extent"]
    options = {"y_coord_down": True, "transformer": lambda h, v: (h / units, v / units)}
    features = mapbox_vector_tile.decode(body, default_options=options)["essai"]["features"]
    return {
        each["properties"]["cle"]: (each["properties"], shapely.geometry.shape(each["geometry"])) for each in features
    }


numbers = st.floats(-0.8, 1.8, allow_nan=False)
rows = st.fixed_dictionaries(
    {
        "place": st.tuples(numbers, numbers),
        "size": st.sampled_from([0.0001, 0.003, 0.05, 0.4, 1.7]),
        "turn": st.floats(0, 360),
        "nom": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=200),
        "rang": st.none() | st.integers(-(2**63), 2**63 - 1),
        "part": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "ouvert": st.none() | st.booleans(),
        "precision": st.sampled_from(["exacte", "commune"]),
    }
)
STAR = shapely.Polygon([(0, 1), (0.2, 0.2), (1, 0), (0.2, -0.2), (0, -1), (-0.2, -0.2), (-1, 0), (-0.2, 0.2)])
HOLED = STAR.difference(shapely.Point(0, 0).buffer(0.1))


def shape_of(row: dict[str, Any], geometry: str) -> shapely.Geometry:
    """Return a star with a hole, or its outline, around a place given in parts of the tile."""
    star = HOLED if geometry == "polygon" else shapely.LineString(STAR.exterior)
    size = row["size"] * SIDE
    turned = shapely.affinity.rotate(shapely.affinity.scale(star, size, size, origin=(0, 0)), row["turn"])
    return shapely.affinity.translate(turned, *(c + p * SIDE for c, p in zip(CORNER, row["place"], strict=True)))


@pytest.mark.parametrize(
    ("geometry", "styled"), [("line", None), ("polygon", "rang"), ("line", "part"), ("polygon", "ouvert")]
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(written=st.lists(rows, min_size=1, max_size=12))
def test_it_says_what_is_encoded_on_the_spot(
    database: Database, geometry: str, styled: str | None, written: list[dict[str, Any]]
) -> None:
    layer = layer_of(geometry, styled)
    build(database, layer)
    do(database, "TRUNCATE pub.essai")
    columns = ("nom", "rang", "part", "ouvert", "precision")
    insert(
        database,
        layer,
        [
            {
                "code": f"c{n}",
                "geom": shapely.to_wkt(shape_of(row, geometry), 3),
                **{name: row[name] for name in columns},
            }
            for n, row in enumerate(written)
        ],
        srid=3857,
    )
    placed = read(TileStore(database, [layer]).fetch_tile(["essai"], Z, X, Y, None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tile_statements, "traced_bands", lambda _: [])
        encoded = read(TileStore(database, [layer]).fetch_tile(["essai"], Z, X, Y, None))
    unit = 2 / 4096
    tile = shapely.box(0, 0, 1, 1)
    for key in placed.keys() ^ encoded.keys():  # one that hardly touches the margin, or that hardly has a size
        shape = (placed.get(key) or encoded[key])[1]
        assert (
            shape.intersection(shapely.box(-1 / 64 + unit, -1 / 64 + unit, 1 + 1 / 64 - unit, 1 + 1 / 64 - unit)).length
            < 8 * unit
        )
    for key in placed.keys() & encoded.keys():
        assert placed[key][0] == encoded[key][0]
        ours, theirs = placed[key][1], encoded[key][1]
        assert shapely.is_valid(ours)
        assert ours.intersection(tile).difference(theirs.buffer(unit)).is_empty
        assert theirs.intersection(tile).difference(ours.buffer(unit)).is_empty


def test_a_coverage_none_of_whose_bands_can_be_traced_is_drawn(database: Database) -> None:
    """Zooms too far apart for what a tile counts; and nothing to simplify at all."""
    for bands in ([{"zoom_max": 9}], [{"zoom_max": 9, "tolerance": 0}]):
        layer = define(geometry="polygon", couverture=True, bands=bands)
        build(database, layer)
        do(database, "TRUNCATE pub.essai")
        insert(database, layer, [{"geom": "POLYGON((3.2 50.3, 3.3 50.5, 3.4 50.3, 3.2 50.3))"}], srid=4326)
        with database.owner() as connection:
            drawn.refresh(connection, [layer])
        assert read(TileStore(database, [layer]).fetch_tile(["essai"], Z, X, Y, None)).keys() == {"c0"}


@pytest.mark.parametrize("covers", [False, True])
@pytest.mark.parametrize(
    ("kind", "keys"), [("text", "zà1"), ("integer", "312"), ("date", ["2026-03-01", "1998-12-31", "2026-01-02"])]
)
def test_a_row_is_followed_by_its_key_whatever_its_type(
    database: Database, kind: str, keys: Sequence[str], *, covers: bool
) -> None:
    layer = define(
        geometry="polygon",
        couverture=covers,
        fields=[{"id": "code", "label": "Code", "type": kind, "required": True}, {"id": "nom", "label": "Nom"}],
    )
    build(database, layer)
    corner = shapely.box(*CORNER, CORNER[0] + SIDE, CORNER[1] + SIDE)
    shapes = [corner.buffer(-SIDE / 4), corner, shapely.affinity.translate(corner, SIDE / 3, SIDE / 3)]
    rows = [{"code": key, "geom": shapely.to_wkt(shape)} for key, shape in zip(keys, shapes, strict=True)]
    insert(database, layer, rows, srid=3857)

    def told() -> dict[str, Any]:
        with database.owner() as connection:
            drawn.refresh(connection, [layer])
        found = read(TileStore(database, [layer]).fetch_tile(["essai"], Z, X, Y, None))
        return {key: attributes["nom"] for key, (attributes, _) in found.items()}

    assert told() == {key: f"n{number}" for number, key in enumerate(keys)}
    do(database, "UPDATE pub.essai SET nom = 'autre' WHERE code = %s", [keys[0]])
    do(database, "UPDATE pub.essai SET geom = ST_Translate(geom, 90000, 0) WHERE code = %s", [keys[1]])
    assert told() == {keys[0]: "autre", keys[2]: "n2"}
    do(database, "DELETE FROM pub.essai WHERE code = %s", [keys[2]])
    assert told() == {keys[0]: "autre"}
    (statement, *_) = TileStatements(layer).at(Z)
    with database.owner() as connection:
        connection.execute("SET enable_seqscan = off")  # three rows: no index would be worth it
        plan = connection.execute(b"EXPLAIN " + statement.as_bytes(), {"z": Z, "x": X, "y": Y}).fetchall()
    assert "Seq Scan on essai" not in str(plan)


def test_a_shape_too_long_to_count_weighs_more_than_a_tile(facts: Database) -> None:
    zigzag = "SELECT ST_MakeLine(ST_Point(n, n % 2 * 100) ORDER BY n) AS g FROM generate_series(1, {}) n"
    for vertices, told in ((600_000, range(1_700_000, 2**21)), (700_000, range(MAX_BYTES + 1, MAX_BYTES + 2))):
        assert ask(facts, f"SELECT octet_length(tuile.coder(g, 1)) FROM ({zigzag.format(vertices)}) z") in told


def test_the_parts_of_a_surface_are_not_compared_with_each_other_when_they_are_thousands(database: Database) -> None:
    layer = layer_of("polygon", None)
    build(database, layer)
    z, x, y = Z + 5, X * 32, Y * 32 + 31  # the tile of zoom 14 in the south west corner holds them all
    west, south = (int(c) + 20 for c in CORNER)
    many = (
        f"SELECT ST_Collect(ST_MakeEnvelope(x, y, x + 8, y + 8, 3857)) AS g FROM generate_series({west}, {west} + 1580, 20) x,"
        f" generate_series({south}, {south} + 1580, 20) y"
    )
    with database.owner() as connection:

        def spend(statement: str, values: dict[str, Any] | None = None) -> tuple[Any, int]:
            """Return a value, and the nanoseconds of processor it took: as many, however busy the machine is."""
            clock = Path(f"/proc/{connection.info.backend_pid}/schedstat")
            before = int(clock.read_text().split()[0])
            (row,) = connection.execute(statement.encode(), values).fetchall()
            return next(iter(row.values())), int(clock.read_text().split()[0]) - before

        connection.execute(f"CREATE TEMP TABLE forme AS {many}".encode())
        world = "ST_TileEnvelope(0, 0, 0), 4096 << 12, 0, false"
        theirs, compared = spend(f"SELECT ST_AsMVTGeom(g, {world}) FROM forme")
        ours, _ = spend(f"SELECT tuile.poser(g, {world}) FROM forme")
        shapes = {"a": theirs, "b": ours}
        assert spend("SELECT ST_OrderingEquals(ST_Normalize(%(a)s), ST_Normalize(%(b)s))", shapes)[0]
        assert spend("SELECT ST_IsPolygonCCW(%(a)s::geometry) AND ST_IsPolygonCCW(%(b)s::geometry)", shapes)[0]
        coarse = "ST_TileEnvelope(0, 0, 0), 4096 << 8, 0, false"  # several squares a unit
        assert spend(f"SELECT ST_IsValid(p) AND ST_NPoints(p) > 100 FROM forme, tuile.poser(g, {coarse}) p")[0]
        traced, spent = spend("SELECT octet_length(trace) FROM forme, tuile.tracer(g, 12, 3)")
        assert traced > 6400 * 10
        assert spent < compared / 2

        columns = "code, nom, precision, code_insee, etat, source, millesime"
        connection.execute(
            f"INSERT INTO pub.essai ({columns}, geom) SELECT 'c', 'c', 'exacte', '59172', 'existant', 'x', '2024',"
            " ST_Multi(ST_Transform(g, 2154)) FROM forme".encode()
        )
        statement = TileStatements(layer).at(z)[0].as_string()
        body, spent = spend(statement, {"z": z, "x": x, "y": y})
        assert spent < compared / 2
    assert len(read(body)["c"][1].geoms) == 6400
