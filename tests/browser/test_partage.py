"""What leaves the map: a link that says what has changed since, a picture, a citation, a frame."""

from __future__ import annotations

import io
import re
import shutil
from typing import TYPE_CHECKING

import zxingcpp
from PIL import Image

from webmap.catalog.load import load_catalog
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage, Serve
    from tests.browser.observed import Opened
    from webmap.config import Settings
    from webmap.store.db import Database

PHONE = (390, 844)
REFUSED = "() => { navigator.clipboard.writeText = navigator.clipboard.write = () => Promise.reject(new Error('non')) }"
POCHES = "#couches=poche_pauvrete&vue=11/50.36/3.4&filtre=bassin:bassin_minier"
CLIPBOARD = ["clipboard-read", "clipboard-write"]
KEPT = "#vue=11/50.36/3.4&couches=commune:0.6,poche_pauvrete,projet_emblematique&filtre=bassin:bassin_minier"


def years_later(settings: Settings, tmp_path: Path) -> tuple[Settings, Callable[[Database], None]]:
    """Return settings whose catalogue keeps one layer to itself, and what brings a database there, with new rows in another."""
    folder = shutil.copytree(settings.layers_folder, tmp_path / "layers")
    definition = folder / "projet_emblematique" / "layer.toml"
    definition.write_text('visibility = "interne"\n' + definition.read_text(encoding="utf-8"), encoding="utf-8")
    edited = settings.model_copy(update={"layers_folder": folder})

    def change(database: Database) -> None:
        upgrade(database, load_catalog(folder), edited)
        with database.owner() as connection:
            connection.execute("UPDATE pub.poche_pauvrete SET nom = nom || ' (revu)' WHERE code_insee = '59491'")
            connection.execute("UPDATE app.revision SET modifiee = '2031-03-09' WHERE couche = 'poche_pauvrete'")

    return edited, change


def test_a_link_says_what_changed_since_it_was_made(
    live: Live, serve: Serve, filled: str, settings: Settings, open_map: OpenPage, tmp_path: Path
) -> None:
    """Years later: one layer has new rows, one became internal, the others are as they were."""
    before = open_map(live, KEPT, permissions=CLIPBOARD)
    before.page.click("#copier-lien")
    before.notice("Lien copié")
    link = before.page.evaluate("navigator.clipboard.readText()").removeprefix(live.origin)
    assert re.search(r"&revisions=commune:\d+,poche_pauvrete:\d+,projet_emblematique:\d+$", link)
    before.wait("(link) => location.href.endsWith(link)", link)
    before.page.reload()
    before.settle()
    assert "changé" not in before.page.inner_text("#avis")

    edited, change = years_later(settings, tmp_path)
    with serve(filled, change, edited) as later:
        after = open_map(later, link.removeprefix("/"))
        after.notice("Ce lien nomme ce que cet atlas n’a pas (ou plus) : couche « projet_emblematique ».")
        told = after.page.locator("#avis .changements")
        assert told.locator("summary").inner_text() == "Les données ont changé depuis ce lien : 1 couche."
        assert told.locator("li").all_inner_texts() == ["Poches de pauvreté : modifiée le 09/03/2031"]
        assert after.page.evaluate("window.atlas.couches()") == [
            {"id": "commune", "opacite": 0.6},
            {"id": "poche_pauvrete", "opacite": 1},
        ]
        assert after.page.locator("#filtre").input_value() == "bassin:bassin_minier"
        assert after.axe() == []
        after.capture(tmp_path, "changements")
        for button in after.page.locator("#avis button").all()[::-1]:
            button.click()
        assert after.page.inner_text("#avis") == ""
        # The address now notes the data that were seen last.
        after.wait("!location.hash.includes('projet_emblematique')")
        after.page.reload()
        after.settle()
        assert after.page.inner_text("#avis") == ""


def test_a_view_too_long_for_an_address_says_so(open_map: OpenPage, live: Live) -> None:
    names = ",".join(
        f"{layer}:{'source%20%3D%20%27' + 'a' * 1900}%27" for layer in ("commune", "bassin", "qpv", "equipe", "bv2022")
    )
    opened = open_map(live, f"#couches=commune,bassin,qpv,equipe,bv2022&filtres={names}", permissions=CLIPBOARD)
    page = opened.page
    page.evaluate("navigator.clipboard.writeText('rien')")
    page.click("#zoom-plus")
    opened.notice("Cette vue ne tient pas dans une adresse")
    assert "vue=" not in page.url
    page.click("#copier-lien")
    opened.notice("Rien n’a été copié.")
    assert page.evaluate("navigator.clipboard.readText()") == "rien"
    page.click("#tout-retirer")
    opened.wait("location.hash.includes('vue=')")
    assert "restée celle d’avant" not in page.inner_text("#avis")


def open_partage(opened: Opened, size: str) -> None:
    if not opened.page.locator("#partager").is_visible():
        opened.page.click("#bascule-panneau")
    opened.page.click("#partager")
    opened.page.evaluate("document.getElementById('panneau').scrollTop = 0")  # a box half under a title is too small
    opened.page.select_option("#image-taille", size)


