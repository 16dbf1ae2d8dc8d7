"""The standalone map, opened from disk with the network off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.observed import AXE, Opened, wait_until, watch
from tests.formats.test_carte import HOSTILE, the_carte
from webmap.formats.carte import CARTE_CSP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["desktop", "phone"])
def opened(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Open the file as a person would from a USB stick; whatever the test does, it stays silent and alone."""
    path = tmp_path / "carte.html"
    path.write_text(the_carte(), encoding="utf-8")
    width, height = request.param
    context = browser.new_context(offline=True, viewport={"width": width, "height": height}, locale="fr-FR")
    found = Opened(context.new_page())
    watch(found)
    found.page.goto(path.as_uri())
    wait_until(found.page, "document.querySelectorAll('.symbole').length > 0")
    yield found
    assert found.requests == [path.as_uri()]
    assert found.messages == []
    assert found.dialogs == []
    context.close()


def count(page: Page, selector: str) -> int:
    return len(page.query_selector_all(selector))


def test_every_feature_is_drawn(opened: Opened) -> None:
    page = opened.page
    assert count(page, ".leaflet-fond-pane path") == 3
    assert count(page, ".leaflet-couche0-pane path") == 50
    assert count(page, ".leaflet-couche1-pane path") == 2
    assert count(page, ".leaflet-couche2-pane path") == 25
    assert count(page, ".leaflet-couche2-pane .symbole polygon") == 25
    assert count(page, '.leaflet-couche2-pane path[stroke-dasharray="2.5 2"]') == 5
    assert count(page, '.leaflet-couche2-pane polygon[stroke-dasharray="2.5 2"]') == 5
    assert count(page, '[role="button"][tabindex="0"][aria-label*=", un "]') == 50 + 2 + 50
    fills = page.evaluate(
        "[...document.querySelectorAll('.leaflet-couche0-pane path')].map((p) => p.getAttribute('fill'))"
    )
    assert fills.count("url(#motif-0-0)") == 25
    assert fills.count("#3b6ea5") == 25


def test_legend_and_title(opened: Opened) -> None:
    page = opened.page
    text = page.inner_text("body")
    assert page.title() == "Denaisis </title><script>alert(1)</script> — La Porte du Hainaut {{ 7 * 7 }}"
    assert "Denaisis </title><script>alert(1)</script>" in text
    assert "Cellules schématiques, pas des limites administratives" in text
    assert "6 non localisés" in text
    assert "Carte établie le 21/11/2026" in text
    page.click("summary")
    assert page.inner_text("details li").startswith("Sans lieu <img src=x")


def test_sheets_by_keyboard_show_hostile_texts(opened: Opened) -> None:
    page = opened.page
    label = (
        "(name) => [...document.querySelectorAll('[aria-label]')].find((n) => n.getAttribute('aria-label') === name)"
    )
    for number, name in enumerate(HOSTILE):
        target = page.evaluate_handle(label, f"{name}, un halle").as_element()
        assert target, name
        target.focus()
        page.keyboard.press("Enter")
        wait_until(page, "!!document.querySelector('.fiche')")
        assert page.evaluate("document.querySelector('.fiche h2').textContent") == name
        wait_until(page, "document.activeElement.getAttribute('aria-label') === 'Fermer la fiche'")
        if number == 1:
            sheet = page.inner_text(".fiche")
            for expected in (
                "grand genre",
                "12\u202f345,5\u00a0m²",
                "01/03/2026",
                "en cours",
                "non renseigné",
                HOSTILE[0],
            ):
                assert expected in sheet
        page.keyboard.press("Escape")
        wait_until(page, "!document.querySelector('.leaflet-popup')")
        wait_until(
            page, f"document.activeElement.getAttribute('aria-label')?.length === {len(name) + len(', un halle')}"
        )
        assert count(page, "img") == 0, name


