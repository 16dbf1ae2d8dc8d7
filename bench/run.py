"""`make bench`: everything in one run, on a throw-away cluster, into `docs/benchmarks.md`.

    .venv/bin/python bench/run.py [--only items,exports,tuiles…] [--minutes 10]

A part that fails is told in its place, and the others go on. With `--only`, the other parts stay as they were measured.
`--minutes` is how long the page is panned while its memory is looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dataset import GENERATOR, PEERS, ROOT, load, prepare_plain, write_deployment
from edits import measure_edits
from exports import compare_files, compare_streams, measure_sharing
from france import measure_france
from growth import measure_growth
from idle import measure_idle
from items import measure_items, measure_wholes
from machine import describe_machine
from page import measure_page
from peer_servers import Data, build_servers
from report import write_report
from stage import Stage, say
from territory import measure_territory
from tiles_cold import measure_cold
from tiles_warm import measure_warm
from wsgi import measure_wsgi

from webmap.store.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Callable

MEASURED = PEERS / "mesures.json"
# In the order they run, and are told.
PARTS: dict[str, Callable[[Stage], dict[str, Any]]] = {
    "items": measure_items,
    "jeux": measure_wholes,
    "exports": compare_streams,
    "fichiers": compare_files,
    "partage": measure_sharing,
    "tuiles": measure_cold,
    "france": measure_france,
    "chaude": measure_warm,
    "modifications": measure_edits,
    "territoire": measure_territory,
    "etendue": measure_growth,
    "repos": measure_idle,
    "page": measure_page,
    "serveurs": measure_wsgi,
}


def main() -> None:
    """Measure what is asked, then write."""
    chosen, minutes = _parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("interrompu"))  # as Ctrl+C: servers and cluster are stopped
    if not GENERATOR.exists():
        sys.exit(f"{GENERATOR} manque : les données du banc d'essai ne sont pas livrées avec le logiciel.")
    folder = Path(tempfile.mkdtemp(prefix="wmb-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "base", durable=False)
    (folder / "base").mkdir()
    start = time.monotonic()
    try:
        say("base et données")
        cluster.start()
        prepare_plain(cluster, PEERS / "tipg" / "bin" / "python")
        config = write_deployment(folder)
        settings = load(cluster, config)
        stage = Stage(cluster, settings, folder, build_servers(Data(cluster, config, folder)), minutes)
        measured = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {"parts": {}}
        measured["machine"] = describe_machine(cluster)
        for name in chosen:
            measured["parts"][name] = _run_part(name, stage)
            MEASURED.write_text(json.dumps(measured, indent=1, ensure_ascii=False), encoding="utf-8")
            write_report(ROOT / "docs" / "benchmarks.md", measured)
        say(f"docs/benchmarks.md est écrit, en {(time.monotonic() - start) / 60:.0f} min")
    finally:
        cluster.destroy()
        shutil.rmtree(folder)
    failed = [name for name in chosen if "error" in measured["parts"][name]]
    if failed:
        sys.exit(f"N'ont pas pu être mesurées : {', '.join(failed)}.")


def _parse_arguments() -> tuple[list[str], float]:
    parser = argparse.ArgumentParser(description="Banc d'essai", allow_abbrev=False)
    parser.add_argument("--only", default=",".join(PARTS), help=f"parties, parmi {','.join(PARTS)}")
    parser.add_argument("--minutes", type=float, default=1, help="durée du déplacement dans la page")
    found = parser.parse_args()
    asked = found.only.split(",")
    unknown = [name for name in asked if name not in PARTS]
    if unknown:
        sys.exit(f"Partie inconnue : {', '.join(unknown)}. Parties : {', '.join(PARTS)}.")
    return [name for name in PARTS if name in asked], found.minutes


def _run_part(name: str, stage: Stage) -> dict[str, Any]:
    """Measure one part: what was found, or the error; when, for how long, and how busy the machine was."""
    say(name)
    begun, load_before = time.monotonic(), os.getloadavg()[0]
    try:
        found: dict[str, Any] = {"found": PARTS[name](stage)}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the other parts are worth having
        traceback.print_exc()
        found = {"error": f"{type(error).__name__} : {error}"[:300]}
    seconds = time.monotonic() - begun
    say(f"  {name} : {seconds:.0f} s")
    at = datetime.now(UTC).isoformat(timespec="minutes")
    return {**found, "at": at, "seconds": seconds, "load": [load_before, os.getloadavg()[0]]}


if __name__ == "__main__":
    main()
