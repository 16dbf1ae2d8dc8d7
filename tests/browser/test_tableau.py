"""The table under the map: 50 000 rows, tied to the map both ways, told to a screen reader, exported as shown."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from tests.browser.test_new_layer import add_documented_example
from webmap.catalog.load import load_catalog
from webmap.importing.seeds import load_seeds
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.conftest import Live, OpenPage, Serve
    from tests.browser.observed import Opened
    from webmap.config import Settings
    from webmap.store.db import Database

ROWS = 50_000
MANY = (
    "INSERT INTO pub.aire_covoiturage (code, nom, places, precision, code_insee, etat, source, millesime, geom)"
    " SELECT 'x' || n, 'Aire n° ' || n, n % 500, 'exacte', NULL, 'existant', 'exemple', '2026',"
    " ST_Transform(ST_SetSRID(ST_MakePoint(3.2 + (n % 250) * 0.0016, 50.2 + (n / 250) * 0.0017), 4326), 2154)"
    " FROM generate_series(1, 49997) n"  # and the three of the example
)
SWEEP = """() => new Promise((done) => {
  const grid = document.querySelector(".grille");
  const times = [];
  const step = (now) => {
    times.push(now);
    grid.scrollTop += 1400;
    if (times.length < 121) requestAnimationFrame(step);
    else done(times.slice(1).map((time, at) => time - times[at]).sort((a, b) => a - b));
  };
  requestAnimationFrame(step);
})"""


@pytest.fixture(scope="module")
def many(serve: Serve, filled: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Serve the example of layers/README.md with 50 000 rows."""
    folder = shutil.copytree(settings.layers_folder, tmp_path_factory.mktemp("table") / "layers")
    add_documented_example(folder)
    edited = settings.model_copy(update={"layers_folder": folder})

    def change(database: Database) -> None:
        catalog = load_catalog(folder)
        upgrade(database, catalog, edited)
        load_seeds(database, catalog, edited)
        with database.owner() as connection:
            connection.execute(MANY)

    with serve(filled, change, edited) as found:
        yield found


def open_table(opened: Opened, rows: int) -> None:
    opened.page.click("#bouton-tableau")
    opened.wait("(n) => document.querySelector('.grille table')?.getAttribute('aria-rowcount') === String(n + 1)", rows)
    opened.wait("!!document.querySelector('.grille tbody tr[aria-rowindex=\"2\"]:not(.attente)')")


def active(opened: Opened) -> str:
    found: str = opened.page.evaluate(
        "document.getElementById(document.querySelector('.grille table').getAttribute('aria-activedescendant'))"
        "?.parentElement.textContent ?? ''"
    )
    return found


def wait_active(opened: Opened, text: str) -> None:
    opened.wait("(text) => document.querySelector('.grille tr.courante')?.textContent.includes(text)", text)


