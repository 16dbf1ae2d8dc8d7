"""A plain reading of CQL2: what a condition says of a row, three-valued, without a database."""

from __future__ import annotations

import datetime as dt
import json
import operator
import re
from typing import TYPE_CHECKING, Any

import shapely

from tests.store.filtered import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

    Node = Any
    Row = dict[str, Any]
    Relation = Callable[[Any, Any], bool]

_ACCENTS = str.maketrans({"é": "e", "É": "E", "œ": "oe", "Œ": "OE"})
ORDER: dict[str, Relation] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
SETS: dict[str, Relation] = {
    "a_equals": operator.eq,
    "a_contains": operator.ge,
    "a_containedby": operator.le,
    "a_overlaps": lambda one, other: bool(one & other),
}
INSTANTS = ("t_after", "t_before", "t_disjoint", "t_equals", "t_intersects", "t_during", "t_contains")
BETWEEN = (
    "t_finishedby",
    "t_finishes",
    "t_meets",
    "t_metby",
    "t_overlappedby",
    "t_overlaps",
    "t_startedby",
    "t_starts",
)
PLACES = ("intersects", "disjoint", "equals", "touches", "within", "overlaps", "crosses", "contains")


def value_of(node: Node, row: Row) -> Any:  # noqa: ANN401 - of any type
    match node:
        case {"property": name}:
            return row[name]
        case {"date": text}:
            return dt.date.fromisoformat(text)
        case {"op": "casei", "args": [inner]}:
            inner = value_of(inner, row)
            return None if inner is None else inner.lower()
        case {"op": "accenti", "args": [inner]}:
            inner = value_of(inner, row)
            return None if inner is None else inner.translate(_ACCENTS)
    return node


def all_of(values: list[bool | None]) -> bool | None:
    return False if False in values else None if None in values else True


def opposite(value: bool | None) -> bool | None:  # noqa: FBT001 - three-valued
    return None if value is None else not value


def matches(pattern: str, text: str) -> bool:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    signs = {"%": ".*", "_": "."}
    return bool(re.fullmatch("".join(signs.get(p) or re.escape(p[-1]) for p in parts), text, re.DOTALL))


def holds(node: Node, row: Row) -> bool | None:  # noqa: PLR0911 - one answer an operation
    if isinstance(node, bool):
        return node
    if "property" in node:
        return bool(row["ouvert"]) if row["ouvert"] is not None else None
    op, args = node["op"], node["args"]
    if op == "and":
        return all_of([holds(arg, row) for arg in args])
    if op == "or":
        return opposite(all_of([opposite(holds(arg, row)) for arg in args]))
    if op == "not":
        return opposite(holds(args[0], row))
    if op[:2] == "s_":
        return place_holds(op, args, row)
    if op[:2] == "t_":
        return time_holds(op, *(interval_of(arg, row) for arg in args))
    if op == "isNull":
        return row[args[0]["property"]] is None
    return compare(op, *args, row=row)


def compare(op: str, left: Node, right: Node, high: Node = None, *, row: Row) -> bool | None:
    if op == "in":
        return opposite(all_of([opposite(compare("=", left, item, row=row)) for item in right]))
    if op == "between":
        return all_of([compare(">=", left, right, row=row), compare("<=", left, high, row=row)])
    a, b = value_of(left, row), value_of(right, row)
    if a is None or b is None:
        return None
    if op == "like":
        return matches(b, a)
    return bool(SETS[op](set(a), set(b)) if op in SETS else ORDER[op](a, b))


def place_holds(op: str, args: list[Node], row: Row) -> bool | None:
    if row["precision"] != "exacte":
        return None
    a, b = (row["geom"] if "property" in arg else shapely.from_geojson(json.dumps(arg)) for arg in args)
    relation: Any = getattr(shapely, op[2:])
    return bool(relation(a, b))


def interval_of(node: Node, row: Row) -> tuple[dt.date | None, dt.date | None]:
    if "interval" not in node:
        return (value_of(node, row),) * 2
    ends = []
    for bound, open_end in zip(node["interval"], (dt.date.min, dt.date.max), strict=True):
        plain = {"date": bound} if isinstance(bound, str) else bound
        ends.append(open_end if bound == ".." else value_of(plain, row))
    return ends[0], ends[1]


def time_holds(
    op: str, one: tuple[dt.date | None, dt.date | None], other: tuple[dt.date | None, dt.date | None]
) -> bool | None:
    (a, z), (b, y) = one, other

    def test(sign: str, left: dt.date | None, right: dt.date | None) -> bool | None:
        return None if left is None or right is None else bool(ORDER[sign](left, right))

    reverse = {"contains": "during", "finishedby": "finishes", "metby": "meets", "startedby": "starts",
               "overlappedby": "overlaps", "before": "after"}  # fmt: skip
    name = op[2:]
    if name in reverse:
        return time_holds(f"t_{reverse[name]}", other, one)
    if name == "disjoint":
        return opposite(all_of([opposite(test("<", z, b)), opposite(test(">", a, y))]))
    tests = {
        "after": [test(">", a, y)],
        "equals": [test("=", a, b), test("=", z, y)],
        "intersects": [test("<=", a, y), test(">=", z, b)],
        "during": [test(">", a, b), test("<", z, y)],
        "finishes": [test(">", a, b), test("=", z, y)],
        "meets": [test("=", z, b)],
        "overlaps": [test("<", a, b), test(">", z, b), test("<", z, y)],
        "starts": [test("=", a, b), test("<", z, y)],
    }
    return all_of(tests[name])


def expected(node: Node) -> set[str]:
    return {row["code"] for row in ROWS if holds(node, row) is True}
