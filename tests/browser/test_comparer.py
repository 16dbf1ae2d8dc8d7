"""Two sets of layers of one view: what each side shows, the curtain by mouse and keys, the link that keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.test_couches import item
from tests.browser.test_map import wait_address
from tests.browser.test_responsive import check_page

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened

BASSINS = {"#00664b", "#7d4600", "#3d4699"}  # the outlines of the three
SET = "bassin,poche_pauvrete"


def sides(opened: Opened) -> tuple[bool, bool]:
    """Whether the outlines of the bassins are seen on the left of the map, and on its right, 5 % from the middle."""
    box = opened.box(".scene")
    width = box["width"] * 0.45
    left, right = (opened.seen(x, box["y"], width, box["height"]) for x in (box["x"], box["x"] + box["width"] - width))
    return bool(left & BASSINS), bool(right & BASSINS)


def wait_sides(opened: Opened, expected: tuple[bool, bool]) -> None:
    """Both maps are drawn in the frames that follow: look until they are."""
    opened.settle()
    opened.until(lambda: sides(opened) == expected)


def compare(opened: Opened) -> None:
    opened.page.click("#comparer")
    opened.wait("!!window.atlas.comparaison()")


def test_a_drawing_is_on_both_maps(open_map: OpenPage, live: Live) -> None:
    """From a link, then changed while the two are side by side."""
    drawn = "dessin=g1:ggqjGgyslgDgm1DginBginB_l1D&lignes=espace_nature:" + next(iter(live.rows("espace_nature")))
    opened = open_map(
        live, f"#couches=qpv&vue=9.9/50.38/3.4&comparer=cote/0.5/droite&comparer.couches=espace_nature&{drawn}"
    )
    box = opened.box(".scene")
    parts = [(box["x"] + each * box["width"] / 2, box["y"], box["width"] / 2 - 60, box["height"]) for each in (0, 1)]
    opened.wait("!!window.atlas.comparaison()")

    def seen(color: str) -> list[bool]:
        opened.settle()
        return [color in opened.seen(*part) for part in parts]

    opened.wait(
        "!!document.querySelector('#carte-b .surbrillance.choisies .trait')?.getAttribute('d')"
    )  # chosen rows too
    opened.page.click("#bouton-tableau")
    opened.until(lambda: seen("#b3261e") == [True, True])
    opened.page.evaluate("location.hash = location.hash.replace('dessin=g1', 'dessin=g4')")
    opened.until(lambda: seen("#7b2d8e") == [True, True])
    opened.until(lambda: seen("#b3261e") == [False, False])
    # Drawn on the second map, finished on the first: the view is one.
    opened.page.click("#dessiner")
    opened.page.locator("#carte-b.tenue").wait_for()
    left, top, *_ = parts[1]
    for dx, dy in [(20, 150), (120, 150), (120, 250)]:
        opened.page.mouse.click(left + dx, top + dy)
        opened.page.wait_for_timeout(300)  # two clicks that follow at once are one double click
    opened.page.mouse.dblclick(left + 20 - box["width"] / 2, top + 250)
    opened.wait("window.atlas.dessin().length === 2")
    ring = opened.page.evaluate("window.atlas.dessin()[1].geometrie.coordinates[0]")
    corners = [[round(at) for at in opened.pixel(*place)] for place in ring[:4]]
    assert corners == [
        [round(box["x"] + dx), round(top + dy)] for dx, dy in [(20, 150), (120, 150), (120, 250), (20, 250)]
    ]


def radio(opened: Opened, name: str) -> Locator:
    return opened.page.get_by_role("radio", name=name)


def test_the_curtain_parts_two_sets(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live, f"#couches={SET}&vue=9.9/50.38/3.4")
    page = opened.page
    assert not any("comparer" in url for url in opened.requests)  # fetched when it is asked for
    wait_sides(opened, (True, True))
    compare(opened)
    assert any("comparer" in url for url in opened.requests)
    assert page.evaluate("document.activeElement.id") == "rideau"
    assert page.locator("#comparer").is_hidden()
    wait_sides(opened, (True, True))  # a copy to begin with
    item(opened, "bassin").locator("[data-action=retirer]").click()
    wait_sides(opened, (True, False))
    wait_address(opened, f"couches=poche_pauvrete&comparer=rideau/0.5/gauche&comparer.couches={SET}")
    opened.wait("document.getElementById('carte-resume').textContent.endsWith(' à droite')")
    assert opened.axe() == []
    check_page(opened)
    opened.capture(tmp_path, "rideau")


def test_the_curtain_is_moved_by_mouse_and_keys(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, f"#couches=poche_pauvrete&comparer=rideau/0.5/gauche&comparer.couches={SET}")
    opened.wait("!!window.atlas.comparaison()")
    wait_sides(opened, (True, False))
    page = opened.page
    before = len(opened.visibles())
    scene, grip = opened.box(".scene"), opened.box("#rideau")
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + 100)
    page.mouse.down()
    page.mouse.move(scene["x"] + scene["width"] * 0.9, grip["y"] + 140, steps=5)
    page.mouse.up()
    wait_sides(opened, (True, True))
    wait_address(opened, "comparer=rideau/0.9/gauche")
    assert len(opened.visibles()) < before  # what the curtain covers is not in view
    page.locator("#rideau").focus()
    page.keyboard.press("Home")
    wait_sides(opened, (False, False))
    assert page.locator("#rideau").get_attribute("aria-valuetext") == "0 % à gauche"
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator("#rideau").get_attribute("aria-valuenow") == "10"


def test_side_by_side_each_side_is_changed_and_answers(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live, f"#couches={SET}&vue=9.6/50.38/3.4")
    page = opened.page
    compare(opened)
    item(opened, "bassin").locator("[data-action=retirer]").click()
    item(opened, "poche_pauvrete").locator("[data-action=retirer]").click()
    radio(opened, "Côte à côte").check()
    wait_sides(opened, (True, False))
    assert opened.axe() == []
    opened.capture(tmp_path, "cote_a_cote")
    left, right = opened.box("#carte-b"), opened.box("#carte")
    assert abs(left["x"] + left["width"] - right["x"]) <= 1
    assert page.locator("#affichees-vide").is_visible()

    radio(opened, "Gauche").check()  # the other list, and nothing moves on the map
    assert opened.couches() == SET.split(",")
    wait_sides(opened, (True, False))
    wait_address(opened, "comparer=cote/0.5/droite&comparer.couches=&")
    page.get_by_role("button", name="Droite · 0 couche").click()
    assert opened.couches() == []
    assert radio(opened, "Droite").is_checked()
    page.locator("[name=couche][value=espace_nature]").check()
    opened.wait("window.atlas.visibles().length > 0")
    assert {each["couche"] for each in opened.visibles()} == {"espace_nature"}
    page.click("#comparer-fin")
    assert opened.couches() == ["espace_nature"]
    assert page.locator("#carte-b").count() == 0
    assert page.evaluate("document.activeElement.id") == "comparer"
    wait_address(opened, "comparer", present=False)
    wait_sides(opened, (False, False))


def test_a_click_asks_the_side_it_is_on(open_map: OpenPage, live: Live) -> None:
    fragment = "#couches=&comparer=cote/0.5/gauche&comparer.couches=poche_pauvrete&vue=9.6/50.38/3.4"
    opened = open_map(live, fragment)
    opened.wait("!!window.atlas.comparaison()")
    opened.settle()
    page, left, right = opened.page, opened.box("#carte-b"), opened.box("#carte")
    lon, lat = live.place("poche_pauvrete", "herin-cite-des-blancs-rieux")
    x, y = opened.pixel(lon, lat)  # on #carte, at right; the same place at left:
    page.mouse.click(x - right["x"] + left["x"], y)
    assert "Cité des Blancs Rieux" in opened.sheet()
    opened.steady()
    left, right = opened.box("#carte-b"), opened.box("#carte")
    assert abs(left["width"] - right["width"]) <= 1
    assert right["x"] + right["width"] <= opened.box("#volet")["x"] + 1  # both beside the sheet
    page.keyboard.press("Escape")


def test_without_its_script_it_is_said_and_the_map_stays(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live)
    opened.tolerate("Failed to load resource|comparer")
    opened.page.route("**/comparer-*.js*", lambda route: route.abort())
    opened.page.click("#comparer")
    opened.notice("Cette partie de l’atlas n’a pas pu être chargée")
    assert opened.page.locator("#comparer").is_visible()
    opened.wait("!location.hash.includes('comparer')")
    assert len(opened.visibles()) == 27


def test_a_link_opens_a_comparison(open_page: OpenPage, live: Live, tmp_path: Path) -> None:
    fragment = "#vue=9.6/50.38/3.4&couches=commune&comparer=rideau/0.4/droite&comparer.couches=partie,bassin:0.5"
    opened = open_page(live, f"/{fragment}", size=(390, 844))
    opened.settle()
    opened.wait("!!window.atlas.comparaison()")
    opened.notice("couche « partie »")
    found = opened.page.evaluate("window.atlas.comparaison()")
    assert (found["mode"], found["position"], found["cote"]) == ("rideau", 0.4, "droite")
    assert found["couches"] == [{"id": "bassin", "opacite": 0.5}]
    opened.wait("window.atlas.comparaison().visibles.length === 3")
    assert {each["couche"] for each in opened.visibles()} == {"commune"}
    opened.page.click("#avis button")
    check_page(opened)
    assert opened.axe() == []
    opened.capture(tmp_path, "telephone")
    opened.page.set_viewport_size({"width": 320, "height": 256})
    check_page(opened)
    opened.page.goto(f"{live.origin}/#couches=bassin&comparer=rideau/x/droite&comparer.couches=bassin")
    opened.wait("window.atlas.comparaison() === null")
    assert opened.couches() == ["bassin"]
