"""The search box: accents, case and « St » ignored; what it finds opens on the map or says that it has no place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.observed import Opened


def search(opened: Opened, text: str) -> list[str]:
    """Type, and return the options of the answer to this text."""
    with opened.page.expect_response(lambda answer: "/recherche.json" in answer.url):
        opened.page.fill("#recherche-texte", text)
    opened.wait("document.getElementById('recherche-etat').textContent !== ''")
    return opened.page.locator("#recherche-liste [role=option]").all_inner_texts()


def test_accents_case_and_abbreviations(first_view: Opened) -> None:
    assert search(first_view, "roeulx")[0] == "Rœulx\nCommunes"
    assert search(first_view, "ST AMAND")[0] == "Saint-Amand-les-Eaux\nCommunes"
    assert first_view.page.inner_text("#recherche-etat") == "7 résultats"
    assert search(first_view, "zzzz") == []
    first_view.wait("document.getElementById('recherche-etat').textContent === 'Aucun résultat.'")


def test_commune_found_is_shown(first_view: Opened) -> None:
    search(first_view, "ST AMAND")
    first_view.page.locator("[role=option]").first.click()
    first_view.sheet()
    assert first_view.page.inner_text("#volet-titre") == "Saint-Amand-les-Eaux"
    first_view.wait("window.atlas.vue().zoom > 11 && window.atlas.vue().lat > 50.42")


def test_place_without_perimeter_opens_its_sheet(first_view: Opened, tmp_path: Path) -> None:
    before = first_view.vue()
    options = search(first_view, "arenberg")
    assert options[0] == "Arenberg\nQuartiers prioritaires de la politique de la ville (QPV) · non localisé"
    assert len(options) == 3
    first_view.capture(tmp_path, "recherche")
    first_view.page.keyboard.press("ArrowDown")
    first_view.page.keyboard.press("Enter")
    text = first_view.sheet()
    assert "périmètre inconnu, commune connue" in text
    assert "Raismes, Wallers" in text
    after = first_view.vue()
    assert abs(after["lat"] - before["lat"]) < 0.001
    assert after["zoom"] == before["zoom"]


def test_arrows_and_escape(first_view: Opened) -> None:
    page = first_view.page
    options = search(first_view, "arenberg")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("#recherche-texte").get_attribute("aria-activedescendant") == "resultat-1"
    assert page.locator("[role=option][aria-selected=true]").inner_text() == options[1]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.locator("[role=option][aria-selected=true]").inner_text() == options[-1]
    page.keyboard.press("Escape")
    assert page.locator("#recherche-liste").is_hidden()
    assert page.locator("#recherche-texte").input_value() == "arenberg"
    page.keyboard.press("Escape")
    assert page.locator("#recherche-texte").input_value() == ""
