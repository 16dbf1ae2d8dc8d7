"""The search box: accents, case and « St » ignored; what it finds opens on the map or says that it has no place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.importing.official_server import Answer, official_server
from webmap.config import Geocodage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import OpenPage, Serve
    from tests.browser.observed import Opened
    from webmap.config import Settings


def search(opened: Opened, text: str) -> list[str]:
    """Type, and return the options of the answer to this text."""
    opened.page.fill("#recherche-texte", "")
    opened.wait("document.getElementById('recherche-etat').textContent === ''")
    with opened.page.expect_response(lambda answer: "/recherche.json" in answer.url):
        opened.page.fill("#recherche-texte", text)
    opened.wait("document.getElementById('recherche-etat').textContent !== ''")
    return opened.page.locator("#recherche-liste [role=option]").all_inner_texts()


def test_accents_case_and_abbreviations(first_view: Opened) -> None:
    assert search(first_view, "roeulx")[0] == "Rœulx\nCommunes"
    assert search(first_view, "ST AMAND")[0] == "Saint-Amand-les-Eaux\nCommunes"
    assert first_view.page.inner_text("#recherche-etat") == "7 résultats"
    assert search(first_view, "zzzz") == []
    first_view.wait("document.getElementById('recherche-etat').textContent.startsWith('Aucun résultat pour')")


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


def test_coordinates_are_read_said_and_shown(first_view: Opened) -> None:
    options = search(first_view, "50,38 3,45")
    assert options == ["50,38000 ; 3,45000\ncoordonnées WGS84 · lues latitude puis longitude"]
    assert search(first_view, "48.85 2.35")[0].endswith("hors du territoire")
    assert "Lambert-93 (EPSG:2154)" in search(first_view, "732000 7031000")[0]
    first_view.page.keyboard.press("Enter")
    first_view.page.locator("#atelier[data-outil=reperer]").wait_for()
    first_view.steady()
    assert abs(first_view.vue()["lon"] - 3.44923) < 1e-4
    assert "732" in first_view.page.inner_text(".coordonnees")


def test_addresses_come_after_places_and_never_hold_them(
    serve: Serve, filled: str, settings: Settings, open_map: OpenPage
) -> None:
    answer = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [3.39, 50.33]},
        "properties": {"label": "Rue de Denain <b>", "citycode": "59172", "type": "street", "postcode": "59220"},
    }
    with official_server() as server:
        url = server.serve("/search", Answer(json.dumps({"features": [answer]}).encode()), Answer(b"", status=500))
        named = settings.model_copy(update={"geocodage": Geocodage(url=url, attribution="Essai")})
        with serve(filled, other=named) as live:
            opened = open_map(live)
            search(opened, "denain")
            opened.wait("document.getElementById('recherche-etat').textContent.includes('Adresses : Essai')")
            options = opened.page.locator("#recherche-liste [role=option]").all_inner_texts()
            assert options[0] == "Denain\nCommunes"
            assert options[-1] == "Rue de Denain <b>\nvoie · 59220 Denain"
            opened.page.keyboard.press("ArrowUp")
            assert opened.axe() == []
            opened.page.keyboard.press("Enter")
            opened.page.locator("#atelier[data-outil=reperer]").wait_for()
            assert "Rue de Denain <b>" in opened.page.inner_text("#atelier")
            opened.steady()
            assert abs(opened.vue()["lat"] - 50.33) < 1e-3
            assert search(opened, "raismes")[0] == "Raismes\nCommunes"
            opened.wait("document.getElementById('recherche-etat').textContent.includes('Adresses indisponibles')")
            assert len(server.seen) == 2
