"""Cold tiles: never asked before, without compression, by every server; and whether ours give the same picture."""

from __future__ import annotations

import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from dataset import DATABASE, LINES, POLYGONS
from pictures import compare
from stage import say
from timing import PATIENCE, ProcessorTime, connect, get, try_each

if TYPE_CHECKING:
    from dataset import Dataset
    from servers import Running
    from stage import Stage

_Tile = tuple[int, int, int]
# The first of each is the one whose picture is compared. Peers take seconds at z6: few tiles there.
_CASES: dict[str, tuple[Dataset, list[_Tile]]] = {
    "surfaces z6": (POLYGONS, [(6, 32, 22), (6, 33, 22), (6, 32, 23)]),
    "surfaces z8": (POLYGONS, [(8, x, y) for x in (129, 130, 131) for y in (88, 89)]),
    "surfaces z10": (POLYGONS, [(10, x, y) for x in range(516, 521) for y in range(353, 357)]),
    "lignes z6": (LINES, [(6, 32, 22), (6, 32, 21)]),
    "lignes z10": (LINES, [(10, x, y) for x in range(516, 521) for y in range(353, 357)]),
}
_ROUNDS, _BUDGET = 3, 8.0  # a tile is asked so many times, as long as its case has not taken so many seconds
_REFERENCE = """
WITH cadre AS (SELECT ST_TileEnvelope({z}, {x}, {y}) AS c), trait AS (
  SELECT ST_AsMVTGeom(ST_Transform(t.geom, 3857), c, 4096, 64, true) AS geom, t.id::text AS cle FROM cadre, {table} t
  WHERE t.geom && ST_Transform(ST_Segmentize(ST_Expand(c, (ST_XMax(c) - ST_XMin(c)) / 64), 40000), 2154)
) SELECT ST_AsMVT(trait, 'reference', 4096, 'geom') FROM (SELECT * FROM trait ORDER BY cle::integer) trait
"""


def measure_cold(stage: Stage) -> dict[str, Any]:
    """Ask each server for the same tiles, in turn. Ours starts afresh before each round; peers keep nothing."""
    found: dict[str, Any] = {}
    for server in stage.servers:
        if not server.tiles:
            continue
        say(f"  {server.name}")
        with stage.run(server) as running:
            stage.warm(server)
            found[server.name] = try_each(running, [*_CASES], partial(_case, stage, running))
            if server is stage.ours:
                pictures = {name: _picture(stage, running, name) for name in _CASES}
    return {"servers": found, "pictures": pictures}


def _case(stage: Stage, running: Running, name: str) -> dict[str, Any]:
    dataset, tiles = _CASES[name]
    times: dict[_Tile, list[float]] = {zxy: [] for zxy in tiles}
    size, cpu, asked, start = 0, 0.0, 0, time.perf_counter()
    for _ in range(_ROUNDS):
        if asked and time.perf_counter() - start > _BUDGET:
            break
        if running.server is stage.ours:
            stage.refresh(running)
        connection = connect(running.server.port)
        with ProcessorTime(running, stage.cluster) as processor:
            for zxy in tiles:
                begun = time.perf_counter()
                body = get(connection, running.server.tile_path(dataset, zxy))
                times[zxy].append(time.perf_counter() - begun)
                size = max(size, len(body))
                asked += 1
        cpu += processor.seconds
        connection.close()
    each = [statistics.median(taken) for taken in times.values()]
    told = {"median": statistics.median(each), "slowest": max(each), "cpu": cpu / asked}
    return {**told, "size": size, "tiles": len(tiles), "requests": asked}


def _picture(stage: Stage, running: Running, name: str) -> dict[str, Any]:
    """Compare our tile with the one PostGIS makes of the raw table, nothing generalised."""
    dataset, tiles = _CASES[name]
    connection = connect(running.server.port, PATIENCE)
    ours = get(connection, running.server.tile_path(dataset, tiles[0]))
    connection.close()
    z, x, y = tiles[0]
    with stage.cluster.superuser(DATABASE) as database:
        row = database.execute(_REFERENCE.format(z=z, x=x, y=y, table=dataset.table)).fetchone()
    return compare(ours, bytes(row[0]) if row else b"")
