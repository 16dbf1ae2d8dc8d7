"""Days and intervals of a filter. A field knows days only: an instant is its day in UTC, an interval has both its ends. Pure."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from webmap.store.filter_text import refuse

if TYPE_CHECKING:
    Node = Any  # what JSON can say

# a and z are the first and last day of the first operand, b and y those of the second (Allen's relations).
RELATIONS = {
    "t_after": "{a} > {y}",
    "t_before": "{z} < {b}",
    "t_disjoint": "({z} < {b} OR {a} > {y})",
    "t_equals": "({a} = {b} AND {z} = {y})",
    "t_intersects": "({a} <= {y} AND {z} >= {b})",
    "t_contains": "({a} < {b} AND {z} > {y})",
    "t_during": "({a} > {b} AND {z} < {y})",
    "t_finishedby": "({a} < {b} AND {z} = {y})",
    "t_finishes": "({a} > {b} AND {z} = {y})",
    "t_meets": "{z} = {b}",
    "t_metby": "{a} = {y}",
    "t_overlappedby": "({a} > {b} AND {a} < {y} AND {z} > {y})",
    "t_overlaps": "({a} < {b} AND {z} > {b} AND {z} < {y})",
    "t_startedby": "({a} = {b} AND {z} > {y})",
    "t_starts": "({a} = {b} AND {z} < {y})",
}
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z", re.ASCII)


def read_interval(bounds: Node) -> list[Node]:
    """Return both ends: a day, None when open, or the node of a field. Raises BadParameterError."""
    if not isinstance(bounds, list) or len(bounds) != 2:  # noqa: PLR2004 - first and last day
        raise refuse("INTERVAL attend deux bornes, par exemple INTERVAL('2020-01-01', '..').")
    start, end = map(_read_bound, bounds)
    if isinstance(start, dt.date) and isinstance(end, dt.date) and start > end:
        raise refuse(f"INTERVAL finit le {end} avant d'avoir commencé le {start}.")
    return [start, end]


def _read_bound(bound: Node) -> Node:
    if bound == "..":
        return None
    if isinstance(bound, str):
        return read_day({"timestamp" if "T" in bound else "date": bound})
    return bound


def read_day(node: dict[str, Node]) -> dt.date:
    """Return the day of a `date` or `timestamp` object. Raises BadParameterError."""
    ((kind, text),) = node.items()
    pattern = _DATE if kind == "date" else _TIMESTAMP
    try:
        if isinstance(text, str) and pattern.fullmatch(text):
            return dt.date.fromisoformat(text[:10])
    except ValueError:  # a 13th month, a 30th of February
        pass
    told = f"« {text[:40]} »" if isinstance(text, str) else "ceci"
    raise refuse(f"{told} n'est pas une date ; attendu DATE('2025-01-31') ou TIMESTAMP('2025-01-31T12:00:00Z').")
