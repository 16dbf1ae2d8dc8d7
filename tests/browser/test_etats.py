"""Every panel when there is nothing to show, or no server to ask: a sentence that says what to do, and a way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.test_responsive import check_page

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage, Serve
    from tests.browser.observed import Opened

DOWN = r"ERR_CONNECTION_REFUSED|Failed to fetch"
PHONE = (390, 844)


def drawer(opened: Opened) -> None:
    if opened.page.locator("#panneau").is_hidden():
        opened.page.click("#bascule-panneau")


def test_nothing_to_show(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live, "#couches=qpv&vue=12/50.9/2.2", size=PHONE)
    page = opened.page
    page.click("#bouton-lieux")
    page.locator("text=Aucun lieu des couches affichées dans cette vue").wait_for()
    page.locator(".prose summary").click()
    page.locator(".prose li", has_text="sans emplacement connu : rien n’en est dessiné").wait_for()
    check_page(opened)
    assert opened.axe() == []
    opened.capture(tmp_path, "lieux_vides")
    page.keyboard.press("Escape")
    drawer(opened)
    page.fill("#recherche-texte", "zzzzz")
    opened.wait("document.getElementById('recherche-etat').textContent.startsWith('Aucun résultat pour « zzzzz »')")
    opened.capture(tmp_path, "recherche_vide")
    page.click("#tout-retirer")
    assert page.locator("#affichees-vide").is_visible()
    page.click("#exporter")
    opened.wait("document.querySelector('.export-total')?.textContent.startsWith('Aucune couche choisie')")
    opened.capture(tmp_path, "export_vide")


def test_pieces_and_panels_while_the_server_is_down(
    serve: Serve, filled: str, open_map: OpenPage, tmp_path: Path
) -> None:
    with serve(filled) as live:
        opened = open_map(live, "#couches=espace_nature&vue=9.5/50.37/3.4")
        opened.tolerate(DOWN)
        page = opened.page
        live.stop()
        for key in ("t", "e"):
            page.keyboard.press(key)
            opened.notice("Cette partie de l’atlas n’a pas pu être chargée")
            page.click("#avis button")
        page.click("#comparer")
        opened.notice("Cette partie de l’atlas n’a pas pu être chargée")
        opened.wait("window.atlas.comparaison() === null && !location.hash.includes('comparer')")
        page.keyboard.press("l")
        page.locator(".prose", has_text="La liste ci-dessous reste à jour").wait_for()
        assert page.locator("#volet .ligne").count() == len(opened.visibles())
        assert opened.axe() == []
        opened.capture(tmp_path, "sans_serveur")
        page.locator("#volet .ligne").first.click()
        page.locator("#volet button", has_text="Réessayer").wait_for()
        opened.capture(tmp_path, "fiche_sans_serveur")
        live.start()
        page.locator("#volet button", has_text="Réessayer").click()
        opened.sheet()
        page.keyboard.press("t")
        page.locator("#tableau [role=gridcell]").first.wait_for()
        opened.wait("!document.getElementById('avis').textContent.includes('Cette partie')")


def test_table_and_filter_while_the_server_is_down(serve: Serve, filled: str, open_map: OpenPage) -> None:
    with serve(filled) as live:
        opened = open_map(live, "#couches=espace_nature&vue=9.5/50.37/3.4")
        opened.tolerate(DOWN)
        page = opened.page
        page.click("#bouton-tableau")
        page.locator("#tableau [role=gridcell]").first.wait_for()

        live.stop()
        page.click("#tableau button:has-text('Centrer')")
        opened.wait("document.querySelector('.tableau-compte').textContent.includes('Recommencer dans un moment')")
        page.locator("#tableau th button").first.click()
        page.locator("#tableau button", has_text="Réessayer").wait_for()
        page.locator("#tableau [data-action=filtrer]").click()
        opened.notice("Cette partie de l’atlas n’a pas pu être chargée")
        live.start()
        page.locator("#tableau button", has_text="Réessayer").click()
        page.locator("#tableau [role=gridcell]").first.wait_for()
        page.locator("#tableau [data-action=filtrer]").click()
        page.locator(".constructeur-resultat", has_text="10 espaces").wait_for()
        live.stop()
        page.get_by_role("button", name="Ajouter une première condition").click()
        page.get_by_label("Valeur de la condition 1").fill("mare")
        opened.wait("document.querySelector('.constructeur-resultat').textContent.includes('Le serveur ne répond pas')")
        page.keyboard.press("Escape")
        live.start()
