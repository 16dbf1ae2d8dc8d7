"""axe-core on every kind of page and every state of the map: not one violation, best practices included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
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


def test_page_on_a_phone(open_page: OpenPage, live: Live) -> None:
    opened = open_page(live, "/territoires/bassin/bassin_minier", size=PHONE)
    assert opened.axe() == []


def test_motion_is_reduced_when_asked(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, reduced_motion="reduce")
    zoom = opened.vue()["zoom"]
    opened.page.click("#zoom-plus")
    assert opened.vue()["zoom"] == pytest.approx(zoom + 1)
