"""The text twin: what the map shows, in sentences that say the same numbers, reached by keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened


def lines(opened: Opened) -> dict[str, str]:
    """Return what is said of each layer, by its title, in the order it is said."""
    found = opened.page.locator(".prose li").all_inner_texts()
    return {title: text for title, _, text in (each.partition(" : ") for each in found)}


def test_the_view_in_words_follows_the_map(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    link = "#couches=espace_nature,poche_pauvrete,projet_emblematique&filtres=espace_nature:nom%20IS%20NOT%20NULL"
    opened = open_map(live, f"{link}&filtre=bassin:bassin_minier&vue=9.5/50.37/3.4")
    page = opened.page
    page.locator("#bouton-lieux").focus()
    page.keyboard.press("Enter")
    page.locator(".prose li").nth(2).wait_for()
    opened.wait("document.querySelector('.prose').textContent.includes('est renseigné')")
    told = lines(opened)
    assert list(told) == ["Projets emblématiques", "Poches de pauvreté", "Espaces de nature et de loisirs"]
    for couche, title, words in (
        ("poche_pauvrete", "Poches de pauvreté", "poches de pauvreté"),
        ("espace_nature", "Espaces de nature et de loisirs", "espaces de nature et de loisirs"),
    ):
        assert told[title].startswith(f"{len(opened.visibles(couche))} {words} dans la vue")
    approximate = [each for each in opened.visibles("poche_pauvrete") if each["approximatif"]]
    assert f"{len(approximate)} ont une position approximative." in told["Poches de pauvreté"]
    head = page.inner_text(".prose > p")
    assert "limitées à un territoire : Bassin minier (bassin de vie)." in head
    assert "3 couches affichées, de la plus haute à la plus basse" in head
    assert opened.axe() == []

    page.locator("[data-couche=projet_emblematique] .reglages summary").click()
    page.locator("[data-couche=projet_emblematique] [name=classe]").first.uncheck()
    opened.wait("document.querySelector('.prose').textContent.includes('Masqué par le lecteur')")
    opened.capture(tmp_path, "prose")
    page.click("#tout-retirer")
    opened.wait("document.querySelector('.prose').textContent.includes('Aucune couche n’est affichée.')")
    assert "en cocher une dans « Toutes les couches »" in page.inner_text("#volet-corps")
    assert lines(opened) == {}
    opened.wait("document.getElementById('carte-resume').textContent === '0 lieu visible'")
