"""The two maps of a unit page, as numbers a template draws in SVG: where the unit is, and what is in it.

Outlines come in metres of a common frame; here they get a scale and a place on a drawing in pixels. Letters and names
are set where they cover nothing, so that they can be read in grey.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webmap.formats.prose import Drawn, build_prose
from webmap.store.outlines import MARKED_PER_LAYER
from webmap.web.french import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.outlines import Mark, Outline, Outlines

    Box = tuple[float, float, float, float]  # left, top, right, bottom

LOCATOR = (240, 220)
PLAN = (720, 640)
MARGIN = 14
BADGE = 10  # radius of a letter's circle, pixels
_MANY = 30  # beyond, the places of a layer are small symbols without a letter
_LETTER = 6.6  # width of a character of a commune's name, pixels
_TURN = math.pi * (3 - math.sqrt(5))  # golden angle: successive tries go all around
_MOST = 200  # letters on one map
_TRIES, _STEP = 1000, 5.0  # of a spiral that reaches 160 pixels
# Small symbols of the layers without letters, from a point on: told apart by shape, in this order.
_SYMBOLS = (
    "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z", "m-3.2-3.2h6.4v6.4h-6.4z", "m0-4.5l4.5 7.5h-9z", "m0-4.8l4.8 4.8-4.8 4.8-4.8-4.8z",
    "m-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
)  # fmt: skip
_PALE = 170  # luma, of 255
_NUMBER = re.compile(r"-?\d+")
_RING = re.compile(r"M(-?\d+) (-?\d+)l([^zM]*)")


@dataclass(frozen=True)
class Frame:
    """A drawing: its size in pixels, and `scale(k) translate(x y)` from metres to it."""

    width: int
    height: int
    scale: float
    x: float
    y: float

    def place(self, point: tuple[float, float]) -> tuple[float, float]:
        """Return the pixel of a point given in metres."""
        return round((point[0] + self.x) * self.scale, 1), round((point[1] + self.y) * self.scale, 1)


@dataclass(frozen=True)
class Name:
    """A commune's name, written around x, y."""

    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Badge:
    """A place: its letter is at x, y, tied by a line to `at`, where the place is; a small symbol is at `at`."""

    x: float
    y: float
    at: tuple[float, float]
    approximate: bool


@dataclass(frozen=True)
class Entry:
    """One layer on the map and in its legend: by a letter, else by a small `symbol` (a path from a point on).

    `shapes` are the paths of its lines or surfaces.
    """

    layer: LayerDefinition
    letter: str
    symbol: str
    color: str
    badges: tuple[Badge, ...]
    shapes: tuple[str, ...]

    @property
    def number(self) -> int:
        """How many places of the layer are drawn."""
        return len(self.badges)


