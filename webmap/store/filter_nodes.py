"""One node of a filter to SQL: fields by name and type, literals as bound parameters, three-valued logic kept.

A row alias is `t`. Nothing of a request is ever part of the SQL but parameters and the columns of the layer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import shapely
from psycopg import sql

from webmap.store.filter_dates import RELATIONS, read_day, read_interval
from webmap.store.filter_shapes import build_shape, is_shape
from webmap.store.filter_text import COMPARISONS, ends_escaped, refuse
from webmap.store.naming import SRID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webmap.geo.crs import Crs

    Node = Any  # what JSON can say

_TYPES = {
    "text": "texte",
    "integer": "nombre entier",
    "number": "nombre",
    "date": "date",
    "boolean": "vrai ou faux",
    "list": "liste",
    "geometry": "géométrie",
}
_CASTS = {"text": "text", "date": "date", "boolean": "boolean", "list": "text[]"}
_TEXT_FUNCTIONS = {
    "casei": "lower({})",
    "accenti": "public.unaccent('public.unaccent'::regdictionary, {})",
}
_SPATIAL = {
    f"s_{name}": f"ST_{name.capitalize()}"
    for name in ("intersects", "disjoint", "equals", "touches", "within", "overlaps", "crosses", "contains")
}
_ARRAYS = {
    "a_equals": "({0} @> {1} AND {0} <@ {1})",
    "a_contains": "{0} @> {1}",
    "a_containedby": "{0} <@ {1}",
    "a_overlaps": "{0} && {1}",
}
_PREDICATES = f"and, or, not, {', '.join(COMPARISONS)}, like, between, in, is null, S_…, T_…, A_…"
_BIGINT = 2**63


@dataclass(frozen=True)
class Operand:
    """A value in SQL, its family (integers and numbers are one), and how a sentence names it."""

    sql: sql.Composable
    family: str
    told: str
    literal: str | None = None


@dataclass
class Compiler:
    """Compiles the nodes of one filter: `types` are the fields that may be asked for, `params` fills as it goes."""

    types: Mapping[str, str]
    crs: Crs
    params: dict[str, object] = field(default_factory=dict)
    spatial: bool = False
    boxes: dict[int, sql.Composable] = field(
        default_factory=dict
    )  # id of the arguments of a predicate -> its boxes meet

    def condition(self, node: Node) -> sql.Composable:
        """Return the SQL of a node that is true, false or unknown. Raises BadParameterError."""
        if isinstance(node, bool):
            return sql.SQL("true" if node else "false")
        if isinstance(node, dict) and node.keys() == {"property"}:
            operand = self._scalar(node)
            if operand.family != "boolean":
                raise refuse(f"{operand.told} n'est pas une condition ; comparez-le à une valeur.")
            return operand.sql
        op, args = _operation(node)
        if op in {"and", "or"}:
            return self._junction(op, args)
        if op == "not":
            (inner,) = _arguments(op, args, 1)
            return sql.SQL("(NOT {})").format(self.condition(inner))
        for operators, compile_one in (
            (COMPARISONS, self._comparison),
            (_SPATIAL, self._place),
            (RELATIONS, self._time),
            (_ARRAYS, self._array),
        ):
            if op in operators:
                return compile_one(op, _arguments(op, args, 2))
        others = {"like": self._like, "between": self._between, "in": self._in, "isnull": self._is_null}
        if op not in others:
            raise refuse(f"« {op[:40]} » n'est pas une condition connue ; conditions : {_PREDICATES}.")
        return others[op](args)

    def _junction(self, op: str, args: list[Node]) -> sql.Composable:
        if len(args) < 2:  # noqa: PLR2004 - a junction joins
            raise refuse(f"« {op} » attend au moins deux conditions.")
        return sql.SQL("({})").format(sql.SQL(f" {op.upper()} ").join([self.condition(arg) for arg in args]))

    # --- comparisons ---

    def _comparison(self, op: str, args: list[Node]) -> sql.Composable:
        left, right = self._alike(args)
        if left.family == "boolean" and op not in {"=", "<>"}:
            raise refuse(f"{left.told} se compare par = ou <>, pas par {op}.")
        return sql.SQL("({} " + op + " {})").format(left.sql, right.sql)

    def _like(self, args: list[Node]) -> sql.Composable:
        left, right = self._alike(_arguments("like", args, 2))
        if left.family != "text":
            raise refuse(f"LIKE ne s'applique qu'à un texte ; {left.told} n'en est pas un.")
        if right.literal is None:
            raise refuse("LIKE attend un modèle entre apostrophes à sa droite, par exemple 'Parc%'.")
        if ends_escaped(right.literal):
            raise refuse("le modèle de LIKE finit par une barre oblique inverse, qui n'y protège aucun signe.")
        return sql.SQL("({} LIKE {})").format(left.sql, right.sql)

    def _between(self, args: list[Node]) -> sql.Composable:
        value, low, high = self._alike(_arguments("between", args, 3))
        if value.family == "boolean":
            raise refuse(f"BETWEEN ne s'applique pas à {value.told}.")
        return sql.SQL("({} BETWEEN {} AND {})").format(value.sql, low.sql, high.sql)

    def _in(self, args: list[Node]) -> sql.Composable:
        value, items = _arguments("in", args, 2)
        if not isinstance(items, list) or not items:
            raise refuse("IN attend une liste de valeurs entre parenthèses.")
        left, *right = self._alike([value, *items])
        return sql.SQL("({} IN ({}))").format(left.sql, sql.SQL(", ").join([item.sql for item in right]))

    def _is_null(self, args: list[Node]) -> sql.Composable:
        (value,) = _arguments("isNull", args, 1)
        operand = self._field(value) if _is_property(value) else self._scalar(value)
        return sql.SQL("({} IS NULL)").format(operand.sql)

    def _alike(self, nodes: list[Node]) -> list[Operand]:
        """Return scalars of one family, or raise BadParameterError naming the field and its type."""
        operands = [self._scalar(node) for node in nodes]
        first = operands[0]
        for other in operands[1:]:
            if other.family != first.family:
                hint = " ; une date s'écrit DATE('2025-01-31')" if "date" in {first.family, other.family} else ""
                raise refuse(f"{first.told} et {other.told} ne se comparent pas{hint}.")
        return operands

    # --- values ---

    def _scalar(self, node: Node) -> Operand:
        match node:
            case bool():
                return self._literal(node, "boolean", f"la valeur {'true' if node else 'false'}")
            case int() | float():
                return self._number(node)
            case str():
                return self._literal(node, "text", f"le texte « {node[:40]} »")
            case {"property": str()} if len(node) == 1:
                operand = self._field(node)
                if operand.family in {"list", "geometry"}:
                    raise refuse(f"{operand.told} ne se compare pas ainsi ; employez les fonctions A_… ou S_….")
                return operand
            case {"date": _} | {"timestamp": _} if len(node) == 1:
                day = read_day(node)
                return self._literal(day, "date", f"la date {day}")
            case None:
                raise refuse("on ne compare pas à NULL ; écrivez « champ IS NULL ».")
            case {"op": str(), "args": list()}:
                return self._function(node)
        raise refuse("une valeur est un champ, un texte, un nombre, true, false ou une date.")

    def _function(self, node: Node) -> Operand:
        op, args = _operation(node)
        if op not in _TEXT_FUNCTIONS:
            if op in {"+", "-", "*", "/", "%", "^", "div"}:
                raise refuse("les calculs (+ − × ÷) ne sont pas pris en charge ; comparez un champ à une valeur.")
            raise refuse(f"« {op[:40]} » ne donne pas une valeur ; fonctions possibles : CASEI, ACCENTI.")
        (arg,) = _arguments(op, args, 1)
        inner = self._scalar(arg)
        if inner.family != "text":
            raise refuse(f"{op.upper()} ne s'applique qu'à un texte ; {inner.told} n'en est pas un.")
        return Operand(sql.SQL(_TEXT_FUNCTIONS[op]).format(inner.sql), "text", inner.told, inner.literal)

    def _field(self, node: Node) -> Operand:
        name = node["property"]
        if name not in self.types:
            listed = ", ".join(self.types)
            raise refuse(f"il n'y a pas de champ « {name[:60]} » dans cette couche ; champs possibles : {listed}.")
        kind = self.types[name]
        family = "number" if kind == "integer" else kind
        return Operand(sql.Identifier("t", name), family, f"« {name} » ({_TYPES[kind]})")

    def _literal(self, value: object, family: str, told: str) -> Operand:
        text = value if isinstance(value, str) else None
        return Operand(self._bind(value, _CASTS[family]), family, told, text)

    def _number(self, value: float) -> Operand:
        whole = isinstance(value, int) and abs(value) < _BIGINT
        bound = self._bind(value if whole else float(value), "bigint" if whole else "float8")
        return Operand(bound, "number", f"le nombre {value}")

    def _bind(self, value: object, cast: str) -> sql.Composable:
        name = f"filtre{len(self.params)}"
        self.params[name] = value
        return sql.SQL("{}::" + cast).format(sql.Placeholder(name))

    # --- dates: a field knows days, so an instant is its day ---

    def _time(self, op: str, args: list[Node]) -> sql.Composable:
        (a, z), (b, y) = (self._interval(op, arg) for arg in args)
        return sql.SQL(RELATIONS[op]).format(a=a, z=z, b=b, y=y)

    def _interval(self, op: str, node: Node) -> tuple[sql.Composable, sql.Composable]:
        if not isinstance(node, dict) or node.keys() != {"interval"}:
            operand = self._scalar(node)
            if operand.family != "date":
                raise refuse(f"{op.upper()} attend des dates ; {operand.told} n'en est pas une.")
            return operand.sql, operand.sql
        days = read_interval(node["interval"])
        start, end = (self._bound(op, day, way) for day, way in zip(days, ("-infinity", "infinity"), strict=True))
        return start, end

    def _bound(self, op: str, day: Node, open_end: str) -> sql.Composable:
        if day is None:
            return sql.SQL(f"'{open_end}'::date")
        if isinstance(day, dt.date):
            return self._bind(day, "date")
        operand = self._scalar(day)
        if operand.family != "date":
            raise refuse(f"{op.upper()} attend des dates ; {operand.told} n'en est pas une.")
        return operand.sql

    # --- lists and places ---

    def _array(self, op: str, args: list[Node]) -> sql.Composable:
        return sql.SQL("(" + _ARRAYS[op] + ")").format(*(self._texts(op, arg) for arg in args))

    def _texts(self, op: str, node: Node) -> sql.Composable:
        if isinstance(node, list):
            if not all(isinstance(item, str) for item in node):
                raise refuse(f"{op.upper()} : une liste ne contient que des textes entre apostrophes.")
            return self._bind(node, "text[]")
        if not _is_property(node):
            raise refuse(f"{op.upper()} attend un champ de type liste et une liste de textes, par exemple ('a', 'b').")
        operand = self._field(node)
        if operand.family != "list":
            raise refuse(f"{op.upper()} ne s'applique qu'à une liste ; {operand.told} n'en est pas une.")
        return operand.sql

    def _place(self, op: str, args: list[Node]) -> sql.Composable:
        """Return the predicate on exact rows, unknown on others: a point drawn in its commune lies nowhere we could tell."""
        fields = [arg for arg in args if _is_property(arg)]
        if len(fields) != 1 or not all(is_shape(arg) or arg is fields[0] for arg in args):
            raise refuse(f"{op.upper()} attend le champ « geom » et une géométrie, par exemple POINT(3.4 50.3).")
        operand = self._field(fields[0])
        if operand.family != "geometry":
            raise refuse(f"{op.upper()} ne s'applique qu'à une géométrie ; {operand.told} n'en est pas une.")
        self.spatial = True
        places = [operand.sql if arg is fields[0] else self._shape(op, arg) for arg in args]
        if op != "s_disjoint":
            self.boxes[id(args)] = sql.SQL("{} && {}").format(*places)
        call = sql.SQL(_SPATIAL[op] + "({}, {})").format(*places)
        return sql.SQL("(CASE WHEN t.precision = 'exacte' THEN {} END)").format(call)

    def _shape(self, op: str, node: dict[str, Node]) -> sql.Composable:
        if node.get("type") == "GeometryCollection" and op not in {"s_intersects", "s_disjoint"}:
            raise refuse(f"{op.upper()} ne prend pas de GEOMETRYCOLLECTION ; donnez un MULTIPOLYGON, par exemple.")
        # Equality compares vertices along edges: points added to an edge would leave it once reprojected.
        built = build_shape(node, self.crs, dense=op != "s_equals")
        bound = self._bind(shapely.to_wkb(built, output_dimension=2), "bytea")
        return sql.SQL("ST_Transform(ST_GeomFromWKB({}, {}), {})").format(
            bound, sql.Literal(self.crs.srid), sql.Literal(SRID)
        )


def _operation(node: Node) -> tuple[str, list[Node]]:
    match node:
        case {"op": str() as op, "args": list() as args} if len(node) == 2:  # noqa: PLR2004 - and nothing else
            return op.lower(), args
    raise refuse("une condition est attendue, par exemple nom = 'Exemple' ; en JSON, un objet « op » et « args ».")


def _arguments(op: str, args: list[Node], count: int) -> list[Node]:
    if len(args) != count:
        raise refuse(f"« {op} » attend {count} argument{'s' if count > 1 else ''}, et en a {len(args)}.")
    return args


def _is_property(node: Node) -> bool:
    return isinstance(node, dict) and node.keys() == {"property"} and isinstance(node["property"], str)
