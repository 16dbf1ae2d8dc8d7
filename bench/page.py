"""The page alone: frames a second and memory, panning over 50 000 polygons at 1280x720 without a graphics card.

.venv/bin/python bench/page.py [minutes of panning, 10 by default]

Of its own making: a throw-away cluster, one layer of hexagons all in view at once, `webmap serve` as `make run` starts it, Debian's
Chromium as the tests run it. A real pointer drags the map; frames are those the browser gave the page (60 a second at most).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
import psycopg
from dataset import write_territory
from playwright.sync_api import sync_playwright

from tests.browser.observed import ARGS, wait_until
from webmap.config import load_settings
from webmap.importing.seeds import load_checked_catalog, load_seeds
from webmap.store.cluster import Cluster
from webmap.store.db import Database
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import CDPSession, Page


ROOT = Path(__file__).resolve().parents[1]
POLYGONS = 50_000
SIZE = (1280, 720)
VIEW = "11.3/50.35/3.45"  # the whole layer fills the window: no polygon is out of sight
_LOOKS = 10
_SIDE = 90  # metres: 50 000 hexagons of 2 ha cover some 40 km by 26
_CORNER = (712_000, 7_016_000)  # Lambert-93
_WIDE = 297  # hexagons in a row
_HEXAGONS = """
INSERT INTO pub.parcelle (id, nom, valeur, geom, precision, etat, source, source_ligne, millesime)
SELECT n, 'Parcelle ' || n, n % 7,
       ST_Multi(ST_SetSRID(ST_Translate(ST_Hexagon({side}, n % {wide}, n / {wide}), {x}, {y}), 2154)),
       'exacte', 'existant', 'banc', 'ligne ' || n, '2026'
FROM generate_series(0, {count} - 1) AS n"""
_SOURCE = """
[source]
name = "Hexagones"
producer = "banc d’essai"
licence = "Sans objet"
millesime = "2026"
provenance = "Calcul."
"""
_LAYER = f"""title = "Parcelles"
singular = "parcelle"
theme = "territoire"
description = "Hexagones du banc d’essai."
geometry = "polygon"
key = "id"
name = "nom"
order = 11
how_to_fill = "Se remplit par bench/page.py."
{_SOURCE}
[[fields]]
id = "id"
type = "integer"
label = "id"
required = true

[[fields]]
id = "nom"
type = "text"
label = "nom"

