"""The map of `/territoires/<decoupage>`: its shades, its circles, its legend, its caption."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.web.comparaison_read import drawn, read, squeeze, tables, values
from tests.web.summaries_read import DECOUPAGES
from webmap.web import french
from webmap.web.classes import METHODS, build_classes
from webmap.web.thematic_map import HATCH, shade

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.store.db import Database


# --- the map -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("methode", sorted(METHODS))
def test_a_rate_shades_each_unit_by_its_class(reader_with_contours: FlaskClient, methode: str) -> None:
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


def test_chosen_bounds_are_those_of_the_legend(reader_with_contours: FlaskClient) -> None:
    page = read(reader_with_contours, "commune?mesure=commune:densite&bornes=200;500,5")
    assert "à moins de 200 " in page.text
    assert "de 200 à moins de 500,5 " in page.text
    assert "bornes choisies par le lecteur" in page.text
    assert any(a.get("value") == "200;500,5" for name, a in page.tags if name == "input")


def test_a_number_makes_circles_of_proportional_area_and_shades_nothing(reader: FlaskClient) -> None:
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


def test_what_is_missing_is_hatched_and_said(with_statistics: FlaskClient) -> None:
    report = with_statistics.get("/territoires/commune.json").get_json()
    absent = sum(values(unit)["filosofi", "taux_pauvrete"]["valeur"] is None for unit in report["unites"])
    page = read(with_statistics, "commune?mesure=filosofi:taux_pauvrete")
    assert len(drawn(page, "path", fill=HATCH)) == absent > 0
    assert f"secret statistique, ou non renseigné ({french.pluriel(absent, 'unité(s)')})" in page.text
    page = read(with_statistics, "bassin?mesure=filosofi:niveau_de_vie_median")
    assert len(drawn(page, "path", fill=HATCH)) == len(drawn(page, "path", **{"class": "unite"}))
    assert "connu par ses bornes seulement" in page.text
    assert "masquées" in page.text


def test_communes_in_no_unit_are_drawn_apart(reader: FlaskClient) -> None:
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


def test_without_any_outline_the_tables_are_there(client: FlaskClient, database: Database) -> None:
    with database.owner() as connection:
        connection.execute("DELETE FROM app.cellule")
    page = read(client, "bassin")
    assert "il n'y a pas de carte" in page.text
    assert drawn(page, "path", **{"class": "unite"}) == []
    assert len(tables(page)[0][1]) == 4


# --- the address -------------------------------------------------------------------------------------------------


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
