"""The sentence under each number."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from webmap.catalog.counting import is_additive, rule_of_tie, rule_text, written
from webmap.catalog.measure import Measure, MeasureType

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog


RULES = {
    "point": ("point_dans", "plus_proche"),
    "line": ("touche", "centroide", "part_de_longueur"),
    "polygon": ("touche", "centroide", "part_de_surface"),
    "none": ("commune",),
}
LAYERS = {"point": "halle", "line": "cours_eau", "polygon": "zonage_nature", "none": "engagement"}


def measure(kind: str, rule: str = "touche") -> Measure:
    names: dict[str, tuple[str, ...]] = dict.fromkeys(("distincts", "somme", "bornes", "repartition"), ("field",))
    names["rapport"] = ("numerator", "denominator")
    fields = dict.fromkeys(names.get(kind, ()), "nom")
    return Measure.model_validate({"id": "m", "type": kind, "rule": rule, "label": "M", "unit": "u", **fields})


@pytest.mark.parametrize("kind", get_args(MeasureType))
def test_every_type_of_measure_has_its_rule(catalog: Catalog, kind: str) -> None:
    layer = catalog.by_id["zonage_nature"]
    texts = {rule_text(layer, measure(kind), contours=contours) for contours in (True, False)}
    assert all(len(text) > 20 for text in texts)
    assert len(texts) == (1 if kind in {"longueur", "surface", "part_surface"} else 2)


@pytest.mark.parametrize("contours", [True, False])
@pytest.mark.parametrize("geometry", RULES)
def test_no_two_types_nor_rules_say_the_same(catalog: Catalog, geometry: str, *, contours: bool) -> None:
    layer = catalog.by_id[LAYERS[geometry]]
    sized = {"longueur", "surface", "part_surface"}  # they have one rule, a share, whatever the others have
    said = [rule_text(layer, measure(kind), contours=contours) for kind in sorted(sized)]
    for kind in sorted({*get_args(MeasureType)} - sized):
        said += [rule_text(layer, measure(kind, rule), contours=contours) for rule in RULES[geometry]]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("layer_id", "rule", "contours", "words"),
    [
        ("halle", "point_dans", False, "la commune indiquée est dans l'unité"),
        ("halle", "point_dans", True, "le point est dans le contour"),
        ("halle", "plus_proche", True, "l'unité la plus proche"),
        ("halle", "plus_proche", False, "une fois les contours chargés ; d'ici là, la commune indiquée"),
        ("cours_eau", "touche", True, "le tracé entre dans le contour ; compté dans chaque unité touchée"),
        ("cours_eau", "part_de_longueur", True, "compté pour la part de sa longueur"),
        ("zonage_nature", "touche", True, "la surface entre dans le contour"),
        ("zonage_nature", "centroide", True, "compté une fois, dans le contour où est son centre"),
        ("qpv", "touche", False, "compté dans chaque unité touchée"),
        ("qpv", "part_de_surface", True, "sinon, non localisé"),
        ("engagement", "commune", True, "la commune indiquée est dans l'unité"),
    ],
)
def test_the_tie_is_said(catalog: Catalog, layer_id: str, rule: str, words: str, *, contours: bool) -> None:
    text = rule_of_tie(catalog.by_id[layer_id], rule, contours=contours)
    assert words in text
    assert ("emplacement exact" in text) == (contours and catalog.by_id[layer_id].drawn)


@pytest.mark.parametrize("contours", [True, False])
def test_no_tie_repeats_itself(catalog: Catalog, *, contours: bool) -> None:
    for layer in catalog.layers:
        for rule in {measure.rule for measure in layer.measures}:
            parts = rule_of_tie(layer, rule, contours=contours).split(" ; ")
            assert len(parts) == len(set(parts)), (layer.id, rule)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (12, "12"), (1234.5, "1\u00a0234,5"), (0.1234, "0,123"), (0.0001, "moins de 0,001"), (-2.5, "-2,5")],
)
def test_a_gap_is_written_in_french(value: float, text: str) -> None:
    assert written(value) == text


def test_lengths_and_areas_say_the_ellipsoid(catalog: Catalog) -> None:
    for kind in ("longueur", "surface", "part_surface"):
        assert "ellipsoïde" in rule_text(catalog.by_id["zonage_nature"], measure(kind), contours=True)


def test_only_plain_sums_add_up() -> None:
    added = {kind for kind in get_args(MeasureType) if is_additive(measure(kind))}
    assert added == {"nombre", "somme", "longueur", "surface", "repartition"}