[[fields]]
id = "valeur"
type = "integer"
label = "valeur"
"""
_STYLE = '[[rules]]\nlabel = "Parcelle"\ncolor = "#8f1148"\nopacity = 0.3\nstroke = "#8f1148"\nwidth = 1\n'
# Times between the frames that the browser gives the page, in milliseconds.
_COUNT_FRAMES = """() => {
  window.intervals = [];
  let last = performance.now();
  const next = (now) => {
    window.intervals.push(now - last);
    last = now;
    window.counting = requestAnimationFrame(next);
  };
  window.counting = requestAnimationFrame(next);
}"""
_STOP_FRAMES = "() => { cancelAnimationFrame(window.counting); return window.intervals.slice(1); }"


def measure_page(minutes: float = 10, say: Callable[[str], object] = lambda _text: None) -> dict[str, Any]:
    """Return the figures: frames a second over 20 s of panning, then memory (MB) at intervals of `minutes` of it."""
    folder = Path(tempfile.mkdtemp(prefix="wmp-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "base").mkdir()
    cluster = Cluster(folder / "base", durable=False)
    try:
        cluster.start()
        cluster.create_database("page")
        _fill(cluster, folder)
        say(f"{POLYGONS} hexagones")
        with _served(cluster, folder) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
            page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, locale="fr-FR")
            page.goto(f"{address}/#couches=parcelle&vue={VIEW}")
            wait_until(page, "window.atlas?.pret && document.getElementById('chargement').hidden", seconds=120)
            figures: dict[str, Any] = {"polygons": len(page.evaluate("window.atlas.visibles()"))}
            figures |= _frames(page)
            say(f"{figures}")
            figures["memory"] = _memory(page, page.context.new_cdp_session(page), minutes, say)
            browser.close()
    finally:
        cluster.destroy()
        shutil.rmtree(folder)
    return figures


def _fill(cluster: Cluster, folder: Path) -> None:
    place = folder / "layers" / "parcelle"
    place.mkdir(parents=True)
    (place / "layer.toml").write_text(_LAYER, encoding="utf-8")
    (place / "style.toml").write_text(_STYLE, encoding="utf-8")
    config = write_territory(folder, "[3.1, 50.2, 3.8, 50.5]")
    dsn = cluster.dsn("webmap_proprietaire", "page")
    settings = load_settings({"WEBMAP_CONFIG": str(config), "DATABASE_URL": dsn})
    catalog = load_checked_catalog(settings)
    with cluster.superuser("page") as connection:  # what an administrator does for a DATABASE_URL
        connection.execute("GRANT webmap_lecture TO webmap_proprietaire WITH ADMIN OPTION")
    database = Database(dsn, cluster.dsn("webmap_lecture", "page"))
    upgrade(database, catalog, settings)
    load_seeds(database, catalog, settings)
    database.close()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            _HEXAGONS.format(side=_SIDE, wide=_WIDE, count=POLYGONS, x=_CORNER[0], y=_CORNER[1])  # type: ignore[arg-type]
        )
        connection.execute("VACUUM ANALYZE pub.parcelle")


@contextlib.contextmanager
def _served(cluster: Cluster, folder: Path) -> Iterator[str]:
    """Run `webmap serve` on a free port, from its first answer to the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "WEBMAP_CONFIG": str(folder / "webmap.toml"),
        "DATABASE_URL": cluster.dsn("webmap_proprietaire", "page"),
        "PORT": str(port),
        "WEBMAP_PRECHAUFFAGE": "non",
    }
    with (folder / "serveur.log").open("ab") as out:
        process = subprocess.Popen(
            [ROOT / ".venv" / "bin" / "webmap", "serve"], env=environment, stdout=out, stderr=out, cwd=ROOT
        )
        try:
            for _ in range(200):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                    break
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _drag(page: Page, seconds: float) -> None:
    """Drag the map around a square, 300 pixels a side, again and again: it ends where it began."""
    centre = (SIZE[0] * 0.6, SIZE[1] / 2)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for dx, dy in ((-300, 0), (0, -200), (300, 0), (0, 200)):
            page.mouse.move(centre[0] - dx / 2, centre[1] - dy / 2)
            page.mouse.down()
            page.mouse.move(centre[0] + dx / 2, centre[1] + dy / 2, steps=40)
            page.wait_for_timeout(60)  # held still before it is let go: no inertia, so that the way back is the way out
            page.mouse.up()


def _frames(page: Page, seconds: float = 20) -> dict[str, float]:
    _drag(page, 3)  # every tile asked for
    wait_until(page, "document.getElementById('chargement').hidden", seconds=60)
    page.evaluate(_COUNT_FRAMES)
    _drag(page, seconds)
    intervals = sorted(page.evaluate(_STOP_FRAMES))
    return {
        "fps_median": round(1000 / statistics.median(intervals), 1),
        "fps_mean": round(1000 / statistics.fmean(intervals), 1),
        "frame_ms_p95": round(intervals[int(len(intervals) * 0.95)], 1),
    }


def _memory(page: Page, session: CDPSession, minutes: float, say: Callable[[str], object]) -> list[dict[str, float]]:
    """Pan, and look ten times: the heap of the page after a collection, and what the browser's processes hold (PSS)."""
    session.send("Performance.enable")
    start, looks = time.monotonic(), []
    for look in range(_LOOKS + 1):
        session.send("HeapProfiler.collectGarbage")
        metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        looks.append(
            {
                "minutes": round((time.monotonic() - start) / 60, 2),
                "heap": round(metrics["JSHeapUsedSize"] / 1e6, 1),
                "browser": round(_browser_memory(), 1),
            }
        )
        say(f"{looks[-1]}")
        if look < _LOOKS:
            _drag(page, minutes * 60 / _LOOKS)
    return looks


def _browser_memory() -> float:
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "chrom" in process.name():
                total += process.memory_full_info().pss / 1e6
    return total


def main() -> None:
    """Measure, and print the figures as JSON."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    print(json.dumps(measure_page(minutes, lambda text: print(text, file=sys.stderr, flush=True)), indent=1))


if __name__ == "__main__":
    main()