def test_fifty_thousand_rows(many: Live, open_map: OpenPage, tmp_path: Path) -> None:
    opened = open_map(many, "#couches=aire_covoiturage&vue=15/50.33/3.39")
    page = opened.page
    open_table(opened, ROWS)
    assert page.locator("#tableau .tableau-compte").inner_text() == "50\u202f000 aires de covoiturage"
    frames = page.evaluate(SWEEP)
    median = frames[len(frames) // 2]
    assert median < 50  # on two cores that other work shares; measured alone: see the commit
    page.locator(".grille table").focus()
    page.keyboard.press("Control+End")
    opened.wait("!!document.querySelector('.grille tr[aria-rowindex=\"50001\"]:not(.attente)')")
    assert "courante" in (page.locator(".grille tr[aria-rowindex='50001']").get_attribute("class") or "")
    assert page.locator(".grille tbody tr").count() < 120
    page.keyboard.press("Control+Home")
    wait_active(opened, "Aire A")
    page.locator(".grille th button").first.click()
    wait_active(opened, "Aire n° 9999")
    assert page.locator(".grille th").first.get_attribute("aria-sort") == "descending"
    assert opened.axe() == []
    opened.capture(tmp_path, "table_50000")


def test_the_table_and_the_map_point_at_each_other(many: Live, open_map: OpenPage, tmp_path: Path) -> None:
    opened = open_map(many, "#couches=aire_covoiturage&vue=15/50.33/3.39")
    page = opened.page
    open_table(opened, ROWS)
    opened.settle()
    lon, lat = 3.39, 50.33  # the « Aire A » of the example
    opened.click_map(lon, lat)
    opened.sheet()
    wait_active(opened, page.inner_text("#volet-titre"))
    page.locator("label.case", has_text="Dans la vue").click()
    opened.wait("document.querySelector('.tableau-compte').textContent.endsWith('(vue)')")
    seen = len(opened.visibles("aire_covoiturage"))
    opened.wait("(n) => document.querySelector('.grille table').getAttribute('aria-rowcount') === String(n + 1)", seen)
    page.locator(".grille tr[aria-rowindex='3'] td").first.click()
    name = page.locator(".grille tr[aria-rowindex='3'] td").first.inner_text()
    path = page.locator(".surbrillance .trait").get_attribute("d")
    assert str(path).startswith("M")
    place = next(each for each in opened.visibles("aire_covoiturage") if each["nom"] == name)
    x, y = opened.pixel(*many.place("aire_covoiturage", place["cle"]))
    box = opened.box(".surbrillance .trait")
    assert abs(box["x"] + box["width"] / 2 - x) < 2
    assert abs(box["y"] + box["height"] / 2 - y) < 2
    page.keyboard.press("Enter")
    opened.wait("(name) => document.getElementById('volet-titre').textContent === name", name)
    opened.capture(tmp_path, "table_et_carte")


def test_chosen_rows_come_back_with_the_link(many: Live, open_map: OpenPage) -> None:
    opened = open_map(many, "#couches=aire_covoiturage&vue=15/50.33/3.39")
    page = opened.page
    open_table(opened, ROWS)
    name = page.locator(".grille tr[aria-rowindex='3'] td").first.inner_text()
    page.locator(".grille tr[aria-rowindex='3'] td").first.click(modifiers=["Control"])
    opened.wait("location.hash.includes('lignes=aire_covoiturage:')")
    page.keyboard.press("Control+End")
    opened.wait("!!document.querySelector('.grille tr[aria-rowindex=\"50001\"]:not(.attente)')")
    page.keyboard.press("Space")
    opened.wait("document.querySelector('.tableau-outils').textContent.includes('2 lignes choisies')")
    opened.wait("location.hash.split('lignes=')[1].split('&')[0].includes(',')")
    page.evaluate("location.hash = location.hash.replace(/lignes=[^&]*/, '$&,partie')")
    page.reload()
    opened.wait("(name) => document.querySelector('.grille tr[aria-selected=true]')?.textContent.includes(name)", name)
    told = "3 lignes choisies, gardées dans le lien, dont 1 n’est plus dans la couche"
    opened.wait("(text) => document.querySelector('.tableau-outils').textContent.includes(text)", told)
    opened.settle()
    opened.wait("!!document.querySelector('.surbrillance.choisies')")
    assert opened.axe() == []


def test_the_table_keeps_the_filter_and_exports_what_it_shows(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, "#couches=espace_nature,projet_emblematique&filtres=espace_nature:nom LIKE 'T%25'")
    page = opened.page
    page.click("#bouton-tableau")
    page.get_by_role("tab", name="Espaces de nature et de loisirs").click()
    kept = live.rows("espace_nature", "?filter=nom%20LIKE%20%27T%25%27")
    opened.wait(
        "(n) => document.querySelector('.grille table').getAttribute('aria-rowcount') === String(n + 1)", len(kept)
    )
    names = page.locator(".grille tbody tr[role=row] td:first-child").all_inner_texts()
    assert sorted(names) == sorted(row["properties"]["nom"] for row in kept.values())
    page.select_option("#filtre", "commune:59172")
    opened.wait("document.querySelector('.grille table').getAttribute('aria-rowcount') === '2'")
    page.locator(".tableau-menu summary", has_text="Colonnes").click()
    page.locator(".tableau-menu").get_by_label("Observation").uncheck()
    opened.wait(
        "document.querySelectorAll('.grille th').length > 1 && !document.querySelector('.grille thead').textContent.includes('Observation')"
    )
    page.keyboard.press("Escape")
    page.locator(".tableau-menu summary", has_text="Exporter").click()
    href = page.locator(".tableau-menu a", has_text="GeoJSON").get_attribute("href")
    assert href
    assert "champs=" in href
    assert "tri=nom" in href
    assert "filter=nom LIKE 'T%'" in unquote(href)
    (feature,) = live.app.test_client().get(href.removeprefix(live.origin)).get_json()["features"]
    assert feature["properties"]["nom"] == "Terril(s) de Denain"
    assert "observation" not in feature["properties"]
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    opened.wait("document.getElementById('tableau').hidden")
    assert page.evaluate("document.activeElement.id") == "bouton-tableau"


def test_a_server_that_stops_is_told_and_tried_again(serve: Serve, filled: str, open_map: OpenPage) -> None:
    with serve(filled) as live:
        opened = open_map(live, "#couches=espace_nature")
        opened.tolerate(r"ERR_CONNECTION_REFUSED")
        open_table(opened, 10)
        live.stop()
        opened.page.locator(".grille th button").first.click()
        opened.wait("document.querySelector('.tableau-compte').textContent.includes('Le serveur ne répond pas')")
        live.start()
        opened.page.locator(".tableau-compte button").click()
        opened.wait("document.querySelector('.tableau-compte').textContent.startsWith('10 ')")


def test_on_a_phone_the_table_and_the_sheet_take_turns(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live, "#couches=espace_nature", size=(390, 844))
    page = opened.page
    open_table(opened, 10)
    assert opened.axe() == []
    page.locator("#tableau [data-action=filtrer]").click()
    page.get_by_role("button", name="Ajouter une première condition").wait_for()
    assert page.locator("#tableau").is_hidden()
    assert opened.axe() == []
    page.get_by_role("button", name="Voir en table").click()
    page.locator("#volet").wait_for(state="hidden")
    assert page.locator(".grille table").evaluate("(table) => table === document.activeElement")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    opened.sheet()
    assert page.locator("#tableau").is_hidden()
    page.click("#volet-fermer")
    page.locator("#tableau").wait_for()
    opened.capture(tmp_path, "table_telephone")
