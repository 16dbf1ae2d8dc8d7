"""What the map costs before its first tile, what moves meanwhile, and what it stops asking for when the view has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Request, Route

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened

TILES = "**/tuiles/**"
# Each layout shift since the page began: its score, and what moved.
SHIFTS = """() => new Promise((resolve) => {
  const seen = [];
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) seen.push([value, ...sources.map(({ node }) => node?.id || node?.className)]);
    resolve(seen);
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(seen), 300);
})"""
SIZES = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize])"""


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_three_light_requests_come_before_the_first_tile_and_nothing_moves(
    open_map: OpenPage, live: Live, size: tuple[int, int]
) -> None:
    opened = open_map(live, size=size)
    first = next(rank for rank, url in enumerate(opened.requests) if "/tuiles/" in url)
    assert first <= 3, opened.requests[:first]
    assert opened.page.evaluate(SHIFTS) == []
    sizes = dict(opened.page.evaluate(SIZES))
    assert sum(size for path, size in sizes.items() if path.endswith(".js")) < 200_000
    assert sum(size for path, size in sizes.items() if "/tuiles/" not in path) < 240_000


def test_tiles_are_given_up_when_the_view_leaves_and_asked_again_when_it_comes_back(
    open_map: OpenPage, live: Live
) -> None:
    opened = open_map(live, "#couches=poche_pauvrete&vue=10/50.38/3.4")
    opened.tolerate("ERR_FAILED|ERR_ABORTED")
    page, held, given_up = opened.page, [], []

    def hold(route: Route) -> None:
        held.append(route.request.url)  # a server that never answers

    def failed(request: Request) -> None:
        given_up.append(request.url)

    page.on("requestfailed", failed)
    page.context.route(TILES, hold)
    lon, lat = live.place("poche_pauvrete", "mortagne-du-nord-centre")
    goto(opened, live, f"14/{lat}/{lon}")
    opened.until(lambda: len(held) > 0)
    here = set(held)
    assert not here & set(given_up)
    goto(opened, live, "14/50.28/3.3")
    opened.until(lambda: here <= set(given_up) and bool(set(held) - set(given_up)))
    page.context.unroute(TILES)
    goto(opened, live, f"14/{lat}/{lon}")
    opened.wait_visibles("poche_pauvrete", 1)
    opened.until(lambda: "#e07a1f" in opened.colours(lon, lat))


def goto(opened: Opened, live: Live, vue: str) -> None:
    opened.page.goto(f"{live.origin}/#couches=poche_pauvrete&vue={vue}")
