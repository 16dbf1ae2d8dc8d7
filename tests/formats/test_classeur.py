"""The workbook: what goes in comes out, as numbers and as texts, and the same content makes the same bytes."""

from __future__ import annotations

import datetime as dt
import io
import re
import time
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webmap.formats.classeur import Cell, Column, Sheet, build_classeur

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.worksheet.worksheet import Worksheet

CREATED = dt.datetime(2026, 11, 21, 17, 0)  # noqa: DTZ001 - the format has no time zone
HOSTILE = [
    '=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "http://exemple.fr/", "<script>alert(1)</script>",
    "مرحبا \u202eabc", "a & b", "158351", "_x0041_", " espaces ", "ligne\nautre", "x" * 10_000,
]  # fmt: skip


def build(*rows: Sequence[Cell], width: int = 1) -> bytes:
    columns = tuple(Column(f"colonne {rank}", 20) for rank in range(width))
    return build_classeur("Titre", "Atlas", CREATED, [Sheet("Chiffres", columns, rows)])


def read(body: bytes) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(body))["Chiffres"]


def said(cell: object) -> object:
    """Undo the format's own writing of characters XML has not, as a spreadsheet does."""
    return re.sub("_x([0-9A-F]{4})_", lambda m: chr(int(m[1], 16)), cell) if isinstance(cell, str) else cell


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_is_a_text_whatever_it_holds(text: str) -> None:
    cell = read(build([text]))["A2"]
    assert cell.data_type == "s"
    assert said(cell.value) == text
    assert cell.hyperlink is None


def test_numbers_are_numbers_shown_with_as_many_decimals_as_the_pages() -> None:
    page = read(build([158_351], [12.56], [0.123], [0.0691], [0]))
    cells = [page.cell(row, 1) for row in range(2, 7)]
    assert [cell.value for cell in cells] == [158_351, 12.56, 0.123, 0.0691, 0]
    assert {cell.data_type for cell in cells} == {"n"}
    assert [cell.number_format for cell in cells] == ["#,##0", "#,##0.0", "#,##0.00", "#,##0.000", "#,##0"]


def test_missing_is_empty_and_yes_is_yes() -> None:
    page = read(build([None, True, False, "z"], width=4))
    assert [cell.value for cell in page[2]] == [None, True, False, "z"]


def test_a_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    found = read(build(["é" * 40_000]))["A2"].value
    assert len(str(found)) == 32_767
    assert str(found).endswith("[texte coupé : une cellule n'en contient pas plus]")


def test_the_header_stays_in_sight_and_columns_have_a_width() -> None:
    page = read(build(["a"], ["b"]))
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:A3"
    assert page["A1"].value == "colonne 0"
    assert page["A1"].font.bold
    assert page.column_dimensions["A"].width == pytest.approx(20, abs=1)


def test_a_sheet_without_rows_opens() -> None:
    assert read(build()).max_row == 1


def test_the_same_content_makes_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(["é", 1.5], width=2)
    later = time.time() + 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    assert build(["é", 1.5], width=2) == first
    assert openpyxl.load_workbook(io.BytesIO(first)).properties.created == CREATED
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 31, 0, 0, 0)}
        assert not [name for name in archive.namelist() if "vba" in name.lower() or "external" in name.lower()]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_any_text_makes_a_workbook_that_opens(texts: list[str]) -> None:
    page = read(build(*[[text] for text in texts]))
    for row, text in enumerate(texts, start=2):
        found = said(page.cell(row, 1).value) or ""
        assert str(found).replace("\r\n", "\n").replace("\r", "\n") == text.replace("\r\n", "\n").replace("\r", "\n")
