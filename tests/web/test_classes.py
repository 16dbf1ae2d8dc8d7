"""Classes of values: every value in exactly one, bounds that hold them all, Jenks as good as trying everything."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from webmap.errors import BadParameterError
from webmap.web.classes import (
    MAX_CLASSES,
    METHODS,
    MIN_CLASSES,
    Classes,
    build_classes,
    build_custom,
    parse_bounds,
)

numbers = st.one_of(
    st.integers(-50, 50).map(float),
    st.floats(-1e9, 1e9, allow_nan=False, allow_infinity=False),
    st.floats(0, 1, allow_nan=False),
)
samples = st.lists(numbers, min_size=1, max_size=60)
counts = st.integers(MIN_CLASSES, MAX_CLASSES)


def check(values: list[float], found: Classes) -> None:
    """Whatever the method: bounds in order, all values between them, each in one class, none counted twice."""
    bounds = [found.minimum, *found.seuils, found.maximum]
    assert found.minimum <= min(values)
    assert max(values) <= found.maximum
    assert all(low < high for low, high in itertools.pairwise(found.seuils))
    assert sum(found.effectifs) == len(values)
    assert len(found.effectifs) == len(found.labels) == len(found.seuils) + 1
    for value in values:
        rank = found.rank(value)
        assert bounds[rank] <= value or rank == 0
        assert value <= bounds[rank + 1]
        assert value < bounds[rank + 1] or rank == len(found.seuils)


@given(samples, counts, st.sampled_from(sorted(METHODS)))
def test_every_value_is_in_exactly_one_class(values: list[float], count: int, method: str) -> None:
    found = build_classes(values, method, count)
    check(values, found)
    assert len(found.effectifs) <= min(count, len(set(values)))
    assert all(found.minimum < seuil for seuil in found.seuils)
    assert not found.seuils or found.seuils[-1] <= max(values)
    if method in {"jenks", "quantiles"}:
        assert all(found.effectifs), "neither makes an empty class"
    assert len(set(found.labels)) == len(found.labels)


@given(samples, st.lists(numbers, min_size=1, max_size=6, unique=True))
def test_chosen_bounds_sort_every_value(values: list[float], bounds: list[float]) -> None:
    found = build_custom(values, sorted(bounds))
    assert found.seuils == tuple(sorted(bounds))
    check_chosen = [sum(found.rank(value) == rank for value in values) for rank in range(len(bounds) + 1)]
    assert list(found.effectifs) == check_chosen
    for value in values:
        assert found.rank(value) == sum(bound <= value for bound in bounds)


def deviation(groups: list[list[float]]) -> float:
    """Sum of the squared deviations from the mean of each group."""
    return sum(sum((value - sum(group) / len(group)) ** 2 for value in group) for group in groups)


@given(st.lists(st.integers(-40, 40).map(float), min_size=3, max_size=11), st.integers(3, 5))
def test_jenks_is_as_good_as_trying_every_partition(values: list[float], count: int) -> None:
    distinct = sorted(set(values))
    assume(len(distinct) >= count)
    found = build_classes(values, "jenks", count)
    assert len(found.effectifs) == count
    groups = [[value for value in values if found.rank(value) == rank] for rank in range(count)]
    best = min(
        deviation([[v for v in values if low <= v < high] for low, high in itertools.pairwise([-99, *cuts, 99])])
        for cuts in itertools.combinations(distinct[1:], count - 1)
    )
    assert deviation(groups) == pytest.approx(best, abs=1e-6)


def test_jenks_keeps_close_large_numbers_apart() -> None:
    values = [1e8 + each for each in (0.1, 0.2, 5.1, 5.2, 9.8, 9.9)]
    assert build_classes(values, "jenks", 3).effectifs == (2, 2, 2)


@given(st.lists(numbers, min_size=6, max_size=60, unique=True), counts)
def test_quantiles_share_distinct_values_evenly(values: list[float], count: int) -> None:
    assume(len(values) >= count)
    effectifs = build_classes(values, "quantiles", count).effectifs
    assert len(effectifs) == count
    assert max(effectifs) - min(effectifs) <= 1


def test_quantiles_keep_ties_together() -> None:
    assert build_classes([0, 0, 0, 0, 0, 1, 2, 3], "quantiles", 4).effectifs == (6, 2)


@given(samples, counts)
def test_equal_classes_have_one_width(values: list[float], count: int) -> None:
    distinct = sorted(set(values))
    assume(len(distinct) >= count and distinct[-1] - distinct[0] > 1e-6)
    found = build_classes(values, "egales", count)
    width = (distinct[-1] - distinct[0]) / count
    assert len(found.effectifs) == count
    for rank, seuil in enumerate(found.seuils, start=1):
        assert seuil == pytest.approx(distinct[0] + rank * width, abs=width / 50)


@given(samples, counts)
def test_round_bounds_are_multiples_of_one_round_step(values: list[float], count: int) -> None:
    found = build_classes(values, "arrondies", count)
    steps = {f"{high - low:.0e}"[0] for low, high in itertools.pairwise(found.seuils)}
    assert steps <= {"1", "2", "5"}


@pytest.mark.parametrize(
    ("method", "seuils"),
    [
        ("jenks", (6, 90)),
        ("quantiles", (4, 8)),
        ("egales", (33.9, 66.5)),
        ("arrondies", (50,)),
    ],
)
def test_a_small_sample_by_hand(method: str, seuils: tuple[float, ...]) -> None:
    assert build_classes([1.3, 2, 3, 4, 5, 6, 8, 9, 99.1], method, 3).seuils == pytest.approx(seuils, abs=0.2)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_one_value_and_equal_values_make_one_class(method: str) -> None:
    assert build_classes([12.345], method, 5) == Classes(12.345, (), 12.345, (1,))
    assert build_classes([7, 7, 7], method, 5).effectifs == (3,)
    assert build_classes([7, 7, 7], method, 5).labels == ("7",)
    assert build_classes([-3, 4], method, 5).effectifs == (1, 1)


def test_labels_say_which_bound_is_in() -> None:
    found = build_custom([1.26, 10, 19.5, 31.28], (10, 20.5))
    assert found.labels == ("de 1,26 à moins de 10", "de 10 à moins de 20,5", "de 20,5 à 31,3")
    assert found.effectifs == (1, 2, 1)
    assert build_custom([12], (10, 20)).labels == ("moins de 10", "de 10 à moins de 20", "20 et plus")


@given(samples, counts, st.sampled_from(sorted(METHODS)))
def test_what_is_written_is_what_decides(values: list[float], count: int, method: str) -> None:
    """A reader who sorts the values by the bounds as they are written finds the same classes."""
    found = build_classes(values, method, count)
    lows = [
        float(
            re.findall(r"[−\d][\d\u00a0]*(?:,\d+)?", label)[0].replace("\u00a0", "").replace(",", ".").replace("−", "-")
        )
        for label in found.labels[1:]
    ]
    assert [sum(low <= value for low in lows) for value in values] == [found.rank(value) for value in values]


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("10;20;30", (10, 20, 30)),
        (" 1,5 ; 2.25 ", (1.5, 2.25)),
        ("-3;0", (-3, 0)),
        ("−3;1 000", (-3, 1000)),
        ("7", (7,)),
    ],
)
def test_bounds_are_read_as_the_french_write_them(text: str, bounds: tuple[float, ...]) -> None:
    assert parse_bounds(text) == bounds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10;dix", "« dix » n'est pas un nombre"),
        ("10;;20", "« » n'est pas un nombre"),
        ("20;10", "plus grand que le précédent"),
        ("10;10", "plus grand que le précédent"),
        ("1;2;3;4;5;6;7", "7 nombres donnés"),
        ("1e5", "n'est pas un nombre"),
        ("nan", "n'est pas un nombre"),
        ("inf;2", "n'est pas un nombre"),
        ("--1", "n'est pas un nombre"),
        ("1,2,3", "n'est pas un nombre"),
        ("١٢", "n'est pas un nombre"),
        ("9" * 16, "n'est pas un nombre"),
        ("1;" * 150, "nombres donnés"),
    ],
)
def test_wrong_bounds_are_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(BadParameterError) as error:
        parse_bounds(text)
    assert said in re.sub(r"«\s*»", "« »", str(error.value))
    assert "par exemple bornes=10;20,5;30" in str(error.value)
