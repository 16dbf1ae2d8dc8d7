"""A page under watch: what it asked for, what it said, what it showed. Shared by every browser test."""

from __future__ import annotations

import base64
import math
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import ConsoleMessage, Dialog, Page, Request

STATIC = Path(__file__).resolve().parents[2] / "static"
AXE = STATIC / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Of two such lists Chromium reads the last: Playwright's own is told again, then the two pages that the address bar of each
# window loads though nobody sees it, at two thirds of what a window costs.
_WITHOUT = [
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
]  # fmt: skip
ARGS = [
    f"--disable-features={','.join(_WITHOUT)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]
LONG = 60.0  # seconds, for what takes one: only what never comes takes them, however slow the machine
_HALF_WORLD = math.pi * 6378137
_RESOLUTION_ZERO = 2 * _HALF_WORLD / 256

# The colours of all canvases of the map, one over the other as a person sees them, in a square around a CSS pixel.
_COLOURS = """([x, y, reach]) => {
  const box = document.getElementById("carte").getBoundingClientRect();
  const side = 2 * reach + 1;
  const seen = new OffscreenCanvas(side, side).getContext("2d");
  seen.fillStyle = "#ffffff";
  seen.fillRect(0, 0, side, side);
  for (const canvas of document.querySelectorAll("#carte canvas")) {
    const drawn = canvas.getBoundingClientRect();
    seen.globalAlpha = Number(getComputedStyle(canvas).opacity) * Number(getComputedStyle(canvas.parentElement).opacity);
    seen.drawImage(canvas, drawn.x - box.x - x + reach, drawn.y - box.y - y + reach, drawn.width, drawn.height);
  }
  const data = seen.getImageData(0, 0, side, side).data;
  const found = new Set();
  for (let at = 0; at < data.length; at += 4) found.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
  return [...found];
}"""

# The colours of a picture.
_PICTURE = """async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const seen = new OffscreenCanvas(image.width, image.height).getContext("2d");
  seen.drawImage(image, 0, 0);
  const data = seen.getImageData(0, 0, image.width, image.height).data;
  const found = new Set();
  for (let at = 0; at < data.length; at += 4) found.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
  return [...found];
}"""


def wait_until(page: Page, expression: str, argument: object = None, seconds: float = LONG) -> None:
    """Poll from outside: the page's policy forbids what `wait_for_function` does inside it."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression, argument):
        assert time.monotonic() < end, f"never true: {expression} {argument or ''}"
        page.wait_for_timeout(25)


@dataclass
class Opened:
    """A page, and all it did that it should not."""

    page: Page
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    _tolerated: list[str] = field(default_factory=list)
    _allowed: list[str] = field(default_factory=list)

    def tolerate(self, pattern: str) -> None:
        """Expect messages of this kind: a test that stops the server, or asks for what is not there."""
        self._tolerated.append(pattern)

    def allow(self, origin: str) -> None:
        """Expect requests to this origin: they are answered by the test, or refused; none leaves the machine."""
        self._allowed.append(f"{origin}/")

    def check(self, origin: str) -> None:
        """Fail on a dialog, an error, or a request that left `origin`."""
        assert self.dialogs == []
        allowed = (f"{origin}/", *self._allowed)
        assert [url for url in self.requests if not url.startswith(allowed)] == []
        kept = [text for text in self.messages if not any(re.search(each, text) for each in self._tolerated)]
        assert kept == []

    def wait(self, expression: str, argument: object = None, seconds: float = LONG) -> None:
        """Wait until an expression of the page is true."""
        wait_until(self.page, expression, argument, seconds)

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something that is looked at from here is so: a colour, a text."""
        end = time.monotonic() + LONG
        while not reached():
            assert time.monotonic() < end, "never so"
            self.page.wait_for_timeout(25)

    def settle(self) -> None:
        """Wait until the map is drawn, with every tile it asked for."""
        self.wait("window.atlas?.pret && document.getElementById('chargement').hidden")

    def steady(self) -> None:
        """Wait until the view has stopped moving: the same in four looks, 50 ms apart."""
        end, seen = time.monotonic() + LONG, [self.vue()]
        while len(seen) < 4 or any(vue != seen[-1] for vue in seen[-4:]):
            assert time.monotonic() < end, "the view never stops"
            self.page.wait_for_timeout(50)
            seen.append(self.vue())

    def visibles(self, couche: str | None = None) -> list[dict[str, Any]]:
        """Return what the map shows, of one layer or of all."""
        found: list[dict[str, Any]] = self.page.evaluate("window.atlas.visibles()")
        return [each for each in found if couche in {None, each["couche"]}]

    def wait_visibles(self, couche: str, number: int) -> list[dict[str, Any]]:
        """Wait until the map shows so many features of a layer, and return them."""
        self.wait("([id, n]) => window.atlas.visibles().filter((v) => v.couche === id).length === n", [couche, number])
        return self.visibles(couche)

    def vue(self) -> dict[str, float]:
        """Return zoom, lat and lon of the middle of the map."""
        found: dict[str, float] = self.page.evaluate("window.atlas.vue()")
        return found

    def couches(self) -> list[str]:
        """Return the ids of the layers shown, bottom first."""
        return [each["id"] for each in self.page.evaluate("window.atlas.couches()")]

    def resolution(self) -> float:
        """Return map metres (EPSG:3857) under one CSS pixel."""
        return _RESOLUTION_ZERO / 2 ** self.vue()["zoom"]

    def pixel(self, lon: float, lat: float) -> tuple[float, float]:
        """Return where a place is in the window."""
        vue, box = self.vue(), self.box("#carte")
        (x, y), (cx, cy) = _mercator(lon, lat), _mercator(vue["lon"], vue["lat"])
        return (
            box["x"] + box["width"] / 2 + (x - cx) / self.resolution(),
            box["y"] + box["height"] / 2 - (y - cy) / self.resolution(),
        )

    def click_map(self, lon: float, lat: float) -> None:
        """Click on a place of the map, with nothing but the map under the pointer."""
        x, y = self.pixel(lon, lat)
        under = self.page.evaluate("([x, y]) => !!document.elementFromPoint(x, y)?.closest('#carte')", [x, y])
        assert under, f"{lon}, {lat} is not on the uncovered map"
        self.page.mouse.click(x, y)

    def colours(self, lon: float, lat: float, reach: int = 12) -> set[str]:
        """Return the colours painted on the canvas around a place."""
        (x, y), box = self.pixel(lon, lat), self.box("#carte")
        found = self.page.evaluate(_COLOURS, [round(x - box["x"]), round(y - box["y"]), reach])
        return {f"#{colour:06x}" for colour in found}

    def seen(self, x: float, y: float, width: float, height: float) -> set[str]:
        """Return the colours of a rectangle of the window, whatever lies over the map there."""
        shot = self.page.screenshot(clip={"x": x, "y": y, "width": width, "height": height})
        found = self.page.evaluate(_PICTURE, f"data:image/png;base64,{base64.b64encode(shot).decode()}")
        return {f"#{colour:06x}" for colour in found}

    def box(self, selector: str) -> dict[str, float]:
        """Return the rectangle of an element that is on screen."""
        found = self.page.locator(selector).bounding_box()
        assert found, f"{selector} is not displayed"
        return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}

    def sheet(self) -> str:
        """Wait for the sheet of a place, and return all that it says."""
        self.wait(
            "document.getElementById('volet').dataset.volet === 'fiche' && !!document.querySelector('.fiche-source')"
        )
        return self.page.inner_text("#volet")

    def notice(self, text: str, seconds: float = LONG) -> None:
        """Wait for a notice over the map that holds this text."""
        self.wait("(text) => document.getElementById('avis').textContent.includes(text)", text, seconds)

    def axe(self) -> list[tuple[str, str]]:
        """Return the violations that axe finds: the rule, and the first element at fault."""
        assert AXE.is_file(), f"{AXE} manque : `npm ci` dans static/"
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        # Only what is returned is described in full and sent here: the rest of a large page would cost as much again.
        found = self.page.evaluate(
            "(tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] })"
            ".then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))",
            AXE_TAGS,
        )
        return [(rule, html) for rule, html in found]

    def capture(self, folder: Path, name: str) -> None:
        """Keep a picture, for a person to look at."""
        self.page.screenshot(path=folder / f"{name}.png")


def _mercator(lon: float, lat: float) -> tuple[float, float]:
    y = math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))
    return math.radians(lon) * 6378137, y * 6378137


def watch(found: Opened) -> None:
    """Record requests, what the console says of trouble, errors and dialogs."""

    def request(asked: Request) -> None:
        if not asked.url.startswith(("data:", "blob:")):
            found.requests.append(asked.url)

    def console(message: ConsoleMessage) -> None:
        found.messages.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def dialog(shown: Dialog) -> None:
        found.dialogs.append(shown.message)
        shown.dismiss()

    found.page.on("request", request)
    found.page.on("console", console)
    found.page.on("pageerror", lambda error: found.messages.append(f"pageerror: {error}"))
    found.page.on("dialog", dialog)
