"""On the wall: keys and clicker, what is shown and at what size, and what is said beforehand of the last row."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_map import wait_address
from webmap.store.vues import record_vue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage, Serve
    from tests.browser.observed import Opened
    from webmap.store.db import Database

VUES = {
    "bassins": ("Les trois bassins", "vue=10.3/50.36/3.4&couches=bassin&fond=communal"),
    "poches": ("Poches de pauvreté", "vue=11.5/50.33/3.4&couches=commune,poche_pauvrete&fond=communal"),
    "nature": ("Nature et loisirs", "vue=11/50.4/3.4&couches=espace_nature&fond=communal"),
}
ROOM = {"distance": 6.0, "largeur": 2.4}
SHOWN = """() => [...document.querySelectorAll('.atlas > *, .scene > *')]
  .filter((node) => node.checkVisibility() && node.getBoundingClientRect().width > 1)
  .map((node) => node.id || node.classList[1] || node.className)"""


def capital(width: int) -> float:
    """Return the least height, in pixels, of a capital letter read from the last row: ISO 9241-303, 16 minutes of arc."""
    metres = 2 * ROOM["distance"] * math.tan(math.radians(16 / 60) / 2)
    return metres / ROOM["largeur"] * width


@pytest.fixture(scope="module")
def live_with_vues(serve: Serve, contoured: str) -> Iterator[Live]:
    def keep(database: Database) -> None:
        with database.owner() as connection:
            for code, (titre, fragment) in VUES.items():
                record_vue(connection, code, titre, fragment, None)

    with serve(contoured, keep) as found:
        yield found


def give_room(opened: Opened) -> None:
    opened.page.evaluate("(room) => localStorage.setItem('salle', JSON.stringify(room))", ROOM)


def title(opened: Opened) -> str:
    return opened.page.inner_text("#projection-titre")


def wait_title(opened: Opened, text: str) -> None:
    opened.wait("(text) => document.getElementById('projection-titre')?.textContent === text", text)


def read_sizes(opened: Opened) -> list[float]:
    """Return the font size of each text of the page that is displayed, in pixels."""
    found: list[float] = opened.page.locator(".projection:not(.scene) :is(h1, h2, h3, li, p):visible").evaluate_all(
        "(all) => all.map((node) => parseFloat(getComputedStyle(node).fontSize))"
    )
    return found


def show(opened: Opened, action: str, code: str) -> None:
    """Press a key of the clicker, and see that the map shows that view."""
    titre, fragment = VUES[code]
    opened.page.keyboard.press(action)
    wait_title(opened, titre)
    wait_address(opened, fragment.split("&")[1])
    opened.settle()
    assert opened.couches() == fragment.split("couches=")[1].split("&")[0].split(",")
    assert abs(opened.vue()["zoom"] - float(fragment[4:].split("/")[0])) < 0.01


def shown(opened: Opened) -> list[str]:
    """Return what is displayed in the page, beside what holds it."""
    found: list[str] = opened.page.evaluate(SHOWN)
    return sorted(each for each in found if each != "scene")


def test_a_talk_goes_through_the_views_and_back(open_map: OpenPage, live_with_vues: Live, tmp_path: Path) -> None:
    opened = open_map(live_with_vues, size=(1920, 1080))
    page = opened.page
    give_room(opened)
    page.locator("#recherche-texte").press("p")  # a letter in a field is a letter
    assert page.locator("#projection-titre").count() == 0
    page.locator("#copier-lien").focus()
    page.keyboard.press("p")
    wait_title(opened, "Atlas de La Porte du Hainaut")
    assert "mode=projection" in page.url
    assert shown(opened) == ["carte", "projection-legende", "projection-tete"]
    assert page.evaluate("document.activeElement.id") == "carte"
    show(opened, "PageDown", "bassins")
    show(opened, "PageDown", "poches")
    assert opened.visibles("poche_pauvrete")
    legend = page.inner_text(".projection-legende")
    assert "Poches de pauvreté" in legend
    assert "position approximative" in legend
    assert opened.axe() == []
    show(opened, "PageDown", "nature")
    show(opened, "PageDown", "nature")  # the last one
    show(opened, "PageUp", "poches")
    opened.capture(tmp_path, "projection")
    page.keyboard.press("Escape")
    opened.wait("!document.querySelector('.projection')")
    assert page.evaluate("document.activeElement.id") == "copier-lien"
    assert "mode=" not in page.url
    assert page.locator("#panneau").is_visible()
    assert opened.couches() == ["commune", "poche_pauvrete"]


def test_the_screen_goes_black_the_pointer_is_seen_and_nothing_pops_up(
    open_map: OpenPage, live_with_vues: Live
) -> None:
    opened = open_map(live_with_vues, f"?mode=projection#{VUES['poches'][1]}")
    page = opened.page
    wait_title(opened, VUES["poches"][0])
    opened.settle()
    assert page.evaluate("document.fullscreenElement === null")  # no one has asked the browser for it yet
    page.keyboard.press("b")
    opened.wait("document.fullscreenElement !== null")
    assert opened.seen(0, 0, 1280, 720) == {"#000000"}
    page.keyboard.press("PageDown")  # any key lights it again, and does no more
    assert page.locator("#projection-noir").is_hidden()
    assert title(opened) == VUES["poches"][0]
    page.keyboard.press(".")
    assert page.locator("#projection-noir").is_visible()
    page.mouse.click(500, 300)
    assert page.locator("#projection-noir").is_hidden()

    page.mouse.move(400, 350)
    ring = opened.box(".projection-anneau")
    assert abs(ring["x"] + ring["width"] / 2 - 400) <= 1
    assert abs(ring["y"] + ring["height"] / 2 - 350) <= 1
    opened.click_map(*live_with_vues.place("poche_pauvrete", opened.visibles("poche_pauvrete")[0]["cle"]))
    page.evaluate("document.getElementById('avis').textContent = 'Un avis'")
    page.keyboard.press("Enter")
    page.wait_for_timeout(400)  # longer than a click waits for a second one
    assert shown(opened) == ["carte", "projection-anneau", "projection-legende", "projection-tete"]
    assert page.locator("#volet").get_attribute("hidden") is not None  # no sheet waits behind either
    page.keyboard.press("Escape")
    opened.wait("!document.querySelector('.projection')")
    assert page.evaluate("document.activeElement.id") == "carte"


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160)])
def test_what_is_written_is_read_from_the_last_row(
    open_page: OpenPage, live_with_vues: Live, width: int, height: int, tmp_path: Path
) -> None:
    _, fragment = VUES["poches"]
    opened = open_page(live_with_vues, "/robots.txt", size=(width, height))
    give_room(opened)
    fonts = """() => { const seen = []; const set = CanvasRenderingContext2D.prototype;
      const { set: own, get } = Object.getOwnPropertyDescriptor(set, 'font');
      Object.defineProperty(set, 'font', { get, set(value) { seen.push(value); own.call(this, value); } }); window.fontsSeen = seen; }"""
    opened.page.add_init_script(f"({fonts})()")
    opened.page.goto(f"{live_with_vues.origin}/?mode=projection#{fragment}")
    wait_title(opened, VUES["poches"][0])  # a view is known by what it shows
    opened.settle()
    opened.wait("window.fontsSeen.some((font) => font.startsWith('700 '))")
    sizes = read_sizes(opened)
    assert len(sizes) >= 3
    assert min(sizes) * 0.7 >= capital(width)
    drawn = opened.page.evaluate(
        "window.fontsSeen.filter((f) => f.startsWith('700 ')).map((f) => parseFloat(f.slice(4)))"
    )
    assert min(drawn) * 0.7 >= capital(width)
    assert abs(opened.vue()["zoom"] - 11.5 - math.log2(width / 1920)) < 0.01  # the same wall, the same land
    title_box, legend, carte = opened.box(".projection-tete"), opened.box(".projection-legende"), opened.box("#carte")
    assert title_box["width"] == width
    assert legend["x"] + legend["width"] == width
    assert abs(carte["width"] + legend["width"] - width) <= 1
    assert abs(carte["height"] + title_box["height"] - height) <= 1
    assert opened.axe() == []
    opened.capture(tmp_path, f"projection-{width}")


def test_a_legend_too_long_says_how_much_is_left_out(open_map: OpenPage, live_with_vues: Live) -> None:
    opened = open_map(
        live_with_vues,
        "#couches=bassin,bv2022,equipe,irve,projet_emblematique,espace_nature,poche_pauvrete,veille_active",
    )
    give_room(opened)
    opened.page.locator("#carte").press("p")
    opened.wait("!!document.querySelector('.projection-suite')?.textContent.includes('de plus')")
    box = opened.box(".projection-legende")
    for line in opened.page.locator(".projection-legende :is(li, .projection-suite)").all():
        each = line.bounding_box()
        assert each
        assert each["y"] + each["height"] <= box["y"] + box["height"] + 1


def test_the_check_says_what_will_not_be_read_and_the_room_is_kept(
    open_map: OpenPage, live_with_vues: Live, tmp_path: Path
) -> None:
    opened = open_map(live_with_vues, "#couches=commune,poche_pauvrete")
    page = opened.page
    page.click("#lisible")
    room = page.locator(".lisibilite")
    room.wait_for()
    assert page.get_by_text("Hypothèse d’une petite salle").is_visible()
    page.fill("#salle-distance", "30")
    assert "les noms ne se lisent pas" in room.inner_text()
    page.fill("#salle-distance", "6")
    page.fill("#salle-largeur", "2.4")
    assert page.get_by_text("Hypothèse d’une petite salle").is_hidden()
    assert "les noms ne se lisent pas" not in room.inner_text()
    commune = page.locator(".lisibilite-couche[data-couche=commune]")
    assert "trait de 0,8 px, il en faut 1,1" in commune.inner_text()
    assert "width = 1.1" in commune.inner_text()
    page.locator("#affichees [data-couche=commune] [data-action=retirer]").click()
    assert commune.count() == 0  # it follows the list
    assert opened.axe() == []
    opened.capture(tmp_path, "lisible")
    page.reload()
    opened.settle()
    page.click("#lisible")
    assert page.locator("#salle-distance").input_value() == "6"
    page.locator("#volet").get_by_role("button", name="Projeter").click()
    opened.wait("!!document.getElementById('projection-titre')")
    page.keyboard.press("Escape")
    opened.wait("!document.querySelector('.projection')")
    assert page.evaluate("document.activeElement.textContent") == "Projeter"
    assert page.locator("#volet").is_visible()
