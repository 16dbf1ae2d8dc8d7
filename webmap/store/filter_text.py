"""CQL2 text to CQL2 JSON (OGC 21-065), read once from left to right. Pure: knows no layer, no field, no database.

Its time is that of the text's length whatever the text nests. The `cql2` package goes back at each parenthesis it cannot
place and holds the interpreter meanwhile: forty bytes keep it for hours. It is the oracle of the tests instead.
"""

from __future__ import annotations

import contextlib
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from webmap.errors import BadParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Node = Any  # what JSON can say: an object, a list, a text, a number, a boolean

MAX_DEPTH = 30
# `unaccent` writes the last three as a backslash, and PostgreSQL refuses a pattern that ends with one.
_BACKSLASHES = "\\\uff3c\ufe68\u2216"
COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
_TOKEN = re.compile(
    r"(?P<text>'(?:[^']|'')*+')"
    r'|(?P<quoted>"[^"]+")'
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[^\W\d][\w:.]*)"
    r"|(?P<sign><=|>=|<>|[=<>(),+\-*/%^])",
)
_SHAPES = {
    "POINT": ("Point", 0),
    "LINESTRING": ("LineString", 1),
    "POLYGON": ("Polygon", 2),
    "MULTIPOINT": ("MultiPoint", 1),
    "MULTILINESTRING": ("MultiLineString", 2),
    "MULTIPOLYGON": ("MultiPolygon", 3),
}
_RESERVED = {"AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS"}
_LONG = 18  # digits of a whole number that a bigint holds
_POSITION = (2, 3)  # x y, or x y z


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse_text(text: str) -> Node:
    """Parse a CQL2 text into the objects CQL2 JSON would hold. Raises BadParameterError saying where it stops."""
    reader = _Reader(text)
    node = reader.condition()
    reader.end()
    return node


def refuse(sentence: str) -> BadParameterError:
    """Return the error that says what is wrong with a filter."""
    return BadParameterError(f"filter : {sentence}")


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            yield _Token("end", "", at)
            return
        found = _TOKEN.match(text, at)
        if found is None:
            if text[at] in "'\"":
                raise refuse(f"le guillemet ouvert au caractère {at + 1} n'est pas fermé.")
            raise refuse(f"« {text[at]} » n'est pas compris (caractère {at + 1}).")
        yield _Token(str(found.lastgroup), found[0], at)
        at = found.end()


