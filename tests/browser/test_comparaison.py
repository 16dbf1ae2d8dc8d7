"""The page of a découpage, as a browser shows it: a map one can read, a ranking, tables; by keyboard, on a phone, in grey."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from webmap.web import french
from webmap.web.classes import build_classes

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Live, OpenPage

PHONE = (390, 844)
NARROW = (320, 640)  # 1280 px at 400 %
COMMUNES = "/territoires/commune"
BASSINS = "/territoires/bassin"


def squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def measured(live: Live, decoupage: str, couche: str, mesure: str) -> dict[str, float | None]:
    """Name -> value, as the JSON gives it."""
    report = live.app.test_client().get(f"/territoires/{decoupage}.json").get_json()
    return {
        unit["nom"]: value["valeur"]
        for unit in report["unites"]
        for value in unit["mesures"]
        if (value["couche"], value["mesure"]) == (couche, mesure)
    }


def ranking(page: Page) -> list[tuple[str, str]]:
    """(name, value) of each line of the ranking, the whole territory left out."""
    rows = page.locator("#classement tbody tr:not(.total)")
    names = rows.locator("th").all_inner_texts()
    return list(zip(names, map(squeeze, rows.locator("td:nth-last-child(2)").all_inner_texts()), strict=True))


def fills(page: Page) -> dict[str, int]:
    """Shade -> how many units have it on the map."""
    found: dict[str, int] = {}
    for fill in page.locator("path.unite").evaluate_all("paths => paths.map((path) => getComputedStyle(path).fill)"):
        found[fill] = found.get(fill, 0) + 1
    return found


def test_a_reader_cuts_a_rate_into_other_classes(open_page: OpenPage, live_with_contours: Live, tmp_path: Path) -> None:
    opened = open_page(live_with_contours, COMMUNES)
    page = opened.page
    density = measured(live_with_contours, "commune", "commune", "densite")
    known = [value for value in density.values() if value is not None]
    for methode, count in (("quantiles", 4), ("arrondies", 7), ("jenks", 3)):
        page.select_option("#mesure", "commune:densite")
        page.select_option("#methode", methode)
        page.select_option("#classes", str(count))
        page.click("text=Montrer")
        page.wait_for_url(f"**methode={methode}**")
        classes = build_classes(known, methode, count)
        legend = [squeeze(text) for text in page.locator(".legende-classes li").all_inner_texts()]
        expected = [
            squeeze(f"classe {rank} : {label} ({french.pluriel(number, 'unité(s)')})")
            for rank, (label, number) in enumerate(zip(classes.labels, classes.effectifs, strict=True), start=1)
        ]
        assert legend == expected
        assert sorted(fills(page).values()) == sorted(number for number in classes.effectifs if number)
    ordered = sorted(density, key=lambda name: -(density[name] or 0))
    assert ranking(page) == [(name, squeeze(french.nombre(density[name]))) for name in ordered]
    page.screenshot(path=tmp_path / "communes.png", full_page=True)


def test_the_map_takes_the_room_and_stays_in_its_place(open_page: OpenPage, live_with_contours: Live) -> None:
    for size, least in (((1920, 1080), 400), ((1280, 720), 400), (PHONE, 300)):
        page = open_page(live_with_contours, BASSINS, size=size).page
        box = page.locator("svg.thematique").bounding_box()
        assert box is not None
        assert box["width"] >= least
        assert box["x"] + box["width"] <= size[0]
        for path in page.locator("path.unite").all():
            inside = path.bounding_box()
            assert inside is not None
            assert inside["x"] >= box["x"] - 1
            assert inside["x"] + inside["width"] <= box["x"] + box["width"] + 1
        heights = page.locator("svg.thematique text").evaluate_all(
            "texts => texts.map((text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"
        )
        assert min(heights) >= 9, "readable, whatever the scale of the drawing"


def test_headers_sort_by_keyboard(open_page: OpenPage, live: Live) -> None:
    opened = open_page(live, BASSINS)
    page = opened.page
    names = ["Amandinois", "Bassin minier", "Ostrevent"]
    page.focus("#classement thead a >> text=Unité")
    page.keyboard.press("Enter")
    page.wait_for_url("**tri=nom&sens=croissant**")
    assert [name for name, _ in ranking(page)] == names
    assert page.locator("#classement th[aria-sort]").get_attribute("aria-sort") == "ascending"
    page.focus("#classement thead a >> text=Unité")
    page.keyboard.press("Enter")
    page.wait_for_url("**tri=nom&sens=decroissant**")
    assert [name for name, _ in ranking(page)] == names[::-1]
    assert page.locator("#classement th[aria-sort]").get_attribute("aria-sort") == "descending"


def test_the_form_is_used_by_keyboard_alone(open_page: OpenPage, live: Live) -> None:
    page = open_page(live, BASSINS).page
    page.focus("#mesure")
    for field in ("methode", "classes", "bornes"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == field
    page.keyboard.type("0,01;0,05")
    page.keyboard.press("Enter")
    page.wait_for_url("**bornes=0%2C01%3B0%2C05**")
    assert page.input_value("#bornes") == "0,01;0,05"


def test_wide_tables_scroll_in_their_own_region(open_page: OpenPage, live: Live) -> None:
    page = open_page(live, COMMUNES, size=NARROW).page
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    regions = page.locator("[role=region][tabindex='0']")
    assert regions.count() >= 3
    wide = page.locator("[aria-label^='Toutes les unités : Solidarités']")
    wide.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")


@pytest.mark.parametrize("path", [BASSINS, COMMUNES, f"{BASSINS}?mesure=commune:population_municipale"])
def test_no_barrier(open_page: OpenPage, live_with_contours: Live, path: str) -> None:
    opened = open_page(live_with_contours, path)
    assert opened.axe() == []
    opened.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    assert opened.axe() == []


def test_classes_are_told_apart_in_grey(open_page: OpenPage, live_with_contours: Live) -> None:
    page = open_page(live_with_contours, f"{COMMUNES}?classes=7&methode=quantiles").page
    shades = page.locator(".legende-classes rect").evaluate_all(
        "rects => rects.map((rect) => getComputedStyle(rect).fill.match(/[\\d.]+/g).map(Number))"
    )
    grey = [0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue in shades]
    assert len(grey) == 7
    assert all(light - dark > 12 for light, dark in pairwise(grey))


def test_a_wrong_bound_comes_back_as_a_sentence(open_page: OpenPage, live: Live) -> None:
    opened = open_page(live, BASSINS)
    opened.tolerate("400")
    opened.page.fill("#bornes", "vingt")
    opened.page.click("text=Montrer")
    opened.page.wait_for_url("**bornes=vingt**")
    assert "n'est pas un nombre" in opened.page.inner_text("main")
