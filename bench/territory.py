"""Figures of a territory: a bassin's summary warm and cold, then one commune on demand under national layers.

The contours are those of `../shared/data`, which is not delivered: without them nothing here is measured.
"""

from __future__ import annotations

import shutil
import statistics
import time
from typing import TYPE_CHECKING, Any

import psycopg
from dataset import DATABASE, DATASETS, ROOT, fill_atlas, write_layers
from servers import build_ours
from timing import Bounds, connect, get

from webmap.config import load_settings
from webmap.importing.run import load_source
from webmap.importing.seeds import load_checked_catalog
from webmap.store.db import Database

if TYPE_CHECKING:
    from pathlib import Path

    from stage import Stage

    from webmap.config import Settings

_CONTOURS = ROOT.parent / "shared" / "data" / "communes" / "communes_caph_admin-express-2018.geojson"
_LOCAL, _NATIONAL = "territoire", "national"
_COLD, _WARM = Bounds(3, 10, 12), Bounds(3, 3, 300)
_ONCE = Bounds(1, 0, 1)


def measure_territory(stage: Stage) -> dict[str, Any]:
    """Measure the territory alone, then with the 265 000 rows of the bench beside its own layers."""
    if not _CONTOURS.exists():
        raise RuntimeError(f"{_CONTOURS} manque")
    stage.cluster.create_database(_LOCAL)
    found = {"bassin": _measure(stage, ROOT / "webmap.toml", _LOCAL, "bassin")}
    stage.cluster.drop_database(_LOCAL)
    stage.cluster.create_database(_NATIONAL, template=DATABASE)
    found["commune"] = _measure(stage, _write_national(stage.folder / "national"), _NATIONAL, "commune")
    stage.cluster.drop_database(_NATIONAL)
    return found


def _write_national(folder: Path) -> Path:
    """Write the atlas of this clone with the layers of the bench added to its own."""
    shutil.copytree(ROOT / "layers", folder / "layers")
    write_layers(folder / "layers", DATASETS)
    path = folder / "webmap.toml"
    path.write_text('faits = "layers"\n' + (ROOT / "webmap.toml").read_text(encoding="utf-8"), encoding="utf-8")
    return path


def _measure(stage: Stage, config: Path, name: str, decoupage: str) -> dict[str, Any]:
    settings = load_settings(
        {"WEBMAP_CONFIG": str(config), "DATABASE_URL": stage.cluster.dsn("webmap_proprietaire", name)}
    )
    fill_atlas(stage.cluster, settings, name)
    _load_contours(stage, settings, name)
    dsn = stage.cluster.dsn("webmap_proprietaire", name)
    with psycopg.connect(dsn, autocommit=True) as database:
        codes = [code for (code,) in database.execute("SELECT code FROM app.unite WHERE decoupage = %s", [decoupage])]
        with stage.run(build_ours(stage.cluster, config, name)) as running:
            paths = [f"/territoires/{decoupage}/{code}.json" for code in sorted(codes)]
            for path in paths[:1] * 4:  # connections and plans, in both processes
                _ask(running.server.port, path)
            cold: list[float] = []
            start = time.perf_counter()
            while not _COLD.over(len(cold), start):
                # As any write does: all that was made before is another version.
                database.execute("UPDATE app.revision SET revision = revision + 1, modifiee = now()")
                cold += _ask(running.server.port, paths[len(cold) % len(paths)])
            warm = _ask(running.server.port, paths[0], _WARM)
    return {"cold": statistics.median(cold), "slowest": max(cold), "warm": statistics.median(warm), "units": len(codes)}


def _load_contours(stage: Stage, settings: Settings, name: str) -> None:
    atlas = Database(stage.cluster.dsn("webmap_proprietaire", name), stage.cluster.dsn("webmap_lecture", name))
    load_source(atlas, load_checked_catalog(settings), settings, "commune", _CONTOURS)
    atlas.close()


def _ask(port: int, path: str, bounds: Bounds = _ONCE) -> list[float]:
    connection = connect(port)
    taken: list[float] = []
    begun = time.perf_counter()
    while not bounds.over(len(taken), begun):
        start = time.perf_counter()
        get(connection, path)
        taken.append(time.perf_counter() - start)
    connection.close()
    return taken
