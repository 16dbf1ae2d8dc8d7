"""`make bench`: everything in one run, on a throw-away cluster, into `docs/benchmarks.md`.

.venv/bin/python bench/run.py
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import features
from dataset import GENERATOR, POINTS, POLYGONS, ROOT, generate, load, write_deployment
from report import write_report
from servers import PEERS, build_servers, started

from webmap.store.cluster import Cluster

if TYPE_CHECKING:
    from servers import Running, Server

    from webmap.config import Settings

_WHOLE = {POINTS.id: 150_000, POLYGONS.id: 35_000}


def main() -> None:
    """Measure everything, then write."""
    if not GENERATOR.exists():
        sys.exit(f"{GENERATOR} manque : les données du banc d'essai ne sont pas livrées avec le logiciel.")
    folder = Path(tempfile.mkdtemp(prefix="wmb-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "base", durable=False)
    (folder / "base").mkdir()
    try:
        say("base et données")
        cluster.start()
        generate(cluster, PEERS / "tipg" / "bin" / "python")
        config = write_deployment(folder)
        measured = measure(cluster, load(cluster, config), config, folder)
        (PEERS / "mesures.json").write_text(json.dumps(measured, indent=1), encoding="utf-8")
        write_report(ROOT / "docs" / "benchmarks.md", cluster, measured)
        say("docs/benchmarks.md est écrit")
    finally:
        cluster.destroy()
        shutil.rmtree(folder)


def measure(cluster: Cluster, settings: Settings, config: Path, folder: Path) -> dict[str, Any]:
    """Run every server in turn; ours also runs what only it has."""
    load_before = os.getloadavg()[0]
    found: dict[str, Any] = {"items": {}, "whole": {}}
    statements = features.find_statements(settings)
    for server in build_servers(cluster, config, folder):
        say(server.name)
        with started(server, POINTS, folder / "serveur.log") as running:
            lines = features.measure_items(running, cluster)
            found["items"][server.name] = {**lines, "memory": running.memory()}
            found["whole"][server.name] = measure_wholes(server, running)
            if server.name == "webmap":
                say("exports et tuiles")
                found["exports"] = features.compare_exports(running, cluster, statements)
                found["files"] = features.compare_files(running, cluster, folder)
                found["tiles"] = features.measure_tiles(running)
    refuse_different(found["items"])
    found["load"] = [load_before, os.getloadavg()[0]]
    return found


def measure_wholes(server: Server, running: Running) -> dict[str, Any]:
    """Take each data set whole: by our export, by the peers' longest page."""
    if server.name == "webmap":
        return {each.id: features.measure_export(running, each, "geojson") for each in (POINTS, POLYGONS)}
    return {each.id: features.measure_whole(running, each, _WHOLE[each.id]) for each in (POINTS, POLYGONS)}


def refuse_different(items: dict[str, dict[str, Any]]) -> None:
    """Stop when two servers did not answer the same number of features: nothing could be compared."""
    for case in items["webmap"]:
        counts = {name: lines[case]["features"] for name, lines in items.items() if case != "memory"}
        if len(set(counts.values())) > 1:
            sys.exit(f"{case} : les serveurs ne répondent pas le même nombre d'éléments : {counts}")


def say(text: str) -> None:
    """Tell what is being done, and when."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    main()
