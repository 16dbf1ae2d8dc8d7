"""The sheet of a place: opened by a click, a choice, a search or a link; what it must say of where things come from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened


def click_place(open_map: OpenPage, live: Live, couche: str, cle: str, zoom: float = 14) -> Opened:
    lon, lat = live.place(couche, cle)
    opened = open_map(live, f"#couches={couche}&vue={zoom}/{lat}/{lon}")
    opened.wait("(cle) => window.atlas.visibles().some((v) => v.cle === cle)", cle)
    opened.click_map(lon, lat)
    return opened


def test_click_opens_the_sheet(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = click_place(open_map, live, "projet_emblematique", "pole-velo")
    text = opened.sheet()
    assert opened.page.inner_text("#volet-titre") == "Pôle de référence du vélo"
    for expected in (
        "Projets emblématiques",
        "Engagement 2 : Faire face collectivement aux enjeux globaux",
        "Château de la Princesse à Raismes",
        "position approximative : connue à la commune",
        "hypothèse",
        "Projet de Territoire 2024-2044",
        "Communauté d’Agglomération de La Porte du Hainaut",
        "millésime 2023-10",
        "ligne 2662-2706; 1665; 3940",
        "licence",
        "Synthèse, bassin de vie : Bassin minier",
    ):
        assert expected in text
    labels = opened.page.locator("#volet dt").all_inner_texts()
    assert {"Engagement", "Lieu selon le document", "Commune", "Précision", "État", "Localisation"} <= set(labels)
    opened.wait("location.hash.includes('fiche=projet_emblematique:pole-velo')")
    assert opened.page.evaluate("document.activeElement.id") == "volet-titre"
    opened.settle()
    opened.capture(tmp_path, "fiche")


def test_place_stays_in_sight_beside_its_sheet(open_map: OpenPage, live: Live) -> None:
    """A place the sheet would cover comes out from under it."""
    lon, lat = live.place("projet_emblematique", "station-thermale")
    opened = open_map(live, f"#couches=projet_emblematique&vue=14/{lat}/{lon - 0.019}")
    opened.wait_visibles("projet_emblematique", 1)
    opened.click_map(lon, lat)
    opened.sheet()
    opened.wait(
        "() => { const v = window.atlas.visibles(); return v.length === 1 && v[0].cle === 'station-thermale'; }"
    )
    x, _ = opened.pixel(lon, lat)
    assert x < opened.box("#volet")["x"]


def test_several_at_one_click_are_listed(open_map: OpenPage, live: Live) -> None:
    opened = click_place(open_map, live, "poche_pauvrete", "haveluy-cite-de-la-plaine", zoom=9)
    opened.wait("document.getElementById('volet').dataset.volet === 'choix'")
    names = opened.page.locator("#volet .ligne").all_inner_texts()
    assert len(names) >= 2
    assert opened.page.inner_text("#volet-titre") == f"{len(names)} lieux ici"
    assert all("Poches de pauvreté" in name and "position approximative" in name for name in names)
    assert opened.page.locator("#volet .ligne .vignette svg").count() == len(names)
    check_candidates_are_pointed_out(opened, live)
    chosen = opened.page.locator("#volet .ligne", has_text="Cité de la Plaine")
    chosen.click()
    assert "Cité de la Plaine (Haveluy)" in opened.sheet()
    assert "position approximative : connue au quartier" in opened.sheet()
    assert "Position connue au quartier : pas de distance." in opened.sheet()
    assert opened.page.locator(".surbrillance").count() == 0


def check_candidates_are_pointed_out(opened: Opened, live: Live) -> None:
    """Check that arrows go through the list, and that the map shows which place each line is."""
    lines = opened.page.locator("#volet .ligne")
    lines.first.focus()
    opened.page.keyboard.press("ArrowDown")
    assert lines.nth(1).evaluate("(line) => line === document.activeElement")
    name = lines.nth(1).inner_text().split("\n")[0]
    place = next(each for each in opened.visibles("poche_pauvrete") if each["nom"] == name)
    x, y = opened.pixel(*live.place("poche_pauvrete", place["cle"]))

    def off() -> float:
        ring = opened.box(".surbrillance .trait")
        return math.dist((ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2), (x, y))

    opened.until(lambda: off() < 4)  # its tile counts by two pixels at this zoom
    assert opened.axe() == []


def test_sheet_gives_a_missing_value_as_missing(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#couches=projet_emblematique&fiche=projet_emblematique:site-minier-arenberg")
    text = opened.sheet()
    assert "Numéro sur la page de synthèse\n—\nVide quand il est illisible ; jamais déduit." in text
    assert "Zoomer dessus" in text


def test_qpv_without_perimeter_says_so(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#fiche=qpv:QN05958M")
    text = opened.sheet()
    assert "non localisé" in text
    assert "périmètre inconnu" in text
    assert "Raismes, Wallers" in text
    assert "Zoomer dessus" not in text
    assert opened.visibles("qpv") == []


def test_link_with_a_sheet_brings_the_map_to_its_place(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#couches=projet_emblematique&fiche=projet_emblematique:station-thermale")
    opened.sheet()
    opened.wait("window.atlas.vue().zoom > 13")
    lon, lat = live.place("projet_emblematique", "station-thermale")
    vue = opened.vue()
    assert abs(vue["lat"] - lat) < 0.01
    assert abs(vue["lon"] - lon) < 0.02


def test_sheet_of_a_place_that_is_gone(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#fiche=qpv:QN00000X")
    opened.tolerate("404")
    opened.wait("document.getElementById('volet-titre').textContent === 'Fiche indisponible'")
    assert "n'a pas de ligne « QN00000X »" in opened.page.inner_text("#volet")
    assert opened.page.locator("#volet button", has_text="Réessayer").is_visible()


def test_closing_the_sheet_takes_it_out_of_the_address(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#fiche=qpv:QN05950M")
    opened.sheet()
    opened.page.click("#volet-fermer")
    assert opened.page.locator("#volet").is_hidden()
    opened.wait("!location.hash.includes('fiche=')")


def test_sheet_page_leads_to_the_map(open_page: OpenPage, live: Live) -> None:
    opened = open_page(live, "/fiches/espace_nature/bassin-rond")
    text = opened.page.inner_text("main")
    assert "Projet de Territoire 2024-2044" in text
    assert "connue à la commune : position approximative" in text
    opened.page.click("text=Voir sur la carte")
    opened.wait("!!window.atlas?.pret")
    assert "Bassin Rond" in opened.sheet()
    assert opened.couches() == ["espace_nature"]
