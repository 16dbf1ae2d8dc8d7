"""Conditions drawn at random, and their writing as CQL2 text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import shapely
from hypothesis import strategies as st

from tests.store.filtered import DAYS, EAST, NORTH, WORDS, square
from tests.store.filters_read import BETWEEN, INSTANTS, ORDER, PLACES, SETS

if TYPE_CHECKING:
    Node = Any


def prop(*names: str) -> st.SearchStrategy[Node]:
    return st.sampled_from([{"property": name} for name in names])


def call(op: st.SearchStrategy[str], *args: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.builds(lambda op, *args: {"op": op, "args": list(args)}, op, *args)


words = st.sampled_from(WORDS) | st.text("aAéœ%_ ", max_size=3)
texts = st.recursive(
    prop("nom", "note") | words, lambda t: call(st.sampled_from(["casei", "accenti"]), t), max_leaves=2
)
patterns = st.text("aAé%_", max_size=4) | st.sampled_from(["\\%", "%\\__", "", "%", "_"])
wrapped = st.recursive(patterns, lambda t: call(st.sampled_from(["casei", "accenti"]), t), max_leaves=2)
amounts = prop("rang", "part") | st.integers(-3, 3) | st.sampled_from([0.5, -1.5, 2.0, 1e300, 9007199254740991])
dates = prop("debut", "fin") | st.sampled_from([{"date": day.isoformat()} for day in DAYS])
ordered = st.sampled_from(["..", *(day.isoformat() for day in DAYS), ".."])
literal_intervals = st.tuples(ordered, ordered).filter(
    lambda pair: pair[0] == ".." or pair[1] == ".." or pair[0] <= pair[1]
)
intervals = (literal_intervals.map(list) | st.lists(prop("debut", "fin"), min_size=2, max_size=2)).map(
    lambda ends: {"interval": ends}
)
lists = prop("etiquettes") | st.lists(st.sampled_from(["a", "b", "é", "c'"]), min_size=1, max_size=3)
shapes = st.builds(square, *(st.sampled_from(range(-10, 50, 5)),) * 2, st.sampled_from([5, 10, 20, 40])).map(
    lambda shape: json.loads(shapely.to_geojson(shape))
) | st.builds(
    lambda x, y: {"type": "Point", "coordinates": [EAST + x, NORTH + y]}, st.integers(0, 40), st.integers(0, 40)
)
comparisons = st.sampled_from(list(ORDER))
geom = st.just({"property": "geom"})
leaves = st.one_of(
    st.booleans(),
    prop("ouvert"),
    call(comparisons, texts, texts),
    call(comparisons, amounts, amounts),
    call(comparisons, dates, dates),
    call(st.sampled_from(["=", "<>"]), prop("ouvert"), st.booleans()),
    call(st.just("like"), texts, wrapped),
    call(st.just("between"), amounts, amounts, amounts) | call(st.just("between"), dates, dates, dates),
    call(st.just("in"), texts, st.lists(texts, min_size=1, max_size=3)),
    call(st.just("in"), amounts, st.lists(amounts, min_size=1, max_size=3)),
    call(st.just("isNull"), prop("note", "rang", "part", "debut", "ouvert", "etiquettes", "geom")),
    call(st.sampled_from(INSTANTS), dates | intervals, dates | intervals),
    call(st.sampled_from(BETWEEN), intervals, intervals),
    call(st.sampled_from(list(SETS)), lists, lists),
    call(st.sampled_from(PLACES).map("s_{}".format), geom, shapes),
    call(st.sampled_from(PLACES).map("s_{}".format), shapes, geom),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda op, args: {"op": op, "args": args},
            st.sampled_from(["and", "or"]),
            st.lists(inner, min_size=2, max_size=3),
        ),
        inner.map(lambda node: {"op": "not", "args": [node]}),
    ),
    max_leaves=5,
)


def write(node: Node) -> str:  # noqa: PLR0911 - one way a node
    """Write a condition as CQL2 text, with no parenthesis spared."""
    match node:
        case bool():
            return str(node).upper()
        case str():
            return "'" + node.replace("'", "''") + "'"
        case int() | float():
            return repr(node)
        case list():
            return f"({', '.join(map(write, node))})"
        case {"property": name}:
            return f'"{name}"'
        case {"date": text}:
            return f"DATE('{text}')"
        case {"interval": bounds}:
            return f"INTERVAL({', '.join(map(write, bounds))})"
        case {"type": _}:
            return shapely.geometry.shape(node).wkt
        case {"op": op, "args": args}:
            return write_operation(op, args)
    raise AssertionError(node)


def write_operation(op: str, args: list[Node]) -> str:
    if op in {"and", "or"}:
        return f" {op} ".join(f"({write(arg)})" for arg in args)
    if op == "not":
        return f"NOT ({write(args[0])})"
    if op == "isNull":
        return f"{write(args[0])} IS NULL"
    if op == "between":
        return "{} BETWEEN {} AND {}".format(*map(write, args))
    if op in {*ORDER, "like", "in"}:
        return f"{write(args[0])} {op.upper()} {write(args[1])}"
    return f"{op.upper()}({', '.join(map(write, args))})"


def lowered(node: Node) -> Node:
    """Return the node as any reader may give it: operations in lower case, AND in AND and OR in OR as one."""
    if isinstance(node, list):
        return [lowered(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: value.lower() if key == "op" else lowered(value) for key, value in node.items()}
    if plain.get("op") in {"and", "or"}:
        same = [
            arg["args"] if isinstance(arg, dict) and arg.get("op") == plain["op"] else [arg] for arg in plain["args"]
        ]
        plain["args"] = [arg for args in same for arg in args]
    return plain
