"""A table as CSV that a spreadsheet cannot take for formulas. Knows nothing of what the cells mean."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_MARK = "'"


def build_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return a header and one line a row, UTF-8 text; a key that is not a column is left out, None is an empty cell.

    Numbers are as they are, negative ones too. A text a spreadsheet would run as a formula gets an apostrophe in front,
    and so does one that starts with an apostrophe: taking one leading apostrophe off gives every text back.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({name: _neutral(row.get(name)) for name in columns} for row in rows)
    return text.getvalue()


def _neutral(cell: object) -> object:
    return _MARK + cell if isinstance(cell, str) and cell.startswith((*_FORMULA, _MARK)) else cell
