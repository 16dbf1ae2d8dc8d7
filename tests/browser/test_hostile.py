"""A name that is HTML, a value that closes a script: text everywhere, from the database to the standalone file."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import Live, OpenPage, Serve
    from webmap.store.db import Database

NAME = "<img src=x onerror=alert(1)>"
FIELD = "</script><script>alert(1)</script>"
KEY = "a/b 'c' \"d\" <img src=x onerror=alert(2)> %2F?#&{{7*7}}"
COMMUNE = "Den</script><script>alert(3)</script>ain"


def poison(database: Database) -> None:
    """Write to the database what a hostile file would bring into it."""
    with database.owner() as connection:
        connection.execute("UPDATE pub.commune SET nom = %s WHERE code_insee = '59172'", [COMMUNE])
        connection.execute(
            "INSERT INTO pub.espace_nature"
            " (code, nom, commune, observation, precision, code_insee, etat, source, source_ligne, source_url, millesime, geom)"
            " SELECT %s, %s, %s, %s, precision, code_insee, etat, %s, %s, 'javascript:alert(4)', millesime, geom"
            " FROM pub.espace_nature WHERE code = 'bassin-rond'",
            [KEY, NAME, FIELD, FIELD + NAME, NAME, FIELD],
        )


@pytest.fixture(scope="module")
def poisoned(serve: Serve, filled: str) -> Iterator[Live]:
    with serve(filled, poison) as live:
        yield live


def test_sheet_list_and_click(open_map: OpenPage, poisoned: Live) -> None:
    lon, lat = poisoned.place("espace_nature", KEY)
    opened = open_map(poisoned, f"#couches=espace_nature&vue=14/{lat}/{lon}")
    page = opened.page
    opened.wait_visibles("espace_nature", 2)
    page.click("#bouton-lieux")
    assert page.locator("#volet .ligne", has_text=NAME).count() == 1
    opened.click_map(lon, lat)
    opened.wait("document.getElementById('volet').dataset.volet === 'choix'")
    page.locator("#volet .ligne", has_text=NAME).click()
    text = opened.sheet()
    assert page.inner_text("#volet-titre") == NAME
    for expected in (FIELD, FIELD + NAME, KEY, NAME):
        assert expected in text
    assert page.locator("#volet img, #volet script, img").count() == 0
    assert not page.locator("a[href^='javascript:']").count()
    opened.wait("location.hash.includes('fiche=')")
    page.reload()
    assert FIELD in opened.sheet()


def test_search_and_hover(open_map: OpenPage, poisoned: Live) -> None:
    lon, lat = poisoned.place("espace_nature", KEY)
    opened = open_map(poisoned, f"#couches=espace_nature&vue=14/{lat}/{lon}")
    page = opened.page
    opened.wait_visibles("espace_nature", 2)
    page.mouse.move(*opened.pixel(lon, lat))
    opened.wait("(name) => document.getElementById('bulle').textContent.includes(name)", NAME)
    page.fill("#recherche-texte", "img src onerror")
    page.locator("[role=option]").first.wait_for()
    assert page.locator("[role=option]").first.inner_text().startswith(NAME)
    page.fill("#recherche-texte", "script alert")
    opened.wait("document.querySelector('[role=option]')?.textContent.includes('script')")
    assert page.locator("[role=option]").first.inner_text() == f"{COMMUNE}\nCommunes"
    page.locator("[role=option]").first.click()
    opened.sheet()
    assert page.inner_text("#volet-titre") == COMMUNE
    assert page.locator("img").count() == 0


def test_filter_and_empty_ground(open_map: OpenPage, poisoned: Live) -> None:
    opened = open_map(poisoned, "#couches=&vue=13/50.33/3.39")
    page = opened.page
    assert page.locator("#filtre option[value='commune:59172']").text_content() == COMMUNE
    opened.click_map(3.39, 50.33)
    opened.wait("document.getElementById('volet').dataset.volet === 'ici'")
    assert page.inner_text("#volet-titre") == COMMUNE
    page.select_option("#filtre", "commune:59172")
    opened.wait("(name) => document.getElementById('filtre-avertissement').textContent.includes(name)", COMMUNE)


def test_pages(open_page: OpenPage, poisoned: Live) -> None:
    opened = open_page(poisoned, "/territoires")
    for path, expected in [
        (f"/fiches/espace_nature/{quote(KEY, safe='/')}", (NAME, FIELD, KEY)),
        ("/couches/espace_nature", (NAME, FIELD)),
        ("/territoires/bassin/ostrevent", (NAME,)),
        ("/territoires/commune/59172", (COMMUNE,)),
        ("/territoires", (COMMUNE,)),
        ("/territoires/commune", (COMMUNE,)),
    ]:
        opened.page.goto(poisoned.origin + path)
        text = opened.page.inner_text("main")
        assert [each for each in expected if each not in text] == [], path
        assert opened.page.locator("img, main script").count() == 0
        assert not opened.page.locator("a[href^='javascript:']").count()


def test_links_of_a_hostile_key_lead_to_it(open_page: OpenPage, poisoned: Live) -> None:
    page = open_page(poisoned, "/couches/espace_nature").page
    page.click(f"a:text-is('{NAME}')")
    assert page.locator("h1").inner_text() == NAME


def test_standalone_map_served(open_page: OpenPage, poisoned: Live) -> None:
    opened = open_page(poisoned, "/cartes/territoire.html?couches=espace_nature,poche_pauvrete")
    page = opened.page
    opened.wait("document.querySelectorAll('.leaflet-marker-icon, .symbole').length >= 22")
    symbol = page.evaluate_handle(
        "(name) => [...document.querySelectorAll('[aria-label]')].find((n) => n.getAttribute('aria-label').startsWith(name))",
        NAME,
    ).as_element()
    assert symbol
    symbol.focus()
    page.keyboard.press("Enter")
    opened.wait("!!document.querySelector('.fiche')")
    assert page.inner_text(".fiche h2") == NAME
    assert FIELD in page.inner_text(".fiche")
    assert page.locator("img").count() == 0
    assert [url for url in opened.requests if "/cartes/" not in url] == []
