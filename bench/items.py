"""Pages of items and whole data sets as GeoJSON, by every server."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from dataset import POINTS, POLYGONS
from stage import say
from timing import Asked, Bounds, MemoryGrowth, ProcessorTime, connect, download, get, try_each

if TYPE_CHECKING:
    from dataset import Dataset
    from servers import Running
    from stage import Stage

_LIMITS = (100, 1_000)
_DATASETS = {each.id: each for each in (POINTS, POLYGONS)}
_WHOLE = {POINTS.id: 150_000, POLYGONS.id: 35_000}
_BOUNDS = Bounds()


def measure_items(stage: Stage) -> dict[str, Any]:
    """Ask each server for the first 100 and 1 000 features, one request after the other on one connection."""
    found: dict[str, Any] = {}
    names = [f"{name} {limit}" for name in _DATASETS for limit in _LIMITS]
    for server in stage.servers:
        if not server.items:
            continue
        say(f"  {server.name}")
        with stage.run(server) as running:
            lines = try_each(running, names, partial(_page, stage, running))
            found[server.name] = {**lines, "memory": running.memory()}
    for name in names:
        counts = {lines[name]["features"] for lines in found.values() if "features" in lines[name]}
        if len(counts) > 1:
            raise RuntimeError(f"{name} : les serveurs ne répondent pas le même nombre d'éléments : {counts}")
    return found


def _page(stage: Stage, running: Running, name: str) -> dict[str, Any]:
    dataset_id, limit = name.split()
    dataset = _DATASETS[dataset_id]
    path = running.server.items_path(dataset, int(limit))
    asked = Asked()
    connection = connect(running.server.port)
    for _ in range(2):
        body = get(connection, path)
    asked.size, asked.features = len(body), len(json.loads(body)["features"])
    with ProcessorTime(running, stage.cluster) as processor:
        start = time.perf_counter()
        while not _BOUNDS.over(len(asked.times), start):
            begun = time.perf_counter()
            get(connection, path)
            asked.times.append(time.perf_counter() - begun)
    asked.cpu = processor.seconds / len(asked.times)
    connection.close()
    return asked.line()


def measure_wholes(stage: Stage) -> dict[str, Any]:
    """Take each data set whole, once: by our export, by the peers' longest page."""
    found: dict[str, Any] = {}
    for server in stage.servers:
        if not server.items:
            continue
        say(f"  {server.name}")
        with stage.run(server) as running:
            found[server.name] = try_each(running, [*_WHOLE], partial(_whole, running))
    return found


def _whole(running: Running, name: str) -> dict[str, Any]:
    if running.server.name == "webmap":
        return take_export(running, _DATASETS[name], "geojson")
    with MemoryGrowth(running) as memory:
        taken = download(running.server.port, running.server.items_path(_DATASETS[name], _WHOLE[name]))
    return {**taken, "growth": memory.growth}


def take_export(running: Running, dataset: Dataset, form: str) -> dict[str, Any]:
    """Take one of our exports once: seconds to the first byte and to the last, and how much memory grew."""
    with MemoryGrowth(running) as memory:
        taken = download(running.server.port, f"/exports/{dataset.id}.{form}")
    return {**taken, "growth": memory.growth}