class _Reader:
    """One reading: the tokens, where it stands, how deep it is."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    # --- tokens ---

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _sees(self, *words: str) -> bool:
        """Whether the next token is one of these signs or keywords."""
        return self._next.kind in {"sign", "word"} and self._next.text.upper() in words

    def _accepts(self, *words: str) -> bool:
        seen = self._sees(*words)
        self._at += seen
        return seen

    def _expects(self, word: str) -> None:
        if not self._accepts(word):
            raise self._refuse(f"attendu « {word} »")

    def _take(self, kind: str, expected: str) -> str:
        if self._next.kind != kind:
            raise self._refuse(f"attendu {expected}")
        self._at += 1
        return self._tokens[self._at - 1].text

    def _refuse(self, expected: str) -> BadParameterError:
        token = self._next
        if token.kind == "end":
            return refuse(f"le texte s'interrompt ; {expected}.")
        return refuse(f"« {token.text[:40]} » au caractère {token.at + 1} n'est pas à sa place ; {expected}.")

    def end(self) -> None:
        """Raise unless everything was read."""
        if self._sees("+", "-", "*", "/", "%", "^"):
            raise refuse("les calculs (+ − × ÷) ne sont pas pris en charge ; comparez un champ à une valeur.")
        if self._next.kind != "end":
            raise self._refuse("attendu AND, OR ou la fin du filtre")

    @contextlib.contextmanager
    def _level(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise refuse(f"plus de {MAX_DEPTH} niveaux imbriqués ; simplifiez la condition.")
        yield
        self._depth -= 1

    # --- conditions ---

    def condition(self) -> Node:
        """Read a whole condition: OR of AND of predicates."""
        return self._chain("OR", lambda: self._chain("AND", self._negation))

    def _chain(self, word: str, operand: Callable[[], Node]) -> Node:
        parts = [operand()]
        while self._accepts(word):
            parts.append(operand())
        return parts[0] if len(parts) == 1 else {"op": word.lower(), "args": parts}

    def _negation(self) -> Node:
        if not self._accepts("NOT"):
            return self._predicate()
        with self._level():
            return _not(self._negation())

    def _predicate(self) -> Node:
        left = self._operand()
        for sign in COMPARISONS:
            if self._accepts(sign):
                return {"op": sign, "args": [left, self._operand()]}
        if self._accepts("IS"):
            negated = self._accepts("NOT")
            self._expects("NULL")
            node = {"op": "isNull", "args": [left]}
            return _not(node) if negated else node
        negated = self._accepts("NOT")
        if self._accepts("LIKE"):
            node = {"op": "like", "args": [left, self._operand()]}
        elif self._accepts("BETWEEN"):
            low = self._operand()
            self._expects("AND")
            node = {"op": "between", "args": [left, low, self._operand()]}
        elif self._accepts("IN"):
            node = {"op": "in", "args": [left, self._items(self._operand)]}
        elif negated:
            raise self._refuse("attendu LIKE, BETWEEN ou IN")
        else:
            return left
        return _not(node) if negated else node

    # --- values ---

    def _operand(self) -> Node:
        token = self._next
        if self._accepts("("):
            with self._level():
                node = self.condition()
            self._expects(")")
            return node
        if token.kind == "text":
            return self._string()
        if token.kind == "number" or self._sees("+", "-"):
            return self._number()
        if token.kind == "quoted":
            self._at += 1
            return {"property": token.text[1:-1]}
        if token.kind == "word" and token.text.upper() not in _RESERVED:
            self._at += 1
            return self._named(token.text)
        raise self._refuse("attendu un champ, un texte entre apostrophes ou un nombre")

    def _named(self, name: str) -> Node:
        word = name.upper()
        if word in {"TRUE", "FALSE"}:
            return word == "TRUE"
        if word == "NULL":
            raise refuse("on ne compare pas à NULL ; écrivez « champ IS NULL ».")
        if word in _SHAPES and self._sees("(", "Z", "EMPTY"):
            return self._shape(word)
        if not self._sees("("):
            return {"property": name}
        with self._level():
            return self._call(word)

    def _call(self, word: str) -> Node:
        """Read what follows a name and a parenthesis: a literal of CQL2, or a function."""
        if word in {"DATE", "TIMESTAMP"}:
            return {word.lower(): self._inside(self._string)}
        if word == "INTERVAL":
            return {"interval": self._items(self._operand)}
        if word == "BBOX":
            return {"bbox": self._items(self._number)}
        if word == "GEOMETRYCOLLECTION":
            shapes = self._items(lambda: self._shape(self._take("word", "POINT").upper()))
            return {"type": "GeometryCollection", "geometries": shapes}
        argument = self._array_argument if word.startswith("A_") else self._operand
        return {"op": word.lower(), "args": self._items(argument)}

    def _inside(self, read: Callable[[], Node]) -> Node:
        self._expects("(")
        node = read()
        self._expects(")")
        return node

    def _items(self, read: Callable[[], Node]) -> list[Node]:
        """Read a list between parentheses."""
        self._expects("(")
        items = [read()]
        while self._accepts(","):
            items.append(read())
        self._expects(")")
        return items

    def _array_argument(self) -> Node:
        return self._items(self._operand) if self._sees("(") else self._operand()

    def _string(self) -> str:
        return self._take("text", "un texte entre apostrophes")[1:-1].replace("''", "'")

    def _number(self) -> float:
        sign = -1 if self._sees("-") else 1
        self._accepts("-", "+")
        text = self._take("number", "un nombre")
        if text.isdecimal() and len(text) <= _LONG:
            return sign * int(text)
        value = sign * float(text)
        if not math.isfinite(value):
            raise refuse(f"« {text[:40]} » est un nombre démesuré.")
        return value

    # --- geometries (WKT) ---

    def _shape(self, word: str) -> Node:
        if word not in _SHAPES:
            raise self._refuse(f"attendu {', '.join(_SHAPES)}")
        name, depth = _SHAPES[word]
        self._accepts("Z")
        if self._accepts("EMPTY"):
            raise refuse(f"{word} EMPTY : la géométrie est vide.")
        if depth == 0:
            return {"type": name, "coordinates": self._inside(self._position)}
        return {"type": name, "coordinates": self._nested(depth, bare=name == "MultiPoint")}

    def _nested(self, depth: int, *, bare: bool) -> Node:
        """Read parentheses `depth` deep around positions; a MULTIPOINT may put each of its points in its own."""
        if depth > 0:
            return self._items(lambda: self._nested(depth - 1, bare=bare))
        return self._inside(self._position) if bare and self._sees("(") else self._position()

    def _position(self) -> list[float]:
        numbers = []
        while self._next.kind == "number" or self._sees("+", "-"):
            numbers.append(self._number())
        if len(numbers) not in _POSITION:
            raise self._refuse("attendu deux nombres par sommet")
        return numbers


def _not(node: Node) -> Node:
    return {"op": "not", "args": [node]}


def ends_escaped(pattern: str) -> bool:
    """Whether a pattern would end with a backslash that protects nothing, as it is or once `unaccent` wrote it."""
    return any((len(pattern) - len(pattern.rstrip(signs))) % 2 for signs in ("\\", _BACKSLASHES))
