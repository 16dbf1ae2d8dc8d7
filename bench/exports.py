"""Our exports: against COPY and ogr2ogr, and what ten at once cost a tile. What is compared is measured in turn."""

from __future__ import annotations

import concurrent.futures
import statistics
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

from dataset import DATABASE, POINTS, POLYGONS, empty_store
from items import take_export
from timing import Asked, connect, download, get

from webmap.app import create_app
from webmap.store.statements import count_queries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dataset import Dataset
    from stage import Stage

    from webmap.config import Settings
    from webmap.store.cluster import Cluster

_STREAMED, _FILES = ("geojson", "geojsonl", "csv"), {"gpkg": "GPKG", "fgb": "FlatGeobuf"}
_ROUNDS, _FILE_ROUNDS = 3, 2
_TILES = [(10, x, y) for x in range(510, 524) for y in range(350, 362)]  # polygons in each, about 86
_EXPORTS = 10


def compare_streams(stage: Stage) -> dict[str, Any]:
    """Take each streamed export and its COPY in turn. The first comes to processes that just started, and is told apart."""
    statements = _find_statements(stage.settings)
    found: dict[str, Any] = {}
    with stage.run(stage.ours) as running:
        first = take_export(running, POINTS, "geojson")
        for (name, form), statement in statements.items():
            dataset = next(each for each in (POINTS, POLYGONS) if each.id == name)
            rounds = []
            for _ in range(_ROUNDS):
                copied = _copy(stage.cluster, statement, form)
                rounds.append({**take_export(running, dataset, form), "copy": copied})
            found[f"{name} {form}"] = _middle(rounds)
    return {"first": first, "exports": found}


def _find_statements(settings: Settings) -> dict[tuple[str, str], str]:
    """Return the SELECT each streamed export of ours runs, by data set and format, as it was sent."""
    client = create_app(settings).test_client()
    found = {}
    for dataset in (POINTS, POLYGONS):
        for form in _STREAMED:
            with count_queries() as statements:
                client.get(f"/exports/{dataset.id}.{form}").close()
            found[dataset.id, form] = max(statements, key=len)
    return found


def _copy(cluster: Cluster, statement: str, form: str) -> float:
    """Run the SELECT of an export through COPY to /dev/null, on the server: what no export can beat."""
    options = "FORMAT csv" if form == "csv" else "FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'"
    with cluster.superuser(DATABASE) as connection:
        connection.execute("SET jit = off")
        start = time.perf_counter()
        connection.execute(f"COPY ({statement}) TO '/dev/null' ({options})")
        return time.perf_counter() - start


def compare_files(stage: Stage) -> dict[str, Any]:
    """Take each file format and what ogr2ogr makes of the same rows in turn."""
    found: dict[str, Any] = {}
    with stage.run(stage.ours) as running:
        for dataset in (POINTS, POLYGONS):
            for form in _FILES:
                rounds = []
                for _ in range(_FILE_ROUNDS):
                    written = _ogr2ogr(stage.cluster, dataset, form, stage.folder)
                    empty_store()
                    rounds.append({**take_export(running, dataset, form), "ogr2ogr": written})
                found[f"{dataset.id} {form}"] = _middle(rounds)
    return found


def _ogr2ogr(cluster: Cluster, dataset: Dataset, form: str, folder: Path) -> float:
    """Write the same rows by ogr2ogr: same table, same columns, same order, same coordinate system."""
    target = folder / f"ogr.{form}"
    target.unlink(missing_ok=True)
    source = "PG:" + cluster.dsn("webmap_proprietaire", DATABASE)
    start = time.perf_counter()
    subprocess.run(
        ["ogr2ogr", "-f", _FILES[form], target, source, "-t_srs", "EPSG:4326", "-nln", dataset.id,
         "-sql", f"SELECT * FROM pub.{dataset.id} ORDER BY id"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return time.perf_counter() - start


def _middle(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Median of each figure; memory is the highest."""
    middle = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    return middle | {"growth": max(each["growth"] for each in rounds)}


def measure_sharing(stage: Stage) -> dict[str, Any]:
    """Ask for cold tiles alone, then for others while ten exports of points are being taken."""
    empty_store()
    with stage.run(stage.ours) as running:
        port = running.server.port
        stage.warm(running.server)
        alone = _tile_times(stage, _TILES[::2])
        with concurrent.futures.ThreadPoolExecutor(_EXPORTS) as pool:
            over = threading.Event()
            exports = [
                pool.submit(_repeat, lambda: download(port, f"/exports/{POINTS.id}.geojson", 300), over)
                for _ in range(_EXPORTS)
            ]
            time.sleep(1)
            busy = _tile_times(stage, _TILES[1::2])
            over.set()
            taken = [done for export in exports for done in export.result()]
    return {
        "alone": Asked(alone).line(),
        "busy": Asked(busy).line(),
        "exports": len(taken),
        "export": statistics.median(each["total"] for each in taken),
    }


def _repeat(do: Callable[[], dict[str, Any]], over: threading.Event) -> list[dict[str, Any]]:
    done = [do()]
    while not over.is_set():
        done.append(do())
    return done


def _tile_times(stage: Stage, tiles: list[tuple[int, int, int]]) -> list[float]:
    times = []
    connection = connect(stage.ours.port)
    for zxy in tiles:
        start = time.perf_counter()
        get(connection, stage.ours.tile_path(POLYGONS, zxy))
        times.append(time.perf_counter() - start)
    connection.close()
    return times
