"""A day at the desk: a layer is withdrawn while it is shown, the network is slow, two tabs are open."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from webmap.app import create_app
from webmap.catalog.load import load_catalog
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage, Serve
    from webmap.config import Settings

POCHES = "window.atlas.visibles().filter(({ couche }) => couche === 'poche_pauvrete').length > 4"
SHOWN = "#couches=poche_pauvrete,projet_emblematique&vue=9.8/50.38/3.4"


def withdraw(live: Live, settings: Settings, tmp_path: Path, layer: str) -> None:
    """Make a layer internal, as the GIS officer does, and start the server again at the same address."""
    folder = shutil.copytree(settings.layers_folder, tmp_path / "layers")
    definition = folder / layer / "layer.toml"
    definition.write_text('visibility = "interne"\n' + definition.read_text(encoding="utf-8"), encoding="utf-8")
    edited = settings.model_copy(update={"layers_folder": folder})
    live.stop()
    upgrade(live.database, load_catalog(folder), edited)
    live.app = create_app(edited, live.database)
    live.start()


def test_a_layer_withdrawn_while_it_is_shown_is_said_and_the_rest_stays(
    serve: Serve, filled: str, settings: Settings, open_map: OpenPage, tmp_path: Path
) -> None:
    with serve(filled) as live:
        opened = open_map(live, SHOWN)
        opened.wait(POCHES)
        assert opened.visibles("projet_emblematique")
        opened.tolerate("404")  # the browser's own console tells each
        withdraw(live, settings, tmp_path, "projet_emblematique")
        opened.page.click("#vue-ensemble")
        opened.page.click("#zoom-plus")
        opened.page.click("#zoom-plus")
        opened.notice("L’atlas ne publie plus « Projets emblématiques »")
        opened.wait("window.atlas.couches().map(({ id }) => id).join() === 'poche_pauvrete'")
        opened.wait("!location.hash.includes('projet_emblematique')")
        opened.page.click("#vue-ensemble")
        opened.wait(POCHES)
        assert opened.visibles("projet_emblematique") == []
        assert opened.axe() == []


def test_on_a_slow_network_nothing_is_said_before_it_is_known(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, SHOWN)
    page = opened.page
    slow = {"offline": False, "latency": 600, "downloadThroughput": 100_000, "uploadThroughput": 100_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.reload(wait_until="domcontentloaded")
    page.locator("#chargement:visible").wait_for()
    assert "(" not in page.inner_text("#bouton-lieux")
    assert "rien à l’écran" not in page.locator("#affichees .compte-vue").all_inner_texts()
    opened.settle()
    opened.wait(POCHES)
    page.locator("#recherche-texte").fill("denain")
    page.locator("#recherche-liste [role=option]").first.wait_for()


def test_two_tabs_keep_each_their_own_view(open_map: OpenPage, live: Live) -> None:
    first = open_map(live, SHOWN)
    page = first.page.context.new_page()
    page.goto(f"{live.origin}/#couches=bassin&vue=10/50.36/3.4&filtre=bassin:ostrevent")
    page.locator("#affichees [data-couche=bassin]:visible").wait_for()
    page.evaluate("localStorage.setItem('webmap.raccourcis', 'non')")
    first.page.click("#zoom-plus")
    first.wait("window.atlas.vue().zoom > 10.5")
    assert first.page.evaluate("window.atlas.couches().map(({ id }) => id)") == [
        "poche_pauvrete",
        "projet_emblematique",
    ]
    assert "filtre" not in first.page.url
    assert "filtre=bassin:ostrevent" in page.url
    first.page.keyboard.press("?")
    first.page.locator("dialog[open]").wait_for()  # a preference is read when a page opens
    page.close()
