"""CSV that a spreadsheet takes for data: nothing runs as a formula, nothing is lost."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webmap.formats.tableau import build_csv

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+33", "-1+1", "@SUM(1)", "\t=1", "\r=1", "'=1", "'s Gravenhage"])
def test_a_text_that_could_run_gets_an_apostrophe(text: str) -> None:
    assert [row["a"] for row in read(build_csv(["a"], [{"a": text}]))] == ["'" + text]


def test_numbers_and_missing_values_are_as_they_are() -> None:
    rows: list[dict[str, object]] = [
        {"a": -12.5, "b": None, "c": True, "ailleurs": 1},
        {"a": 158351, "b": "", "c": "Saint-Amand-les-Eaux"},
    ]
    assert build_csv(["a", "b", "c"], rows) == "a,b,c\r\n-12.5,,True\r\n158351,,Saint-Amand-les-Eaux\r\n"


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4))
def test_every_text_comes_back_and_none_starts_a_formula(rows: list[tuple[str, str]]) -> None:
    found = read(build_csv(["a", "b"], [{"a": a, "b": b} for a, b in rows]))
    assert [tuple(cell.removeprefix("'") for cell in row.values()) for row in found] == rows
    assert not [
        cell for row in found for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    ]
