"""Charts: what is drawn is what the report says, in order, to scale; what is missing is drawn nowhere as zero."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.reports_made import TYPES, make_report, make_unit, make_value
from webmap.store.report import Report
from webmap.web.charts import FEW, MARGIN, WIDTH, axis_top, build_charts, build_shares, nice_top

RATE, COUNT, DISTINCT = ("mare", "pour_1000_habitants"), ("mare", "nombre"), ("mare", "distincts")
NUMBERS = st.one_of(st.none(), st.just(0), st.integers(0, 9), st.floats(0, 1e6), st.sampled_from([math.nan]))


def names(number: int) -> list[str]:
    return [f"Secteur {rank:02}" for rank in range(number)]


def finite(numbers: list[float | None]) -> list[float]:
    return [number for number in numbers if number is not None and math.isfinite(number)]


@given(st.lists(NUMBERS, min_size=1, max_size=60), NUMBERS)
def test_each_unit_that_has_a_value_is_on_the_axis(numbers: list[float | None], whole: float | None) -> None:
    report = make_report(dict(zip(names(len(numbers)), numbers, strict=True)), whole, RATE)
    strips = build_charts(report, report.units[0], TYPES).strips
    if not finite(numbers) or not (any(finite(numbers)) or finite([whole])):
        assert strips == ()
        return
    (strip,) = strips
    assert len(strip.dots) + sum(count for _, count in strip.piled) == len(finite(numbers))
    assert len(strip.missing) == len(numbers) - len(finite(numbers))
    assert strip.top >= max([*finite(numbers), *finite([whole])])
    values = dict(zip(names(len(numbers)), numbers, strict=True))
    for dot in strip.dots:
        number = values[dot.nom]
        assert number is not None
        assert dot.x == pytest.approx(MARGIN + (WIDTH - 2 * MARGIN) * number / strip.top)
    assert len({(round(dot.x, 6), dot.level) for dot in strip.dots}) == len(strip.dots), "none hides another"
    assert [dot.nom for dot in strip.dots if dot.own] == (["Secteur 00"] if finite(numbers[:1]) else [])
    assert (strip.whole_x is None) == (finite([whole]) == [])


@given(st.lists(NUMBERS, min_size=1, max_size=60))
def test_a_small_multiple_keeps_the_order_and_the_scale(numbers: list[float | None]) -> None:
    report = make_report(dict(zip(names(len(numbers)), numbers, strict=True)), 9, COUNT)
    multiples = build_charts(report, report.units[-1], TYPES).multiples
    if not finite(numbers):
        assert multiples == ()
        return
    (multiple,) = multiples
    assert [bar.nom for bar in multiple.bars] == names(len(numbers))
    greatest = max(finite(numbers))
    for bar, number in zip(multiple.bars, numbers, strict=True):
        if number is None or not math.isfinite(number):
            assert (bar.value, bar.size) == (None, None), "missing is no bar of zero"
        else:
            assert bar.value == number
            assert bar.size == pytest.approx(number / greatest if greatest else 0)
    assert multiple.bars[-1].own


@given(st.lists(NUMBERS, min_size=1, max_size=12), NUMBERS)
def test_the_table_has_the_numbers_of_the_chart(numbers: list[float | None], whole: float | None) -> None:
    report = make_report(dict(zip(names(len(numbers)), numbers, strict=True)), whole, RATE)
    for table in build_charts(report, report.units[0], TYPES).strip_tables:
        *lines, last = table.lines
        assert last[0] == "Pays des Mares (ensemble)"
        shown = [number for _, (number,) in lines]
        assert finite(shown) == finite(numbers)
        assert [number is None for number in shown] == [finite([number]) == [] for number in numbers]


@pytest.mark.parametrize(("number", "lettered"), [(FEW, True), (FEW + 1, False)])
def test_units_have_letters_where_they_are_few(number: int, *, lettered: bool) -> None:
    report = make_report(dict.fromkeys(names(number), 1.0), 1.0, RATE)
    charts = build_charts(report, report.units[2], TYPES)
    assert charts.letters == (tuple(zip("ABCDEFGH", names(number), strict=True)) if lettered else ())
    assert all(bool(dot.letter) == lettered for dot in charts.strips[0].dots)


def test_the_unit_of_the_page_is_never_under_a_pile() -> None:
    report = make_report(dict.fromkeys(names(47), 0.0), 0.0, RATE)
    strip = build_charts(report, report.units[46], TYPES).strips[0]
    assert [dot.level for dot in strip.dots if dot.own] == [0]
    assert sum(count for _, count in strip.piled) == 47 - len(strip.dots)


def test_what_neither_adds_up_nor_compares_is_not_drawn() -> None:
    report = make_report({"Ouest": 3, "Sud": 5}, 8, DISTINCT)
    charts = build_charts(report, report.units[0], TYPES)
    assert not any((charts.strips, charts.multiples, charts.strip_tables, charts.multiple_tables))


def test_a_table_fits_a_page() -> None:
    keys = [("mare", f"taux_{rank}") for rank in range(14)]
    types = {**TYPES, **dict.fromkeys(keys, "pour_1000")}
    units = tuple(make_unit(nom, [make_value(key, 1.0) for key in keys]) for nom in ("Ouest", "Sud"))
    whole = make_unit("Pays des Mares", [make_value(key, 1.0) for key in keys])
    report = Report("secteur", contours=True, contour_source="c", units=units, rests=(), ensemble=whole)
    tables = build_charts(report, units[0], types).strip_tables
    assert [len(table.measures) for table in tables] == [6, 6, 2]
    assert all(len(numbers) == len(table.measures) for table in tables for _, numbers in table.lines)


def test_shares_leave_out_what_is_empty_and_say_when_the_population_is_unknown() -> None:
    part = make_unit("Ouest", [make_value(COUNT, 2)], population=None)
    whole = make_unit("Pays des Mares", [make_value(COUNT, 8)])
    shares = build_shares(part, whole)
    assert [(bar.value, bar.whole, bar.percent) for bar in shares.bars] == [(2, 8, 25)]
    assert shares.population_percent is None
    for empty in (None, 0):
        assert build_shares(part, make_unit("Pays des Mares", [make_value(COUNT, empty)])).bars == ()


@given(st.floats(1e-6, 1e12))
def test_an_axis_ends_on_a_round_number(greatest: float) -> None:
    top = nice_top(greatest)
    assert greatest <= top <= 2.51 * greatest
    mantissa = top / 10 ** math.floor(math.log10(top * 1.000001))
    assert min(abs(mantissa - step) for step in (1, 2, 2.5, 5)) < 1e-6


@pytest.mark.parametrize(("greatest", "top"), [(3, 5), (99.9, 100), (100.00000008, 100), (102, 200)])
def test_an_axis_of_percentages_does_not_pass_all_of_it(greatest: float, top: float) -> None:
    assert axis_top(greatest, "%") == top
    assert axis_top(greatest, "hab.") == nice_top(greatest)
    key = ("mare", "part_surface")
    report = make_report({"Ouest": greatest, "Sud": 0.5}, 1.5, key)
    (strip,) = build_charts(report, report.units[0], TYPES).strips
    assert strip.top == top


def test_an_axis_without_anything_still_has_an_end() -> None:
    assert nice_top(0) == 1
