"""The filter of a layer's rows: built in words, said in French, drawn, kept in the address, refused politely."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened

VUE = "vue=9.5/50.37/3.6"  # everything, beside the sheet
NOISE = r"the server responded with a status of 400"


def wait_result(opened: Opened, text: str) -> None:
    opened.wait("(text) => document.querySelector('.constructeur-resultat')?.textContent === text", text)


def test_a_filter_is_built_in_words_and_drawn(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live, f"#couches=espace_nature,projet_emblematique&{VUE}")
    page = opened.page
    row = page.locator("#affichees [data-couche=espace_nature]")
    row.locator(".reglages summary").click()
    row.locator("[data-action=filtrer]").click()
    wait_result(opened, "10 espaces de nature et de loisirs")
    assert page.inner_text("#volet-titre") == "Filtrer : Espaces de nature et de loisirs"
    page.get_by_role("button", name="Ajouter une première condition").click()
    assert page.evaluate("document.activeElement.className") == "champ"
    page.get_by_label("Valeur de la condition 1").fill("MARE à")
    wait_result(
        opened, "1 espace de nature et de loisirs : espace de nature et de loisirs contient «\u00a0MARE à\u00a0»"
    )
    assert {each["cle"] for each in opened.wait_visibles("espace_nature", 1)} == {"mare-a-goriaux"}
    assert len(opened.visibles("projet_emblematique")) > 1
    page.get_by_role("button", name="Ajouter une condition").click()
    page.get_by_label("Champ de la condition 2").select_option("code_insee")
    page.get_by_label("Opérateur de la condition 2").select_option("est")
    page.get_by_label("Valeur de la condition 2").fill("59172")
    page.get_by_label("au moins une (ou)").check()
    wanted = "casei(accenti(nom)) LIKE '%mare a%' OR code_insee = '59172'"
    keys = set(live.rows("espace_nature", f"?filter={quote(wanted)}"))
    assert len(keys) > 1
    assert {each["cle"] for each in opened.wait_visibles("espace_nature", len(keys))} == keys
    check_unit_and_export(opened, live, len(keys) - 1)
    opened.capture(tmp_path, "constructeur")


def check_unit_and_export(opened: Opened, live: Live, here: int) -> None:
    """Check that the unit of the page joins the filter: in the sentence, on the map, in what is exported."""
    page = opened.page
    page.select_option("#filtre", "commune:59172")
    sentence = f"{here} espace{'s' if here > 1 else ''} de nature et de loisirs à Denain : "
    opened.wait(
        "(text) => document.querySelector('.constructeur-resultat').textContent.startsWith(text)"
        " && document.querySelector('.filtre-dit span').textContent.startsWith(text)",
        sentence,
    )
    opened.wait_visibles("espace_nature", here)
    export = page.locator("#volet .fichiers a", has_text="GeoJSON").get_attribute("href")
    assert export
    rows = live.app.test_client().get(export.removeprefix(live.origin)).get_json()["features"]
    assert len(rows) == here
    row = page.locator("#affichees [data-couche=espace_nature]")
    same = row.locator("[data-action=export]").get_attribute("href")
    assert same
    assert unquote(same) == unquote(export.removeprefix(live.origin))
    page.locator(".constructeur-texte summary").click()
    assert opened.axe() == []


def test_the_text_and_the_rows_are_one_filter(open_map: OpenPage, live: Live) -> None:
    text = "nom = 'Mare à Goriaux' OR commune IS NULL"
    opened = open_map(live, f"#couches=espace_nature&{VUE}&filtres=espace_nature:{quote(text)}")
    page = opened.page
    opened.wait("document.querySelector('.filtre-dit span')?.textContent.includes('Goriaux')")
    opened.wait_visibles("espace_nature", 1)
    page.get_by_role("button", name="Modifier le filtre").click()
    page.locator(".condition").nth(1).wait_for()
    assert page.get_by_label("Valeur de la condition 1").input_value() == "Mare à Goriaux"
    assert page.get_by_label("au moins une (ou)").is_checked()
    page.locator(".constructeur-texte summary").click()
    assert page.input_value("#cql2") == text
    opened.tolerate(NOISE)
    page.fill("#cql2", "nom = 'Mare")
    page.click("text=Appliquer le texte")
    opened.wait("document.getElementById('cql2-erreur').textContent.includes('pas fermé')")
    opened.wait_visibles("espace_nature", 1)
    page.fill("#cql2", "nom LIKE 'M%' AND (commune = 'x' OR nom LIKE '%Gor%')")
    page.click("text=Appliquer le texte")
    page.get_by_role("button", name="Repartir de zéro").wait_for()
    opened.wait("decodeURIComponent(location.hash).includes(\"nom LIKE 'M%'\")")
    opened.wait_visibles("espace_nature", 1)
    page.get_by_role("button", name="Retirer le filtre").click()
    opened.wait_visibles("espace_nature", 10)
    opened.wait("!location.hash.includes('filtres') && document.querySelectorAll('.filtre-dit').length === 0")
    wait_result(opened, "10 espaces de nature et de loisirs")
    assert page.input_value("#cql2") == ""


def test_a_filter_that_no_longer_means_anything_is_told_and_taken_off(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#couches=espace_nature,projet_emblematique&filtres=espace_nature:disparu%3D1")
    opened.tolerate(NOISE)
    opened.notice("Le filtre de la couche « Espaces de nature et de loisirs » n’est pas compris")
    opened.wait_visibles("espace_nature", 10)
    assert len(opened.visibles("projet_emblematique")) > 1
    opened.wait("!location.hash.includes('filtres')")
