"""A filter in French, as the builder of the page says it (static/src/cql2.js), for a file that travels without the page. Pure.

What the builder cannot write (a list, a range, a drawn zone, conditions inside others) is said too, as far as words go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from webmap.errors import BadParameterError
from webmap.store.filter_text import parse_text
from webmap.web.french import ETATS, PRECISIONS, SPACE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webmap.catalog.definition import FieldDefinition

    Node = Any  # what JSON can say

COMMON = {"precision": PRECISIONS, "etat": ETATS}  # their labels list the codes, for a file
_NUMBERS = {
    "=": "est égal à",
    "<>": "n’est pas égal à",
    ">=": "au moins",
    "<=": "au plus",
    ">": "plus de",
    "<": "moins de",
}
_DATES = {"=": "le", "<>": "pas le", ">=": "à partir du", "<=": "jusqu’au", ">": "après le", "<": "avant le"}
_WORDS = {"=": "est", "<>": "n’est pas"}
_ESCAPED = re.compile(r"\\([\\%_])")
_PATTERN = re.compile(r"(%?)((?:[^\\%_]|\\[\\%_])*)%", re.DOTALL)


@dataclass(frozen=True)
class Field:
    """A field as a reader knows it: its label, its type, its unit, and what its stored values are called."""

    label: str
    type: str
    unit: str | None
    words: Mapping[str, str]


class _UntellableError(Exception):
    """No words for this node."""


def read_field(field: FieldDefinition, documents: Mapping[str, str]) -> Field:
    """Return a published field as pages name it; `documents` are titles by their name."""
    words = documents if field.id == "source" else dict(field.enum) or COMMON.get(field.id, {})
    return Field(field.label.split(" (")[0] if field.id in COMMON else field.label, field.type, field.unit, words)


def describe_filter(text: str, fields: Mapping[str, Field]) -> str:
    """Say a filter (CQL2 text) in French; as it is written, after « CQL2, », when words cannot say it."""
    try:
        return _tell(parse_text(text), fields, "")
    except (_UntellableError, BadParameterError):
        return f"CQL2, {text}"


def _tell(node: Node, fields: Mapping[str, Field], inside: str) -> str:
    op, args = _read(node)
    if op in {"and", "or"}:
        told = (" et " if op == "and" else " ou ").join(_tell(arg, fields, op) for arg in args)
        return f"({told})" if inside not in {"", op} else told
    negated = op == "not"
    if negated:
        op, args = _read(args[0])
    if op == "s_intersects" and not negated and isinstance(args[1], dict) and "coordinates" in args[1]:
        return "emplacement dans une zone dessinée"
    name, folded = _find_field(args[0])
    if name not in fields:
        raise _UntellableError
    field = fields[name]
    label = field.label[0].lower() + field.label[1:]
    return f"{label} {_tell_predicate(op, args, field, negated=negated, folded=folded)}"


def _tell_predicate(op: str, args: Sequence[Node], field: Field, *, negated: bool, folded: bool) -> str:
    if op == "isnull":
        return "est renseigné" if negated else "n’est pas renseigné"
    if op == "like" and folded and field.type == "text" and not field.words:
        return _tell_pattern(_find_literal(args[1]), negated=negated)
    if op == "a_contains" and field.type == "list" and len(args[1]) == 1:
        return f"{'ne contient pas' if negated else 'contient'} {_quote(args[1][0])}"
    if op == "in" and field.type != "list":
        values = [_tell_value(value, field) for value in args[1]]
        first, last = ", ".join(values[:-1]), values[-1]
        joined = f"{first} ou {last}" if first else last
        return f"n’est pas {joined}" if negated else f"est {joined}"
    if op == "between" and not negated:
        return f"entre {_tell_value(args[1], field)} et {_tell_value(args[2], field)}"
    kinds = {"integer": _NUMBERS, "number": _NUMBERS, "date": _DATES}
    words = _WORDS if field.words else kinds.get(field.type, _WORDS)
    if negated or folded or op not in words or (field.type == "boolean" and op != "=") or field.type == "list":
        raise _UntellableError
    return f"{words[op]} {_tell_value(args[1], field)}"


def _read(node: Node) -> tuple[str, Sequence[Node]]:
    if not isinstance(node, dict) or not isinstance(node.get("args"), list):
        raise _UntellableError
    return str(node["op"]).lower(), node["args"]


def _find_field(node: Node) -> tuple[str, bool]:
    """Return the name of a field, and whether its case (and accents) are put aside."""
    folded = False
    while isinstance(node, dict) and node.get("op") in {"casei", "accenti"}:
        node, folded = node["args"][0], True
    if not isinstance(node, dict) or "property" not in node:
        raise _UntellableError
    return str(node["property"]), folded


def _find_literal(node: Node) -> str:
    while isinstance(node, dict) and node.get("op") in {"casei", "accenti"}:
        node = node["args"][0]
    if not isinstance(node, str):
        raise _UntellableError
    return node


def _tell_pattern(pattern: str, *, negated: bool) -> str:
    body = _PATTERN.fullmatch(pattern)
    if body is None or not body[2] or (negated and not body[1]):
        raise _UntellableError
    words = "ne contient pas" if negated else "contient" if body[1] else "commence par"
    return " ".join((words, _quote(_ESCAPED.sub(r"\1", body[2]))))


def _tell_value(value: Node, field: Field) -> str:
    if field.words and isinstance(value, str):
        return _quote(field.words.get(value, value))
    if field.type == "boolean" and isinstance(value, bool):
        return "oui" if value else "non"
    if field.type == "date" and isinstance(value, dict) and re.fullmatch(r"\d{4}-\d\d-\d\d", str(value.get("date"))):
        return "/".join(reversed(value["date"].split("-")))
    if field.type in {"integer", "number"} and isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value) + (f"{SPACE}{field.unit}" if field.unit else "")
    if field.type == "text" and isinstance(value, str) and value:
        return _quote(value)
    raise _UntellableError


def _number(value: float) -> str:
    rounded = Decimal(repr(value)).quantize(Decimal("0.001"), ROUND_HALF_UP)
    whole, _, decimals = f"{rounded:,f}".partition(".")
    return whole.replace(",", SPACE) + (f",{kept}" if (kept := decimals.rstrip("0")) else "")


def _quote(text: Node) -> str:
    if not isinstance(text, str):
        raise _UntellableError
    return f"«{SPACE}{text}{SPACE}»"
