"""Discretisation: the classes a choropleth is shaded by, and the words they are said with. Pure.

A class holds its lower bound and not its upper one, but for the last, which holds both. The bounds that decide are the
bounds that are written: they are rounded before the values are sorted into classes, not after.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from webmap.errors import BadParameterError
from webmap.web.french import SPACE, nombre

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# id -> what it is called, and what it does.
METHODS = {
    "jenks": ("seuils naturels (Jenks)", "les écarts à l'intérieur des classes sont les plus petits possible"),
    "quantiles": ("quantiles", "à peu près autant d'unités dans chaque classe"),
    "egales": ("amplitudes égales", "toutes les classes ont la même largeur"),
    "arrondies": ("bornes rondes", "des multiples de 1, 2 ou 5"),
}
CUSTOM = ("bornes choisies par le lecteur", "telles qu'elles sont dans l'adresse de la page")
MIN_CLASSES, MAX_CLASSES = 3, 7
_MAX_TEXT = 200
_ROUND_STEPS = (Decimal(1), Decimal(2), Decimal(5))
_NUMBER_DIGITS = 15
_PRECISE = Context(prec=400)  # any float, to the digit


@dataclass(frozen=True)
class Classes:
    """The classes of some values: `seuils` are the inner bounds, strictly increasing; `minimum` and `maximum` hold all values."""

    minimum: float
    seuils: tuple[float, ...]
    maximum: float
    effectifs: tuple[int, ...]

    def rank(self, value: float) -> int:
        """Return the class of a value, from 0."""
        return bisect_right(self.seuils, value)

    @property
    def labels(self) -> tuple[str, ...]:
        """Each class in words: « de 12 à moins de 20 », the last one closed: « de 20 à 31,5 »."""
        if not self.seuils:
            if self.minimum == self.maximum:
                return (nombre(self.minimum),)
            return (f"de {_write(self.minimum)} à {_write(self.maximum)}",)
        first, last = self.seuils[0], self.seuils[-1]
        begin = f"de {_write(self.minimum)} à moins de" if self.minimum < first else "moins de"
        end = f"de {_write(last)} à {_write(self.maximum)}"
        middle = [f"de {_write(low)} à moins de {_write(high)}" for low, high in pairwise(self.seuils)]
        return (
            f"{begin} {_write(first)}",
            *middle,
            end if self.maximum > last else f"{_write(last)} et plus",
        )


def build_classes(values: Sequence[float], methode: str, nombre_classes: int) -> Classes:
    """Sort values into at most `nombre_classes` classes, never more than they have distinct values. `values` is not empty."""
    distinct = sorted(set(values))
    count = min(nombre_classes, len(distinct))
    return _sorted_into(values, _CUTS[methode](sorted(values), distinct, count))


def build_custom(values: Sequence[float], seuils: Sequence[float]) -> Classes:
    """Sort values by the reader's own inner bounds, strictly increasing. A class may be empty."""
    return _sorted_into(values, tuple(seuils))


def parse_bounds(text: str) -> tuple[float, ...]:
    """Read `10;20,5;30`: 1 to 6 inner bounds, strictly increasing, decimal comma or point. Raises BadParameterError."""
    example = "Donnez de 1 à 6 nombres croissants séparés par des points-virgules, par exemple bornes=10;20,5;30."
    parts = [part.strip() for part in text[: _MAX_TEXT + 1].split(";")]
    if len(text) > _MAX_TEXT or not 1 <= len(parts) <= MAX_CLASSES - 1:
        raise BadParameterError(f"bornes : {len(parts)} nombres donnés. {example}")
    bounds = tuple(_parse_bound(part, example) for part in parts)
    if any(low >= high for low, high in pairwise(bounds)):
        raise BadParameterError(f"bornes : chaque nombre doit être plus grand que le précédent. {example}")
    return bounds


def _parse_bound(text: str, example: str) -> float:
    plain = text.replace(SPACE, "").replace("\u202f", "").replace(" ", "").replace("−", "-").replace(",", ".")
    digits = plain.removeprefix("-").replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _NUMBER_DIGITS):
        raise BadParameterError(f"bornes : « {text[:40]} » n'est pas un nombre. {example}")
    return float(plain) + 0.0  # -0 is 0


def _sorted_into(values: Sequence[float], seuils: tuple[float, ...]) -> Classes:
    low, high = min(values), max(values)
    if low < high or seuils:  # as short as values are written, and outwards: the bounds still hold every value
        low, high = _shortened(low, ROUND_FLOOR), _shortened(high, ROUND_CEILING)
    effectifs = [0] * (len(seuils) + 1)
    for value in values:
        effectifs[bisect_right(seuils, value)] += 1
    return Classes(low, seuils, high, tuple(effectifs))


