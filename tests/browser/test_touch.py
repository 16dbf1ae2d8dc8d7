"""A finger, on a phone and on a tablet: the map follows it, a tap opens a sheet that can be read and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Live, OpenPage


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], steps: int = 8) -> None:
    """Move one finger: Playwright has taps only."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, points: list[dict[str, float]]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", [{"x": start[0], "y": start[1]}])
    for step in range(1, steps + 1):
        x, y = (a + (b - a) * step / steps for a, b in zip(start, end, strict=True))
        send("touchMove", [{"x": x, "y": y}])
    page.wait_for_timeout(250)  # held still: a finger lifted while moving throws the map further
    send("touchMove", [{"x": end[0], "y": end[1]}])
    send("touchEnd", [])


@pytest.mark.parametrize("size", [(390, 844), (820, 1180)], ids=["phone", "tablet"])
def test_pan_tap_read_close(open_map: OpenPage, live: Live, size: tuple[int, int], tmp_path: Path) -> None:
    lon, lat = live.place("espace_nature", "bassin-rond")
    opened = open_map(live, f"#couches=espace_nature&vue=13/{lat}/{lon}", size=size, has_touch=True, is_mobile=True)
    page = opened.page
    opened.wait("window.atlas.visibles().some((place) => place.cle === 'bassin-rond')")
    box = opened.box("#carte")
    x, y = box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.4
    before = opened.vue()
    drag(page, (x, y), (x - 60, y + 40))
    opened.wait("(lon) => window.atlas.vue().lon > lon + 0.001", before["lon"])
    opened.steady()
    assert opened.vue()["zoom"] == pytest.approx(before["zoom"], abs=1e-6)
    assert opened.vue()["lat"] > before["lat"]
    page.touchscreen.tap(*opened.pixel(lon, lat))
    assert "Bassin Rond" in opened.sheet()
    opened.steady()
    assert opened.axe() == []
    sheet = opened.box("#volet")
    assert sheet["height"] >= 200
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    corps = "document.getElementById('volet-corps')"
    if page.evaluate(f"{corps}.scrollHeight > {corps}.clientHeight + 20"):
        middle = sheet["x"] + sheet["width"] / 2
        held = opened.vue()
        drag(page, (middle, sheet["y"] + sheet["height"] - 60), (middle, sheet["y"] + 90))
        opened.wait(f"{corps}.scrollTop > 20")
        assert opened.vue() == held  # the sheet was read, the map did not move
    opened.capture(tmp_path, "fiche")
    close = opened.box("#volet-fermer")
    page.touchscreen.tap(close["x"] + close["width"] / 2, close["y"] + close["height"] / 2)
    page.locator("#volet").wait_for(state="hidden")
