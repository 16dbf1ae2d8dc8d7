"""The page: requests before its first tile, frames a second and memory, over 50 000 polygons at 1280x720 without a graphics card.

One layer of hexagons all in view at once, in a database of their own; Debian's Chromium as the tests run it. A real pointer drags
the map; frames are those the browser gave the page (60 a second at most).
"""

from __future__ import annotations

import contextlib
import statistics
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
import psycopg
from dataset import fill_atlas, write_territory
from playwright.sync_api import sync_playwright
from psycopg import sql
from servers import build_ours

from tests.browser.observed import ARGS, wait_until
from webmap.config import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import CDPSession, Page, Response
    from stage import Stage

_DATABASE = "page"
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


def measure_page(stage: Stage) -> dict[str, Any]:
    """Return the requests before the first tile, frames a second over 20 s of panning, then memory (MB) at each tenth of `minutes`."""
    stage.cluster.create_database(_DATABASE)
    config = _fill(stage)
    figures: dict[str, Any] = {"asked": POLYGONS}
    with stage.run(build_ours(stage.cluster, config, _DATABASE)) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, locale="fr-FR")
        answers: list[Response] = []

        def note(answer: Response) -> None:
            answers.append(answer)

        page.on("response", note)
        page.goto(f"http://127.0.0.1:{running.server.port}/#couches=parcelle&vue={VIEW}")
        wait_until(page, "window.atlas?.pret && document.getElementById('chargement').hidden", seconds=120)
        figures["polygons"] = len(page.evaluate("window.atlas.visibles()"))
        figures["first"] = _weigh(answers)
        figures |= _frames(page)
        figures["memory"] = _memory(page, page.context.new_cdp_session(page), stage.minutes)
        browser.close()
    stage.cluster.drop_database(_DATABASE)
    return figures


def _weigh(answers: list[Response]) -> list[dict[str, Any]]:
    """Return the name and the compressed bytes of each answer that came before the first tile."""
    first = next(rank for rank, each in enumerate(answers) if each.url.endswith(".mvt"))
    return [
        {"path": urlsplit(each.url).path, "bytes": each.request.sizes()["responseBodySize"]} for each in answers[:first]
    ]


def _fill(stage: Stage) -> Path:
    """Make the hexagons of an atlas of their own. Returns its `webmap.toml`."""
    folder = stage.folder / "page"
    place = folder / "layers" / "parcelle"
    place.mkdir(parents=True)
    (place / "layer.toml").write_text(_LAYER, encoding="utf-8")
    (place / "style.toml").write_text(_STYLE, encoding="utf-8")
    config = write_territory(folder, "[3.1, 50.2, 3.8, 50.5]")
    dsn = stage.cluster.dsn("webmap_proprietaire", _DATABASE)
    fill_atlas(stage.cluster, load_settings({"WEBMAP_CONFIG": str(config), "DATABASE_URL": dsn}), _DATABASE)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL(_HEXAGONS).format(side=_SIDE, wide=_WIDE, count=POLYGONS, x=_CORNER[0], y=_CORNER[1])
        )
        connection.execute("VACUUM ANALYZE pub.parcelle")
    return config


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


def _memory(page: Page, session: CDPSession, minutes: float) -> list[dict[str, float]]:
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
