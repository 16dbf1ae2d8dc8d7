"""What a tile costs: statements, rows read, shapes computed, bytes. Never seconds: those are of `make bench`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import pytest
from psycopg import sql

from tests.conftest import copied
from tests.store.conftest import build, define, do
from webmap.store.statements import count_queries
from webmap.store.tile_statements import TileStatements
from webmap.store.tiles import TileStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

LAYER = define(geometry="polygon", style={"rules": [{"label": "x"}]})
# Disks of 192 vertices, 600 m across, 2 km apart: 1 600 of them around the agglomeration.
DISKS = """
INSERT INTO pub.essai (code, nom, geom, precision, etat, source, millesime)
SELECT format('c%s-%s', i, j), 'n', ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(690000 + 2000 * i, 6980000 + 2000 * j), 2154), 300, 48)),
  'exacte', 'existant', 's', '2026' FROM generate_series(1, 40) i, generate_series(1, 40) j;
ANALYZE pub.essai; ANALYZE tuile.essai"""
ENCODERS = ("st_asmvtgeom(", "tuile.poser(")
Z8, Z10, Z12 = (8, 130, 86), (10, 521, 345), (12, 2086, 1383)


@pytest.fixture(scope="module")
def paved(cluster: Cluster, filled: str) -> Iterator[Database]:
    """Return a database with the disks."""
    with copied(cluster, filled) as database:
        build(database, LAYER)
        do(database, DISKS)
        yield database


def explain(database: Database, tile: tuple[int, int, int]) -> tuple[int, int, str]:
    """Return how many rows a tile reads from its table, kept or not, how many times it writes each shape, and the plan."""
    (statement, *_) = TileStatements(LAYER).at(tile[0])
    params = dict(zip("zxy", tile, strict=True))
    asked = sql.SQL("EXPLAIN (ANALYZE, VERBOSE, TIMING off, FORMAT json) {}").format(statement)
    (plan,) = database.read(asked, params)[0].values()
    read = written = 0
    nodes: list[dict[str, Any]] = [plan[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        below = node.get("Plans", [])
        nodes += below
        written += writes(node) and not any(writes(each) for each in below)
        written += any(name in node.get("Filter", "") for name in ENCODERS)
        if node.get("Relation Name") == LAYER.id:
            dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            read += (node["Actual Rows"] + dropped) * node["Actual Loops"]
    return read, written, str(plan)


def writes(node: dict[str, Any]) -> bool:
    """Whether a node gives shapes: that of them which is lowest makes them."""
    return any(name in str(node.get("Output", "")) for name in ENCODERS)


def features(body: bytes) -> int:
    return sum(len(layer["features"]) for layer in mapbox_vector_tile.decode(body).values())


@pytest.mark.parametrize("tile", [Z8, Z10, Z12], ids=str)
def test_a_tile_reads_what_it_shows_and_computes_it_once(paved: Database, tile: tuple[int, int, int]) -> None:
    shown = features(TileStore(paved, [LAYER]).fetch_layer("essai", *tile)[0])
    read, written, plan = explain(paved, tile)
    assert shown > 3
    # What is searched is wider than what is clipped, by 1/64 of a tile on each side.
    assert shown <= read <= 1.2 * shown + 4
    assert written == 1
    assert "st_transform(" not in plan
    assert "Seq Scan" not in plan  # nor for a shape that crosses the edge


def test_a_cold_tile_is_one_statement(paved: Database) -> None:
    store = TileStore(paved, [LAYER])
    with count_queries() as statements:
        store.fetch_layer("essai", *Z10)
    assert len(statements) == 1


# Measured on 22/11/2026 (58, 76 and 111), a tenth added: a vertex of a simplified disk that comes back, or a field, shows here.
@pytest.mark.parametrize(("tile", "limit"), [(Z8, 64), (Z10, 84), (Z12, 122)], ids=str)
def test_a_feature_weighs_what_it_did(paved: Database, tile: tuple[int, int, int], limit: float) -> None:
    body, _ = TileStore(paved, [LAYER]).fetch_layer("essai", *tile)
    assert len(body) / features(body) <= limit, len(body) / features(body)
