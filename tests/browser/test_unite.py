"""The page a planner opens before a meeting: each number is that of the data, can be quoted, printed, and read by anyone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.reports_made import add_grids
from webmap.web import french

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Live, OpenPage, Serve

BASSIN = "/territoires/bassin/bassin_minier"
COMMUNE = "/territoires/commune/59172"
ZOOMED, PHONE, DESKTOP = (320, 640), (390, 844), (1280, 900)
UNFOLD = "document.querySelectorAll('main details').forEach((details) => { details.open = true })"


def plain(text: str) -> str:
    """Return a text with every kind of space as one plain space."""
    return re.sub(r"\s+", " ", text).strip()


def fetch(live: Live, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = live.app.test_client().get(f"{path}.json").get_json()
    return answer


def written(value: dict[str, Any]) -> str:
    if value["valeur"] is None:
        return str(value["indisponible"])
    return plain(f"{french.nombre(value['valeur'])} {french.accorde(value['valeur'], value['unite'])}")


def measured(page: Page) -> dict[str, tuple[list[str], str]]:
    """Label -> cells of the tables of measures, theme by theme, and the source under those that share it."""
    found: dict[str, tuple[list[str], str]] = {}
    for body in page.locator("table.mesures tbody").all():
        *rows, (source,) = [
            [plain(cell) for cell in row.locator("th, td").all_inner_texts()] for row in body.locator("tr").all()
        ]
        found |= {row[0]: (row[1:], source) for row in rows}
    return found


@pytest.mark.parametrize("path", [BASSIN, COMMUNE])
def test_the_numbers_of_the_page_are_those_of_the_json(
    open_page: OpenPage, live_with_contours: Live, path: str
) -> None:
    page = open_page(live_with_contours, path).page
    report, shown = fetch(live_with_contours, path), measured(page)
    whole = {(value["couche"], value["mesure"]): value for value in report["ensemble"]["mesures"]}
    seen = 0
    for value in report["unites"][0]["mesures"]:
        if value["libelle"] in shown and value["borne_min"] is None:
            (own, territory, rule), source = shown[value["libelle"]]
            assert own.startswith(written(value)), value["libelle"]
            assert territory.startswith(written(whole[value["couche"], value["mesure"]])), value["libelle"]
            assert plain(value["regle"]) in rule
            assert all(part in source for part in plain(value["source"]).split(" ; "))
            seen += 1
    assert seen > 15


def test_a_distribution_is_one_table_with_its_rule_and_its_source(
    open_page: OpenPage, serve: Serve, contoured: str
) -> None:
    with serve(contoured, add_grids) as live:
        opened, report = open_page(live, BASSIN, size=PHONE), fetch(live, BASSIN)
        tables = opened.page.locator("table.repartition")
        assert tables.count() == 3
        for table in tables.all():
            text = plain(table.inner_text())
            own = [v for v in report["unites"][0]["mesures"] if text.startswith(v["libelle"].partition(" : ")[0])]
            assert len(own) > 3
            assert all(plain(value["libelle"].partition(" : ")[2]) in text for value in own)
            cells = table.locator("tbody tr:not(.provenance) td:nth-of-type(1)").all_inner_texts()
            assert (
                sum(map(int, cells)) == sum(value["valeur"] for value in own) == report["unites"][0]["nombre_communes"]
            )
            assert table.locator(".regle, .source, .citation").count() == 3, "once each"
        assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert opened.axe() == []


def test_five_key_figures_stand_beside_the_territory(open_page: OpenPage, live_with_contours: Live) -> None:
    page = open_page(live_with_contours, BASSIN).page
    cards = [plain(card) for card in page.locator(".cles .chiffre").all_inner_texts()]
    assert len(cards) == 5
    assert "Population municipale 100 802 hab. La Porte du Hainaut : 158 351 hab. 64 % de l'ensemble" in cards[0]
    assert re.match(r"Densité de population [\d ]+(,\d)? hab./km² La Porte du Hainaut : [\d ,]+ hab./km² au-", cards[1])
    assert (
        "Poches de pauvreté pour 1 000 habitants 0,099 La Porte du Hainaut : 0,069 au-dessus : 1,4 fois l'ensemble"
        in cards[3]
    )


def test_the_figures_of_the_documents_are_side_by_side_with_their_line(open_page: OpenPage, live: Live) -> None:
    page = open_page(live, BASSIN).page
    rows = [plain(row) for row in page.locator("[aria-label='Chiffres déclarés'] tbody tr").all_inner_texts()]
    for label, number, line in [
        ("Habitants des quartiers réglementaires", "36 794 habitants", "ligne 74"),
        ("Quartiers réglementaires annoncés", "12 quartiers", "ligne 72"),
        ("Quartiers prioritaires en 2017", "13 quartiers", "ligne 978"),
        ("Halles portées par l’agglomération", "23 halles", "ligne 887-890"),
    ]:
        row = next(row for row in rows if row.startswith(label))
        assert number in row
        assert re.search(rf"{line}\b", row)
    assert any("font 24 et non 23 : contradiction du document, non corrigée" in row for row in rows)


def test_a_citation_is_copied_with_the_day_and_the_address(open_page: OpenPage, live: Live) -> None:
    opened = open_page(live, BASSIN, permissions=["clipboard-read", "clipboard-write"])
    card = opened.page.locator(".cles .chiffre").first
    card.locator("summary").click()
    card.get_by_role("button", name="Copier la citation").click()
    opened.wait("document.querySelector('.cles .chiffre button').textContent === 'Citation copiée'")
    copied = opened.page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(
        r"Population municipale, Bassin minier : 100 802 hab\. \(somme des populations municipales des communes de l'unité\)\. "
        r"Source : Composition des intercommunalités et populations \(epcicom 2026\), millésime 2026\. "
        r"Atlas de La Porte du Hainaut, données du \d\d/\d\d/\d{4}, consulté le \d\d/\d\d/\d{4}, "
        + re.escape(f"{live.origin}{BASSIN}"),
        copied.replace("\u00a0", " "),
    )


def test_without_a_clipboard_the_citation_is_selected(open_page: OpenPage, live: Live) -> None:
    opened = open_page(live, BASSIN)
    opened.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    card = opened.page.locator(".cles .chiffre").first
    card.locator("summary").click()
    card.get_by_role("button").click()
    opened.wait("getSelection().toString().includes('100')")
    assert "Ctrl+C" in card.get_by_role("button").inner_text()


def test_without_a_script_the_page_is_whole(open_page: OpenPage, live: Live) -> None:
    page = open_page(live, BASSIN, java_script_enabled=False).page
    card = page.locator(".cles .chiffre").first
    card.locator("summary").click()
    line = plain(card.locator(".citation-texte").inner_text())
    assert line.endswith(f", {live.origin}{BASSIN}")
    assert "consulté le" not in line, "the server does not know the reader's day"
    assert page.locator("button").count() == 0


@pytest.mark.parametrize("path", [BASSIN, "/territoires/territoire/200042190"])
def test_anyone_may_read_it(open_page: OpenPage, live_with_contours: Live, path: str) -> None:
    opened = open_page(live_with_contours, path)
    assert opened.axe() == []
    opened.page.evaluate(UNFOLD)
    assert opened.axe() == []


@pytest.mark.parametrize("size", [ZOOMED, PHONE, DESKTOP], ids=["zoomed", "phone", "desktop"])
def test_nothing_runs_beside_the_screen(
    open_page: OpenPage, live_with_contours: Live, size: tuple[int, int], tmp_path: Path
) -> None:
    opened = open_page(live_with_contours, COMMUNE, size=size)
    if size == DESKTOP:
        assert opened.axe() == []
    opened.page.evaluate(UNFOLD)
    assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert opened.axe() == []
    opened.page.screenshot(path=tmp_path / "unite.png", full_page=True)


def test_charts_keep_inside_their_drawing_and_never_write_zero_for_missing(
    open_page: OpenPage, live_with_contours: Live
) -> None:
    for path in (BASSIN, COMMUNE):
        page = open_page(live_with_contours, path).page
        outside = page.evaluate(
            """() => [...document.querySelectorAll('.bande svg, .multiple svg, .parts svg')].flatMap((svg) => {
              const box = svg.getBoundingClientRect();
              return [...svg.querySelectorAll('text, circle, rect')].filter((node) => {
                const found = node.getBoundingClientRect();
                return found.left < box.left - 1 || found.right > box.right + 1 || found.top < box.top - 1 || found.bottom > box.bottom + 1;
              }).map((node) => `${svg.getAttribute('aria-label')} ${node.outerHTML}`);
            })"""
        )
        assert outside == []


def test_dots_of_few_units_are_told_by_their_letter(open_page: OpenPage, live_with_contours: Live) -> None:
    page = open_page(live_with_contours, BASSIN).page
    strip = page.locator(".bande").first
    assert sorted(strip.locator("svg .lettre").all_text_contents()) == ["A", "B", "C"]
    assert "A : Amandinois ; B : Bassin minier ; C : Ostrevent." in plain(page.inner_text("main"))
    assert strip.locator("circle.ici").count() == 1
    fills = strip.locator("circle").evaluate_all("(all) => all.map((node) => getComputedStyle(node).fill)")
    assert len(set(fills)) == 2, "full and hollow: read in grey too"


def test_on_paper_everything_folded_is_shown_and_the_navigation_is_not(
    open_page: OpenPage, live_with_contours: Live, tmp_path: Path
) -> None:
    page = open_page(live_with_contours, BASSIN, java_script_enabled=False).page
    page.emulate_media(media="print")
    assert page.locator("header.site nav").is_hidden()
    assert page.locator(".actions").first.is_hidden()
    tables = page.locator("[aria-label='Tableau des taux et parts'] table")
    assert tables.first.is_visible(), "without a script too: the style sheet unfolds"
    page.pdf(path=tmp_path / "bassin.pdf", format="A4")
    assert (tmp_path / "bassin.pdf").stat().st_size > 50_000


def test_maps_are_drawn_without_a_script_and_named(open_page: OpenPage, live_real: Live) -> None:
    page = open_page(live_real, BASSIN, java_script_enabled=False).page
    locator = page.locator(".localisation svg")
    assert locator.get_attribute("aria-label") == "Bassin minier dans La Porte du Hainaut"
    assert locator.locator("path.ici").bounding_box()
    plan = page.locator(".plan-unite svg[role=img]")
    box, shape = plan.bounding_box(), plan.locator("path.limite").bounding_box()
    assert box
    assert shape
    assert shape["x"] >= box["x"]
    assert shape["x"] + shape["width"] <= box["x"] + box["width"]
    assert shape["height"] <= box["height"]
