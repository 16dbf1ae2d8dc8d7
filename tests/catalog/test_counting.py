"""The sentence under each number."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from webmap.catalog.counting import is_additive, rule_of_tie, rule_text
from webmap.catalog.definition import Measure, MeasureType

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog


def measure(kind: str) -> Measure:
    field = "nom" if kind in {"distincts", "somme"} else None
    return Measure.model_validate({"id": "m", "type": kind, "label": "M", "unit": "u", "field": field})


@pytest.mark.parametrize("kind", get_args(MeasureType))
def test_every_type_of_measure_has_its_rule(catalog: Catalog, kind: str) -> None:
    layer = catalog.by_id["zonage_nature"]
    texts = {rule_text(layer, measure(kind), contours=contours) for contours in (True, False)}
    assert all(len(text) > 20 for text in texts)
    assert len(texts) == (1 if kind in {"longueur", "surface", "part_surface"} else 2)


def test_rules_differ_from_one_type_to_the_next(catalog: Catalog) -> None:
    layer = catalog.by_id["zonage_nature"]
    kinds = get_args(MeasureType)
    assert len({rule_text(layer, measure(kind), contours=True) for kind in kinds}) == len(kinds)


@pytest.mark.parametrize(
    ("layer_id", "contours", "words"),
    [
        ("halle", False, "la commune indiquée est dans l'unité"),
        ("halle", True, "le point est dans le contour"),
        ("cours_eau", True, "le tracé entre dans le contour"),
        ("zonage_nature", True, "la surface entre dans le contour"),
        ("qpv", False, "compté dans chaque unité touchée"),
        ("engagement", True, "la commune indiquée est dans l'unité"),
    ],
)
def test_the_tie_is_said(catalog: Catalog, layer_id: str, contours: bool, words: str) -> None:  # noqa: FBT001 - a case
    text = rule_of_tie(catalog.by_id[layer_id], contours=contours)
    assert words in text
    assert ("contour" in text) == (contours and catalog.by_id[layer_id].drawn)


def test_lengths_and_areas_say_the_ellipsoid(catalog: Catalog) -> None:
    for kind in ("longueur", "surface", "part_surface"):
        assert "ellipsoïde" in rule_text(catalog.by_id["zonage_nature"], measure(kind), contours=True)


def test_only_plain_sums_add_up() -> None:
    added = {kind for kind in get_args(MeasureType) if is_additive(measure(kind))}
    assert added == {"nombre", "somme", "longueur", "surface"}