def test_click_on_a_polygon(opened: Opened) -> None:
    page = opened.page
    zone = page.locator(".leaflet-couche0-pane path").nth(22).bounding_box()
    assert zone
    page.mouse.click(zone["x"] + 4, zone["y"] + 4)
    wait_until(page, "!!document.querySelector('.fiche')")
    assert "Zone 22" in page.inner_text(".fiche")
    wait_until(  # the map moves until the whole sheet is on it
        page,
        """() => {
          const [box, chart] = [".leaflet-popup", "main"].map((name) => document.querySelector(name).getBoundingClientRect());
          return box.left >= chart.left && box.right <= chart.right;
        }""",
    )


def test_layers_are_switched_with_checkboxes(opened: Opened) -> None:
    page = opened.page
    toggle = page.locator(".leaflet-control-layers-toggle")
    if toggle.is_visible():
        assert toggle.get_attribute("aria-label") == "Couches"
        toggle.focus()
        page.keyboard.press("Enter")
    names = page.locator(".leaflet-control-layers-overlays label")
    assert names.count() == 3
    assert names.nth(2).inner_text().strip() == "Halles <img src=x onerror=alert(1)> {{ 7 * 7 }}"
    page.locator(".leaflet-control-layers-overlays input").first.focus()
    page.keyboard.press("Space")
    wait_until(page, "document.querySelectorAll('.leaflet-couche0-pane path').length === 0")
    page.keyboard.press("Space")
    wait_until(page, "document.querySelectorAll('.leaflet-couche0-pane path').length === 50")
    assert page.locator(".leaflet-control-zoom-in").get_attribute("title") == "Zoomer"


def test_nothing_wider_than_the_screen(opened: Opened) -> None:
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    chart = page.locator("main").bounding_box()
    assert chart
    assert chart["height"] > 400
    assert chart["width"] >= 390 - 1


def test_commune_names_are_centred(opened: Opened) -> None:
    """Leaflet measures a name to centre it: one that is not shown yet must have its width all the same."""
    widths = opened.page.evaluate("[...document.querySelectorAll('.nom-commune')].map((name) => name.offsetWidth)")
    assert len(widths) == 3
    assert min(widths) > 20


def test_axe_finds_nothing(opened: Opened) -> None:
    assert AXE.is_file(), f"{AXE} manque : `npm ci` dans static/"
    page = opened.page
    zone = page.locator(".leaflet-couche0-pane path").nth(22).bounding_box()
    assert zone
    page.mouse.click(zone["x"] + 4, zone["y"] + 4)
    wait_until(page, "!!document.querySelector('.fiche')")
    wait_until(page, "getComputedStyle(document.querySelector('.leaflet-popup')).opacity === '1'")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


def test_injected_handler_is_refused_by_the_file_itself(browser: Browser, tmp_path: Path) -> None:
    """The second lock: had a text been written as HTML, the digests in the policy would still stop it."""
    path = tmp_path / "percee.html"
    path.write_text(the_carte().replace("<aside", f"{HOSTILE[0]}{HOSTILE[1]}<aside", 1), encoding="utf-8")
    context = browser.new_context(offline=True)
    found = Opened(context.new_page())
    watch(found)
    found.page.goto(path.as_uri())
    wait_until(found.page, "document.querySelectorAll('.symbole').length > 0")
    assert found.dialogs == []
    assert any("Content Security Policy" in message for message in found.messages)
    context.close()


def test_served_under_its_sandbox(browser: Browser) -> None:
    """Shown by the server: the header policy and the file's own leave the map working, in an origin of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    found = Opened(context.new_page())
    watch(found)
    headers = {"Content-Security-Policy": CARTE_CSP, "Content-Type": "text/html; charset=utf-8"}
    found.page.route("**/*", lambda route: route.fulfill(body=the_carte(), headers=headers))
    found.page.goto("http://webmap.test/cartes/DEN.html")
    wait_until(found.page, "document.querySelectorAll('.leaflet-couche0-pane path').length === 50")
    assert found.page.evaluate("window.origin") == "null"
    assert found.messages == []
    assert found.requests == ["http://webmap.test/cartes/DEN.html"]
    context.close()
