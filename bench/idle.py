"""Memory of the whole service, PostgreSQL apart: just started, then when it has answered of everything once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from dataset import POINTS, POLYGONS
from timing import connect, get

if TYPE_CHECKING:
    from stage import Stage

_SETTLED = 3.0  # seconds after its first answer
_EVERYTHING = (
    "/", "/couches", "/territoires", "/ogc?f=html", f"/ogc/collections/{POINTS.id}/items?limit=100&f=json",
    f"/ogc/collections/{POLYGONS.id}/items?limit=10&f=html", f"/tuiles/{POLYGONS.id}/10/518/352.mvt",
    f"/exports/{POINTS.id}.csv", f"/exports/{POINTS.id}.gpkg",
)  # fmt: skip


def measure_idle(stage: Stage) -> dict[str, Any]:
    """Add the memory of all its processes, what they share counted once."""
    with stage.run(stage.ours) as running:
        time.sleep(_SETTLED)
        fresh, processes = running.memory(), len(running.tree())
        for path in _EVERYTHING * 4:  # a connection each: all the processes
            connection = connect(running.server.port)
            get(connection, path)
            connection.close()
        time.sleep(_SETTLED)
        return {"fresh": fresh, "used": running.memory(), "processes": processes}
