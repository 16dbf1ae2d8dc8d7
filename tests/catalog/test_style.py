"""The style model and its legend."""

from __future__ import annotations

from typing import get_args
from xml.etree import ElementTree as ET

import pytest

from webmap.catalog.style import Hatch, Rule, Style, Symbol, build_legend, build_symbol_points

STYLE = Style.model_validate(
    {
        "field": "etat",
        "rules": [{"label": "A", "value": "a"}, {"label": "Un", "value": "1"}, {"label": "Reste"}],
        "label": {"field": "nom"},
    }
)


@pytest.mark.parametrize(
    ("properties", "label"),
    [({"etat": "a"}, "A"), ({"etat": 1}, "Un"), ({"etat": "z"}, "Reste"), ({"etat": None}, "Reste"), ({}, "Reste")],
)
def test_the_first_rule_that_matches_wins(properties: dict[str, object], label: str) -> None:
    rule = STYLE.rule_for(properties)
    assert rule is not None
    assert rule.label == label


def test_what_no_rule_takes_is_not_drawn() -> None:
    partial = Style.model_validate({"field": "etat", "rules": [{"label": "Aucun", "value": "None"}]})
    assert partial.rule_for({"etat": None}) is None
    assert partial.rule_for({"etat": "b"}) is None


def test_fields_are_those_a_tile_must_carry_once_each() -> None:
    assert STYLE.fields == ("etat", "nom")
    same = Style.model_validate({"field": "nom", "rules": [{"label": "x"}], "label": {"field": "nom"}})
    assert same.fields == ("nom",)
    assert Style.model_validate({"rules": [{"label": "x"}]}).fields == ()


@pytest.mark.parametrize("geometry", ["point", "line", "polygon", "none"])
@pytest.mark.parametrize("symbol", get_args(Symbol))
def test_a_legend_is_an_image_of_its_own_without_style_attribute(geometry: str, symbol: Symbol) -> None:
    rule = Rule(label="x", symbol=symbol, hatch="diagonal", dash=(4, 2), color="#123456", stroke="#654321")
    text = build_legend(rule, geometry)
    svg = ET.fromstring(text)
    assert svg.get("viewBox") == "0 0 24 16"
    assert "#123456" in text
    assert not any("style" in element.attrib for element in svg.iter())
    assert any("4 2" in (element.get("stroke-dasharray") or "") for element in svg.iter())


def test_each_hatch_looks_different() -> None:
    drawn = {build_legend(Rule(label="x", hatch=hatch), "polygon") for hatch in get_args(Hatch)}
    assert len(drawn) == len(get_args(Hatch))


def test_each_symbol_looks_different_and_fits_its_box() -> None:
    drawn = {build_legend(Rule(label="x", symbol=symbol, size=40), "point") for symbol in get_args(Symbol)}
    assert len(drawn) == len(get_args(Symbol))
    pairs = [pair.split(",") for pair in build_symbol_points("star", 7, 12, 8).split()]
    assert all(0 <= float(x) <= 24 and -1 <= float(y) <= 17 for x, y in pairs)
