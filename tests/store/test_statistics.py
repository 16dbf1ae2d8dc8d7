"""Figures of whole communes: complete sums and ratios, bounds, classes; and nothing that tells a secret."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.store.statistics_filled import CONTEXT, LAYER, MEASURES, NAMES, UNIT, table
from webmap.catalog import counting
from webmap.catalog.measure import class_key
from webmap.store.published import build_unpublishable
from webmap.store.statistics import LayerStatistics, Tally, build_rests, build_statistics

if TYPE_CHECKING:
    from webmap.store.measures import Value

# --- from tallies to sentences -----------------------------------------------------------------------------------


def say(kind: str, tally: Tally, ensemble: Tally | None = None) -> list[Value]:
    layer = table(measures=[{**m, "rule": "commune"} for m in MEASURES if m["type"] == kind])
    name = layer.measures[0].id
    found = LayerStatistics({"u": {name: tally}}, {}, {name: ensemble or tally}, 47)
    return build_statistics(layer, UNIT, found, CONTEXT, whole=False)


@pytest.mark.parametrize("kind", ["somme", "rapport"])
@pytest.mark.parametrize(
    ("tally", "value", "why"),
    [
        (Tally(3, 3, 0, value=12.5), 12.5, None),
        (Tally(3, 2, 1), None, "1 commune masquée"),
        (Tally(7, 2, 5), None, "5 communes masquées"),
        (Tally(7, 2, 0), None, "5 communes sans donnée"),
        (Tally(7, 2, 4), None, "4 communes masquées, 1 commune sans donnée"),
        (Tally(1, 0, 1), None, "secret statistique"),
        (Tally(1, 0, 0), None, "sans donnée à la source"),
    ],
)
def test_a_sum_is_complete_or_says_why_not(kind: str, tally: Tally, value: float | None, why: str | None) -> None:
    (found,) = say(kind, tally)
    assert (found.valeur, found.indisponible) == (value, why)
    assert (found.borne_min, found.borne_max) == (None, None)
    assert found.communes_masquees == tally.masked
    assert found.additive == (kind == "somme")


@pytest.mark.parametrize(
    ("tally", "bounds", "why", "note"),
    [
        (Tally(19, 15, 4, low=16210, high=24500), (16210, 24500), counting.NOT_SUMMED, "15 communes ; 4 masquées"),
        (Tally(3, 1, 1, low=21, high=21), (21, 21), counting.NOT_SUMMED, "1 commune ; 1 masquée ; 1 sans donnée"),
        (Tally(3, 3, 0, low=21, high=21), (21, 21), counting.NOT_SUMMED, "3 communes"),
        (Tally(3, 0, 3), (None, None), "3 communes masquées", None),
        (Tally(3, 0, 2), (None, None), "2 communes masquées, 1 commune sans donnée", None),
        (Tally(1, 0, 1), (None, None), "secret statistique", None),
    ],
)
def test_a_rate_of_several_communes_has_bounds_and_no_value(
    tally: Tally, bounds: tuple[float | None, float | None], why: str, note: str | None
) -> None:
    (found,) = say("bornes", tally)
    assert found.valeur is None
    assert (found.borne_min, found.borne_max) == bounds
    assert (found.indisponible, found.note, found.communes_masquees) == (why, note, tally.masked)
    assert (found.sens, found.additive) == ("besoin", False)


def test_a_rate_of_one_commune_is_its_own() -> None:
    (found,) = say("bornes", Tally(1, 1, 0, low=43, high=43))
    assert (found.valeur, found.borne_min, found.borne_max, found.indisponible) == (43, None, None, None)


def test_classes_are_counted_with_their_zeros() -> None:
    whole = Tally(47, 47, 0, classes=(40, 7))
    found = say("repartition", Tally(3, 3, 0, classes=(3, 0)), whole)
    assert [(v.mesure, v.libelle, v.valeur) for v in found] == [
        (NAMES[0], "Grille : Bourg", 3),
        (NAMES[1], "Grille : Hors champ", 0),
    ]
    assert all(v.additive for v in found)


def test_communes_without_a_class_are_shown_in_every_unit_as_soon_as_there_is_one() -> None:
    whole = Tally(47, 45, 1, classes=(40, 5))
    found = say("repartition", Tally(3, 3, 0, classes=(3, 0)), whole)
    assert [(v.mesure, v.valeur) for v in found] == list(zip(NAMES, [3, 0, 0], strict=True))
    found = say("repartition", Tally(3, 1, 1, classes=(1, 0)), whole)
    assert [(v.mesure, v.valeur, v.communes_masquees) for v in found][-1] == (NAMES[2], 2, 1)


def test_a_unit_without_a_commune_sums_to_nothing_and_has_no_rate() -> None:
    assert [say(kind, Tally())[0].valeur for kind in ("somme", "rapport", "bornes")] == [0, None, None]
    assert say("bornes", Tally())[0].indisponible == counting.NO_COMMUNE
    assert [v.valeur for v in say("repartition", Tally(), Tally(47, 47, 0, classes=(40, 7)))] == [0, 0]


def test_an_empty_layer_is_not_a_zero() -> None:
    found = LayerStatistics({}, {}, {}, 0)
    for value in build_statistics(LAYER, UNIT, found, CONTEXT, whole=False):
        assert (value.valeur, value.indisponible) == (None, counting.EMPTY_LAYER)
    assert build_rests(LAYER, replace(found)) == []


@pytest.mark.parametrize(
    ("text", "key"),
    [("Bourgs ruraux", "bourgs_ruraux"), ("Hors champ : DOM", "hors_champ_dom"), ("Nœud d'été", "noeud_d_ete")],
)
def test_a_class_has_a_plain_identifier(text: str, key: str) -> None:
    assert class_key(text) == key


# --- weighed before it is published ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "broken"),
    [
        ("somme", {"sums": (11.0,)}),
        ("somme", {"published": 2}),
        ("rapport", {"value": 3.0}),
        ("rapport", {"sums": (25.0, 9.0)}),
        ("bornes", {"low": 11.0}),
        ("bornes", {"masked": 1}),
        ("classes", {"classes": (0, 0)}),
    ],
)
def test_what_does_not_add_up_is_not_published(measure: str, broken: dict[str, Any]) -> None:
    right = {
        "somme": Tally(1, 1, value=10.0, sums=(10.0,)),
        "rapport": Tally(1, 1, value=2.5, sums=(25.0, 10.0)),
        "bornes": Tally(1, 1, low=12.0, high=12.0),
        "classes": Tally(1, 1, classes=(1, 0)),
    }
    kept = LayerStatistics({"u": right}, {}, right, 1)
    assert build_unpublishable([LAYER], {"essai": kept}) == {}
    wrong = replace(kept, unites={"u": {**right, measure: replace(right[measure], **broken)}})
    refused = build_unpublishable([LAYER], {"essai": wrong})
    assert list(refused) == [("essai", measure)]
    context = replace(CONTEXT, refused=refused)
    values = [v for v in build_statistics(LAYER, UNIT, kept, context, whole=True) if v.mesure.startswith(measure)]
    assert [(v.valeur, v.borne_min, v.indisponible) for v in values] == [(None, None, refused["essai", measure])]
