"""Issue 5's workloads: pages of items against the peers, exports against COPY and ogr2ogr, tiles while ten exports run.

Each measure is a plain dictionary the report prints. Servers run one at a time; what is compared is measured in turn.
"""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import psutil
from dataset import DATABASE, POINTS, POLYGONS
from servers import cpu_seconds, database_processes

from webmap.app import create_app
from webmap.store.db import count_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dataset import Dataset
    from servers import Running

    from webmap.config import Settings
    from webmap.store.cluster import Cluster

LIMITS = (100, 1_000)
STREAMED, FILES = ("geojson", "geojsonl", "csv"), {"gpkg": "GPKG", "fgb": "FlatGeobuf"}
_SECONDS, _LEAST, _MOST = 6.0, 12, 200  # a page is asked for so long, so many times
_ROUNDS = 3
_TILES = [(10, x, y) for x in range(510, 524) for y in range(350, 362)]  # polygons in each, about 86
_EXPORTS = 10


@dataclass
class Asked:
    """Times of one address in seconds, processor time of a request, size and number of features of the answer."""

    times: list[float] = field(default_factory=list)
    cpu: float = 0.0
    size: int = 0
    features: int = 0

    def line(self) -> dict[str, Any]:
        """Return what the report shows."""
        ordered = sorted(self.times)
        return {
            "median": statistics.median(ordered),
            "p99": ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))],
            "cpu": self.cpu,
            "size": self.size,
            "features": self.features,
            "requests": len(ordered),
        }


def measure_items(running: Running, cluster: Cluster) -> dict[str, dict[str, Any]]:
    """Ask one server for the first 100 and 1 000 features, one request after the other on one connection."""
    found = {}
    for dataset in (POINTS, POLYGONS):
        for limit in LIMITS:
            asked = _ask(running, cluster, running.server.items_path(dataset, limit))
            found[f"{dataset.id} {limit}"] = asked.line()
    return found


def _ask(running: Running, cluster: Cluster, path: str) -> Asked:
    asked = Asked()
    connection = http.client.HTTPConnection("127.0.0.1", running.server.port, timeout=300)
    for _ in range(3):
        body = _get(connection, path)
    asked.size, asked.features = len(body), len(json.loads(body)["features"])
    watched = [*running.tree(), *database_processes(cluster)]
    before, start = cpu_seconds(watched), time.perf_counter()
    while len(asked.times) < _LEAST or (time.perf_counter() - start < _SECONDS and len(asked.times) < _MOST):
        begun = time.perf_counter()
        _get(connection, path)
        asked.times.append(time.perf_counter() - begun)
    asked.cpu = (cpu_seconds(watched) - before) / len(asked.times)
    connection.close()
    return asked


