"""`/territoires/<decoupage>/<code>`: a page to defend each number with, whose numbers are those of the JSON."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from shapely.geometry import Polygon

from tests.web.reports_made import TYPES, make_report, make_unit, make_value
from webmap.app import create_app
from webmap.catalog.counting import EMPTY_LAYER
from webmap.store.outlines import Mark, Outline, Outlines
from webmap.store.statements import count_queries
from webmap.web import french
from webmap.web.plans import BADGE, build_locator, build_plan
from webmap.web.unite_contenu import build_key_figures, build_sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

PATHS = (
    "bassin/amandinois",
    "bassin/bassin_minier",
    "commune/59172",
    "equipe/nord",
    "bv2022/59172",
    "territoire/200042190",
)
SECTIONS = ["Où", "Chiffres clés", "Carte", "Ce que contient l'unité", "Comparaisons", "Atouts et manques", "Sources"]


def unit_json(client: FlaskClient, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/territoires/{path}.json").get_json()
    return answer


def section(html: str, title: str) -> str:
    """Return what stands between a heading of the second level and the next."""
    found = re.search(rf"<h2>{re.escape(title)}</h2>(.*?)(?=<h2>|</main>)", html, re.DOTALL)
    assert found, title
    return unescape(found[1])


# --- from top to bottom ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_the_page_reads_in_the_order_of_the_issue(reader_with_contours: FlaskClient, path: str) -> None:
    html = reader_with_contours.get(f"/territoires/{path}").text
    expected = [
        title for title in SECTIONS if path[:10] != "territoire" or title not in {"Comparaisons", "Atouts et manques"}
    ]
    assert [unescape(title) for title in re.findall(r"<h2>(.*?)</h2>", html)] == expected
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", html)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("path", PATHS)
def test_nothing_on_the_page_is_a_computer_s_word(
    reader: FlaskClient, read_page: Callable[[str], Page], path: str
) -> None:
    text = read_page(reader.get(f"/territoires/{path}").text).text
    assert not re.search(r"\b(nan|None|inf|Undefined|True|False)\b|\{\{|\}\}", text)


def test_key_figures_are_those_of_the_json_beside_the_territory(
    reader_with_contours: FlaskClient, settings: Settings
) -> None:
    report = unit_json(reader_with_contours, "bassin/amandinois")
    own = {f"{v['couche']}:{v['mesure']}": v for v in report["unites"][0]["mesures"]}
    whole = {f"{v['couche']}:{v['mesure']}": v for v in report["ensemble"]["mesures"]}
    cards = section(reader_with_contours.get("/territoires/bassin/amandinois").text, "Chiffres clés").split(
        '<div class="chiffre">'
    )[1:]
    assert len(cards) == len(settings.chiffres_cles) == 5
    for card, name in zip(cards, settings.chiffres_cles, strict=True):
        value = own[name]
        assert f'<span class="libelle">{value["libelle"]}</span>' in card
        assert f'<span class="valeur">{french.nombre(value["valeur"])}' in card
        assert f"La Porte du Hainaut : {french.nombre(whole[name]['valeur'])}" in card
        assert re.search(r'<span class="ecart">.+l\'ensemble', card)
        assert value["regle"] in card
        assert value["source"] in card
        assert value["millesime"] in card
        assert "Citer" in card


def test_a_key_figure_without_a_value_says_why_and_is_not_compared(reader: FlaskClient) -> None:
    cards = section(reader.get("/territoires/bassin/amandinois").text, "Chiffres clés").split('<div class="chiffre">')
    density = next(card for card in cards if "Densité" in card)
    assert "indisponible (contours non chargés)" in density
    assert "ecart" not in density
    assert "Citer" not in density, "there is nothing to quote"


def test_other_key_figures_are_another_page(settings: Settings, database: Database) -> None:
    few = settings.model_copy(update={"chiffres_cles": ("parc_activite:nombre",)})
    first, second = create_app(settings, database).test_client(), create_app(few, database).test_client()
    pages = [client.get("/territoires/bassin/amandinois") for client in (first, second)]
    assert pages[0].headers["ETag"] != pages[1].headers["ETag"]
    assert pages[1].text.count('class="chiffre"') == 1


def test_the_whole_is_compared_with_nothing(reader: FlaskClient) -> None:
    html = reader.get("/territoires/territoire/200042190").text
    assert 'class="ecart"' not in html
    assert 'ensemble">' not in section(html, "Chiffres clés")


# --- maps --------------------------------------------------------------------------------------------------------


def test_maps_show_the_unit_its_communes_and_its_places(reader_with_contours: FlaskClient) -> None:
    html = reader_with_contours.get("/territoires/bassin/bassin_minier").text
    where = section(html, "Où")
    assert where.count('class="ici"') == 1
    assert where.count('class="voisine"') == 2
    plan = section(html, "Carte")
    report = unit_json(reader_with_contours, "bassin/bassin_minier")
    assert plan.count('class="commune"') == len(report["unites"][0]["communes"])
    poches = next(
        v for v in report["unites"][0]["mesures"] if (v["couche"], v["mesure"]) == ("poche_pauvrete", "nombre")
    )
    assert f"Poches de pauvreté ({poches['valeur']})" in plan
    letter = re.search(r'<span class="visually-hidden">(\w) : </span>Poches de pauvreté', plan)
    assert letter
    assert len(re.findall(rf'class="lettre"[^>]*>{letter[1]}</text>', plan)) == poches["valeur"] + 1, "and the legend"
    assert "cellules schématiques" not in plan


def test_cells_are_said_schematic_on_the_map(reader: FlaskClient) -> None:
    html = reader.get("/territoires/bassin/bassin_minier").text
    assert "pas des limites administratives" in section(html, "Carte")
    assert 'class="limite schematique"' in html


def test_a_unit_without_a_shape_has_a_page_and_no_map(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.bassin (code, nom, etat, source, millesime) VALUES ('vide', 'Vide', 'existant', 'x', '2026')"
        )
    response = client.get("/territoires/bassin/vide")
    assert response.status_code == 200
    assert "Pas de carte" in section(response.text, "Carte")
    assert "Pas encore de contour" in section(response.text, "Où")


def make_outlines() -> Outlines:
    def square(code: str, x: int) -> Outline:
        return Outline(code, code.title(), f"M{x} 0l1000 0 0 1000 -1000 0z", (x + 500, 500), 500)

    both = Outline("a", "A", "M0 0l1000 0 0 1000 -1000 0zM1000 0l1000 0 0 1000 -1000 0z", (500, 500), 500)
    communes = (square("un", 0), square("deux", 1000), square("trois", 2000))
    return Outlines((0, 0, 3000, 1000), (0, 0), (both, square("b", 2000)), communes, schematique=False)


def test_letters_cover_neither_each_other_nor_a_name(catalog: Catalog) -> None:
    layers = [catalog.by_id["mediatheque"], catalog.by_id["halle"]]
    marks = [Mark(layer.id, str(n), f"{n}", "commune", (500, 500), "") for layer in layers for n in range(20)]
    plan = build_plan(make_outlines(), "a", ["un", "deux"], layers, marks)
    assert plan
    assert [entry.letter for entry in plan.entries] == ["A", "B"]
    badges = [badge for entry in plan.entries for badge in entry.badges]
    assert len(badges) == 40
    assert all(badge.at == plan.frame.place((500, 500)) and badge.approximate for badge in badges)
    for at, one in enumerate(badges):
        assert BADGE <= one.x <= plan.frame.width - BADGE
        assert BADGE <= one.y <= plan.frame.height - BADGE
        for other in badges[:at]:
            assert max(abs(one.x - other.x), abs(one.y - other.y)) >= 2 * BADGE - 0.2
    assert [name.text for name in plan.names] == ["Un", "Deux"]


def test_a_layer_of_many_places_is_drawn_without_letters(catalog: Catalog) -> None:
    sizes = {"irve": 60, "halle": 30, "gare": 31}
    marks = [Mark(name, str(n), "x", "exacte", (10 * n, 500), "") for name, size in sizes.items() for n in range(size)]
    plan = build_plan(make_outlines(), "a", ["un", "deux"], [catalog.by_id[name] for name in sizes], marks)
    assert plan
    assert [entry.letter for entry in plan.entries] == ["", "A", ""]
    assert plan.entries[0].symbol != plan.entries[2].symbol, "two layers are told apart in grey"
    assert all((badge.x, badge.y) == badge.at for badge in plan.entries[0].badges)


def test_a_drawing_holds_its_shape_whole() -> None:
    outlines = make_outlines()
    plan, locator = build_plan(outlines, "a", ["un", "deux"], [], []), build_locator(outlines, "b")
    assert plan
    assert locator
    for frame, corners in ((plan.frame, [(0, 0), (2000, 1000)]), (locator.frame, [(0, 0), (3000, 1000)])):
        shape = Polygon([(0, 0), (frame.width, 0), (frame.width, frame.height), (0, frame.height)])
        assert shape.contains(Polygon.from_bounds(*frame.place(corners[0]), *frame.place(corners[1])))
    assert build_locator(outlines, "absent") is None
    assert build_plan(outlines, "absent", [], [], []) is None


# --- citations ---------------------------------------------------------------------------------------------------


def test_each_figure_has_a_citation_that_stands_alone(reader_with_contours: FlaskClient) -> None:
    html = reader_with_contours.get("/territoires/bassin/amandinois").text
    found = [
        re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", text)).replace("\u00a0", " "))
        for text in re.findall(r'<p class="citation-texte">(.*?)</p>', html, re.DOTALL)
    ]
    report = unit_json(reader_with_contours, "bassin/amandinois")
    values = [v for v in report["unites"][0]["mesures"] if v["valeur"] is not None]
    stated = [v for v in report["ensemble"]["mesures"] if v["declare"]]
    for nom, value in [*(("Amandinois", v) for v in values), *(("La Porte du Hainaut", v) for v in stated)]:
        number = f"{french.nombre(value['valeur'])} {french.accorde(value['valeur'], value['unite'])}"
        start = f"{value['libelle']}, {nom} : {number} ({value['regle']}). Source : {value['source']}"
        assert any(line.startswith(start.replace("\u00a0", " ")) for line in found), start
    for line in found:
        assert re.search(
            r", millésime .+\. Atlas de La Porte du Hainaut, données du \d\d/\d\d/\d{4}, http://localhost/territoires/bassin/amandinois$",
            line,
        ), line


def test_the_date_of_a_citation_is_that_of_the_data(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        connection.execute("UPDATE app.revision SET modifiee = '2024-02-03 12:00+00'")
        connection.execute("UPDATE app.revision SET modifiee = '2025-06-07 12:00+00' WHERE couche = 'qpv'")
    html = client.get("/territoires/bassin/amandinois").text
    assert "données du 07/06/2025" in html
    assert "03/02/2024" not in html


def test_the_address_of_a_hostile_code_stays_a_text(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.bassin (code, nom, etat, source, millesime) VALUES (%s, %s, 'existant', 'x', '2026')",
            ['"><script>', "<b>L'Île</b>"],
        )
    html = client.get("/territoires/bassin/%22%3E%3Cscript%3E").text
    assert "<b>" not in html
    assert "territoires/bassin/%22%3E%3Cscript%3E</span>" in html
    assert html.count("<script") == 2  # the two modules of the page


# --- comparisons, sources, what straddles ------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["bassin/amandinois", "commune/59172"])
def test_chart_tables_say_what_json_says(
    reader_with_contours: FlaskClient, read_page: Callable[[str], Page], path: str
) -> None:
    decoupage, code = path.split("/")
    report = unit_json(reader_with_contours, decoupage)
    html = section(reader_with_contours.get(f"/territoires/{path}").text, "Comparaisons")
    compared = 0
    for table in re.findall(r'<table class="dense">.*?</table>', html, re.DOTALL):
        head, *lines = read_page(table).rows
        names = [re.sub(r" \([^()]*\)$", "", cell) for cell in head[1:]]
        parts = [*report["unites"], {**report["ensemble"], "nom": f"{report['ensemble']['nom']} (ensemble)"}]
        assert [line[0] for line in lines] == [part["nom"] for part in parts]
        for line, part in zip(lines, parts, strict=True):
            values = {value["libelle"]: value["valeur"] for value in part["mesures"] if not value["declare"]}
            for name, cell in zip(names, line[1:], strict=True):
                number = next(value for label, value in values.items() if re.sub(r" \([^()]*\)$", "", label) == name)
                assert cell == ("n. d." if number is None else french.nombre(number)), (name, part["nom"])
                compared += 1
    assert compared > 30
    assert code in {unit["code"] for unit in report["unites"]}


def test_each_chart_is_named_and_says_where_its_numbers_are(reader: FlaskClient) -> None:
    html = section(reader.get("/territoires/commune/59172").text, "Comparaisons")
    charts = re.findall(r"<svg\b[^>]*>", html)
    assert len(charts) > 8
    assert all('role="img"' in chart and "Les valeurs sont dans le tableau qui suit." in chart for chart in charts)
    assert html.count("<details") == 3, "a table a kind of chart"


def test_sources_name_every_layer_that_has_a_value(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    html = reader.get("/territoires/bassin/bassin_minier").text
    rows = read_page(section(html, "Sources")).rows[1:]
    report = unit_json(reader, "bassin/bassin_minier")
    named = {title for row in rows for title in row[2].split(", ")}
    assert {v["couche_titre"] for v in report["unites"][0]["mesures"] if v["valeur"] is not None} <= named
    assert not any("Aucune donnée" in row[0] for row in rows), "an empty layer has no source yet"
    documents = {v["source"].split(", ligne ")[0] for v in report["ensemble"]["mesures"] if v["declare"]}
    assert documents <= {row[0] for row in rows}


def test_a_source_is_listed_once_a_vintage() -> None:
    key = ("mare", "nombre")
    value = make_value(key, 2)
    values = [
        replace(value, source="A ; B", millesime="2019 ; 2020"),
        replace(value, couche_titre="Étangs", source="A", millesime="2019"),
        replace(value, source="A ; contours", millesime="2021"),
        replace(value, source="C (noms ; aucun nombre) ; D (x)", millesime="2022"),
        replace(value, source="vide", indisponible=EMPTY_LAYER, valeur=None),
        replace(value, source="Rapport, ligne 7", millesime="2017", declare=True),
        replace(value, source="Rapport, ligne 9", millesime="2017", declare=True),
    ]
    found = [(each.nom, each.millesime, each.couches) for each in build_sources(values, "contours")]
    assert found == [
        ("A", "2019", ("Mares", "Étangs")),
        ("B", "2020", ("Mares",)),
        ("A", "2021", ("Mares",)),
        ("contours", "", ("Mares",)),
        ("C (noms ; aucun nombre)", "2022", ("Mares",)),
        ("D (x)", "2022", ("Mares",)),
        ("Rapport", "2017", ("Mares",)),
    ]


def test_key_figures_keep_the_order_asked() -> None:
    report = make_report({"Ouest": 3}, 6, ("mare", "nombre"))
    both = make_unit("Ouest", [make_value(("mare", "nombre"), 3), make_value(("mare", "part_surface"), 9)])
    whole = make_unit("Tout", [make_value(("mare", "nombre"), 6), make_value(("mare", "part_surface"), 3)])
    figures = build_key_figures(["mare:part_surface", "mare:nombre"], both, whole, TYPES)
    assert [figure.difference for figure in figures] == ["au-dessus : 3,0 fois l'ensemble", "50\u00a0% de l'ensemble"]
    assert [each.difference for each in build_key_figures(["mare:nombre"], report.units[0], report.ensemble, {})] == [
        ""
    ]


def test_the_page_costs_no_more_statements_for_more_units(unkept: FlaskClient) -> None:
    database, costs = unkept.application.extensions["webmap"].database, {}
    for path in ("bassin/amandinois", "equipe/nord", "bv2022/59172"):
        database.kept.clear()
        database.areas.clear()
        with count_queries() as statements:
            assert unkept.get(f"/territoires/{path}").status_code == 200
        costs[path] = len(statements)
    assert len(set(costs.values())) == 1, costs


def test_a_crowd_of_places_is_set_in_bounded_time(catalog: Catalog) -> None:
    layers = [layer for layer in catalog.public if layer.drawn][:20]
    marks = [Mark(layer.id, str(n), "x", "commune", (500, 500), "") for layer in layers for n in range(30)]
    start = time.process_time()
    assert build_plan(make_outlines(), "a", ["un", "deux"], layers, marks)
    assert time.process_time() - start < 10, "six hundred places at one point"


def test_what_straddles_shows_the_share_of_each_unit(
    settings: Settings, database_with_contours: Database, read_page: Callable[[str], Page]
) -> None:
    with database_with_contours.owner() as connection:
        connection.execute(
            "INSERT INTO pub.trame_verte (code, nom, element, portee, document, geom, precision, etat, source, source_ligne, millesime)"
            " SELECT 'vaste', 'Vaste', 'reservoir', 'diagnostic', 'essai', ST_Multi(ST_Buffer(ST_Centroid(ST_Union(geom)), 9000)),"
            " 'exacte', 'existant', 'facts', '1', '2026' FROM pub.commune"
        )
    client = create_app(settings, database_with_contours).test_client()
    html = client.get("/territoires/bassin/bassin_minier").text
    table = re.search(r'<div[^>]*aria-label="À cheval sur plusieurs unités">(.*?)</table>', html, re.DOTALL)
    assert table
    row = next(row for row in read_page(table[1]).rows if row[0] == "Vaste")
    shares = {name: float(share.replace(",", ".")) for name, share in re.findall(r"([\w' ]+?) ([\d,]+)\u00a0%", row[3])}
    assert len(shares) >= 2
    assert "Bassin minier" in {name.strip() for name in shares}
    assert sum(shares.values()) == pytest.approx(100, abs=0.2)
    report = unit_json(client, "bassin/bassin_minier")
    surface = next(
        v for v in report["unites"][0]["mesures"] if (v["couche"], v["mesure"]) == ("trame_verte", "surface_km2")
    )
    own = next(share for name, share in shares.items() if name.strip() == "Bassin minier")
    total = float(row[2].partition("\u00a0")[0].replace(",", "."))
    assert own * total / 100 == pytest.approx(surface["valeur"], rel=0.01)
    assert "À cheval" not in client.get("/territoires/territoire/200042190").text
