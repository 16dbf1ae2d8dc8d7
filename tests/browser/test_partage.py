"""What leaves the map: a link that says what has changed since, a picture, a citation, a frame."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from webmap.catalog.load import load_catalog
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage, Serve
    from webmap.config import Settings
    from webmap.store.db import Database

PHONE = (390, 844)
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
        f"{layer}:{'nom%20%3D%20%27' + 'a' * 1900}%27" for layer in ("commune", "bassin", "qpv", "equipe", "bv2022")
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
