"""The HTML file of a unit and of a découpage, opened from disk with the network off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.observed import Opened, watch

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.browser.conftest import Live

# Elements that leave the screen, but for what scrolls in a box of its own.
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth && !each.closest(".tableau"))
  .map((each) => each.outerHTML.slice(0, 200))"""
ADDRESSES = ["/territoires/bassin/bassin_minier.html", "/territoires/commune.html"]


@pytest.mark.parametrize("size", [(1280, 800), (320, 640)], ids=["desktop", "zoomed"])
@pytest.mark.parametrize("address", ADDRESSES, ids=["unite", "decoupage"])
def test_the_file_opens_alone_and_is_accessible(
    browser: Browser, live_with_contours: Live, tmp_path: Path, address: str, size: tuple[int, int]
) -> None:
    path = tmp_path / "rapport.html"
    path.write_bytes(live_with_contours.app.test_client().get(address).data)
    context = browser.new_context(offline=True, viewport={"width": size[0], "height": size[1]}, locale="fr-FR")
    found = Opened(context.new_page())
    watch(found)
    found.page.goto(path.as_uri())
    page = found.page
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).fontWeight") >= "600"
    assert page.evaluate("getComputedStyle(document.querySelector('.rapport-tete')).display") == "flex", (
        "its style is in it"
    )
    assert page.evaluate(TOO_WIDE) == []
    assert page.locator("script, form, button, link").count() == 0
    assert [
        each
        for each in page.eval_on_selector_all("a", "all => all.map((a) => a.getAttribute('href'))")
        if each[:1] == "/"
    ] == []
    assert found.messages == []
    assert found.requests == [path.as_uri()]
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"DejaVu Sans"')
    page.emulate_media(media="screen")
    assert found.axe() == []
    context.close()
