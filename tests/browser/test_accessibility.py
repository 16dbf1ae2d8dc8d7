"""axe-core on every kind of page and every state of the map: not one violation, best practices included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import DESKTOP
from tests.browser.test_responsive import check_page

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened

PHONE = (390, 844)
PAGES = [
    "/territoires",
    "/territoires/bassin",
    "/territoires/bassin/bassin_minier",
    "/territoires/territoire/200042190",
    "/couches",
    "/couches/qpv",
    "/couches/halle",
    "/ogc",
    "/ogc/collections?f=html",
    "/ogc/collections/halle?f=html",
    "/ogc/collections/qpv/items?f=html",
    "/ogc/api?f=html",
    "/fiches/qpv/QN05958M",
    "/fiches/projet_emblematique/pole-velo",
    "/nulle-part",
    "/vues",
    "/accessibilite",
    "/territoires/polygone",
]


def test_map_panel_open(first_view: Opened) -> None:
    first_view.page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    assert first_view.axe() == []


def test_map_sheet_open(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#fiche=projet_emblematique:pole-velo")
    opened.sheet()
    assert opened.axe() == []
    opened.page.click("#bouton-lieux")
    opened.wait("document.getElementById('volet').dataset.volet === 'lieux'")
    assert opened.axe() == []


def test_map_search_open_and_a_notice(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#couches=poche_pauvrete,disparue&filtre=bassin:ostrevent")
    opened.page.fill("#recherche-texte", "saint")
    opened.page.locator("[role=option]").first.wait_for()
    opened.page.keyboard.press("ArrowDown")
    assert opened.axe() == []


def test_phone_map_drawer_and_sheet(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, size=PHONE)
    assert opened.axe() == []
    opened.page.click("#bascule-panneau")
    opened.page.locator("#panneau").wait_for()
    assert opened.axe() == []
    opened.page.keyboard.press("Escape")
    assert opened.page.locator("#panneau").is_hidden()
    assert opened.page.evaluate("document.activeElement.id") == "bascule-panneau"
    opened.page.click("#bouton-lieux")
    opened.page.locator("#volet .ligne").first.click()
    opened.sheet()
    assert opened.axe() == []


def test_pages(open_page: OpenPage, live: Live) -> None:
    opened = open_page(live, PAGES[0])
    opened.tolerate("404")
    for path in PAGES:
        opened.page.goto(live.origin + path)
        assert opened.axe() == [], path
        assert opened.page.evaluate("document.documentElement.lang") == "fr"
        assert opened.page.title().endswith("Atlas de La Porte du Hainaut")


def check(opened: Opened, folder: Path, state: str) -> None:
    """No violation, nothing too small to press, and a picture to look at."""
    opened.settle()
    assert opened.axe() == [], state
    check_page(opened)
    opened.capture(folder, state)


def test_map_in_another_page(open_page: OpenPage, live: Live) -> None:
    for query in ("", "?panneau=oui"):
        opened = open_page(live, f"/integration{query}")
        opened.settle()
        assert opened.axe() == [], query
        check_page(opened)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_map_tools(open_map: OpenPage, live: Live, size: tuple[int, int], tmp_path: Path) -> None:
    """One state after the other: layers opened, table, filter."""
    opened = open_map(
        live, "#couches=espace_nature,poche_pauvrete,veille_active,bassin&filtre=bassin:ostrevent", size=size
    )
    page = opened.page

    page.keyboard.press("c")
    assert page.evaluate("document.activeElement.matches('summary')")
    page.evaluate("document.querySelectorAll('#affichees details').forEach((details) => { details.open = true })")
    check(opened, tmp_path, "couches")
    page.keyboard.press("t")
    page.locator("#tableau [role=gridcell]").first.wait_for()
    check(opened, tmp_path, "table")
    page.keyboard.press("t")
    page.keyboard.press("c")
    page.locator("#affichees [data-couche=espace_nature] [data-action=filtrer]").click()
    page.get_by_role("button", name="Ajouter une première condition").click()
    page.locator(".constructeur-texte summary").click()
    check(opened, tmp_path, "filtre")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_map_panels(open_map: OpenPage, live: Live, size: tuple[int, int], tmp_path: Path) -> None:
    """Export, words and list, shortcuts, comparison."""
    opened = open_map(live, "#couches=espace_nature,poche_pauvrete,bassin&filtre=bassin:ostrevent", size=size)
    page = opened.page
    page.keyboard.press("e")
    page.locator(".export-liens a").first.wait_for()
    check(opened, tmp_path, "export")
    page.keyboard.press("Escape")
    page.locator("#carte").focus()
    page.keyboard.press("l")
    page.locator(".prose").wait_for()
    check(opened, tmp_path, "lieux")
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()
    check(opened, tmp_path, "raccourcis")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.keyboard.press("c")
    page.click("#comparer")
    page.locator("#rideau").wait_for()
    check(opened, tmp_path, "comparaison")


def test_page_on_a_phone(open_page: OpenPage, live: Live) -> None:
    opened = open_page(live, "/territoires/bassin/bassin_minier", size=PHONE)
    assert opened.axe() == []


def test_motion_is_reduced_when_asked(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, reduced_motion="reduce")
    zoom = opened.vue()["zoom"]
    opened.page.click("#zoom-plus")
    assert opened.vue()["zoom"] == pytest.approx(zoom + 1)