@dataclass(frozen=True)
class Plan:
    """The map of a unit: its communes, those around, and what is placed in it."""

    frame: Frame
    own: Outline
    communes: tuple[Outline, ...]
    around: tuple[Outline, ...]
    names: tuple[Name, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Locator:
    """The whole territory small, with the unit in it."""

    frame: Frame
    own: Outline
    others: tuple[Outline, ...]
    label: tuple[float, float]


class _Room:
    """What of a drawing is taken, by squares of the size of a badge: a look costs the same however much is."""

    def __init__(self) -> None:
        self._taken: dict[tuple[int, int], list[Box]] = {}

    def take(self, box: Box) -> None:
        for square in _squares(box):
            self._taken.setdefault(square, []).append(box)

    def holds(self, box: Box) -> bool:
        return not any(_meet(box, other) for square in _squares(box) for other in self._taken.get(square, ()))


def _squares(box: Box) -> Iterator[tuple[int, int]]:
    side = 2 * BADGE
    for column in range(int(box[0] // side), int(box[2] // side) + 1):
        for row in range(int(box[1] // side), int(box[3] // side) + 1):
            yield column, row


def build_locator(outlines: Outlines, code: str) -> Locator | None:
    """Place a unit in the territory; None when it has no outline at all."""
    own = _find(outlines, code)
    if own is None:
        return None
    x, y, width, height = outlines.boite
    frame = fit_frame((x, y, x + width, y + height), LOCATOR)
    others = tuple(unit for unit in outlines.unites if unit.code != code)
    # Where the découpage leaves communes out, or is the whole, they show where the unit is.
    return Locator(frame, own, others if len(others) > 1 else outlines.communes, frame.place(own.centre))


def build_plan(
    outlines: Outlines, code: str, communes: Sequence[str], layers: Sequence[LayerDefinition], marks: Iterable[Mark]
) -> Plan | None:
    """Draw a unit, its communes and its places by layer, in the order of `layers`; None when it has no outline."""
    own = _find(outlines, code)
    if own is None:
        return None
    frame = fit_frame(trace_bounds(own.trace), PLAN)
    inside = tuple(outline for outline in outlines.communes if outline.code in set(communes))
    names = tuple(fit_names(frame, inside)) if len(inside) > 1 else ()
    room = _Room()
    for name in names:
        room.take(_name_box(name))
    by_layer: dict[str, list[Mark]] = {}
    for mark in marks:
        by_layer.setdefault(mark.couche, []).append(mark)
    entries: list[Entry] = []
    letters, symbols = _letters(), itertools.cycle(_SYMBOLS)
    for layer in (layer for layer in layers if layer.id in by_layer):
        number = len(by_layer[layer.id])
        lettered = number <= _MANY and number + sum(entry.number for entry in entries if entry.letter) <= _MOST
        sign = (next(letters), "") if lettered else ("", next(symbols))
        entries.append(_entry(frame, layer, sign, by_layer[layer.id], room))
    around = tuple(outline for outline in outlines.communes if outline not in inside)
    return Plan(frame, own, inside, around, names, tuple(entries))


def describe_plan(plan: Plan) -> list[tuple[str, str]]:
    """Return (title, sentences) of each layer of a plan: its caption, for who does not see it."""
    told = []
    for entry in plan.entries:
        layer, number = entry.layer, entry.number
        drawn = Drawn(
            singulier=layer.singular,
            pluriel=plural(layer.singular),
            classes=((layer.title, number),),
            approximatifs=sum(badge.approximate for badge in entry.badges),
            avertissement=layer.warning,
        )
        capped = [f"Pas plus de {MARKED_PER_LAYER} par couche."] if number == MARKED_PER_LAYER else []
        told.append((layer.title, " ".join([*build_prose(drawn), *capped])))
    return told


def _find(outlines: Outlines, code: str) -> Outline | None:
    return next((unit for unit in outlines.unites if unit.code == code), None)


def _letters() -> Iterator[str]:
    """Yield A, B, … Z, AA, AB, …: there may be more layers than letters."""
    alphabet = [chr(65 + each) for each in range(26)]
    yield from alphabet
    yield from (first + second for first in alphabet for second in alphabet)


def trace_bounds(trace: str) -> Box:
    """Return the box of a path written by `store.outlines`: rings `Mx yl dx dy … z`."""
    xs, ys = [], []
    for ring in _RING.finditer(trace):
        x, y = int(ring[1]), int(ring[2])
        steps = [int(number) for number in _NUMBER.findall(ring[3])]
        xs.append(x)
        ys.append(y)
        for dx, dy in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + dx, y + dy
            xs.append(x)
            ys.append(y)
    return min(xs), min(ys), max(xs), max(ys)


def fit_frame(box: Box, size: tuple[int, int]) -> Frame:
    """Fit a box in metres in a drawing at most `size` pixels, whose height follows the box."""
    left, top, right, bottom = box
    width, height = max(right - left, 1), max(bottom - top, 1)
    scale = min((size[0] - 2 * MARGIN) / width, (size[1] - 2 * MARGIN) / height)
    margin = MARGIN / scale
    blank = max(size[0] / scale - width - 2 * margin, 0) / 2  # the width is kept, the shape centred in it
    return Frame(size[0], round(height * scale + 2 * MARGIN), scale, margin + blank - left, margin - top)


def fit_names(frame: Frame, communes: Iterable[Outline]) -> Iterator[Name]:
    """Yield the names that fit in their commune; the list under the map has them all."""
    for outline in communes:
        if len(outline.nom) * _LETTER / 2 <= 1.5 * outline.rayon * frame.scale:
            x, y = frame.place(outline.centre)
            yield Name(outline.nom, x, y)


def _name_box(name: Name) -> Box:
    half = len(name.text) * _LETTER / 2
    return name.x - half, name.y - 12, name.x + half, name.y + 4


def _entry(frame: Frame, layer: LayerDefinition, sign: tuple[str, str], marks: Sequence[Mark], room: _Room) -> Entry:
    letter, symbol = sign
    badges = []
    for mark in marks:
        at = frame.place(mark.centre)
        x, y = _free(frame, at, room) if letter else at
        badges.append(Badge(x, y, at, approximate=mark.precision in {"commune", "quartier"}))
    return Entry(
        layer=layer,
        letter=letter,
        symbol=symbol,
        color=layer_ink(layer),
        badges=tuple(badges),
        shapes=tuple(mark.trace for mark in marks if mark.trace),
    )


def layer_ink(layer: LayerDefinition) -> str:
    """Return the colour of a layer's first rule that shows on white: its fill, else its outline."""
    if layer.style is None:
        return "#3b6ea5"
    rule = layer.style.rules[0]
    red, green, blue = (int(rule.color[at : at + 2], 16) for at in (1, 3, 5))
    return rule.stroke if 0.299 * red + 0.587 * green + 0.114 * blue > _PALE else rule.color


def _free(frame: Frame, at: tuple[float, float], room: _Room) -> tuple[float, float]:
    """Return the place nearest to `at`, on a spiral, where a badge covers no other nor a name; and take it.

    Where there is none within reach, it stays at its place.
    """
    best = at
    for turn in range(_TRIES):
        reach = _STEP * math.sqrt(turn)
        x, y = at[0] + reach * math.cos(turn * _TURN), at[1] + reach * math.sin(turn * _TURN)
        box = (x - BADGE, y - BADGE, x + BADGE, y + BADGE)
        inside = BADGE <= x <= frame.width - BADGE and BADGE <= y <= frame.height - BADGE
        if inside and room.holds(box):
            best = (x, y)
            room.take(box)
            break
    return round(best[0], 1), round(best[1], 1)


def _meet(first: Box, second: Box) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]
