"""What a planner sees first: the layers shown by default, their counts, their colours, their legend, and the notices."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from webmap.catalog.style import build_legend

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened
    from webmap.catalog.load import Catalog

SHOWN = ["bassin", "qpv", "poche_pauvrete", "espace_nature", "projet_emblematique"]
SCHEMATIC = "Cellules schématiques, pas des limites administratives"
COUNTS = {
    "poche_pauvrete": "11 lieux",
    "projet_emblematique": "9 lignes, dont 6 non localisées",
    "espace_nature": "10 lieux",
    "qpv": "13 lignes, dont 13 non localisées",
    "bassin": "3 périmètres",
    "commune": "47 périmètres",
    "trame_verte": "aucune donnée",
}
SYMBOLS = [
    ("poche_pauvrete", "herin-cite-des-blancs-rieux"),
    ("espace_nature", "bassin-rond"),
    ("projet_emblematique", "station-thermale"),
    ("projet_emblematique", "pole-velo"),
    ("veille_active", "escautpont-tous-les-quartiers"),
]
PALE = {"#ffffff", "#f2c14e"}
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def test_map_opens_on_the_default_layers(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live)
    assert opened.couches() == SHOWN
    assert Counter(each["couche"] for each in opened.visibles()) == {
        "bassin": 3, "poche_pauvrete": 11, "espace_nature": 10, "projet_emblematique": 3,
    }  # fmt: skip
    checked = opened.page.locator("[name=couche]:checked").evaluate_all("(boxes) => boxes.map((box) => box.value)")
    assert sorted(checked) == sorted(SHOWN)
    opened.wait("document.getElementById('bouton-lieux').textContent === 'Lieux visibles (27)'")
    opened.wait("document.getElementById('carte-resume').textContent === '27 lieux visibles'")
    opened.capture(tmp_path, "premiere_vue")


def test_panel_gives_counts_basemaps_and_the_schematic_notice(first_view: Opened) -> None:
    page = first_view.page
    assert {couche: page.inner_text(f"#compte-{couche}") for couche in COUNTS} == COUNTS
    assert page.locator("#fond").input_value() == "communal"
    assert page.locator("#fond option").all_inner_texts() == [
        "Fond communal", "Plan IGN", "Photographies aériennes IGN", "Sans fond",
    ]  # fmt: skip
    tiles = [url for url in first_view.requests if "/tuiles/" in url]
    assert any("/tuiles/commune,bassin/" in url for url in tiles)
    assert any(f"/tuiles/{','.join(SHOWN)}/" in url for url in tiles)
    assert not [url for url in first_view.requests if "geojson" in url]
    assert page.locator(".schema").inner_text() == SCHEMATIC
    assert SCHEMATIC in page.locator(".signes").inner_text()
    assert {each["schematique"] for each in first_view.visibles("bassin")} == {True}


def test_visible_features_have_the_colours_of_the_style_model(first_view: Opened, live: Live, catalog: Catalog) -> None:
    rows = {couche: live.rows(couche) for couche in SHOWN}
    for each in first_view.visibles():
        style = catalog.by_id[each["couche"]].style
        assert style
        rule = style.rule_for(rows[each["couche"]][each["cle"]]["properties"])
        assert rule
        assert each["couleur"] == rule.color, each
    bassin = catalog.by_id["bassin"].style
    assert bassin
    vue = first_view.vue()
    painted = first_view.colours(vue["lon"], vue["lat"], 330)
    assert {rule.stroke for rule in bassin.rules} <= painted
    assert "#000000" not in painted


def test_legend_is_drawn_from_the_style_model(first_view: Opened, catalog: Catalog) -> None:
    page = first_view.page
    drawn = [layer for layer in catalog.public if layer.drawn]
    assert page.locator(".couche[data-couche]").count() == len(drawn)
    for layer in drawn:
        assert layer.style
        row = page.locator(f"[data-couche={layer.id}]")
        labels = row.locator(".legende .classe-nom").evaluate_all("(spans) => spans.map((span) => span.textContent)")
        assert labels == [rule.label for rule in layer.style.rules]
        swatches = row.locator(".legende svg").evaluate_all("(all) => all.map((svg) => svg.outerHTML)")
        for rule, swatch in zip(layer.style.rules, swatches, strict=True):
            assert _COLOUR.findall(swatch) == _COLOUR.findall(build_legend(rule, layer.geometry)), (
                layer.id,
                rule.label,
            )


def test_symbols_are_painted_in_their_colours(first_view: Opened, live: Live, catalog: Catalog) -> None:
    """OpenLayers paints an unreadable colour black and says nothing: only pixels prove a colour."""
    for couche, cle in SYMBOLS:
        row = live.rows(couche)[cle]
        style = catalog.by_id[couche].style
        assert style
        rule = style.rule_for(row["properties"])
        assert rule
        lon, lat = row["geometry"]["coordinates"]
        first_view.page.goto(f"{live.origin}/#vue=15/{lat}/{lon}&couches={couche}")
        first_view.wait("(id) => window.atlas.couches().length === 1 && window.atlas.couches()[0].id === id", couche)
        first_view.wait("(cle) => window.atlas.visibles().some((v) => v.cle === cle)", cle)
        first_view.settle()
        painted = first_view.colours(lon, lat)
        # Hollow, because the place is approximate: its colour (its outline's when that is too pale) on white.
        assert {rule.stroke, "#ffffff"} <= painted, (couche, cle)
        assert rule.color in painted or rule.color in PALE, (couche, cle)
        assert "#000000" not in painted


def test_no_schematic_notice_with_contours(open_map: OpenPage, live_with_contours: Live, tmp_path: Path) -> None:
    opened = open_map(live_with_contours, "#couches=commune,bassin")
    assert opened.page.locator(".schema").count() == 0
    assert "schématique" not in opened.page.inner_text("body").lower()
    assert {each["schematique"] for each in opened.visibles()} == {False}
    assert len(opened.visibles("commune")) == 47
    opened.capture(tmp_path, "avec_contours")


def test_real_contours(open_map: OpenPage, live_real: Live, tmp_path: Path) -> None:
    opened = open_map(live_real, "#couches=commune")
    found = opened.wait_visibles("commune", 47)
    assert {each["schematique"] for each in found} == {False}
    assert opened.page.locator(".schema").count() == 0
    assert opened.page.inner_text("#compte-commune") == "47 périmètres"
    opened.capture(tmp_path, "contours_reels")
