"""QML from the style model: every layer's, read as XML, with one category a rule and the map's own colours."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.conftest import define
from webmap.formats.qml import build_qml
from webmap.formats.vecteur import build_dbf_names, build_dbf_notes

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog


def parse(layer: LayerDefinition, names: dict[str, str] | None = None) -> ET.Element:
    return ET.fromstring(build_qml(layer, {name: name for name in layer.field_ids} if names is None else names))


def option(symbol: ET.Element, name: str, rank: int = 0) -> str:
    found = symbol.findall("layer")[rank].find(f"Option/Option[@name='{name}']")
    assert found is not None
    return found.attrib["value"]


def test_every_drawn_layer_has_one_symbol_a_rule(catalog: Catalog) -> None:
    drawn = [layer for layer in catalog.public if layer.drawn and layer.style]
    assert len(drawn) > 15
    for layer in drawn:
        assert layer.style is not None
        names = {name: name for name in (*layer.field_ids, "etat", "precision")}
        root = parse(layer, names)
        symbols = root.findall("renderer-v2/symbols/symbol")
        rules = layer.style.rules if layer.style.field else layer.style.rules[:1]
        assert len(symbols) == len(rules)
        told = [(category.get("value"), category.get("label")) for category in root.iter("category")]
        assert told == ([(rule.value or "", rule.label) for rule in rules] if layer.style.field else [])


def test_a_rule_keeps_its_colours_hatch_and_dashes() -> None:
    rules = [
        {
            "label": "H",
            "color": "#ff8000",
            "opacity": 0.5,
            "stroke": "#000102",
            "width": 2,
            "dash": [3, 2],
            "hatch": "cross",
        }
    ]
    (symbol,) = parse(define(geometry="polygon", style={"rules": rules})).findall("renderer-v2/symbols/symbol")
    assert option(symbol, "color") == "255,128,0,128"
    assert option(symbol, "outline_color") == "0,1,2,255"
    assert option(symbol, "outline_style") == "dash"
    assert option(symbol, "style", 1) == "diagonal_x"


@pytest.mark.parametrize("field", ["nom", None])
def test_a_field_the_file_does_not_have_is_not_named(field: str | None) -> None:
    style = {"field": field, "rules": [{"label": "A", "value": "a"}, {"label": "Reste"}], "label": {"field": "nom"}}
    root = parse(define(style=style), {"code": "code"})
    assert root.find("renderer-v2[@type='singleSymbol']") is not None
    assert root.find("labeling") is None


def test_hostile_labels_stay_text() -> None:
    style = {"field": "nom", "rules": [{"label": "\"><script>&'", "value": "</qgis>"}]}
    (category,) = parse(define(style=style)).iter("category")
    assert (category.get("label"), category.get("value")) == ("\"><script>&'", "</qgis>")


@given(st.lists(st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,40}", fullmatch=True), unique=True, max_size=60))
def test_names_of_a_shapefile_are_short_and_differ(names: list[str]) -> None:
    short = build_dbf_names(names)
    assert len(set(short)) == len(names) == len(short)
    assert all(0 < len(name) <= 10 for name in short)
    told = "\n".join(build_dbf_notes(names, short, 0))
    assert all(f"{after} : {before}" in told for before, after in zip(names, short, strict=True) if before != after)
