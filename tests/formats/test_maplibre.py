"""Styles as MapLibre reads them: valid by its own reference, and drawing each feature by the rule the atlas draws it by."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webmap.catalog.style import Rule, Style
from webmap.formats.maplibre import build_layers, build_maplibre, list_losses

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog

STATIC = Path(__file__).resolve().parents[2] / "static"
TILEJSON = "https://atlas.example/ogc/tiles/WebMercatorQuad/tilejson.json"
VALIDATE = """
import { readFileSync } from "node:fs";
import { validateStyleMin, featureFilter } from "@maplibre/maplibre-gl-style-spec";
const { styles, features } = JSON.parse(readFileSync(0, "utf8"));
const errors = styles.map((style) => validateStyleMin(style).map((error) => error.message));
const drawn = features.map(({ layers, properties }) => layers
  .filter(({ filter }) => featureFilter(filter, "filter").filter({ zoom: 12 }, { type: 1, properties }))
  .map(({ id }) => id));
console.log(JSON.stringify({ errors, drawn }));
"""


def ask_reference(styles: list[Any], features: list[Any]) -> dict[str, Any]:
    """Return what MapLibre's reference finds wrong in each style, and which style layers take each feature."""
    sent = json.dumps({"styles": styles, "features": features})
    command = ["node", "--input-type=module", "-e", VALIDATE]
    run = subprocess.run(command, cwd=STATIC, input=sent, capture_output=True, text=True, check=True, timeout=200)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def styled(catalog: Catalog, layer_id: str, style: Style) -> LayerDefinition:
    return catalog.by_id[layer_id].model_copy(update={"style": style})


def test_every_shipped_style_is_valid(catalog: Catalog) -> None:
    drawn = [layer for layer in catalog.layers if layer.drawn]
    styles = [build_maplibre(layer.title, TILEJSON, [layer], (3.4, 50.4)) for layer in drawn]
    whole = build_maplibre("Atlas", TILEJSON, drawn, (3.4, 50.4), hide=True)
    wrong = {**whole, "layers": [{**whole["layers"][0], "type": "hachure"}]}
    *errors, last = ask_reference([*styles, whole, wrong], [])["errors"]
    assert [found for found in errors if found] == []
    assert last, "the reference refuses what is wrong"
    ids = [part["id"] for part in whole["layers"]]
    assert len(set(ids)) == len(ids)


def test_a_feature_is_drawn_by_the_rule_of_the_atlas(catalog: Catalog) -> None:
    values = ["a", "b", "", "autre", None, True, 3, 2.5]
    rules = (
        Rule(label="A", value="a"),
        Rule(label="B", value="b"),
        Rule(label="Encore A", value="a"),
        Rule(label="Vide", value=""),
        Rule(label="Reste"),
        Rule(label="Jamais", value="autre"),
    )
    cases = [
        (styled(catalog, "projet_emblematique", Style(field="etat", rules=kept)), value)
        for kept in (rules, rules[:3], rules[4:])
        for value in values
        if not isinstance(value, bool | int | float)
    ]
    features: list[dict[str, Any]] = []
    for layer, value in cases:
        properties = {} if value is None else {"etat": value}
        features.append({"layers": build_layers(layer), "properties": properties})
    for (layer, value), ids in zip(cases, ask_reference([], features)["drawn"], strict=True):
        assert layer.style is not None
        rule = layer.style.rule_for({} if value is None else {"etat": value})
        expected = set() if rule is None else {str(layer.style.rules.index(rule))}
        assert {name.split("-")[1] for name in ids} == expected, value


def test_a_field_that_is_no_text_is_compared_as_text(catalog: Catalog) -> None:
    style = Style(field="partage", rules=(Rule(label="Oui", value="true"), Rule(label="Non")))
    layer = styled(catalog, "qpv", style)
    features = [{"layers": build_layers(layer), "properties": {"partage": value}} for value in (True, False)]
    drawn = ask_reference([], features)["drawn"]
    assert [{name.split("-")[1] for name in ids} for ids in drawn] == [{"0"}, {"1"}]


def test_what_is_approximate_is_hollow_and_what_is_schematic_dashed(catalog: Catalog) -> None:
    point = build_layers(styled(catalog, "halle", Style(rules=(Rule(label="x", color="#112233"),))))
    polygon = build_layers(styled(catalog, "commune", Style(rules=(Rule(label="x"),))))
    cases = [
        (layers, sign) for layers in (point, polygon) for sign in ({}, {"approximatif": True}, {"schematique": True})
    ]
    features: list[dict[str, Any]] = [{"layers": layers, "properties": properties} for layers, properties in cases]
    drawn = ask_reference(
        [], [{**each, "layers": [{"filter": None, **part} for part in each["layers"]]} for each in features]
    )
    paints = [
        [part["paint"] for part in layers if part["id"] in ids]
        for (layers, _), ids in zip(cases, drawn["drawn"], strict=True)
    ]
    assert [paint[0]["circle-color"] for paint in paints[:2]] == ["#112233", "#ffffff"]
    assert paints[1][0]["circle-stroke-color"] == "#112233"
    assert ["line-dasharray" in paint[-1] for paint in paints[3:]] == [False, False, True]


def test_what_is_lost_is_told(catalog: Catalog) -> None:
    rule = Rule(label="x", symbol="star", hatch="dots", dash=(3, 2))
    told = {name: list_losses(styled(catalog, name, Style(rules=(rule,)))) for name in ("halle", "qpv", "cours_eau")}
    assert [len(told[name]) for name in ("halle", "qpv", "cours_eau")] == [2, 1, 0]
    assert "cercles" in told["halle"][0]
    assert "achures" in told["qpv"][0]
    style = build_maplibre("x", TILEJSON, [catalog.by_id["qpv"]], (3.4, 50.4))
    assert "hachures" in json.dumps(style["metadata"], ensure_ascii=False)


@given(
    rule=st.builds(
        Rule,
        label=st.text(min_size=1, max_size=9),
        width=st.floats(0, 20),
        dash=st.lists(st.floats(0.5, 20), max_size=5).map(tuple),
        opacity=st.floats(0, 1),
    ),
    layer_id=st.sampled_from(["halle", "qpv", "cours_eau"]),
)
def test_no_rule_gives_a_number_maplibre_cannot_read(catalog: Catalog, rule: Rule, layer_id: str) -> None:
    parts = build_layers(styled(catalog, layer_id, Style(rules=(rule,))))
    json.dumps(parts, allow_nan=False)
    for part in parts:
        assert len(part["paint"].get("line-dasharray", [])) % 2 == 0
        assert part["paint"].get("line-width", 1) > 0


@pytest.mark.parametrize(("low", "high", "expected"), [(0, 22, (None, None)), (10, 15, (9, 15))])
def test_zooms_are_those_of_the_atlas(catalog: Catalog, low: int, high: int, expected: tuple[Any, Any]) -> None:
    layer = catalog.by_id["qpv"].model_copy(update={"zoom_min": low, "zoom_max": high})
    assert {(part.get("minzoom"), part.get("maxzoom")) for part in build_layers(layer)} == {expected}