def _get(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    if response.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{path} : {response.status} {body[:200]!r}")
    return body


def measure_whole(running: Running, dataset: Dataset, number: int) -> dict[str, Any]:
    """Ask one server for a whole data set at once, as GeoJSON."""
    with _Watched(running) as memory:
        taken = _download(running.server.port, running.server.items_path(dataset, number))
    return {**taken, "growth": memory.growth}


def measure_export(running: Running, dataset: Dataset, form: str) -> dict[str, Any]:
    """Take one of our exports once: seconds to the first byte and to the last, and how much memory grew."""
    with _Watched(running) as memory:
        taken = _download(running.server.port, f"/exports/{dataset.id}.{form}")
    return {**taken, "growth": memory.growth}


def _download(port: int, path: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    start = time.perf_counter()
    connection.request("GET", path)
    response = connection.getresponse()
    size = len(response.read(1))
    first = time.perf_counter() - start
    while block := response.read(1 << 20):
        size += len(block)
    connection.close()
    if response.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{path} : {response.status}")
    return {"total": time.perf_counter() - start, "first": first, "size": size}


class _Watched:
    """Samples the memory of a server during the block; `growth` is the highest over the start, in MB."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._over = threading.Event()
        self.growth = 0.0

    def __enter__(self) -> Self:
        self._start = self._running.memory()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            try:
                self.growth = max(self.growth, self._running.memory() - self._start)
            except psutil.NoSuchProcess:
                continue


def find_statements(settings: Settings) -> dict[tuple[str, str], str]:
    """Return the SELECT each streamed export of ours runs, by data set and format, as it was sent."""
    client = create_app(settings).test_client()
    found = {}
    for dataset in (POINTS, POLYGONS):
        for form in STREAMED:
            with count_queries() as statements:
                client.get(f"/exports/{dataset.id}.{form}").close()
            found[dataset.id, form] = max(statements, key=len)
    return found


def measure_copies(cluster: Cluster, statement: str, form: str) -> float:
    """Run the SELECT of an export through COPY to /dev/null, on the server: what no export can beat."""
    options = "FORMAT csv" if form == "csv" else "FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'"
    with cluster.superuser(DATABASE) as connection:
        connection.execute("SET jit = off")
        start = time.perf_counter()
        connection.execute(f"COPY ({statement}) TO '/dev/null' ({options})")
        return time.perf_counter() - start


def measure_ogr2ogr(cluster: Cluster, dataset: Dataset, form: str, folder: Path) -> float:
    """Write the same rows by ogr2ogr: same table, same columns, same order, same coordinate system."""
    target = folder / f"ogr.{form}"
    target.unlink(missing_ok=True)
    source = "PG:" + cluster.dsn("webmap_proprietaire", DATABASE)
    start = time.perf_counter()
    subprocess.run(
        ["ogr2ogr", "-f", FILES[form], target, source, "-t_srs", "EPSG:4326", "-nln", dataset.id,
         "-sql", f"SELECT * FROM pub.{dataset.id} ORDER BY id"],  # noqa: S608 - our own names
        check=True, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - start


def compare_exports(running: Running, cluster: Cluster, statements: dict[tuple[str, str], str]) -> dict[str, Any]:
    """Take each streamed export and its COPY in turn, three times each."""
    found: dict[str, Any] = {}
    for (name, form), statement in statements.items():
        dataset = next(each for each in (POINTS, POLYGONS) if each.id == name)
        rounds = []
        for _ in range(_ROUNDS):
            copied = measure_copies(cluster, statement, form)
            rounds.append({**measure_export(running, dataset, form), "copy": copied})
        found[f"{name} {form}"] = _middle(rounds)
    return found


def compare_files(running: Running, cluster: Cluster, folder: Path) -> dict[str, Any]:
    """Take each file format and what ogr2ogr makes of the same rows in turn, three times each."""
    found: dict[str, Any] = {}
    for dataset in (POINTS, POLYGONS):
        for form in FILES:
            rounds = []
            for _ in range(_ROUNDS):
                written = measure_ogr2ogr(cluster, dataset, form, folder)
                rounds.append({**measure_export(running, dataset, form), "ogr2ogr": written})
            found[f"{dataset.id} {form}"] = _middle(rounds)
    return found


def _middle(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Median of each figure; memory is the highest."""
    middle = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    return middle | {"growth": max(each["growth"] for each in rounds)}


def measure_tiles(running: Running) -> dict[str, Any]:
    """Ask for cold tiles alone, then while ten exports of points are being taken."""
    port = running.server.port
    halves = (_TILES[::2], _TILES[1::2])
    _tile_times(port, halves[0][:6])
    alone = _tile_times(port, halves[0])
    with concurrent.futures.ThreadPoolExecutor(_EXPORTS) as pool:
        over = threading.Event()
        exports = [
            pool.submit(_repeat, lambda: _download(port, f"/exports/{POINTS.id}.geojson"), over)
            for _ in range(_EXPORTS)
        ]
        time.sleep(1)
        busy = _tile_times(port, halves[1])
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


def _tile_times(port: int, tiles: list[tuple[int, int, int]]) -> list[float]:
    return list(_each_tile(port, tiles))


def _each_tile(port: int, tiles: list[tuple[int, int, int]]) -> Iterator[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for z, x, y in tiles:
        start = time.perf_counter()
        _get(connection, f"/tuiles/{POLYGONS.id}/{z}/{x}/{y}.mvt")
        yield time.perf_counter() - start
    connection.close()
