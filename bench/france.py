"""Cold tiles of the real communes of France, 35 000 outlines as they are, ours beside the peers that have tiles.

The file is in `../shared`, which is not delivered: without it nothing here is measured.
"""

from __future__ import annotations

import gzip
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from dataset import ROOT, Dataset, copy_rows, fill_atlas, write_layers, write_out, write_territory
from peer_servers import Data, build_servers
from stage import Stage, say
from timing import ProcessorTime, connect, get, try_each

from webmap.config import load_settings
from webmap.importing.seeds import load_checked_catalog
from webmap.store import drawn
from webmap.store.db import Database

if TYPE_CHECKING:
    from servers import Running

    from webmap.config import Settings
    from webmap.store.cluster import Cluster

_FILE = ROOT.parent / "shared" / "data" / "benchmark" / "communes_france_2018.geojsonl.gz"
_DATABASE = "france"
FRANCE = Dataset(
    "france", "communes_france", "Communes de France", "polygon", "nom", {"insee": "text", "nom": "text", "dep": "text"}
)
_TILES = {
    "communes z6": [(6, 32, 22), (6, 33, 22)],
    "communes z8": [(8, x, y) for x in (129, 130) for y in (88, 89)],
    "communes z10": [(10, x, y) for x in range(516, 520) for y in range(353, 356)],
}
_ROUNDS, _BUDGET = 3, 6.0  # a tile is asked so many times, as long as its case has not taken so many seconds
_BLOCK = 1 << 20
# What lies where Lambert-93 has a meaning; outlines that cross themselves are mended, as any loader does.
_INSERT = """
INSERT INTO communes_france (insee, nom, dep, geom)
SELECT f.e->'properties'->>'code', f.e->'properties'->>'nom', f.e->'properties'->>'dep',
       ST_Multi(ST_CollectionExtract(ST_MakeValid(ST_Transform(g.geom, 2154)), 3))
FROM lignes f, LATERAL (SELECT ST_SetSRID(ST_GeomFromGeoJSON(f.e->>'geometry'), 4326) AS geom) g
WHERE g.geom && ST_MakeEnvelope(-5.5, 41, 10, 51.5, 4326)"""


def measure_france(stage: Stage) -> dict[str, Any]:
    """Load the outlines in a database of their own, then ask each server for the same tiles; ours starts afresh each time."""
    if not _FILE.exists():
        raise RuntimeError(f"{_FILE} manque")
    folder = stage.folder / "france"
    write_layers(folder / "layers", [FRANCE])
    config = write_territory(folder, "[-5.2, 41.3, 9.6, 51.1]")
    stage.cluster.create_database(_DATABASE)
    dsn = stage.cluster.dsn("webmap_proprietaire", _DATABASE)
    settings = load_settings({"WEBMAP_CONFIG": str(config), "DATABASE_URL": dsn})
    fill_atlas(stage.cluster, settings, _DATABASE)
    rows = _fill(dsn)
    _simplify(stage.cluster, settings)
    write_out(stage.cluster)
    servers = build_servers(Data(stage.cluster, config, folder, _DATABASE, [FRANCE]), tiles_alone=True)
    own = Stage(stage.cluster, settings, stage.folder, servers, datasets=[FRANCE])
    found = {}
    for server in servers:
        say(f"  {server.name}")
        with own.run(server) as running:
            own.warm(server)
            found[server.name] = try_each(running, [*_TILES], partial(_case, own, running))
    stage.cluster.drop_database(_DATABASE)
    return {"rows": rows, "servers": found}


def _fill(dsn: str) -> int:
    """Write the plain table that peers read, then our layer from it. Returns how many rows."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE communes_france (id serial PRIMARY KEY, insee text, nom text, dep text, geom geometry(MultiPolygon, 2154))"
        )
        connection.execute("CREATE TEMP TABLE lignes (e jsonb)")
        # As CSV of one column, quoted by what JSON never holds: no backslash is doubled.
        copy = "COPY lignes FROM STDIN (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
        with connection.cursor().copy(copy) as rows, gzip.open(_FILE) as lines:
            while block := lines.read(_BLOCK):
                rows.write(block)
        connection.execute(_INSERT)
        connection.execute("CREATE INDEX ON communes_france USING gist (geom)")
        connection.execute("VACUUM ANALYZE communes_france")
        copy_rows(connection, FRANCE)
        row = connection.execute("SELECT count(*) FROM communes_france").fetchone()
    return row[0] if row else 0


def _simplify(cluster: Cluster, settings: Settings) -> None:
    """As the process behind a served atlas does, then autovacuum."""
    atlas = Database(cluster.dsn("webmap_proprietaire", _DATABASE))
    with atlas.owner() as connection:
        drawn.refresh(connection, load_checked_catalog(settings).layers)
    with psycopg.connect(atlas.owner_dsn, autocommit=True) as connection:
        connection.execute(f"VACUUM ANALYZE tuile.{FRANCE.id}, trace.{FRANCE.id}")


def _case(stage: Stage, running: Running, name: str) -> dict[str, Any]:
    times: dict[tuple[int, int, int], list[float]] = {zxy: [] for zxy in _TILES[name]}
    size, cpu, asked = 0, 0.0, 0
    while asked < _ROUNDS * len(times) and sum(map(sum, times.values())) < _BUDGET:
        if running.server is stage.ours:
            stage.refresh(running)
        connection = connect(running.server.port)
        with ProcessorTime(running, stage.cluster) as processor:
            for zxy, taken in times.items():
                begun = time.perf_counter()
                size = max(size, len(get(connection, running.server.tile_path(FRANCE, zxy))))
                taken.append(time.perf_counter() - begun)
                asked += 1
        cpu += processor.seconds
        connection.close()
    each = [statistics.median(taken) for taken in times.values()]
    return {
        "median": statistics.median(each),
        "slowest": max(each),
        "cpu": cpu / asked,
        "size": size,
        "requests": asked,
    }
