"""« Exporter ce qui est à l’écran »: the rows announced are the rows of the file, which are those of the box and of the territory."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pyogrio
import pytest
import shapely

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened

PHONE = (390, 844)
FRAGMENT = "#couches=commune,espace_nature,poche_pauvrete&vue=13/50.33/3.4&filtre=bassin:bassin_minier"
LAYERS = ["poche_pauvrete", "espace_nature", "commune"]  # as the panel lists them: what is drawn above comes first


def open_export(opened: Opened) -> None:
    opened.page.click("#exporter")
    counted(opened)


def counted(opened: Opened) -> None:
    opened.wait("/^\\d/.test(document.querySelector('.export-total')?.textContent ?? '')")


def announced(opened: Opened) -> dict[str, int]:
    """Return the number beside each layer of the panel."""
    told = {}
    for line in opened.page.locator(".export li").all():
        number = re.match(r"[\d\u202f]+", line.locator(".compte").inner_text())
        assert number, line.inner_text()
        told[line.locator("input").get_attribute("value") or ""] = int(number[0].replace("\u202f", ""))
    return told


def addresses(opened: Opened) -> list[str]:
    return [link.get_attribute("href") or "" for link in opened.page.locator(".export-liens a").all()]


def fetch(opened: Opened, address: str, path: Path) -> Path:
    """Download by the very link of the panel."""
    with opened.page.expect_download() as download:
        opened.page.click(f'.export-liens a[href="{address}"]')
    download.value.save_as(path)
    return path


def screen(opened: Opened) -> tuple[float, float, float, float]:
    """Return the box of the whole map in degrees, from what the window measures."""
    vue, box = opened.vue(), opened.box("#carte")
    half = box["width"] / 2 * opened.resolution() / 111319.49079327358
    centre = math.log(math.tan(math.pi / 4 + math.radians(vue["lat"]) / 2)) * 6378137
    reach = box["height"] / 2 * opened.resolution()
    south, north = (
        math.degrees(2 * math.atan(math.exp((centre + way * reach) / 6378137)) - math.pi / 2) for way in (-1, 1)
    )
    return vue["lon"] - half, south, vue["lon"] + half, north


def expected(live: Live, couche: str, box: tuple[float, float, float, float]) -> set[str]:
    """Return the keys in the territory and in the box, the box read by shapely."""
    rows = live.rows(couche, "?bassin=bassin_minier")
    shapes = {cle: shapely.from_geojson(json.dumps(row["geometry"])) for cle, row in rows.items() if row["geometry"]}
    return {cle for cle, shape in shapes.items() if shape.intersects(shapely.box(*box))}


def test_what_is_on_screen_is_what_is_exported(open_map: OpenPage, live_with_contours: Live, tmp_path: Path) -> None:
    opened = open_map(live_with_contours, FRAGMENT)
    page = opened.page
    open_export(opened)
    told = announced(opened)
    assert list(told) == LAYERS
    wanted = {couche: expected(live_with_contours, couche, screen(opened)) for couche in LAYERS}
    assert told == {couche: len(cles) for couche, cles in wanted.items()}
    assert 0 < told["commune"] < len(live_with_contours.rows("commune", "?bassin=bassin_minier"))
    assert f"{sum(told.values())} lignes" in page.inner_text(".export-total")
    assert opened.axe() == []
    # Several layers, one GeoPackage, in Lambert-93.
    page.select_option("#export-systeme", "EPSG:2154")
    counted(opened)
    [address] = addresses(opened)
    assert parse_qs(urlsplit(address).query)["crs"] == ["EPSG:2154"]
    path = fetch(opened, address, tmp_path / "paquet.gpkg")
    for couche, number in told.items():
        info = pyogrio.read_info(path, layer=couche)
        assert (info["features"], info["crs"]) == (number, "EPSG:2154")
    # One file a layer otherwise; GeoJSON is in degrees whatever was chosen.
    page.select_option("#export-format", "geojson")
    counted(opened)
    assert page.locator("#export-systeme").is_disabled()
    for couche, address in zip([couche for couche in LAYERS if told[couche]], addresses(opened), strict=True):
        content = json.loads(fetch(opened, address, tmp_path / f"{couche}.geojson").read_text(encoding="utf-8"))
        assert {feature["id"] for feature in content["features"]} == wanted[couche]


def test_what_was_counted_is_counted_again(open_map: OpenPage, live_with_contours: Live) -> None:
    opened = open_map(live_with_contours, FRAGMENT)
    page = opened.page
    open_export(opened)
    before = page.inner_text(".export-total")
    # The map moves.
    page.click("#zoom-plus")
    opened.wait("(text) => document.querySelector('.export-total').innerText !== text", before)
    opened.steady()
    opened.wait("!document.querySelector('.export').textContent.includes('omptage')")
    assert announced(opened)["commune"] == len(expected(live_with_contours, "commune", screen(opened)))
    # Everywhere: the rows without a place come too.
    page.check("input[value=tout]")
    opened.wait("!document.querySelector('.export').textContent.includes('omptage')")
    everywhere = {couche: len(live_with_contours.rows(couche, "?bassin=bassin_minier")) for couche in LAYERS}
    assert announced(opened) == everywhere
    # One layer only, and back to where the reader was.
    page.uncheck(".export input[value=commune]")
    page.uncheck(".export input[value=espace_nature]")
    counted(opened)
    [address] = addresses(opened)
    assert urlsplit(address).path == "/exports/poche_pauvrete.gpkg"
    page.keyboard.press("Escape")
    assert page.locator("#volet").is_hidden()
    assert page.evaluate("document.activeElement.id") == "exporter"


@pytest.mark.parametrize("size", [PHONE, (320, 640)])
def test_the_panel_fits_a_phone(open_map: OpenPage, live: Live, size: tuple[int, int], tmp_path: Path) -> None:
    opened = open_map(live, "#couches=commune,poche_pauvrete", size=size)
    opened.page.click("#bascule-panneau")
    open_export(opened)
    # Without contours a commune is a schematic cell: it has no place to export by.
    assert "schématique" in opened.page.locator(".export li", has_text="Communes").inner_text()
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.getElementById('volet-corps'))")
    assert opened.axe() == []
    opened.capture(tmp_path, "export")
