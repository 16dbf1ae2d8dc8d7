"""`/territoires/<decoupage>`: the numbers of the JSON on a map, in a ranking and in tables, whatever is asked of them."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from webmap.app import create_app
from webmap.store.db import count_queries
from webmap.web import french
from webmap.web.classes import METHODS, build_classes
from webmap.web.thematic_map import HATCH, shade

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.config import Settings
    from webmap.store.db import Database

    Report = dict[str, Any]
    Table = tuple[list[str], list[list[str]]]

DECOUPAGES = ("bassin", "equipe", "bv2022", "commune", "territoire")
RESTS = {
    "Hors unité": "hors_unite",
    "Hors du territoire": "hors_territoire",
    "Non localisé": "non_localise",
    "Comptés plusieurs fois": "comptes_plusieurs_fois",
}


def squeeze(text: str) -> str:
    return re.sub(r"[ \n\t\r]+", " ", text).strip()


def tables(page: Page) -> list[Table]:
    """Header and rows of each table of the page, in order."""
    found: list[Table] = []
    for row in page.rows:
        cells = [squeeze(cell) for cell in row]
        if cells[0] in {"Unité", "N°"}:
            found.append((cells, []))
        else:
            found[-1][1].append(cells)
    return found


def values(part: Report) -> dict[tuple[str, str], Report]:
    return {(value["couche"], value["mesure"]): value for value in part["mesures"] if not value["declare"]}


def written(value: Report) -> str:
    """Return what a cell of the wide tables says."""
    if value["valeur"] is not None:
        return french.nombre(value["valeur"])
    if value["borne_min"] is not None:
        return f"de {french.nombre(value['borne_min'])} à {french.nombre(value['borne_max'])}"
    return str(value["indisponible"])


def drawn(page: Page, tag: str, **wanted: str) -> list[dict[str, str | None]]:
    """Return the elements of a name with these attributes."""
    return [
        attributes
        for name, attributes in page.tags
        if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
    ]


@pytest.fixture
def read(read_page: Callable[[str], Page]) -> Callable[[FlaskClient, str], Page]:
    """Return what asks for a page and reads it."""

    def ask(client: FlaskClient, path: str) -> Page:
        response = client.get(f"/territoires/{path}")
        assert response.status_code == 200, response.text
        return read_page(response.text)

    return ask


@pytest.fixture
def with_statistics(database_with_contours: Database, settings: Settings) -> FlaskClient:
    """Serve figures of our own in the layer of incomes: one commune in three is masked, one in seven absent."""
    with database_with_contours.owner() as connection:
        connection.execute(
            "INSERT INTO pub.filosofi (code_insee, nbmenfisc21, med21, tp6021, secret, etat, source, millesime)"
            " SELECT code_insee, 500 + rang, CASE WHEN rang %% 3 > 0 THEN 15000 + 200 * rang END,"
            " CASE WHEN rang %% 3 > 0 THEN rang END, CASE WHEN rang %% 3 > 0 THEN '{}'::text[] ELSE '{med21,tp6021}' END,"
            " 'existant', 's', '2021' FROM (SELECT code_insee, row_number() OVER (ORDER BY code_insee) AS rang"
            " FROM pub.commune) c WHERE rang %% 7 > %s",
            [0],
        )
    return create_app(settings, database_with_contours).test_client()


# --- the tables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contours", [False, True])
@pytest.mark.parametrize("decoupage", DECOUPAGES)
def test_tables_hold_every_number_of_the_json(
    request: pytest.FixtureRequest, read: Callable[[FlaskClient, str], Page], decoupage: str, *, contours: bool
) -> None:
    client = request.getfixturevalue("reader_with_contours" if contours else "reader")
    report = client.get(f"/territoires/{decoupage}.json").get_json()
    page = read(client, decoupage)
    check_tables(report, page)


def test_tables_hold_bounds_and_secrets(with_statistics: FlaskClient, read: Callable[[FlaskClient, str], Page]) -> None:
    for decoupage in ("bassin", "commune"):
        report = with_statistics.get(f"/territoires/{decoupage}.json").get_json()
        assert any(value["borne_min"] is not None for value in report["ensemble"]["mesures"])
        check_tables(report, read(with_statistics, decoupage))


def check_tables(report: Report, page: Page) -> None:
    """Each column of the wide tables against the JSON, units, rests and whole; columns left out have no value at all."""
    units = {unit["nom"]: values(unit) for unit in report["unites"]}
    rests = {(rest["couche"], rest["mesure"]): rest for rest in report["restes"]}
    whole = values(report["ensemble"])
    shown = set()
    for header, rows in tables(page)[1:]:
        for place, title in enumerate(header[1:], start=1):
            key = next(
                key
                for key, value in next(iter(units.values())).items()
                if squeeze(f"{value['libelle']} {value['unite']}") == title and key not in shown
            )
            shown.add(key)
            for row in rows:
                name, cell = row[0], row[place]
                if name in units and report["decoupage"] != "territoire":
                    assert cell.startswith(squeeze(written(units[name][key]))), (key, name)
                elif name in RESTS:
                    rest = rests.get(key)
                    amount = None if rest is None else rest.get(RESTS[name])
                    assert cell.lstrip("−") == ("—" if amount is None else french.nombre(amount)), (key, name)
                else:
                    assert cell.startswith(squeeze(written(whole[key]))), (key, name)
    for name, by_key in units.items():
        for key, value in by_key.items():
            if value["valeur"] is not None or value["borne_min"] is not None:
                assert key in shown, (key, name)


def test_rests_are_under_the_units(reader: FlaskClient, read: Callable[[FlaskClient, str], Page]) -> None:
    report = reader.get("/territoires/equipe.json").get_json()
    names = [unit["nom"] for unit in report["unites"]]
    for header, rows in tables(read(reader, "equipe?tri=nom"))[1:]:
        first = [row[0] for row in rows]
        assert first[: len(names)] == names
        assert first[-1] == "La Porte du Hainaut (ensemble)"
        if any("habitants" in title for title in header):
            assert set(first[len(names) : -1]) <= set(RESTS)
            assert "Hors unité" in first


def test_what_has_no_value_is_named_with_its_reason(
    reader: FlaskClient, read: Callable[[FlaskClient, str], Page]
) -> None:
    text = read(reader, "bassin").text
    assert "Sans valeur" in text
    assert "couche encore vide" in text
    assert "indisponible (contours non chargés)" in text
    assert "Cellules schématiques" in text


# --- order -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sens", ["decroissant", "croissant"])
def test_units_without_a_number_come_last_either_way(
    with_statistics: FlaskClient, read: Callable[[FlaskClient, str], Page], sens: str
) -> None:
    page = read(with_statistics, f"commune?mesure=filosofi:taux_pauvrete&tri=filosofi:taux_pauvrete&sens={sens}")
    report = with_statistics.get("/territoires/commune.json").get_json()
    by_name = {unit["nom"]: values(unit)["filosofi", "taux_pauvrete"]["valeur"] for unit in report["unites"]}
    header, rows = tables(page)[0]
    order = [by_name[row[1]] for row in rows[:-1]]
    known = [value for value in order if value is not None]
    assert 0 < len(known) < len(order)
    assert None not in order[: len(known)]
    assert known == sorted(known, reverse=sens == "decroissant")
    assert [row[0] for row in rows[:-1]] == [str(line) for line in range(1, len(order) + 1)]
    for row in rows[:-1]:
        value = by_name[row[1]]
        rank = "—" if value is None else str(1 + sum(other > value for other in known))
        assert row[header.index("Rang")] == rank
    wide = [row[0] for row in tables(page)[1][1] if row[0] in by_name]
    assert wide == [row[1] for row in rows[:-1]]


def test_headers_sort_and_say_so(reader: FlaskClient, read: Callable[[FlaskClient, str], Page]) -> None:
    page = read(reader, "bassin?mesure=qpv:nombre&methode=quantiles&classes=4")
    assert {a["aria-sort"] for _, a in page.tags if "aria-sort" in a} == {"descending"}
    links = [link for link in page.links() if link.startswith("?") and "tri=commune%3Apopulation_municipale" in link]
    assert links == [
        "?mesure=qpv%3Anombre&methode=quantiles&classes=4&tri=commune%3Apopulation_municipale&sens=decroissant#theme-territoire"
    ]
    page = read(reader, f"bassin{links[0].partition('#')[0]}")
    rows = tables(page)[1][1]
    assert [row[0] for row in rows[:3]] == ["Bassin minier", "Amandinois", "Ostrevent"]
    reverse = next(link for link in page.links() if "tri=commune%3Apopulation_municipale&sens=croissant" in link)
    rows = tables(read(reader, f"bassin{reverse.partition('#')[0]}"))[1][1]
    assert [row[0] for row in rows[:3]] == ["Ostrevent", "Amandinois", "Bassin minier"]
    rows = tables(read(reader, "bassin?tri=nom&sens=decroissant"))[0][1]
    assert [row[0] for row in rows[:3]] == ["Ostrevent", "Bassin minier", "Amandinois"]


# --- the map -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("methode", sorted(METHODS))
def test_a_rate_shades_each_unit_by_its_class(
    reader_with_contours: FlaskClient, read: Callable[[FlaskClient, str], Page], methode: str
) -> None:
    report = reader_with_contours.get("/territoires/commune.json").get_json()
    densities = [values(unit)["commune", "densite"]["valeur"] for unit in report["unites"]]
    page = read(reader_with_contours, f"commune?mesure=commune:densite&methode={methode}&classes=6")
    classes = build_classes(densities, methode, 6)
    assert drawn(page, "circle") == []
    for rank, (label, number) in enumerate(zip(classes.labels, classes.effectifs, strict=True)):
        fill = shade(rank, len(classes.labels))
        assert len(drawn(page, "path", **{"class": "unite", "fill": fill})) == number
        assert f"classe {rank + 1} : {label} ({french.pluriel(number, 'unité(s)')})" in page.text
    assert METHODS[methode][0] in page.text
    assert len(drawn(page, "path", **{"class": "unite"})) == len(densities)


def test_chosen_bounds_are_those_of_the_legend(
    reader_with_contours: FlaskClient, read: Callable[[FlaskClient, str], Page]
) -> None:
    page = read(reader_with_contours, "commune?mesure=commune:densite&bornes=200;500,5")
    assert "à moins de 200 " in page.text
    assert "de 200 à moins de 500,5 " in page.text
    assert "bornes choisies par le lecteur" in page.text
    assert any(a.get("value") == "200;500,5" for name, a in page.tags if name == "input")


def test_a_number_makes_circles_of_proportional_area_and_shades_nothing(
    reader: FlaskClient, read: Callable[[FlaskClient, str], Page]
) -> None:
    report = reader.get("/territoires/commune.json").get_json()
    page = read(reader, "commune?mesure=commune:population_municipale")
    people = sorted(unit["population"] for unit in report["unites"])
    circles = [a for a in drawn(page, "circle") if a.get("fill-opacity") == "0.72"]
    radii = sorted(float(a["r"] or 0) for a in circles)
    assert len(radii) == len(people)
    for radius, number in zip(radii, people, strict=True):
        assert radius == pytest.approx(radii[-1] * math.sqrt(number / people[-1]), abs=0.11)
    assert len({a["fill"] for a in drawn(page, "path", **{"class": "unite"})}) == 1
    assert "leur aire est proportionnelle" in page.text
    assert "classe 1" not in page.text
    legend = [float(a["r"] or 0) for a in drawn(page, "circle") if a.get("fill-opacity") == "0.3"]
    assert all(low < high for high, low in pairwise(legend))
    assert legend[0] <= radii[-1]


def test_what_is_missing_is_hatched_and_said(
    with_statistics: FlaskClient, read: Callable[[FlaskClient, str], Page]
) -> None:
    report = with_statistics.get("/territoires/commune.json").get_json()
    absent = sum(values(unit)["filosofi", "taux_pauvrete"]["valeur"] is None for unit in report["unites"])
    page = read(with_statistics, "commune?mesure=filosofi:taux_pauvrete")
    assert len(drawn(page, "path", fill=HATCH)) == absent > 0
    assert f"secret statistique, ou non renseigné ({french.pluriel(absent, 'unité(s)')})" in page.text
    page = read(with_statistics, "bassin?mesure=filosofi:niveau_de_vie_median")
    assert len(drawn(page, "path", fill=HATCH)) == len(drawn(page, "path", **{"class": "unite"}))
    assert "connu par ses bornes seulement" in page.text
    assert "masquées" in page.text


def test_communes_in_no_unit_are_drawn_apart(reader: FlaskClient, read: Callable[[FlaskClient, str], Page]) -> None:
    page = read(reader, "equipe")
    assert len(drawn(page, "path", **{"class": "unite"})) == 2
    assert len(drawn(page, "path", **{"class": "hors"})) == 34
    assert "hors de toute unité (34\u00a0communes)" in page.text
    assert drawn(read(reader, "bassin"), "path", **{"class": "hors"}) == []


def test_each_unit_is_named_or_numbered(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    few, many = (reader.get(f"/territoires/{name}").text for name in ("bassin", "commune"))
    for name in ("Amandinois", "Bassin minier", "Ostrevent"):
        assert re.search(rf"<tspan[^>]*>{name}</tspan>", few)
    assert "Les numéros sont ceux du classement" in many
    numbers = re.findall(r'<tspan dy="0.35em">(\d+)</tspan>', many)
    assert len(numbers) == len(set(numbers)) > 30
    assert tables(read_page(few))[0][0][0] == "Unité"
    assert tables(read_page(many))[0][0][0] == "N°"


def test_shades_darken_with_the_class() -> None:
    for count in range(1, 9):
        shades = [shade(rank, count) for rank in range(count)]
        light = [
            sum(weight * int(each[at : at + 2], 16) for weight, at in ((0.299, 1), (0.587, 3), (0.114, 5)))
            for each in shades
        ]
        assert all(high - low > 12 for high, low in pairwise(light)), "told apart in grey"


def test_without_any_outline_the_tables_are_there(
    client: FlaskClient, database: Database, read: Callable[[FlaskClient, str], Page]
) -> None:
    with database.owner() as connection:
        connection.execute("DELETE FROM app.cellule")
    page = read(client, "bassin")
    assert "il n'y a pas de carte" in page.text
    assert drawn(page, "path", **{"class": "unite"}) == []
    assert len(tables(page)[0][1]) == 4


# --- the address -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("annee=2020", "paramètres possibles"),
        ("mesure=qpv", "mesure inconnue"),
        ("mesure=qpv:nombre&mesure=qpv:nombre", "plusieurs fois"),
        ("mesure=<script>", "mesure inconnue"),
        ("methode=kmeans", "jenks, quantiles, egales, arrondies"),
        ("classes=2", "de 3 à 7"),
        ("classes=8", "de 3 à 7"),
        ("classes=٣", "de 3 à 7"),
        ("classes=" + "9" * 5000, "de 3 à 7"),
        ("bornes=20;10", "plus grand que le précédent"),
        ("bornes=" + "1;" * 500, "nombres donnés"),
        ("tri=population", "couche:mesure"),
        ("tri=", "couche:mesure"),
        ("sens=haut", "decroissant, croissant"),
    ],
)
def test_a_wrong_parameter_is_refused_in_a_sentence(reader: FlaskClient, query: str, said: str) -> None:
    response = reader.get(f"/territoires/bassin?{query}")
    assert response.status_code == 400
    assert said in response.get_json()["detail"]
    assert len(response.get_json()["detail"]) < 400


def test_an_empty_field_of_the_form_asks_for_nothing(reader: FlaskClient) -> None:
    query = "mesure=qpv:nombre&methode=jenks&classes=5&bornes="
    assert reader.get(f"/territoires/bassin?{query}").status_code == 200


def test_other_forms_take_no_parameter(reader: FlaskClient) -> None:
    assert reader.get("/territoires/bassin.json?mesure=qpv:nombre").status_code == 400
    assert reader.get("/territoires/bassin/amandinois?mesure=qpv:nombre").status_code == 400


def test_each_question_has_its_version(reader: FlaskClient) -> None:
    queries = ["", "?classes=4", "?classes=5", "?tri=nom", "?bornes=1;2", "?mesure=qpv:nombre"]
    etags = [reader.get(f"/territoires/bassin{query}").headers["ETag"] for query in queries]
    assert len(set(etags)) == len(queries)
    for query, etag in zip(queries, etags, strict=True):
        answer = reader.get(f"/territoires/bassin{query}", headers={"If-None-Match": etag})
        assert answer.status_code == 304
    assert reader.get("/territoires/bassin?classes=4", headers={"If-None-Match": etags[0]}).status_code == 200


def test_the_map_costs_one_statement_whatever_the_number_of_units(reader: FlaskClient) -> None:
    costs = []
    for path in ("bassin.csv", "bassin", "commune"):
        with count_queries() as statements:
            reader.get(f"/territoires/{path}")
        costs.append(len(statements))
    assert costs[1] == costs[2] <= costs[0] + 2


def test_the_warning_of_a_working_assignment_leaves_with_the_last_hypothesis(
    client: FlaskClient, database: Database, read: Callable[[FlaskClient, str], Page]
) -> None:
    decide = "UPDATE app.appartenance SET statut = 'decidee' WHERE decoupage = 'bassin'"
    with database.owner() as connection:
        connection.execute(decide + " AND code_insee <> '59172'")
    assert "Affectation de travail" in read(client, "bassin").text
    with database.owner() as connection:
        connection.execute(decide)
    assert "Affectation de travail" not in read(client, "bassin").text
    assert "Treize communes seulement" in read(client, "equipe").text, "a warning that is about no assignment stays"


@pytest.mark.parametrize("decoupage", DECOUPAGES)
def test_the_caption_of_the_map_goes_from_its_lowest_value_to_its_highest(
    reader: FlaskClient, read_page: Callable[[str], Page], decoupage: str
) -> None:
    units = reader.get(f"/territoires/{decoupage}.json").get_json()["unites"]
    key = ("commune", "nombre")
    text = squeeze(read_page(reader.get(f"/territoires/{decoupage}?mesure={':'.join(key)}").text).text)
    numbers = {unit["nom"]: values(unit)[key]["valeur"] for unit in units if values(unit)[key]["valeur"] is not None}
    told = re.search(r"Sur la carte, (?:de|partout) (.*?) \((.*?)\)(?: à (.*?) \((.*?)\))?[.;]", text)
    assert told
    ends = [(told[1], told[2]), (told[3] or told[1], told[4] or told[2])]
    for (number, names), end in zip(ends, (min(numbers.values()), max(numbers.values())), strict=True):
        assert number.split("\u00a0")[0].split(" ")[0] == squeeze(french.nombre(end)).split(" ")[0]
        assert {numbers[name] for name in re.sub(r" et \d+ de plus$", "", names).split(", ")} == {end}
