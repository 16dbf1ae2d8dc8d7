"""`filter`: what a request asks of the rows of a layer, in CQL2 (OGC 21-065), text or JSON, as a condition with parameters.

Rows whose place is approximate satisfy no spatial predicate, nor the contrary of one.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.errors import BadParameterError
from webmap.geo.crs import parse_crs
from webmap.store.features import PUBLISHED
from webmap.store.filter_nodes import Compiler
from webmap.store.filter_text import MAX_DEPTH, parse_text, refuse
from webmap.wording import explain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from webmap.catalog.definition import LayerDefinition

LANGUAGES = ("cql2-text", "cql2-json")
_MAX_BYTES = 8_000
_MAX_NODES = 500
_GEOMETRY = {"coordinates", "bbox"}  # numbers by the hundred, checked by `filter_shapes`


@dataclass(frozen=True)
class Filter:
    """A condition on a row (alias t) and its parameters; `spatial` when it reads places."""

    condition: sql.Composable
    params: dict[str, object]
    spatial: bool


def queryables(layer: LayerDefinition) -> dict[str, str]:
    """Return what a filter may name, which is what an export publishes: field or common column -> type."""
    types: dict[str, str] = {field.id: field.type for field in layer.fields}
    types |= {name: "text" for name in PUBLISHED if name not in types}
    return types | {"geom": "geometry"} if layer.drawn else types


def parse_filter(
    layer: LayerDefinition,
    text: str | None,
    language: str | None = None,
    crs: str | None = None,
    equal: Mapping[str, str] | None = None,
) -> Filter:
    """Read a filter on the fields of a layer; geometries are in `crs`, an OGC address of CRS84 by default.

    `equal` are fields that have a value besides, given as text; a list has it among others. Raises BadParameterError with a
    French sentence: what is not understood and where, or the field and its type.
    """
    system = parse_crs(crs, "filter-crs")
    types = queryables(layer)
    nodes = [_equality(name, types[name], value) for name, value in (equal or {}).items()]
    if text is not None:
        nodes.insert(0, _read(text, language))
    compiler = Compiler(types, system)
    conditions = [compiler.condition(node) for node in nodes]
    conditions += [box for node in nodes for box in _required_boxes(node, compiler.boxes)]
    return Filter(sql.SQL("({})").format(sql.SQL(" AND ").join(conditions)), compiler.params, compiler.spatial)


def _read(text: str, language: str | None) -> Any:  # noqa: ANN401 - whatever JSON can say
    if language not in (None, *LANGUAGES):
        msg = f"filter-lang = « {str(language)[:60]} » : attendu {' ou '.join(LANGUAGES)}."
        raise BadParameterError(msg)
    if len(text.encode("utf-8", "replace")) > _MAX_BYTES:
        raise refuse(f"plus de {_MAX_BYTES // 1000} ko ; simplifiez la condition ou la géométrie.")
    if not text.strip():
        raise refuse("la condition est vide ; par exemple filter=nom = 'Exemple'.")
    node = _read_json(text) if language == "cql2-json" else parse_text(text)
    _bound(node)
    return node


def _equality(name: str, kind: str, text: str) -> dict[str, Any]:
    """Return the CQL2 of `name=text` in an address. Raises BadParameterError when the text is no value of that type."""
    field = {"property": name}
    _refuse_value(text)
    try:
        if kind == "list":
            return {"op": "a_contains", "args": [field, [text]]}
        if kind == "boolean":
            return {"op": "=", "args": [field, {"true": True, "false": False}[text]]}
        if kind == "date":
            return {"op": "=", "args": [field, {"date": text}]}
        value = {"integer": int, "number": float, "text": str}[kind](text)
        _refuse_value(value)
    except (ValueError, KeyError):
        expected = {"integer": "un nombre entier", "number": "un nombre, par exemple 12.5"}.get(kind, "true ou false")
        raise BadParameterError(f"{name} = « {text[:60]} » : attendu {expected}.") from None
    return {"op": "=", "args": [field, value]}


def _required_boxes(node: Any, boxes: Mapping[int, sql.Composable]) -> list[sql.Composable]:  # noqa: ANN401 - as below
    """Return tests of boxes that every row kept by a compiled filter passes: they are what the spatial index answers.

    It reads neither the CASE around a predicate nor what an OR or a NOT leaves possible.
    """
    if not isinstance(node, dict) or not isinstance(node.get("args"), list):
        return []
    if str(node["op"]).lower() == "and":
        return [box for arg in node["args"] for box in _required_boxes(arg, boxes)]
    return [boxes[id(node["args"])]] if id(node["args"]) in boxes else []


def _read_json(text: str) -> Any:  # noqa: ANN401 - whatever JSON can say
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise refuse(f"ce n'est pas du JSON : {explain(error)}.") from None


def _refuse_constant(name: str) -> float:
    raise refuse(f"{name} n'est pas un nombre.")


def _bound(root: Any) -> None:  # noqa: ANN401 - as above
    """Raise when a filter nests or lists too much, or holds what PostgreSQL cannot store."""
    count = 0
    waiting = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if count > _MAX_NODES:
            raise refuse(f"plus de {_MAX_NODES} éléments ; simplifiez la condition.")
        if depth > MAX_DEPTH:
            raise refuse(f"plus de {MAX_DEPTH} niveaux imbriqués ; simplifiez la condition.")
        _refuse_value(node)
        waiting += [(child, depth + isinstance(node, dict)) for child in _children(node)]


def _children(node: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
    if isinstance(node, list):
        yield from node
    elif isinstance(node, dict):
        for key, child in node.items():
            _refuse_value(key)
            if key not in _GEOMETRY:
                yield child


def _refuse_value(value: Any) -> None:  # noqa: ANN401 - as above
    if isinstance(value, str) and ("\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value)):
        raise refuse("un texte contient un caractère qui n'en est pas un (nul, ou demi-caractère).")
    if isinstance(value, int | float) and not (
        math.isfinite(value) if isinstance(value, float) else abs(value) < 10**300
    ):
        raise refuse("un nombre est démesuré.")
