"""The layers panel at work: order, isolation, classes of the legend, what is in view, search, forty layers."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_map import wait_address
from tests.browser.test_new_layer import add_documented_example
from tests.browser.test_responsive import check_page
from webmap.catalog.load import load_catalog
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.browser.conftest import Live, OpenPage, Serve
    from tests.browser.observed import Opened
    from webmap.config import Settings

SHOWN = ["bassin", "qpv", "poche_pauvrete", "espace_nature", "projet_emblematique"]
RAISED = ["qpv", "poche_pauvrete", "espace_nature", "projet_emblematique", "bassin"]

HEART = "#ffffff"  # of an approximate symbol, seen as it is when nothing lies over it


def item(opened: Opened, couche: str) -> Locator:
    return opened.page.locator(f"#affichees [data-couche={couche}]")


def handle(opened: Opened, couche: str) -> tuple[float, float]:
    box = item(opened, couche).locator(".poignee").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(opened: Opened, couche: str, onto: str) -> None:
    """Take a layer by its handle to the place of another above it, and hold it there."""
    opened.page.mouse.move(*handle(opened, couche))
    opened.page.mouse.down()
    x, y = handle(opened, onto)
    opened.page.mouse.move(x, y - 4, steps=8)


def listed(opened: Opened) -> list[str]:
    """Return the ids of the list of shown layers, from the top."""
    found: list[str] = opened.page.locator("#affichees > li:visible").evaluate_all(
        "(all) => all.map((li) => li.dataset.couche)"
    )
    return found


def test_order_by_drag_by_keys_and_by_buttons(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    """A surface dragged to the top covers the symbols; each other way brings it back."""
    lon, lat = live.place("espace_nature", "bassin-rond")
    opened = open_map(live, f"#couches={','.join(SHOWN)}&vue=11/{lat}/{lon}")
    page = opened.page
    assert HEART in opened.colours(lon, lat, 6)
    assert listed(opened) == SHOWN[::-1]
    item(opened, "bassin").scroll_into_view_if_needed()

    drag(opened, "bassin", "espace_nature")
    opened.wait("document.querySelectorAll('.tenue').length === 1")
    page.keyboard.press("Escape")
    page.mouse.up()
    held = page.evaluate("document.activeElement.closest('li')?.dataset.couche")
    assert (listed(opened), opened.couches(), held) == (SHOWN[::-1], SHOWN, "bassin")

    drag(opened, "bassin", "projet_emblematique")
    page.mouse.up()
    assert (listed(opened), opened.couches()) == (RAISED[::-1], RAISED)
    assert page.inner_text("#ordre-annonce") == "Bassins de vie de l’agglomération : 1 sur 5."
    wait_address(opened, f"couches={','.join(RAISED)}")
    opened.settle()
    opened.wait("!document.querySelector('.tenue')")
    assert HEART not in opened.colours(lon, lat, 6)
    opened.capture(tmp_path, "surface_dessus")

    assert page.evaluate("document.activeElement.closest('li').dataset.couche") == "bassin"  # the handle that was held
    page.keyboard.press("ArrowDown")
    assert opened.couches() == ["qpv", "poche_pauvrete", "espace_nature", "bassin", "projet_emblematique"]
    page.keyboard.press("End")
    assert opened.couches() == SHOWN
    assert page.evaluate("document.activeElement.closest('li').dataset.couche") == "bassin"
    opened.settle()
    assert HEART in opened.colours(lon, lat, 6)


def test_order_by_buttons(first_view: Opened) -> None:
    item(first_view, "bassin").locator("summary").click()
    orders = []
    for action in ("monter", "descendre", "dessus"):
        item(first_view, "bassin").locator(f"[data-action={action}]").click()
        orders.append(first_view.couches())
    assert orders == [["qpv", "bassin", *SHOWN[2:]], SHOWN, RAISED]


def test_touch_drag(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, size=(390, 844), has_touch=True, is_mobile=True)
    opened.page.tap("#bascule-panneau")
    opened.page.locator("#affichees").wait_for()
    item(opened, "projet_emblematique").scroll_into_view_if_needed()
    x, y = handle(opened, "projet_emblematique")
    end = handle(opened, "poche_pauvrete")[1] + 12
    touch = opened.page.context.new_cdp_session(opened.page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        point = {"x": x, "y": y + (end - y) * step / 10}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    opened.wait("window.atlas.couches()[2].id === 'projet_emblematique'")


def test_classes_are_hidden_everywhere_and_counted(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live, "#couches=veille_active&vue=10/50.38/3.4")
    page, row = opened.page, item(opened, "veille_active")
    opened.wait_visibles("veille_active", 13)
    row.locator("summary").click()
    opened.wait("document.querySelector('#affichees li:not([hidden]) .compte-vue').textContent === '13 à l’écran'")
    assert row.locator(".compte-classe").all_inner_texts() == ["9", "2", "2"]
    assert "millésime 08/04/2024" in page.inner_text("#fraicheur-veille_active").lower()
    assert "Modifiée dans l’atlas le" in row.inner_text()
    assert "Contrat Quartiers 2030" in row.inner_text()

    lon, lat = live.place("veille_active", "haveluy")  # its class is the third
    zoomed = f"#couches=veille_active&vue=16/{lat}/{lon}"
    page.goto(f"{live.origin}/{zoomed}")
    opened.wait("window.atlas.vue().zoom > 15.9")
    opened.wait_visibles("veille_active", 1)
    opened.settle()
    assert "#7a5b00" in opened.colours(lon, lat)
    row.locator("[name=classe]").nth(2).uncheck()
    opened.wait_visibles("veille_active", 0)
    opened.settle()
    assert "#7a5b00" not in opened.colours(lon, lat)
    opened.wait(
        "document.querySelector('#affichees li:not([hidden]) .compte-vue').textContent.startsWith('rien à l’écran')"
    )
    assert row.locator(".compte-classe").nth(2).inner_text() == "1"  # there, and hidden
    wait_address(opened, "masquees=veille_active:2")
    opened.click_map(lon, lat)
    opened.wait("document.getElementById('volet').dataset.volet === 'ici'")
    opened.capture(tmp_path, "classe_masquee")


def test_a_link_keeps_the_hidden_classes(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#couches=veille_active&masquees=veille_active:2.63&vue=10/50.38/3.4")
    opened.wait_visibles("veille_active", 11)
    box = item(opened, "veille_active").locator("[name=classe]").nth(2)
    assert not box.is_checked()
    item(opened, "veille_active").locator("summary").click()
    box.focus()
    opened.page.keyboard.press("Space")
    opened.wait_visibles("veille_active", 13)
    wait_address(opened, "masquees", present=False)
    assert opened.axe() == []


def test_isolated_and_back_removed_zoomed(first_view: Opened, tmp_path: Path) -> None:
    page = first_view.page
    button = item(first_view, "poche_pauvrete").locator("[data-action=isoler]")
    button.click()
    first_view.wait("window.atlas.visibles().length === 11")
    assert first_view.couches() == ["poche_pauvrete"]
    assert button.get_attribute("aria-pressed") == "true"
    assert "4 autres couches sont mises de côté." in page.inner_text("#isolement")
    assert first_view.axe() == []
    first_view.capture(tmp_path, "isolee")
    page.locator("[name=couche][value=equipe]").check()  # meanwhile: kept
    page.click("#isolement-fin")
    assert first_view.couches() == [*SHOWN, "equipe"]
    assert page.locator("#isolement").is_hidden()
    assert page.evaluate("document.activeElement.dataset.action") == "isoler"
    page.keyboard.press("Enter")  # and isolated again by the keyboard, then taken off: the others are back
    assert first_view.couches() == ["poche_pauvrete"]
    item(first_view, "poche_pauvrete").locator("[data-action=retirer]").click()
    assert first_view.couches() == [*[each for each in SHOWN if each != "poche_pauvrete"], "equipe"]
    assert page.evaluate("document.activeElement.dataset.action") == "retirer"


def test_zoomed_to_and_all_removed(first_view: Opened) -> None:
    page = first_view.page
    item(first_view, "projet_emblematique").locator("summary").click()
    item(first_view, "projet_emblematique").locator("[data-action=zoomer]").click()
    first_view.wait("window.atlas.vue().zoom > 10.9")
    first_view.steady()
    assert len(first_view.wait_visibles("projet_emblematique", 3)) == 3
    item(first_view, "qpv").locator("summary").click()
    assert item(first_view, "qpv").locator("[data-action=zoomer]").is_disabled()  # no place is known
    assert "aucun lieu localisé" in item(first_view, "qpv").inner_text()
    page.click("#tout-retirer")
    assert first_view.couches() == []
    assert page.locator("#affichees-vide").is_visible()
    first_view.wait("window.atlas.visibles().length === 0")


def test_search_in_the_tree(first_view: Opened, tmp_path: Path) -> None:
    page = first_view.page
    rows = page.locator(".couche:visible")
    before = rows.count()
    page.fill("#arbre-texte", "RESERVOIR")  # of a class of the legend, without its accent
    assert rows.evaluate_all("(all) => all.map((row) => row.dataset.couche).sort()") == [
        "trame_bleue", "trame_brune", "trame_noire", "trame_verte",
    ]  # fmt: skip
    assert page.inner_text("#arbre-etat") == "4 couches trouvées"
    first_view.capture(tmp_path, "recherche")
    page.fill("#arbre-texte", "xyzzy")
    assert rows.count() == 0
    assert page.inner_text("#arbre-etat").startswith("Aucune couche pour « xyzzy »")
    assert first_view.axe() == []
    page.keyboard.press("Escape")
    assert page.input_value("#arbre-texte") == ""
    assert rows.count() == before
    assert page.locator("#panneau").is_visible()


@pytest.fixture(scope="module")
def forty(
    serve: Serve, filled: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Live, list[str]]]:
    """Serve the catalogue and copies of the documented example; give the ids of what is drawn."""
    folder = shutil.copytree(settings.layers_folder, tmp_path_factory.mktemp("forty") / "layers")
    add_documented_example(folder)
    for number in range(17):
        copy = shutil.copytree(folder / "aire_covoiturage", folder / f"essai_{number}")
        text = (copy / "layer.toml").read_text(encoding="utf-8")
        title = f"Aires numéro {number}"
        (copy / "layer.toml").write_text(text.replace("Aires de covoiturage", title), encoding="utf-8")
        (copy / "seed.csv").unlink()
    edited = settings.model_copy(update={"layers_folder": folder})
    catalog = load_catalog(folder)
    with serve(filled, lambda database: upgrade(database, catalog, edited), edited) as live:
        yield live, [layer.id for layer in catalog.public if layer.drawn]


@pytest.mark.parametrize("size", [(1280, 720), (320, 256)], ids=["desktop", "zoomed"])
def test_forty_layers(forty: tuple[Live, list[str]], open_map: OpenPage, tmp_path: Path, size: tuple[int, int]) -> None:
    """Forty layers are listed, ordered and tuned, by keyboard too, on a small screen too."""
    live, drawn = forty
    assert len(drawn) == 40
    opened = open_map(live, f"#couches={','.join(drawn)}", size=size)
    page = opened.page
    if size[0] < 768:
        page.click("#bascule-panneau")
        page.locator("#affichees").wait_for()
    assert listed(opened) == drawn[::-1]
    check_page(opened)
    grip = item(opened, drawn[0]).locator(".poignee")
    grip.focus()
    page.keyboard.press("Home")
    assert listed(opened)[0] == drawn[0]
    box = item(opened, drawn[0]).bounding_box()
    panel = opened.box("#panneau")
    assert box
    assert panel["y"] - 1 <= box["y"] <= panel["y"] + panel["height"]  # it was followed to its place
    assert re.search(r": 1 sur 40\.$", page.inner_text("#ordre-annonce"))
    item(opened, drawn[0]).locator("summary").click()
    check_page(opened)
    opened.capture(tmp_path, "quarante")
    assert opened.axe() == []
