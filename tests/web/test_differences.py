"""A unit's number beside the territory's, in words: what is claimed is what the two numbers as written show."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.reports_made import make_value
from webmap.catalog.load import UNIT_FIGURES, Catalog
from webmap.web.differences import compare, describe, kind_of, measure_types
from webmap.web.french import nombre

NUMBERS = st.one_of(
    st.none(), st.just(0), st.integers(0, 10**6), st.floats(0, 1e6), st.floats(allow_nan=True, allow_infinity=True)
)


def read(text: str) -> float:
    return float(text.replace("\u00a0", "").replace("−", "-").replace(",", "."))


@pytest.mark.parametrize(
    ("value", "whole", "kind", "words"),
    [
        (0.13, 0.1, "relative", "au-dessus : 1,3 fois l'ensemble"),
        (104, 100, "relative", "au-dessus de l'ensemble, de 4,0\u00a0%"),
        (5, 10, "relative", "au-dessous de l'ensemble, de 50\u00a0%"),
        (0, 10, "relative", "zéro, au-dessous de l'ensemble"),
        (3, 0, "relative", "au-dessus de l'ensemble"),
        (3, 3, "relative", "égal à l'ensemble"),
        (0, 0, "relative", "égal à l'ensemble"),
        (0.5171, 0.5172, "relative", "égal à l'ensemble, à l'arrondi près"),
        (999_999, 1_000_000, "relative", "au-dessous de l'ensemble, de moins de 0,1\u00a0%"),
        (50, 200, "additive", "25\u00a0% de l'ensemble"),
        (0, 200, "additive", "0\u00a0% de l'ensemble"),
        (1, 10_000, "additive", "moins de 0,1\u00a0% de l'ensemble"),
        (0, 0, "additive", ""),
        (None, 10, "relative", ""),
        (10, None, "relative", ""),
        (math.nan, 10, "relative", ""),
        (10, 10, None, ""),
    ],
)
def test_a_difference_in_words(value: float | None, whole: float | None, kind: str | None, words: str) -> None:
    assert describe(value, whole, kind) == words


@given(NUMBERS, NUMBERS)
def test_a_position_is_that_of_the_numbers_as_written(value: float | None, whole: float | None) -> None:
    found = compare(value, whole)
    if value is None or whole is None or not (math.isfinite(value) and math.isfinite(whole)):
        assert found is None
        return
    first, second = read(nombre(value)), read(nombre(whole))
    assert found == ("autant" if first == second else "plus" if first > second else "moins")
    if found == "plus":
        assert value > whole, "rounding never turns a comparison round"
    if found == "moins":
        assert value < whole


@given(NUMBERS, NUMBERS, st.sampled_from(["relative", "additive", None]))
def test_a_difference_claims_what_is_true(value: float | None, whole: float | None, kind: str | None) -> None:
    words = describe(value, whole, kind)
    assert not re.search(r"nan|inf|None", words)
    if "au-dessus" in words:
        assert value is not None
        assert whole is not None
        assert value > whole
    if "au-dessous" in words:
        assert value is not None
        assert whole is not None
        assert value < whole
    if words == "égal à l'ensemble":
        assert value == whole
    if times := re.search(r"([\d\u00a0]+,\d) fois", words):
        assert value is not None
        assert whole
        assert read(times[1]) == pytest.approx(value / whole, abs=0.051)


def test_the_types_cover_the_figures_of_units(catalog: Catalog) -> None:
    types = measure_types(catalog)
    assert {name for couche, name in types if couche == "commune"} == set(UNIT_FIGURES)
    assert types["commune", "densite"] == "rapport"
    assert types["halle", "nombre"] == "nombre"


def test_a_density_is_compared_and_a_population_shared(catalog: Catalog) -> None:
    types = measure_types(catalog)
    assert kind_of(make_value(("commune", "densite"), 1), types) == "relative"
    assert kind_of(make_value(("commune", "population_municipale"), 1), types) == "additive"
    assert kind_of(make_value(("commune", "autre"), 1), types) is None
