"""Everything without a mouse: from the skip links to a sheet and back, the focus where a person expects it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.observed import Opened


def tab_to(opened: Opened, selector: str, limit: int = 120) -> None:
    for _ in range(limit):
        if opened.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        opened.page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached in {limit} tabs")


def test_skip_links_come_first_and_keep_the_view(first_view: Opened) -> None:
    """The fragment belongs to the view: a skip link must not lose it."""
    page = first_view.page
    before, couches = first_view.vue(), first_view.couches()
    for target in ("carte", "panneau", "bouton-lieux"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == f"#{target}"
        assert first_view.box(".liens-evitement a:focus")["y"] >= 0
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "carte"
    page.keyboard.press("+")
    first_view.wait("(zoom) => window.atlas.vue().zoom > zoom + 0.9", before["zoom"])
    assert first_view.couches() == couches
    first_view.wait("location.hash.startsWith('#vue=')")


def test_layer_by_keyboard(first_view: Opened) -> None:
    page = first_view.page
    tab_to(first_view, "[data-couche=equipe] [name=couche]")
    page.keyboard.press("Space")
    first_view.wait_visibles("equipe", 2)
    page.locator("#titre-couches").locator("xpath=..").focus()
    tab_to(first_view, "[data-couche=equipe] .reglages summary", 25)  # in the list of what is shown, by its place
    page.keyboard.press("Enter")
    tab_to(first_view, "[data-couche=equipe] [name=opacite]", 4)
    page.keyboard.press("ArrowLeft")
    assert page.locator("[data-couche=equipe] output").inner_text() == "95 %"


def test_map_moves_with_the_arrows_and_answers_enter(first_view: Opened) -> None:
    page = first_view.page
    start = first_view.vue()
    tab_to(first_view, "#carte")
    assert page.locator(".viseur").is_visible()
    vues = {}
    for key in ("ArrowRight", "ArrowUp", "+", "-", "ArrowLeft", "ArrowDown"):
        before = page.evaluate("JSON.stringify(window.atlas.vue())")
        page.keyboard.press(key)
        first_view.wait("(before) => JSON.stringify(window.atlas.vue()) !== before", before)
        first_view.steady()
        vues[key] = first_view.vue()
    assert vues["ArrowRight"]["lon"] > start["lon"] + 0.01
    assert vues["ArrowUp"]["lat"] > start["lat"] + 0.01
    assert vues["+"]["zoom"] == pytest.approx(start["zoom"] + 1)
    for name in ("zoom", "lat", "lon"):
        assert vues["ArrowDown"][name] == pytest.approx(start[name], abs=1e-6)
    page.keyboard.press("Enter")
    first_view.wait("!document.getElementById('volet').hidden")
    page.keyboard.press("Escape")
    assert page.locator("#volet").is_hidden()
    assert page.evaluate("document.activeElement.id") == "carte"


def test_list_and_sheet_by_keyboard(first_view: Opened) -> None:
    page = first_view.page
    tab_to(first_view, "#bouton-lieux")
    page.keyboard.press("Enter")
    title = "document.getElementById('volet-titre').textContent"
    first_view.wait(f"{title} === `${{window.atlas.visibles().length}} lieux visibles`")  # of what the sheet leaves
    assert page.locator("#bouton-lieux").get_attribute("aria-expanded") == "true"
    shown = Counter(each["couche"] for each in first_view.visibles())
    titles = {
        "bassin": "Bassins de vie de l’agglomération",
        "espace_nature": "Espaces de nature et de loisirs",
        "poche_pauvrete": "Poches de pauvreté",
        "projet_emblematique": "Projets emblématiques",
    }
    groups = page.locator("#volet h3").all_inner_texts()
    assert sorted(groups) == [f"{title} : {shown[couche]}" for couche, title in titles.items()]
    tab_to(first_view, "#volet .ligne", 5)
    name = page.evaluate("document.activeElement.querySelector('span:not(.puce)').firstChild.textContent")
    page.keyboard.press("Enter")
    first_view.sheet()
    assert page.inner_text("#volet-titre") == name
    assert page.evaluate("document.activeElement.id") == "volet-titre"
    assert page.locator("#bouton-lieux").get_attribute("aria-expanded") == "false"
    page.keyboard.press("Escape")
    assert page.locator("#volet").is_hidden()
    assert page.evaluate("document.activeElement.id") == "bouton-lieux"
    first_view.wait("!location.hash.includes('fiche=')")


def test_focus_is_always_visible(first_view: Opened) -> None:
    """Each stop has an outline, on the header's dark ground too."""
    page = first_view.page
    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]; })()"
        )
        seen.append(tuple(style))
    assert set(seen) == {("solid", "3px")}
