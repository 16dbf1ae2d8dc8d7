"""What ten times the extent costs at equal density: the same tiles of a tenth of the surfaces, then of all of them."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from dataset import DATABASE, POLYGONS, TENTH
from timing import connect, get

if TYPE_CHECKING:
    from dataset import Dataset
    from servers import Running
    from stage import Stage

_ROUNDS = 3
_TILES = {
    10: [(10, x, y) for x in range(514, 518) for y in range(357, 361)],
    12: [(12, x, y) for x in range(2060, 2064) for y in range(1432, 1436)],
    14: [(14, x, y) for x in range(8244, 8248) for y in range(5732, 5736)],
}


def measure_growth(stage: Stage) -> dict[str, Any]:
    """Ask both layers for the same cold tiles, one layer after the other, ours started afresh before each."""
    times: dict[str, dict[int, list[float]]] = {each.id: {z: [] for z in _TILES} for each in (TENTH, POLYGONS)}
    memory: dict[str, list[float]] = {TENTH.id: [], POLYGONS.id: []}
    with stage.run(stage.ours) as running:
        for turn in range(_ROUNDS):
            for dataset in (TENTH, POLYGONS) if turn % 2 else (POLYGONS, TENTH):
                stage.refresh(running)
                for z in _TILES:
                    times[dataset.id][z].append(_median(running, dataset, z))
                memory[dataset.id].append(running.memory())
    with stage.cluster.superuser(DATABASE) as database:
        rows = {
            each.id: database.execute(f"SELECT count(*) FROM pub.{each.id}").fetchone() for each in (TENTH, POLYGONS)
        }
    return {
        "rows": {name: row[0] if row else 0 for name, row in rows.items()},
        "times": {
            name: {str(z): statistics.median(taken) for z, taken in each.items()} for name, each in times.items()
        },
        "memory": {name: statistics.median(each) for name, each in memory.items()},
    }


def _median(running: Running, dataset: Dataset, z: int) -> float:
    connection = connect(running.server.port)
    taken = []
    for zxy in _TILES[z]:
        start = time.perf_counter()
        get(connection, running.server.tile_path(dataset, zxy))
        taken.append(time.perf_counter() - start)
    connection.close()
    return statistics.median(taken)