def _quantiles(ordered: Sequence[float], distinct: Sequence[float], count: int) -> tuple[float, ...]:
    """Cut the ranks evenly; ties stay together, so classes may be uneven, or fewer."""
    starts = {ordered[-(-len(ordered) * index // count)] for index in range(1, count)}
    return _cuts(distinct, [distinct.index(start) for start in sorted(starts - {distinct[0]})])


def _jenks(ordered: Sequence[float], distinct: Sequence[float], count: int) -> tuple[float, ...]:
    """Fisher's exact optimum by dynamic programming: least sum of squared deviations from the means of the classes."""
    mean = math.fsum(ordered) / len(ordered)  # centred: squares of large numbers would lose the small differences
    weights, sums, squares = [0.0], [0.0], [0.0]
    for value in distinct:
        weight, centred = ordered.count(value), value - mean
        weights.append(weights[-1] + weight)
        sums.append(sums[-1] + weight * centred)
        squares.append(squares[-1] + weight * centred * centred)

    def cost(start: int, stop: int) -> float:
        total = sums[stop] - sums[start]
        return squares[stop] - squares[start] - total * total / (weights[stop] - weights[start])

    size = len(distinct)
    best = [0.0, *(cost(0, stop) for stop in range(1, size + 1))]
    starts: list[list[int]] = []
    for classes in range(2, count + 1):
        chosen, costs = [0] * (size + 1), [math.inf] * (size + 1)
        for stop in range(classes, size + 1):
            chosen[stop] = min(range(classes - 1, stop), key=lambda start: best[start] + cost(start, stop))
            costs[stop] = best[chosen[stop]] + cost(chosen[stop], stop)
        starts.append(chosen)
        best = costs
    places, stop = [], size
    for chosen in reversed(starts):
        stop = chosen[stop]
        places.append(stop)
    return _cuts(distinct, places[::-1])


def _equal(_ordered: Sequence[float], distinct: Sequence[float], count: int) -> tuple[float, ...]:
    low, high = Decimal(repr(distinct[0])), Decimal(repr(distinct[-1]))
    step = (high - low) / count
    if not step:
        return ()
    grain = Decimal(1).scaleb(step.adjusted() - 2)  # a hundredth of a class is fine enough to write
    cuts = {float(((low + step * index) / grain).to_integral_value() * grain) for index in range(1, count)}
    return tuple(sorted(cut for cut in cuts if distinct[0] < cut <= distinct[-1]))


def _round(_ordered: Sequence[float], distinct: Sequence[float], count: int) -> tuple[float, ...]:
    """Cut at the multiples of the smallest 1, 2 or 5 × 10ⁿ that makes no more classes than asked."""
    low, high = Decimal(repr(distinct[0])), Decimal(repr(distinct[-1]))
    if low == high:
        return ()
    power = ((high - low) / count).adjusted()
    for step in (unit.scaleb(exponent) for exponent in (power, power + 1, power + 2) for unit in _ROUND_STEPS):
        first, last = math.floor(low / step) + 1, math.floor(high / step)
        if last - first + 1 < count:
            cuts = tuple(float(step * index) for index in range(first, last + 1))
            return cuts or _cuts(distinct, [1])
    return _cuts(distinct, [1])


_CUTS: dict[str, Callable[[Sequence[float], Sequence[float], int], tuple[float, ...]]] = {
    "jenks": _jenks,
    "quantiles": _quantiles,
    "egales": _equal,
    "arrondies": _round,
}


def _cuts(distinct: Sequence[float], places: Sequence[int]) -> tuple[float, ...]:
    """Return, for each place, the roundest number that parts the value there from the one before it."""
    return tuple(_roundest(distinct[place - 1], distinct[place]) for place in places)


def _roundest(below: float, value: float) -> float:
    """Return the largest multiple, up to `value`, of the largest power of ten that has one above `below`."""
    low, high = Decimal(repr(below)), Decimal(repr(value))
    for exponent in range(high.adjusted() + 1 if high else low.adjusted() + 1, -40, -1):
        grain = Decimal(1).scaleb(exponent)
        cut = (high / grain).to_integral_value(ROUND_FLOOR) * grain
        if below < float(cut) <= value:
            return float(cut)
    return value


def _write(bound: float) -> str:
    return nombre(bound, _decimals(bound))


def _decimals(value: float) -> int:
    return max(0, -int(Decimal(repr(float(value))).normalize().as_tuple().exponent))


def _shortened(value: float, rounding: str) -> float:
    shown = len(nombre(value).partition(",")[2])
    grain = Decimal(1).scaleb(-min(shown, _decimals(value)))
    return float(Decimal(repr(float(value))).quantize(grain, rounding, _PRECISE))
