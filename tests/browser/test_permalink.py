"""The address says what is seen: the same view opens elsewhere, and whatever it holds, the map opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened


def test_round_trip(first_view: Opened, open_page: OpenPage, live: Live) -> None:
    """View, layers, opacity, filter and sheet, built by hand, open the same in another browser."""
    page = first_view.page
    page.select_option("#filtre", "bassin:bassin_minier")
    page.locator("[data-couche=equipe] [name=couche]").check()
    row = page.locator("[data-couche=bassin]")
    row.locator("summary").click()
    row.locator("[name=opacite]").fill("55")
    first_view.wait_visibles("poche_pauvrete", 10)
    page.click("#zoom-plus")
    first_view.wait("window.atlas.vue().zoom > 11")
    page.click("#bouton-lieux")
    page.locator("#volet .ligne", has_text="Haveluy").first.click()
    first_view.sheet()
    first_view.settle()
    first_view.wait("location.hash.includes('fiche=')")
    vue, couches = first_view.vue(), page.evaluate("window.atlas.couches()")
    first_view.wait("(zoom) => location.hash.includes(`vue=${Number(zoom.toFixed(2))}/`)", vue["zoom"])

    address = page.url.removeprefix(live.origin)
    for part in ("bassin:0.55", "equipe", "filtre=bassin:bassin_minier", "fond=communal"):
        assert part in address
    other = open_page(live, address)
    other.settle()
    assert other.sheet() == first_view.sheet()
    assert other.page.evaluate("window.atlas.couches()") == couches
    for name, tolerance in (("zoom", 0.006), ("lat", 1e-4), ("lon", 1e-4)):
        assert other.vue()[name] == pytest.approx(vue[name], abs=tolerance)
    assert other.page.locator("#filtre").input_value() == "bassin:bassin_minier"
    assert other.page.locator("[data-couche=bassin] output").text_content() == "55 %"
    keys = sorted(each["cle"] for each in first_view.visibles())
    other.wait("(keys) => window.atlas.visibles().map((v) => v.cle).sort().join() === keys", ",".join(keys))


def test_junk_opens_the_map(open_page: OpenPage, live: Live) -> None:
    opened = open_page(live)
    for fragment in (
        "vue=abc/1e999/NaN&couches=%E0%A4%A&fiche=::::&filtre=bassin&fond=%",
        "<img src=x onerror=alert(1)>&vue=99/99/999",
        "couches=" + ",".join(f"x{n}" for n in range(500)),
        "=&" * 5000,
    ):
        opened.page.goto("about:blank")
        opened.page.goto(f"{live.origin}/#{fragment}")
        opened.settle()
        assert 9 < opened.vue()["zoom"] < 11, fragment[:40]
        assert opened.page.locator("img").count() == 0


def test_vanished_layer_is_named(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#couches=poche_pauvrete,ancienne_couche&filtre=bassin:denaisis&fond=osm&fiche=rien:1")
    notice = opened.page.inner_text("#avis")
    for named in (
        "couche « ancienne_couche »",
        "territoire « denaisis »",
        "fond « osm »",
        "fiche de la couche « rien »",
    ):
        assert named in notice
    assert opened.couches() == ["poche_pauvrete"]
    assert opened.page.locator("#volet").is_hidden()
    opened.page.click("#avis button")
    assert opened.page.inner_text("#avis") == ""


def test_back_and_forth_follows_the_address(first_view: Opened, live: Live) -> None:
    first_view.page.goto(f"{live.origin}/#couches=espace_nature&filtre=commune:59491")
    first_view.wait_visibles("espace_nature", 2)
    assert first_view.couches() == ["espace_nature"]
    first_view.page.goto(f"{live.origin}/#couches=poche_pauvrete&vue=9.9/50.38/3.4")
    first_view.wait_visibles("poche_pauvrete", 11)
    assert first_view.page.locator("#filtre").input_value() == ""


def test_copied_link_is_the_address(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "", permissions=["clipboard-read", "clipboard-write"])
    opened.page.click("#copier-lien")
    opened.notice("Lien copié.")
    copied = opened.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{live.origin}/#vue=")
    assert "couches=bassin,qpv,poche_pauvrete,espace_nature,projet_emblematique&fond=communal" in copied
