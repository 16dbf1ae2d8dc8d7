"""A named view scanned from its QR code opens the map on it; another site shows the map in a frame when it is allowed to."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import zxingcpp
from PIL import Image

from tests.listening import listen
from webmap.store.vues import record_vue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from tests.browser.conftest import OpenPage, Serve
    from webmap.config import Settings
    from webmap.store.db import Database


def keep(database: Database) -> None:
    with database.owner() as connection:
        record_vue(connection, "quartiers", "Quartiers", "vue=12/50.33/3.38&couches=qpv", None)


class Framing:
    """Another site, on a free port, whose only page shows `framed` in a frame."""

    framed = "about:blank"
    port = 0

    def __call__(self, _environ: object, start: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
        """Answer the page."""
        start("200 OK", [("Content-Type", "text/html")])
        return [f'<!doctype html><iframe src="{self.framed}" width="900" height="600"></iframe>'.encode()]


@contextlib.contextmanager
def site() -> Iterator[Framing]:
    """Serve another site for the length of a `with` block."""
    framing = Framing()
    with listen(framing) as framing.port:
        yield framing


def test_the_code_of_a_view_is_read_and_opens_it(contoured: str, serve: Serve, open_page: OpenPage) -> None:
    with serve(contoured, keep) as live:
        opened = open_page(live, "/v/quartiers.svg", size=(400, 400))
        found = zxingcpp.read_barcodes(Image.open(io.BytesIO(opened.page.screenshot())))
        assert [code.text for code in found] == [f"{live.origin}/v/quartiers"]
        opened.page.goto(found[0].text)
        opened.settle()
        assert opened.page.evaluate("window.atlas.couches().map(({id}) => id)") == ["qpv"]
        assert abs(opened.vue()["zoom"] - 12) < 0.01
        assert abs(opened.vue()["lat"] - 50.33) < 0.001


def test_a_site_that_is_named_frames_the_map_and_no_other(
    contoured: str, serve: Serve, settings: Settings, browser: Browser
) -> None:
    """One server under two names is two sites for a browser: `localhost` is named, `127.0.0.1` is not."""
    with site() as framing:
        named = settings.model_copy(update={"sites_integration": (f"http://localhost:{framing.port}",)})
        with serve(contoured, keep, named) as live:
            framing.framed = f"{live.origin}/integration#couches=qpv"
            page = browser.new_page()
            page.goto(f"http://localhost:{framing.port}/")
            shown = page.frame_locator("iframe")
            shown.locator("#carte canvas").first.wait_for()
            shown.locator("#ouvrir-atlas[href*='couches=qpv']").wait_for()
            assert not shown.locator("#panneau").is_visible()
            assert not shown.locator("#bascule-panneau").is_visible()
            page.goto(f"http://127.0.0.1:{framing.port}/")
            page.wait_for_timeout(500)
            assert page.frame_locator("iframe").locator("#carte").count() == 0
            page.close()
