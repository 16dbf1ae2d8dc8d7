"""What happens when things fail: the server, a basemap elsewhere, the graphics card."""

from __future__ import annotations

import base64
import re
import zlib
from typing import TYPE_CHECKING

from tests.browser.observed import ARGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

    from tests.browser.conftest import Live, OpenPage, Serve
    from tests.browser.observed import Opened
    from webmap.config import Settings

REFUSED = "ERR_CONNECTION_REFUSED"
# One red pixel (PNG), which fills whatever it is drawn into.
RED = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)


def test_server_down_then_up(serve: Serve, filled: str, open_map: OpenPage) -> None:
    with serve(filled) as live:
        opened = open_map(live, "#couches=poche_pauvrete&vue=10/50.38/3.4")
        opened.tolerate(REFUSED)
        live.stop()
        lon, lat = live.place("poche_pauvrete", "mortagne-du-nord-centre")
        opened.page.goto(f"{live.origin}/#couches=poche_pauvrete&vue=14/{lat}/{lon}")
        opened.notice("Le serveur ne répond pas, nouvel essai…")
        opened.page.fill("#recherche-texte", "denain")
        opened.wait("document.getElementById('recherche-etat').textContent === 'Le serveur ne répond pas.'")
        live.start()
        opened.notice("Le serveur répond de nouveau.")
        opened.wait("!document.getElementById('avis').textContent.includes('nouvel essai')")
        opened.wait_visibles("poche_pauvrete", 1)
        opened.settle()
        assert "#e07a1f" in opened.colours(lon, lat)
        with live.database.owner() as connection:
            connection.execute(
                "UPDATE pub.poche_pauvrete SET geom = NULL, precision = NULL WHERE code = 'mortagne-du-nord-centre'"
            )
        opened.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        opened.notice("Les données ont changé : la carte montre les nouvelles.")
        opened.wait_visibles("poche_pauvrete", 0)


def test_sheet_and_layer_asked_for_while_the_server_is_down(serve: Serve, filled: str, open_map: OpenPage) -> None:
    with serve(filled) as live:
        opened = open_map(live, "#couches=espace_nature")
        opened.tolerate(REFUSED)
        opened.wait_visibles("espace_nature", 10)
        live.stop()
        opened.page.click("#bouton-lieux")
        opened.page.locator("#volet .ligne", has_text="Bassin Rond").click()
        opened.wait("document.getElementById('volet-titre').textContent === 'Fiche indisponible'")
        assert "Le serveur ne répond pas." in opened.page.inner_text("#volet")
        opened.page.locator("[data-couche=poche_pauvrete] [name=couche]").check()
        opened.notice("nouvel essai")
        live.start()
        opened.page.click("#volet button:has-text('Réessayer')")
        assert "Bouchain" in opened.sheet()
        opened.wait("window.atlas.visibles().some((place) => place.couche === 'poche_pauvrete')")


def elsewhere(settings: Settings) -> str:
    return next(fond.origin for fond in settings.fonds if fond.origin)


def test_basemap_out_of_reach_comes_back_to_ours(first_view: Opened, settings: Settings) -> None:
    page = first_view.page
    first_view.allow(elsewhere(settings))
    first_view.tolerate("ERR_FAILED")
    page.select_option("#fond", "plan-ign")
    first_view.notice("Fond injoignable : « Plan IGN ». Retour au fond communal.")
    assert page.locator("#fond").input_value() == "communal"
    first_view.wait("location.hash.includes('fond=communal')")
    assert len(first_view.visibles()) == 27


def test_basemap_in_reach_is_shown_with_its_attribution(first_view: Opened, settings: Settings, tmp_path: Path) -> None:
    page, origin = first_view.page, elsewhere(settings)
    first_view.allow(origin)

    def answer(route: Route) -> None:
        route.fulfill(body=RED, content_type="image/png")

    page.context.route(re.compile(f"^{re.escape(origin)}/"), answer)
    page.select_option("#fond", "plan-ign")
    first_view.wait("document.getElementById('attribution-fond').textContent.includes('© IGN - Géoplateforme')")
    first_view.wait("location.hash.includes('fond=plan-ign')")
    first_view.settle()
    assert any("TILEMATRIX=11" in url for url in first_view.requests)
    box = first_view.box("#carte")
    assert pixel(page, box["x"] + 30, box["y"] + 300) == (255, 0, 0)
    first_view.capture(tmp_path, "fond_xyz")
    page.select_option("#fond", "aucun")
    first_view.wait("document.getElementById('attribution-fond').textContent === ''")


def pixel(page: Page, x: float, y: float) -> tuple[int, ...]:
    """Read one pixel of a picture: images of another origin taint the canvas, which then refuses to be read."""
    picture = page.screenshot(clip={"x": x, "y": y, "width": 1, "height": 1})
    packed, at = b"", 8  # after the signature: length, name, content, checksum of each chunk
    while at < len(picture):
        size = int.from_bytes(picture[at : at + 4])
        if picture[at + 4 : at + 8] == b"IDAT":
            packed += picture[at + 8 : at + 8 + size]
        at += size + 12
    return tuple(zlib.decompress(packed)[1:4])


def test_link_to_a_basemap_out_of_reach(open_page: OpenPage, live: Live, settings: Settings) -> None:
    opened = open_page(live, "/#fond=ortho-ign")
    opened.allow(elsewhere(settings))
    opened.tolerate("ERR_FAILED")
    opened.notice("Fond injoignable : « Photographies aériennes IGN »")
    opened.settle()
    opened.wait_visibles("poche_pauvrete", 11)


def test_without_webgl(launch_browser: Callable[..., Browser], open_map: OpenPage, live: Live) -> None:
    browser = launch_browser(args=[*ARGS, "--disable-3d-apis"])
    opened = open_map(live, browser=browser)
    assert opened.page.evaluate("document.createElement('canvas').getContext('webgl2')") is None
    opened.wait_visibles("poche_pauvrete", 11)
    vue = opened.vue()
    assert "#7d4600" in opened.colours(vue["lon"], vue["lat"], 330)
    opened.page.context.close()
    browser.close()