def save_picture(opened: Opened, path: Path) -> Image.Image:
    """Download the picture of the panel, as a reader does, and decode it."""
    with opened.page.expect_download() as download:
        opened.page.get_by_role("button", name="Télécharger (PNG)").click()
    download.value.save_as(path)
    opened.wait("document.querySelector('.image-carte [role=status]').textContent.startsWith('Image téléchargée')")
    return Image.open(path).convert("RGB")


def choose_row(opened: Opened, couche: str, cle: str) -> None:
    """Choose a row by the address; its table, which that opens, is closed again."""
    opened.page.evaluate("(lignes) => { location.hash += `&lignes=${lignes}` }", f"{couche}:{cle}")
    opened.page.click("#bouton-tableau")
    opened.wait("document.getElementById('tableau').hidden && !!document.querySelector('.surbrillance.choisies')")
    opened.settle()


def save_picture_twice(opened: Opened, path: Path) -> Image.Image:
    """Give up a picture whose tiles never come: they are no longer asked for. Then download it."""
    page, given_up = opened.page, list[str]()
    page.route("**/tuiles/**", lambda _: None)
    page.on("requestfailed", lambda request: given_up.append(request.url))
    page.get_by_role("button", name="Télécharger (PNG)").click()
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Annuler l’image").click()
    opened.wait("document.querySelector('.image-carte [role=status]').textContent === 'Image annulée.'")
    assert page.locator(".hors-ecran").count() == 0
    assert all("/tuiles/" in url for url in given_up)
    page.unroute("**/tuiles/**")
    return save_picture(opened, path)


def colours(picture: Image.Image, box: tuple[float, float, float, float]) -> set[str]:
    """Return the colours of a part of a picture: left, top, right, bottom in pixels."""
    part = picture.crop((int(box[0]), int(box[1]), int(box[2]), int(box[3])))
    pixels = part.convert("RGB").tobytes()
    return {f"#{pixels[at : at + 3].hex()}" for at in range(0, len(pixels), 3)}


def test_the_picture_has_map_legend_scale_and_sources(
    open_map: OpenPage, live_with_contours: Live, tmp_path: Path
) -> None:
    opened = open_map(live_with_contours, "#couches=bassin,poche_pauvrete&vue=10.4/50.38/3.4", permissions=CLIPBOARD)
    color, stroke = opened.page.evaluate(
        "JSON.parse(document.getElementById('atlas').textContent).themes.flatMap((t) => t.couches)"
        ".filter(({ id }) => id === 'poche_pauvrete').flatMap(({ style }) => [style.rules[0].color, style.rules[0].stroke])"
    )
    cle = opened.visibles("poche_pauvrete")[0]["cle"]
    choose_row(opened, "poche_pauvrete", cle)
    x, y = opened.pixel(*live_with_contours.place("poche_pauvrete", cle))
    open_partage(opened, "double")
    assert opened.axe() == []
    picture = save_picture_twice(opened, tmp_path / "double.png")
    map_box = opened.box("#carte")
    assert picture.width > 2 * map_box["width"] + 2 * 230  # the map, twice as fine, and a column of legend
    left, top = 2 * 16, 2 * (16 + 26 + 8)  # of the map, in the picture
    right, bottom = left + int(2 * map_box["width"]), top + int(2 * map_box["height"])
    x, y = left + 2 * (x - map_box["x"]), top + 2 * (y - map_box["y"])
    assert {color, "#1a4fd6"} <= colours(picture, (x - 40, y - 40, x + 40, y + 40))  # a place, where it is, chosen
    assert stroke in colours(picture, (right, top, picture.width, bottom))  # its symbol in the legend
    assert (
        longest_dark_run(picture.crop((left + 16, bottom - 80, left + 400, bottom - 10))) > 100
    )  # the bar of the scale
    assert "#17212b" in colours(picture, (left, bottom + 20, right, picture.height))  # the sources
    # Paper: the size of a sheet, and all that was on screen.
    opened.page.select_option("#image-taille", "a4")
    opened.page.fill("#image-titre", "Réunion du 3 mars")
    assert save_picture(opened, tmp_path / "a4.png").size == (1754, 1240)
    # In words: of the sheet, on which there is more to see than on screen.
    words = opened.page.text_content("#image-mots") or ""
    (number,) = map(int, re.findall(r"(\d+) poches? de pauvreté dans la vue", words))
    assert number >= len(opened.visibles("poche_pauvrete")) > 0, words
    # To the clipboard.
    opened.page.select_option("#image-taille", "ecran")
    opened.page.get_by_role("button", name="Copier l’image").click()
    opened.wait("document.querySelector('.image-carte [role=status]').textContent.startsWith('Image copiée')")
    kinds = "navigator.clipboard.read().then((items) => items.flatMap(({ types }) => types))"
    assert opened.page.evaluate(kinds) == ["image/png"]
    assert opened.axe() == []
    opened.capture(tmp_path, "partage")


