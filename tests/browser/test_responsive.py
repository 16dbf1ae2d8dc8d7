"""From a phone to a wall, and at 400 % zoom: nothing beside the screen, nothing over something else, targets one can hit."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened

PHONE, DESKTOP, WALL, ZOOMED = (390, 844), (1280, 720), (3840, 2160), (320, 256)
CONTROLS = ["[aria-label=Zoom]", "[aria-label=Outils]", "#bouton-lieux", "#echelle", ".schema", ".attributions"]
# All one can press, but for a link in the middle of a sentence, which WCAG 2.5.8 leaves out. A box is pressed by its label.
_TARGETS = """() => [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [role=option], [role=tab], [role=separator], [tabindex='0']")]
  .filter((node) => node.getClientRects().length && getComputedStyle(node).visibility === "visible" && !node.closest(".liens-evitement"))
  .filter((node) => !(node.matches("a, button.lien") && getComputedStyle(node).display === "inline"))
  .map((node) => [node, (node.matches("[type=checkbox], [type=radio]") && node.closest("label") || node).getBoundingClientRect()])
  .filter(([, box]) => box.width < 23.5 || box.height < 23.5)
  .map(([node, box]) => `${node.outerHTML.slice(0, 90)} ${box.width}×${box.height}`)"""


def check_page(opened: Opened) -> None:
    """Nothing to scroll sideways for, and no control smaller than 24 pixels."""
    assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert opened.page.evaluate(_TARGETS) == []


def check_apart(opened: Opened, selectors: list[str]) -> None:
    """Every element whole on the screen, none over another."""
    size = opened.page.viewport_size
    assert size
    boxes = {selector: opened.box(selector) for selector in selectors}
    for name, box in boxes.items():
        assert box["x"] >= -0.5, name
        assert box["y"] >= -0.5, name
        assert box["x"] + box["width"] <= size["width"] + 0.5, name
        assert box["y"] + box["height"] <= size["height"] + 0.5, name
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        across = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
        down = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
        assert across <= 0.5 or down <= 0.5, f"{one} and {other} overlap by {across} × {down}"


@pytest.mark.parametrize("size", [PHONE, DESKTOP, WALL, ZOOMED], ids=["phone", "desktop", "wall", "zoomed"])
def test_map_panel_and_sheet(open_map: OpenPage, live: Live, size: tuple[int, int], tmp_path: Path) -> None:
    opened = open_map(live, size=size)
    page, wide = opened.page, size in {DESKTOP, WALL}
    opened.wait_visibles("poche_pauvrete", 11)
    opened.capture(tmp_path, "carte")
    check_page(opened)
    check_apart(opened, ["header.site", *CONTROLS, *(["#panneau"] if wide else [])])
    check_apart(opened, ["header.site nav", "#bascule-panneau", *([".site-titre"] if size != ZOOMED else [])])
    chart = opened.box("#carte")
    assert chart["width"] * chart["height"] > 0.5 * size[0] * size[1]
    assert opened.box("#bouton-lieux")["height"] == pytest.approx(72 if size == WALL else 36, abs=2)

    assert page.locator("#panneau").is_visible() == wide
    if not wide:
        page.click("#bascule-panneau")
        page.locator("#panneau").wait_for()
    check_apart(opened, ["header.site", "#panneau"])
    page.locator("[data-couche=bassin] summary").click()
    check_page(opened)
    opened.capture(tmp_path, "panneau")

    if not wide:
        page.click("#bascule-panneau")
    page.click("#bouton-lieux")
    page.locator("#volet .ligne").first.click()  # whichever: the list is made again of what itself leaves of the map
    opened.sheet()
    name = page.inner_text("#volet-titre")
    opened.wait("(nom) => window.atlas.visibles().some((place) => place.nom === nom)", name)  # not left under the sheet
    opened.settle()
    check_apart(opened, ["header.site", "#volet"])
    check_apart(opened, ["#volet-titre", "#volet-fermer"])
    check_page(opened)
    opened.capture(tmp_path, "fiche")


@pytest.mark.parametrize("size", [PHONE, WALL, ZOOMED], ids=["phone", "wall", "zoomed"])
def test_pages(open_page: OpenPage, live: Live, size: tuple[int, int], tmp_path: Path) -> None:
    opened = open_page(live, "/territoires/bassin/bassin_minier", size=size)
    opened.capture(tmp_path, "bassin")
    for path in ("/territoires/bassin", "/couches", "/couches/qpv", "/fiches/projet_emblematique/pole-velo"):
        check_page(opened)
        opened.page.goto(live.origin + path)
    check_page(opened)


def test_a_place_is_hit_by_a_finger(open_map: OpenPage, live: Live) -> None:
    lon, lat = live.place("espace_nature", "bassin-rond")
    opened = open_map(live, f"#couches=espace_nature&vue=13/{lat}/{lon}", size=PHONE, has_touch=True, is_mobile=True)
    opened.wait_visibles("espace_nature", 1)
    x, y = opened.pixel(lon, lat)
    opened.page.touchscreen.tap(x + 8, y + 6)
    assert "Bassin Rond" in opened.sheet()
    opened.wait("window.atlas.visibles().length === 1")
    opened.steady()
    assert 64 < opened.pixel(lon, lat)[1] < opened.box(".pied")["y"] - 10  # above the sheet, and above what lies on it


def test_turning_the_screen(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, size=DESKTOP)
    opened.page.set_viewport_size({"width": 390, "height": 844})
    opened.page.locator("#panneau").wait_for(state="hidden")
    check_page(opened)
    opened.page.set_viewport_size({"width": 1280, "height": 720})
    opened.page.locator("#panneau").wait_for()
    opened.settle()
    check_apart(opened, ["header.site", "#panneau", *CONTROLS])
