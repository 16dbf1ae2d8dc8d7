"""Drawing a zone on the map with a mouse, and reading what it holds: the numbers of the page are those of the JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import shapely

from webmap.web.french import nombre

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened

PHONE = (390, 844)
SQUARE = "POLYGON((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.4,3.4 50.3))"
ADDRESS = "/territoires/polygone?wkt=POLYGON((3.4%2050.3,3.5%2050.3,3.5%2050.4,3.4%2050.4,3.4%2050.3))"
CORNERS = [(-120, -90), (110, -100), (130, 80), (-100, 110)]  # pixels around the middle of the map


def middle(page: Page) -> tuple[float, float]:
    box = page.locator("#carte").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def draw(opened: Opened, corners: list[tuple[int, int]]) -> None:
    opened.page.click("#dessiner")
    opened.page.locator("#carte.tenue").wait_for()
    x, y = middle(opened.page)
    for dx, dy in corners:
        opened.page.mouse.click(x + dx, y + dy)


def count(page: Page) -> None:
    page.get_by_role("link", name="Ce que cette zone contient").click()
    page.wait_for_url("**/territoires/polygone?wkt=*")


def spaces(text: str) -> str:
    return re.sub(r"[\u202f\u00a0]", " ", text)


def read_figures(page: Page) -> dict[str, str]:
    """Label -> figure, of what is shown without unfolding anything."""
    rows = [row for row in page.locator("table.mesures tbody tr:has(th)").all() if row.is_visible()]
    return {row.locator("th").inner_text(): row.locator("td").first.inner_text() for row in rows}


def read_missing(page: Page) -> dict[str, str]:
    """Label -> why it has no value."""
    found = {}
    for term in page.locator("dl.sans-valeur dt").all():
        told = term.locator("xpath=following-sibling::dd[1]").inner_text()
        labels = re.sub(r" \([^()]*\)(?= ;|\.)", "", spaces(told)).removesuffix(".").split(" ; ")
        found.update(dict.fromkeys(labels, term.inner_text()))
    return found


def test_a_zone_drawn_on_the_map_is_counted(open_map: OpenPage, live_with_contours: Live, tmp_path: Path) -> None:
    opened = open_map(live_with_contours)
    page = opened.page
    draw(opened, CORNERS)
    opened.capture(tmp_path, "dessin")
    x, y = middle(page)
    page.mouse.click(x + CORNERS[0][0], y + CORNERS[0][1])
    page.route("**/polygone.pdf?*", lambda _: None)  # never comes
    page.get_by_role("link", name="En PDF").click()
    page.get_by_role("button", name=re.compile("^Annuler : .*, PDF$")).click()
    opened.notice("Annulé : ")
    count(page)
    [wkt] = parse_qs(urlsplit(page.url).query)["wkt"]
    assert shapely.get_num_coordinates(shapely.from_wkt(wkt)) == len(CORNERS) + 1
    content = (
        live_with_contours.app.test_client().get("/territoires/polygone.json", query_string={"wkt": wkt}).get_json()
    )
    shown, missing = read_figures(page), read_missing(page)
    empty = page.locator("p", has_text="Couches encore vides").locator("a")
    layers = {str(link.get_attribute("href")).removeprefix("/couches/") for link in empty.all()}
    own = {value["libelle"]: value for value in content["unites"][0]["mesures"]}
    assert own["Superficie"]["valeur"] > 1
    assert own.keys() >= shown.keys() | missing.keys(), "nothing is shown that the JSON does not say"
    for label, value in own.items():
        if value["valeur"] is not None:
            assert spaces(shown.pop(label)).startswith(spaces(nombre(value["valeur"]))), label
        else:
            assert value["couche"] in layers or missing.pop(label) == value["indisponible"], label
    assert not shown
    assert not missing
    assert page.locator("figure svg path.ici").count() >= 1


def test_escape_gives_up_and_a_click_opens_a_sheet_again(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live)
    page = opened.page
    draw(opened, CORNERS[:2])
    assert page.get_by_role("button", name="Terminer").is_disabled()
    page.wait_for_timeout(400)  # what a single click would have opened, had it asked anything of the map
    assert page.locator("#volet").is_hidden()
    page.keyboard.press("Escape")
    page.get_by_text("Tracé abandonné.").wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#atelier").is_hidden()
    assert page.locator("#carte.tenue").count() == 0
    assert page.evaluate("window.atlas.dessin()") == []
    assert urlsplit(page.url).path == "/"
    page.mouse.click(*middle(page))
    page.locator("#volet").wait_for()


def test_a_double_click_or_the_button_ends_the_zone(open_map: OpenPage, live: Live) -> None:
    for end in ("double", "button"):
        opened = open_map(live)
        page = opened.page
        zoom = opened.vue()["zoom"]
        draw(opened, CORNERS[:3])
        if end == "double":
            x, y = middle(page)
            page.mouse.dblclick(x + CORNERS[3][0], y + CORNERS[3][1])
        else:
            assert opened.vue()["zoom"] == zoom
            page.get_by_role("button", name="Terminer").click()
        count(page)


def test_a_crossed_zone_is_refused_where_it_crosses(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live)
    opened.tolerate("422")
    draw(opened, [CORNERS[0], CORNERS[2], CORNERS[1], CORNERS[3]])
    opened.page.get_by_role("button", name="Terminer").click()
    count(opened.page)
    assert re.search(r"se croise vers 3,\d+ ; 50,\d+", opened.page.locator("main").inner_text())


def test_without_a_mouse_the_form_does_the_same(open_page: OpenPage, live_with_contours: Live, tmp_path: Path) -> None:
    file = tmp_path / "zone.geojson"
    file.write_text(json.dumps(shapely.geometry.mapping(shapely.from_wkt(SQUARE))), encoding="utf-8")
    opened = open_page(live_with_contours)
    page = opened.page
    opened.settle()
    page.locator("#dessin-aide a").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/territoires/polygone")
    page.locator("#wkt").fill(SQUARE)
    page.locator("form.zone button").first.press("Enter")
    page.locator("h1", has_text="Zone tracée").wait_for()
    typed = page.locator(".chapeau").inner_text()
    page.locator("#fichier").set_input_files(file)
    page.locator("form.zone button").first.click()
    page.wait_for_load_state()
    assert page.locator(".chapeau").inner_text() == typed
    page.get_by_label("Denain", exact=True).check()
    page.get_by_role("button", name="Compter dans ces communes").click()
    page.wait_for_url("**/territoires/polygone?communes=59172")
    assert "Denain" in page.locator(".chapeau").inner_text()


@pytest.mark.parametrize(
    "path",
    [
        "/territoires/polygone",
        ADDRESS,
        "/territoires/polygone?communes=59172",
        "/territoires/qpv",
        "/territoires/qpv/QN05958M",
    ],
)
def test_the_pages_of_zones_are_accessible(open_page: OpenPage, live_with_contours: Live, path: str) -> None:
    opened = open_page(live_with_contours, path)
    opened.page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    for width, height in ((1280, 720), (320, 640)):
        opened.page.set_viewport_size({"width": width, "height": height})
        assert opened.axe() == []
        assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_drawing_is_accessible(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live)
    draw(opened, CORNERS[:2])
    assert opened.axe() == []
    phone = open_map(live, size=PHONE)
    phone.page.click("#bascule-panneau")
    phone.page.click("#dessiner")
    phone.page.locator("#atelier").wait_for()
    assert phone.page.locator("#panneau").is_hidden()
    assert phone.axe() == []
