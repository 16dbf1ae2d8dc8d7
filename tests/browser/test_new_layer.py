"""A layer that is only a folder is on the map: its row in the panel, its count, its symbols, its sheet."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from webmap.catalog.load import load_catalog
from webmap.importing.seeds import load_seeds
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import OpenPage, Serve
    from webmap.config import Settings
    from webmap.store.db import Database


def add_documented_example(folder: Path) -> None:
    """Write the complete example of layers/README.md, word for word."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:toml|csv)\n(.*?)```", text, re.DOTALL)
    added = folder / "aire_covoiturage"
    added.mkdir()
    for name, block in zip(("layer.toml", "style.toml", "seed.csv"), blocks, strict=False):
        (added / name).write_text(block, encoding="utf-8")
    with (folder / "documents.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + blocks[3])


def test_a_folder_is_a_layer(serve: Serve, filled: str, settings: Settings, open_map: OpenPage, tmp_path: Path) -> None:
    folder = shutil.copytree(settings.layers_folder, tmp_path / "layers")
    add_documented_example(folder)
    edited = settings.model_copy(update={"layers_folder": folder})

    def change(database: Database) -> None:
        catalog = load_catalog(folder)
        upgrade(database, catalog, edited)
        load_seeds(database, catalog, edited)

    with serve(filled, change, edited) as live:
        opened = open_map(live)
        page = opened.page
        row = page.locator("[data-couche=aire_covoiturage]")
        page.locator("details.theme", has_text="Mobilités").locator("summary").first.click()
        assert row.locator(".couche-titre").inner_text() == "Aires de covoiturage"
        assert page.inner_text("#compte-aire_covoiturage") == "3 lignes, dont 1 non localisée"
        row.locator("[name=couche]").check()
        found = opened.wait_visibles("aire_covoiturage", 2)
        assert {each["nom"]: (each["couleur"], each["approximatif"]) for each in found} == {
            "Aire A": ("#0b6e4f", False),
            "Aire B": ("#ffffff", True),
        }
        page.goto(f"{live.origin}/#couches=aire_covoiturage&vue=15/50.33/3.39")
        opened.wait_visibles("aire_covoiturage", 1)
        opened.settle()
        assert "#053b2a" in opened.colours(3.39, 50.33)
        opened.click_map(3.39, 50.33)
        text = opened.sheet()
        assert "40\u00a0places" in text
        assert "Inventaire des aires de covoiturage (exemple fictif)" in text
        opened.capture(tmp_path, "couche_ajoutee")
