"""Working with the map: layers, opacity, filter, clicks, scale, as the address and `window.atlas` tell it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from pyproj import Geod

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened

TOTAL = 11  # poches de pauvreté


def wait_address(opened: Opened, part: str, *, present: bool = True) -> None:
    opened.wait("([part, present]) => decodeURIComponent(location.hash).includes(part) === present", [part, present])


def test_layer_on_and_off(first_view: Opened) -> None:
    box = first_view.page.locator("[data-couche=equipe] [name=couche]")
    box.check()
    first_view.wait_visibles("equipe", 2)
    wait_address(first_view, "equipe")
    assert "equipe" in first_view.couches()
    box.uncheck()
    first_view.wait_visibles("equipe", 0)
    wait_address(first_view, "equipe", present=False)
    assert "equipe" not in first_view.couches()
    first_view.page.locator("[data-couche=poche_pauvrete] [name=couche]").uncheck()
    first_view.wait_visibles("poche_pauvrete", 0)
    assert len(first_view.visibles("espace_nature")) == 10
    first_view.wait("document.getElementById('bouton-lieux').textContent === 'Lieux visibles (16)'")


def test_layer_switched_on_takes_its_place_in_the_order(first_view: Opened) -> None:
    row = first_view.page.locator("[data-couche=equipe]")
    row.locator("[name=couche]").check()
    assert first_view.couches()[:3] == ["bassin", "equipe", "qpv"]
    row.locator("summary").click()
    row.locator("[data-action=dessus]").click()
    assert first_view.couches()[-1] == "equipe"


def test_opacity(first_view: Opened) -> None:
    row = first_view.page.locator("[data-couche=bassin]")
    vue = first_view.vue()
    before = first_view.colours(vue["lon"], vue["lat"], 330)
    assert "#7d4600" in before
    row.locator("summary").click()
    row.locator("[name=opacite]").fill("40")
    assert row.locator("output").inner_text() == "40 %"
    wait_address(first_view, "bassin:0.4")
    shown = {each["id"]: each["opacite"] for each in first_view.page.evaluate("window.atlas.couches()")}
    assert shown["bassin"] == 0.4
    assert shown["espace_nature"] == 1
    first_view.settle()
    assert "#7d4600" not in first_view.colours(vue["lon"], vue["lat"], 330)


@pytest.mark.parametrize(
    ("filtre", "expected"),
    [
        (
            "bassin:amandinois",
            {
                "poche_pauvrete": {"mortagne-du-nord-centre"},
                "espace_nature": {"bords-de-la-scarpe", "confluence-scarpe-escaut"},
                "projet_emblematique": {"station-thermale"},
            },
        ),
        (
            "commune:59491",
            {
                "poche_pauvrete": {"raismes-vicoigne"},
                "espace_nature": {"parc-nature-et-loisirs", "mare-a-goriaux"},
                "projet_emblematique": {"pole-velo"},
            },
        ),
    ],
)
def test_filter(first_view: Opened, live: Live, filtre: str, expected: dict[str, set[str]], tmp_path: Path) -> None:
    page = first_view.page
    decoupage, code = filtre.split(":")
    page.select_option("#filtre", filtre)
    wait_address(first_view, f"filtre={filtre}")
    for couche, keys in expected.items():
        assert {each["cle"] for each in first_view.wait_visibles(couche, len(keys))} == keys
        located = {key for key, row in live.rows(couche, f"?{decoupage}={code}").items() if row["geometry"]}
        assert located == keys
    export = page.locator("[data-couche=qpv] [data-action=export]")
    assert export.get_attribute("href") == f"/exports/qpv.geojson?{decoupage}={code}"
    assert page.locator("#carte-autonome").get_attribute("href") == (
        f"/cartes/{code if decoupage == 'bassin' else '200042190'}.html?couches={','.join(first_view.couches())}"
    )
    first_view.capture(tmp_path, "filtre")
    page.click("#filtre-territoire")
    page.wait_for_url(f"{live.origin}/territoires/{decoupage}/{code}")
    assert page.locator("h1").inner_text() == {"amandinois": "Amandinois", "59491": "Raismes"}[code]


def test_filter_is_taken_away(first_view: Opened) -> None:
    page = first_view.page
    page.select_option("#filtre", "commune:59491")
    first_view.wait_visibles("poche_pauvrete", 1)
    assert "limités à Raismes" in page.inner_text("#filtre-suite")
    page.click("#filtre-retirer")
    assert page.locator("#filtre-suite").is_hidden()
    assert page.evaluate("document.activeElement.id") == "filtre"
    page.click("#vue-ensemble")
    first_view.wait_visibles("poche_pauvrete", TOTAL)
    wait_address(first_view, "filtre", present=False)
    export = page.locator("[data-couche=qpv] [data-action=export]")
    assert export.get_attribute("href") == "/exports/qpv.geojson"


def test_click_on_empty_ground_says_where(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#couches=&vue=13/50.33/3.39")
    opened.click_map(3.39, 50.33)
    opened.wait("document.getElementById('volet').dataset.volet === 'ici'")
    text = opened.page.inner_text("#volet")
    assert opened.page.inner_text("#volet-titre") == "Denain"
    assert "Bassin minier" in text
    assert "Cellules schématiques, pas des limites administratives" in text
    links = opened.page.locator("#volet dd a").evaluate_all("(all) => all.map((a) => a.getAttribute('href'))")
    assert [link.removeprefix(live.origin) for link in links] == [
        "/territoires/commune/59172",
        "/territoires/bassin/bassin_minier",
    ]


def test_click_on_empty_ground_with_contours(open_map: OpenPage, live_with_contours: Live) -> None:
    opened = open_map(live_with_contours, "#couches=&vue=13/50.33/3.39")
    opened.click_map(3.39, 50.33)
    opened.wait("document.getElementById('volet').dataset.volet === 'ici'")
    assert opened.page.inner_text("#volet-titre") == "Denain"
    assert "schématique" not in opened.page.inner_text("#volet").lower()


def test_scale_bar_is_true_at_this_latitude(first_view: Opened, live: Live) -> None:
    for zoom, lat, lon in [(8, 50.38, 3.4), (11.37, 50.25, 3.3), (14.6, 50.53, 3.44), (19, 50.33, 3.39)]:
        first_view.page.goto(f"{live.origin}/#couches=&vue={zoom}/{lat}/{lon}")
        first_view.wait("(zoom) => Math.abs(window.atlas.vue().zoom - zoom) < 0.01", zoom)
        first_view.settle()
        first_view.steady()
        text, width = first_view.page.evaluate(  # in one look: the bar follows the view
            "[document.getElementById('echelle-texte').textContent,"
            " document.getElementById('echelle-trait').getBoundingClientRect().width]"
        )
        number, unit = text.split()
        metres = float(number.replace(",", ".")) * {"m": 1, "km": 1000}[unit]
        half = math.degrees(width * first_view.resolution() / 6378137) / 2
        vue = first_view.vue()
        ground = Geod(ellps="GRS80").inv(vue["lon"] - half, vue["lat"], vue["lon"] + half, vue["lat"])[2]
        assert ground == pytest.approx(metres, rel=0.001)  # the ellipsoid's own share is 0.2 %
        assert 40 <= width <= 190


def test_zoom_buttons_and_whole_view(first_view: Opened) -> None:
    start = first_view.vue()
    for name, clicks, expected in [("zoom-plus", 3, 3.0), ("zoom-moins", 1, 2.0), ("vue-ensemble", 1, 0.0)]:
        for _ in range(clicks):  # faster than the map moves: each click counts
            first_view.page.click(f"#{name}")
        first_view.steady()
        assert first_view.vue()["zoom"] == pytest.approx(start["zoom"] + expected, abs=0.001)
    assert first_view.vue() == pytest.approx(start, abs=1e-6)


def test_standalone_map_follows_layers_and_filter(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#couches=qpv,poche_pauvrete&filtre=bassin:ostrevent")
    page = opened.page
    expected = "/cartes/ostrevent.html?couches=qpv,poche_pauvrete"
    assert page.locator("#carte-autonome").get_attribute("href") == expected
    assert page.locator("#carte-autonome-telecharger").get_attribute("href") == f"{expected}&telecharger"
