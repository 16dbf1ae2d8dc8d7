"""Every drawn layer, by eye: seen on each plain ground, its classes told apart without colour vision, and never by colour alone."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.layers.couleurs import DEFICIENCIES, blend, contrast, distance, lab, parse
from tests.layers.test_layers import FOLDERS

if TYPE_CHECKING:
    from tests.layers.couleurs import Rgb
    from webmap.catalog.load import Catalog
    from webmap.catalog.style import Rule

WHITE = parse("#ffffff")
# static/src/map_fonds.js: PALE, and each bassin's colour laid at 0.13 over the ground of the scene (static/css/carte.css).
SCENE = parse("#e9edf0")
WASH = 0.13
SEEN = 3.0  # WCAG 2.2, 1.4.11: what is needed to understand a graphic
APART = 10.0  # CIEDE2000: told from one another at a glance, not side by side
# What lies under a layer when the basemap is the Plan IGN: the surfaces of the style that IGN publishes for its vector twin,
# PLAN.IGN/standard.json, read on 2026-11-22 in the copy that the public repository Viglino/geoservice-style keeps of it (docs/standard).
PLAN_IGN = {
    "fond": "#ffffff", "relief, 0 m": "#d6e5ba", "relief, 100 m": "#f7f2da", "forêt": "#dfe8d5", "forêt ouverte": "#edf2d9",
    "lande": "#f2eecd", "verger": "#fae2c5", "zone bâtie": "#e8e2d1", "zone d'activité": "#d9d9d9", "eau": "#aad5e9",
}  # fmt: skip
# An aerial photograph has any colour: under the edging, from the deepest shadow to the brightest roof.
PHOTO = {"ombre": "#000000", "toit clair": "#ffffff"}
COULEUR_JS = Path(__file__).parents[2] / "static" / "src" / "couleur.js"
WIDER = 1.5  # times: a width that is seen to be another


def grounds(catalog: Catalog) -> dict[str, Rgb]:
    bassin = catalog.by_id["bassin"].style
    assert bassin
    washed = {rule.label: blend(rule.color, WASH, SCENE) for rule in bassin.rules}
    return {"blanc": WHITE, "hors territoire": SCENE, **washed}


def drawn(catalog: Catalog) -> list[str]:
    return [layer_id for layer_id in FOLDERS if catalog.by_id[layer_id].style]


def edges(rule: Rule, geometry: str) -> dict[str, Rgb]:
    """Return the colours a class is recognised by: of a line its own; of the rest its outline, its fill when it is opaque."""
    if geometry == "line":
        return {"trait": parse(rule.color)}
    return {"contour": parse(rule.stroke)}


def test_every_class_is_seen_on_every_plain_ground(catalog: Catalog) -> None:
    for layer_id in drawn(catalog):
        layer = catalog.by_id[layer_id]
        assert layer.style
        for rule in layer.style.rules:
            assert rule.width > 0, (layer_id, rule.label)
            for part, color in edges(rule, layer.geometry).items():
                for ground, under in grounds(catalog).items():
                    found = contrast(color, under)
                    assert found >= SEEN, f"{layer_id}, « {rule.label} » : {part} à {found:.2f}:1 sur {ground}"


def test_every_class_is_seen_on_the_images_of_ign(catalog: Catalog) -> None:
    """Against its white edging, as it lies over each ground: `LISERE` of the page."""
    found = re.search(r"export const LISERE = ([\d.]+);", COULEUR_JS.read_text(encoding="utf-8"))
    assert found
    for layer_id in drawn(catalog):
        layer = catalog.by_id[layer_id]
        assert layer.style
        for rule in layer.style.rules:
            for part, color in edges(rule, layer.geometry).items():
                for name, ground in (PLAN_IGN | PHOTO).items():
                    seen = contrast(color, blend("#ffffff", float(found[1]), parse(ground)))
                    assert seen >= SEEN, (
                        f"{layer_id}, « {rule.label} » : {part} à {seen:.2f}:1 de son liseré sur {name}"
                    )


def fill(rule: Rule, geometry: str) -> Rgb:
    """Return what is seen of the inside, on white: of a symbol, over the white disc it is drawn on."""
    return parse(rule.color) if geometry == "line" else blend(rule.color, rule.opacity, WHITE)


def shape_differs(one: Rule, other: Rule, geometry: str) -> bool:
    """Whether something else than colour tells two classes apart: symbol, hatch, dash, width, size, hollow or full."""
    widths = sorted((one.width, other.width))
    marks = {"point": ("symbol", "dash"), "line": ("dash",)}.get(geometry, ("hatch", "dash"))
    return (
        any(getattr(one, mark) != getattr(other, mark) for mark in marks)
        or widths[1] >= WIDER * widths[0]
        or (geometry == "point" and max(one.size, other.size) >= WIDER * min(one.size, other.size))
        or abs(lab(fill(one, geometry))[0] - lab(fill(other, geometry))[0]) >= 2 * APART  # light and dark: seen in grey
    )


@pytest.mark.parametrize("deficiency", [None, *DEFICIENCIES])
def test_classes_are_told_apart(catalog: Catalog, deficiency: str | None) -> None:
    """By a colour this eye tells from the other, or by what is no colour."""
    for layer_id in drawn(catalog):
        layer = catalog.by_id[layer_id]
        assert layer.style
        for one, other in combinations(layer.style.rules, 2):
            seen = [
                [lab(each, deficiency) for each in (fill(rule, layer.geometry), parse(rule.stroke))]
                for rule in (one, other)
            ]
            apart = max(distance(a, b) for a, b in zip(*seen, strict=True))
            assert apart >= APART or shape_differs(one, other, layer.geometry), (
                f"{layer_id} : « {one.label} » et « {other.label} » à {apart:.1f}, même dessin"
            )


def test_no_class_is_told_by_hue_alone(catalog: Catalog) -> None:
    for layer_id in drawn(catalog):
        layer = catalog.by_id[layer_id]
        assert layer.style
        for one, other in combinations(layer.style.rules, 2):
            assert shape_differs(one, other, layer.geometry), f"{layer_id} : « {one.label} » et « {other.label} »"


def test_the_formulas_are_those_published() -> None:
    """Pairs 1, 7 and 19 of Sharma, Wu and Dalal (2005), and the contrast of the specification's own examples."""
    assert distance((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert distance((50, 0, 0), (50, -1, 2)) == pytest.approx(2.3669, abs=1e-4)
    assert distance((50, 2.5, 0), (58, 24, 15)) == pytest.approx(19.4535, abs=1e-4)
    assert contrast(WHITE, parse("#000000")) == pytest.approx(21)
    assert contrast(parse("#767676"), WHITE) == pytest.approx(4.54, abs=0.01)
    assert lab(WHITE)[0] == pytest.approx(100, abs=0.01)
    for deficiency in DEFICIENCIES:  # greys stay grey
        grey = lab(parse("#808080"), deficiency)
        assert grey[1:] == pytest.approx((0, 0), abs=0.5)
