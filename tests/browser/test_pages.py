"""The pages beside the map, as a browser shows them: figures with their document and line, what is missing said missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Live, OpenPage

UNAVAILABLE = "indisponible (contours non chargés)"
BASSIN = "/territoires/bassin/bassin_minier"


def read(page: Page, selector: str = "main") -> str:
    """Return the text of a part of the page, every kind of space as one plain space."""
    return re.sub(r"\s+", " ", page.inner_text(selector))


def stated(page: Page) -> dict[str, tuple[str, str]]:
    """Label -> (value, source and note) of the figures that documents give."""
    rows = page.locator("[aria-label='Chiffres déclarés'] tbody tr").all_inner_texts()
    cells = [[re.sub(r"\s+", " ", cell).strip() for cell in row.split("\t")] for row in rows]
    return {label: (value, source) for label, value, source in cells}


def test_bassin_page_gives_the_figures_of_the_documents(open_page: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_page(live, BASSIN)
    figures = stated(opened.page)
    for label, value, line in [
        ("Habitants des quartiers réglementaires", "36 794 habitants", "ligne 74"),
        ("Quartiers réglementaires annoncés", "12 quartiers", "ligne 72"),
        ("Quartiers prioritaires en 2017", "13 quartiers", "ligne 978"),
        ("Habitants des poches de pauvreté", "7 000 habitants", "ligne 85"),
        ("Halles portées par l’agglomération", "23 halles", "ligne 887-890"),
        ("Halles réalisées", "16 halles", "ligne 891"),
        ("Halles en construction", "4 halles", "ligne 891-892"),
        ("Halles en projet", "4 halles", "ligne 892"),
    ]:
        assert figures[label][0] == value
        assert re.search(rf"{line}\b", figures[label][1]), label
    assert "Contrat Quartiers 2030" in figures["Habitants des quartiers réglementaires"][1]
    assert "13 codes" in figures["Quartiers réglementaires annoncés"][1]
    assert "font 24 et non 23" in figures["Halles portées par l’agglomération"][1]
    opened.page.screenshot(path=tmp_path / "bassin.png", full_page=True)


def test_population_and_parts(open_page: OpenPage, live: Live) -> None:
    page = open_page(live, BASSIN).page
    text = read(page)
    assert "100 802 hab." in text
    assert "somme des populations municipales" in text
    assert "epcicom 2026" in text
    assert "Affectation de travail, à confirmer par la collectivité." in text
    page.goto(f"{live.origin}/territoires/territoire/200042190")
    assert "158 351 hab." in read(page)
    page.goto(f"{live.origin}/territoires/bassin")
    parts = [
        int(re.sub(r"\D", "", cell))
        for cell in page.locator("[aria-label$=découpages] td:nth-child(2)").all_inner_texts()[:3]
    ]
    assert sum(parts) == 158_351
    assert "158 351" in read(page, "[aria-label$=découpages] tr.total")


def test_chart_has_its_table(open_page: OpenPage, live: Live) -> None:
    page = open_page(live, BASSIN).page
    chart = page.locator("figure.parts svg[role=img]")
    assert "Les valeurs sont dans le tableau qui suit." in (chart.get_attribute("aria-label") or "")
    bars = [re.sub(r"\s+", " ", bar) for bar in chart.locator("text").all_text_contents()]
    assert "91 % (10 sur 11)" in bars
    assert "population : 63,7 %" in bars
    box = chart.bounding_box()
    assert box
    assert box["height"] > 200
    drawn = [bar.bounding_box() for bar in chart.locator("rect.barre:not(.territoire)").all()]
    assert all(bar and bar["x"] + bar["width"] <= box["x"] + box["width"] for bar in drawn)
    rows = [re.sub(r"\s+", " ", row) for row in page.locator("[aria-label^='Mesures :'] tbody tr").all_inner_texts()]
    assert any(row.startswith("Poches de pauvreté 10 quartiers 11 quartiers nombre de lignes") for row in rows)
    assert any("(dont 6 non localisés)" in row for row in rows)


def test_areas_need_contours(open_page: OpenPage, live: Live, live_with_contours: Live) -> None:
    page = open_page(live, BASSIN).page
    territory = "[aria-label='Mesures : Territoire et découpages']"
    assert UNAVAILABLE in read(page, ".grille")
    assert "km²" not in read(page, territory)
    assert "cellules schématiques, pas des limites administratives" in read(page)
    page = open_page(live_with_contours, BASSIN).page
    assert UNAVAILABLE not in read(page)
    assert re.search(r"Superficie [\d ]+(,\d)? km²", read(page, territory))
    assert re.search(r"Densité de population [\d ]+(,\d)? hab./km²", read(page, ".grille"))
    assert "cellules schématiques" not in read(page)


def test_real_area(open_page: OpenPage, live_real: Live) -> None:
    page = open_page(live_real, "/territoires/territoire/200042190").page
    found = re.search(r"Superficie ([\d,]+) km²", read(page))
    assert found
    assert float(found[1].replace(",", ".")) == pytest.approx(372.9, rel=0.002)


def test_places_without_a_place_are_listed(open_page: OpenPage, live: Live) -> None:
    page = open_page(live, BASSIN).page
    after = page.locator("h3:has-text('Non localisés (territoire entier)') ~ details").first
    assert "Projets emblématiques : 6" in after.locator("summary").inner_text()
    assert after.locator("li").first.is_hidden()
    after.locator("summary").focus()
    page.keyboard.press("Enter")
    after.locator("li").first.wait_for()
    names = after.locator("li").all_inner_texts()
    assert len(names) == 6
    assert "Fabrique des savoirs et de la citoyenneté" in names
    after.locator("a", has_text="Fabrique").click()
    page.wait_for_url(f"{live.origin}/fiches/projet_emblematique/fabrique-des-savoirs")
    assert "non localisé" in read(page)


def test_page_leads_to_the_map_and_back(open_page: OpenPage, live: Live) -> None:
    opened = open_page(live, BASSIN)
    opened.page.click("text=Voir sur la carte")
    opened.wait("!!window.atlas?.pret")
    opened.wait_visibles("poche_pauvrete", 10)
    assert opened.page.locator("#filtre").input_value() == "bassin:bassin_minier"


def test_catalogue(open_page: OpenPage, live: Live) -> None:
    page = open_page(live, "/couches").page
    rows = [re.sub(r"\s+", " ", row) for row in page.locator("tbody tr").all_inner_texts()]
    assert any(row.startswith("Poches de pauvreté 11 ") for row in rows)
    assert any("13 (dont 13 sans emplacement)" in row for row in rows)
    assert any(row.startswith("Halles aucune") for row in rows)
    page.click("a:text-is('Halles')")
    page.wait_for_url(f"{live.origin}/couches/halle")
    text = read(page)
    for expected in (
        "Une couche encore vide",
        "Écrire dans seed.csv une ligne par halle",
        "23 halles", "16 halles", "4 halles",
        "font 24 et non 23 : contradiction du document, non corrigée",
        "ligne 887-890",
        "Producteur Communauté d’Agglomération de La Porte du Hainaut",
        "Licence Non précisée par le document",
    ):  # fmt: skip
        assert expected in text
    assert page.locator(".legende svg").count() == 3


def test_no_such_page(open_page: OpenPage, live: Live) -> None:
    for path, sentence in [
        ("/nulle-part", "Cette adresse ne mène à rien."),
        ("/couches/inconnue", "inconnue"),
        ("/territoires/bassin/denaisis", "n'a pas d'unité « denaisis »"),
    ]:
        opened = open_page(live, path)
        opened.tolerate("404")
        assert opened.page.locator("h1").inner_text() == "Introuvable"
        assert sentence in read(opened.page)
        opened.page.click("text=Revenir à la carte")
        opened.settle()
