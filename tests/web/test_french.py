"""Numbers, dates and words as a French reader expects them."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webmap.catalog.definition import ETATS, PRECISIONS, FieldDefinition
from webmap.web import french

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (158_351, "158\u00a0351"),
        (1_234_567.0, "1\u00a0234\u00a0567"),
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1_000, "1\u00a0000"),
        (12.5, "12,5"),
        (12.46, "12,5"),
        (0.052, "0,052"),
        (0.52, "0,52"),
        (3.14159, "3,14"),
        (1_234.56, "1\u00a0234,6"),
        (-3, "−3"),
        (-1_234.5, "−1\u00a0234,5"),
        (None, "—"),
        (-0.0, "0"),
        (-0.001, "−0,001"),
        (-0.0001, "0,000"),
    ],
)
def test_a_number_is_written_as_in_french(value: float | None, written: str) -> None:
    assert french.nombre(value) == written


@pytest.mark.parametrize(
    ("value", "decimals", "written"), [(372.913, 1, "372,9"), (12.0, 1, "12,0"), (49.6, 0, "50"), (None, 1, "—")]
)
def test_decimals_may_be_chosen(value: float | None, decimals: int, written: str) -> None:
    assert french.nombre(value, decimals) == written


def read(text: str) -> float:
    return float(text.replace(NBSP, "").replace("−", "-").replace(",", "."))


@given(st.integers(-(10**15), 10**15))
def test_a_whole_number_is_read_back(value: int) -> None:
    text = french.nombre(value)
    assert read(text) == value
    assert set(text) <= set("0123456789" + NBSP + "−")
    assert all(len(group) == 3 for group in text.split(NBSP)[1:])


@given(st.floats(-1e12, 1e12))
def test_a_number_is_read_back_to_its_decimals(value: float) -> None:
    text = french.nombre(value)
    assert math.isclose(read(text), value, rel_tol=0, abs_tol=0.0501 if abs(value) >= 10 else 0.00501)
    assert "." not in text
    assert " " not in text, "a number never wraps"
    assert "-" not in text
    assert text.count("−") <= (value < 0)


@pytest.mark.parametrize(
    ("count", "pattern", "written"),
    [
        (0, "lieu(x)", "0 lieu"),
        (1, "lieu(x)", "1 lieu"),
        (1.5, "lieu(x)", "1,50 lieu"),
        (2, "lieu(x)", "2 lieux"),
        (2, "quartier(s) prioritaire(s)", "2 quartiers prioritaires"),
        (2, "chev(al|aux)", "2 chevaux"),
        (1_200, "commune(s)", "1\u00a0200 communes"),
    ],
)
def test_zero_and_one_are_singular(count: float, pattern: str, written: str) -> None:
    assert french.pluriel(count, pattern) == written.replace(" ", NBSP, 1)


def test_a_date_is_day_month_year() -> None:
    assert french.date(dt.date(2026, 1, 5)) == "05/01/2026"
    assert french.date(dt.datetime(2026, 11, 21, 13, 0, tzinfo=dt.UTC)) == "21/11/2026"
    assert french.date(None) == "—"


def test_every_state_and_precision_has_a_label() -> None:
    assert set(french.ETATS) == set(ETATS)
    assert set(french.PRECISIONS) == set(PRECISIONS)
    assert french.etat("en_cours") == "en cours"
    assert french.etat(None) == "—"
    assert french.etat("inconnu du logiciel") == "inconnu du logiciel"


@pytest.mark.parametrize(
    ("field", "value", "written"),
    [
        ({}, None, "—"),
        ({}, "", "—"),
        ({"type": "list"}, [], "—"),
        ({"type": "list"}, ["a", "b"], "a, b"),
        ({"type": "boolean"}, True, "oui"),
        ({"type": "boolean"}, False, "non"),
        ({"type": "date"}, dt.date(2024, 4, 8), "08/04/2024"),
        ({"type": "integer", "unit": "places"}, 1_200, "1\u00a0200\u00a0places"),
        ({"type": "integer"}, 2017, "2017"),
        ({"type": "integer"}, 0, "0"),
        ({"type": "number", "unit": "m²"}, 12.5, "12,5\u00a0m²"),
        ({"type": "number", "unit": "degrés"}, 50.329, "50,329\u00a0degrés"),
        ({"type": "number", "unit": "ha"}, 12_345.67, "12\u00a0345,67\u00a0ha"),
        ({"type": "number", "unit": "€"}, 14_890.0, "14\u00a0890\u00a0€"),
        ({"type": "number"}, 12.25, "12,25"),
        ({"enum": {"a": "Un libellé"}}, "a", "Un libellé"),
        ({"enum": {"a": "Un libellé"}}, "autre", "autre"),
        ({}, "<b>", "<b>"),
    ],
)
def test_a_field_is_written_for_people(field: dict[str, object], value: object, written: str) -> None:
    assert french.champ(FieldDefinition.model_validate({"id": "f", "label": "F", **field}), value) == written


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1, "liaisons", "liaison"),
        (0, "lieux", "lieu"),
        (2, "lieux", "lieux"),
        (1, "points de recharge", "point de recharge"),
    ],
)
def test_accorde_follows_the_number(value: float, unit: str, expected: str) -> None:
    assert french.accorde(value, unit) == expected