def longest_dark_run(picture: Image.Image) -> int:
    """Return the longest horizontal run of dark pixels: the line of a scale bar."""
    pixels, width = picture.convert("L").tobytes(), picture.width
    marks = "".join("#" if grey < 80 else " " for grey in pixels)
    rows = (marks[at : at + width] for at in range(0, len(marks), width))
    return max(len(run) for row in rows for run in row.split(" "))


def test_a_basemap_that_may_not_be_copied_is_replaced(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    """One image of a third party that does not allow it would lock the canvas."""
    opened = open_map(live, "#couches=poche_pauvrete&vue=11/50.36/3.4")
    opened.allow("https://data.geopf.fr")
    opened.tolerate("CORS|ERR_FAILED")
    red = io.BytesIO()
    Image.new("RGB", (256, 256), "#fe0102").save(red, "PNG")
    headers = {"Access-Control-Allow-Origin": "https://autre.exemple.fr"}  # without any, Playwright would add ours
    opened.page.route(
        "https://data.geopf.fr/**",
        lambda route: route.fulfill(body=red.getvalue(), content_type="image/png", headers=headers),
    )
    opened.page.select_option("#fond", "plan-ign")
    opened.wait("location.hash.includes('fond=plan-ign')")
    opened.settle()
    open_partage(opened, "ecran")
    picture = save_picture(opened, tmp_path / "refuse.png")
    assert "#fe0102" not in colours(picture, (0, 0, *picture.size))
    told = opened.page.inner_text(".image-carte [role=status]")
    assert (
        "Le fond « Plan IGN » ne se laisse pas copier dans une image : elle est faite avec « Fond communal »." in told
    )
    headers["Access-Control-Allow-Origin"] = "*"
    opened.page.select_option("#image-taille", "double")
    picture = save_picture(opened, tmp_path / "permis.png")
    assert "#fe0102" in colours(picture, (0, 0, *picture.size))
    assert "ne se laisse pas" not in opened.page.inner_text(".image-carte [role=status]")


def test_without_a_clipboard_nothing_is_lost(open_map: OpenPage, live: Live) -> None:
    """The citation is selected, the picture is downloaded."""
    opened = open_map(live, POCHES, size=PHONE)
    page = opened.page
    page.evaluate(REFUSED)
    open_partage(opened, "ecran")
    address = page.locator("#partage-lien").input_value()
    assert address == page.url
    citation = page.locator("#partage-citation").input_value()
    assert re.fullmatch(
        r"Carte, Bassin minier : Poches de pauvreté \(source : Contrat Quartiers 2030.*, millésime 08/04/2024\)\."
        r" Atlas de La Porte du Hainaut, données du \d\d/\d\d/\d{4}, consulté le \d\d/\d\d/\d{4}, "
        + re.escape(address),
        citation,
    )
    page.get_by_role("button", name="Copier la citation").click()
    page.get_by_role("button", name="Texte sélectionné : Ctrl+C").wait_for()
    assert page.evaluate("getSelection().toString()") == citation
    with page.expect_download() as download:
        page.get_by_role("button", name="Copier l’image").click()
    assert download.value.suggested_filename.startswith("carte_")
    assert "n’ouvre pas le presse-papiers" in page.inner_text(".image-carte [role=status]")


def test_what_is_pasted_elsewhere_opens_the_view(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    """The code, the command, and the frame with its legend, on a phone."""
    opened = open_map(live, POCHES, size=PHONE)
    page = opened.page
    open_partage(opened, "ecran")
    address = page.locator("#partage-lien").input_value()
    for summary in page.locator(".partage summary").all():
        summary.click()
    picture = page.locator(".qr img")
    picture.scroll_into_view_if_needed()
    opened.wait("document.querySelector('.qr img').naturalWidth > 0")
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.screenshot())))
    assert [code.text for code in found] == [address]
    lasting = address.partition("&revisions=")[0]
    assert page.locator("#partage-commande").input_value() == f'webmap vues ajouter CODE "TITRE" "{lasting}"'
    assert "demandez à la personne qui tient le SIG" in page.inner_text(".partage")
    page.check("#cadre-legende")
    page.fill("#cadre-largeur", "12")
    assert page.locator("#cadre-code").is_hidden()
    page.fill("#cadre-largeur", "640")
    frame = page.locator("#cadre-code").input_value()
    assert f'src="{live.origin}/integration?legende=oui#vue=' in frame
    assert 'width="640" height="600"' in frame
    assert opened.axe() == []
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.getElementById('volet-corps'))")
    opened.capture(tmp_path, "partage_telephone")
    see_framed(opened, re.findall(r'src="([^"]+)"', frame)[0].replace("&amp;", "&"))
    opened.capture(tmp_path, "legende_cadre")


def see_framed(opened: Opened, address: str) -> None:
    """Open what the code of a frame shows: the map with its legend, folded on a phone."""
    opened.page.goto(address)
    opened.settle()
    legend = opened.page.locator("#legende-cadre")
    legend.locator("summary").click()
    assert legend.locator("li").all_inner_texts()[0] == "Poches de pauvreté"
    assert legend.locator("li svg").first.is_visible()
    assert opened.axe() == []
