"""A workbook (XLSX): sheets of plain cells, the same bytes for the same content. Knows nothing of what the cells mean."""

from __future__ import annotations

import datetime as dt
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from xlsxwriter import Workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

Cell: TypeAlias = str | float | bool | dt.date | None

_LONGEST = 32_767  # characters of one cell, by the format itself
_CUT = " … [texte coupé : une cellule n'en contient pas plus]"
_A4 = 9
# A spreadsheet writes these its own way: « 158 351 » and « 12,5 » in French.
_DATE = "yyyy-mm-dd"
_FIRST_YEAR = 1900  # before it, a spreadsheet has no dates
_DECIMALS = ("#,##0", "#,##0.0", "#,##0.00", "#,##0.000")
_OPTIONS = {
    "in_memory": False,
    "constant_memory": True,
    "strings_to_formulas": False,  # a text is a text, whatever it starts with
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True)
class Column:
    """One column: its header, its width in characters, and whether long texts wrap in it."""

    title: str
    width: int = 12
    wrap: bool = False


@dataclass(frozen=True)
class Sheet:
    """One sheet: cells in the order of the columns; None is an empty cell, never a zero."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]


def build_classeur(title: str, author: str, created: dt.datetime, sheets: Sequence[Sheet]) -> bytes:
    """Return the file. `created` is what it is dated from (without a time zone), so that the content alone makes the bytes."""
    out = io.BytesIO()
    write_classeur(out, title, author, created, sheets)
    return out.getvalue()


def write_classeur(
    out: BinaryIO, title: str, author: str, created: dt.datetime, sheets: Sequence[Sheet], folder: Path | None = None
) -> None:
    """Write the file; rows are read once, and not kept in memory but in `folder` (the system's by default)."""
    with Workbook(out, {**_OPTIONS, "tmpdir": folder}) as book:
        book.set_properties({"title": title[:255], "author": author[:255], "created": created})
        header = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        plain = book.add_format({"valign": "top"})
        wrapped = book.add_format({"valign": "top", "text_wrap": True})
        numbers = {code: book.add_format({"valign": "top", "num_format": code}) for code in (*_DECIMALS, _DATE)}
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            _lay_out(page, sheet, header)
            texts = [wrapped if column.wrap else plain for column in sheet.columns]
            rank = 0
            for rank, row in enumerate(sheet.rows, start=1):
                for place, cell in enumerate(row):
                    _write(page, (rank, place), cell, texts[place], numbers)
            if rank:
                page.autofilter(0, 0, rank, len(sheet.columns) - 1)


def _lay_out(page: Worksheet, sheet: Sheet, header: Format) -> None:
    for place, column in enumerate(sheet.columns):
        page.set_column(place, place, column.width)
        page.write_string(0, place, column.title, header)
    page.freeze_panes(1, 0)
    page.set_paper(_A4)
    page.set_landscape()
    page.repeat_rows(0)
    page.fit_to_pages(1, 0)


def _write(page: Worksheet, at: tuple[int, int], cell: Cell, text: Format, numbers: dict[str, Format]) -> None:
    if isinstance(cell, str):
        kept = cell if len(cell) <= _LONGEST else cell[: _LONGEST - len(_CUT)] + _CUT
        page.write_string(*at, kept, text)
    elif isinstance(cell, bool):
        page.write_boolean(*at, cell, text)
    elif isinstance(cell, dt.date):
        if cell.year < _FIRST_YEAR:
            page.write_string(*at, cell.isoformat(), text)
        else:
            page.write_datetime(*at, cell, numbers[_DATE])
    elif cell is not None and not math.isfinite(cell):
        page.write_string(*at, str(cell), text)
    elif cell is not None:
        page.write_number(*at, cell, numbers[_format(cell)])


def _format(number: float) -> str:
    """Show as many decimals as the pages do (`nombre` in web/french.py); the cell holds the whole number."""
    size = abs(number)
    return _DECIMALS[0 if float(number).is_integer() else 1 if size >= 10 else 2 if size >= 0.1 else 3]  # noqa: PLR2004 - as there
