"""The charts of a unit page, as numbers a template draws in SVG: readable in grey, labelled, with their table beside them.

Coordinates are pixels of a drawing `WIDTH` wide. What is missing is None: it has no bar and no dot, and is said missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from string import ascii_uppercase
from typing import TYPE_CHECKING

from webmap.web.differences import kind_of, known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webmap.store.measures import Value
    from webmap.store.report import Report, UnitReport

    Types = Mapping[tuple[str, str], str]

WIDTH = 360
MARGIN = 12
FEW = 8  # up to so many units each is told by a letter or a line of its own; beyond, by its place alone
_PILE = 5  # dots of the same value drawn one over the other; the others are counted
_APART = 40  # pixels between two counts of dots not drawn
_ALL = 100.000001  # percent: the whole, and what a measure on the ellipsoid rounds
_LEAST = 1e-300  # below, a power of ten may be zero
_COLUMNS = 6  # measures in one table: what a page of A4 holds beside the names


@dataclass(frozen=True)
class Share:
    """One bar: what part of the territory's count of one layer is tied to the unit, in percent."""

    label: str
    value: float
    whole: float
    percent: float


@dataclass(frozen=True)
class Shares:
    """Bars, and the unit's part of the population as the line they are read against (None when it is unknown)."""

    bars: tuple[Share, ...]
    population_percent: float | None


@dataclass(frozen=True)
class Dot:
    """One unit on an axis: `level` is how many dots of about the same value are below it."""

    nom: str
    letter: str
    x: float
    level: int
    own: bool


@dataclass(frozen=True)
class Strip:
    """One measure of every unit on its own axis, from zero to `top`; `whole_x` is the territory's line, None when it has no value.

    `piled` says, where more dots than the pile holds have about one value, how many are not drawn: (x, number).
    """

    value: Value
    whole: Value
    top: float
    dots: tuple[Dot, ...]
    piled: tuple[tuple[float, int], ...]
    whole_x: float | None
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Bar:
    """One unit in a small multiple: `size` is its part of the greatest, from 0 to 1; None when its value is missing."""

    nom: str
    letter: str
    value: float | None
    size: float | None
    own: bool


@dataclass(frozen=True)
class Multiple:
    """One measure as bars, units in the order of the report."""

    value: Value
    whole: Value
    bars: tuple[Bar, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """The numbers of charts: one line a unit, one column a measure, the territory last."""

    measures: tuple[Value, ...]
    lines: tuple[tuple[str, tuple[float | None, ...]], ...]


@dataclass(frozen=True)
class Charts:
    """The comparisons of a unit page, each kind with its tables; `letters` tells the units where they are few."""

    shares: Shares
    strips: tuple[Strip, ...]
    strip_tables: tuple[Table, ...]
    multiples: tuple[Multiple, ...]
    multiple_tables: tuple[Table, ...]
    letters: tuple[tuple[str, str], ...]


def build_charts(report: Report, part: UnitReport, types: Types) -> Charts:
    """Compare a unit with the others of its découpage, and with the territory."""
    strips = _comparable(report, types, "relative")
    multiples = _comparable(report, types, "additive")
    letters = _letters(report.units)
    return Charts(
        shares=build_shares(part, report.ensemble),
        strips=tuple(_strip(report, part, key) for key in strips),
        strip_tables=_tables(report, strips),
        multiples=tuple(_multiple(report, part, key) for key in multiples),
        multiple_tables=_tables(report, multiples),
        letters=tuple((letters[unit.unit.code], unit.unit.nom) for unit in report.units) if letters else (),
    )


def build_shares(part: UnitReport, ensemble: UnitReport) -> Shares:
    """Compare a unit's counts with the territory's; layers without any row, and the communes themselves, are left out."""
    whole = {value.couche: value for value in ensemble.values if value.mesure == "nombre"}
    bars = [
        Share(value.couche_titre, value.valeur, total, 100 * value.valeur / total)
        for value in part.values
        if value.mesure == "nombre"
        and value.couche != "commune"
        and value.valeur is not None
        and (total := whole[value.couche].valeur)
    ]
    population, everyone = part.unit.population, ensemble.unit.population
    percent = 100 * population / everyone if population is not None and everyone else None
    return Shares(tuple(bars), percent)


def _comparable(report: Report, types: Types, kind: str) -> list[tuple[str, str]]:
    """(couche, mesure) of the measures of one kind that say something: the territory's value is known, or a unit's is not zero.

    No territory has the median of its communes' medians: they are compared with each other, without a line.
    """
    whole = {key: known(value.valeur) for key, value in _index(report.ensemble).items()}
    found = dict.fromkeys(
        (value.couche, value.mesure)
        for unit in report.units
        for value in unit.values
        if kind_of(value, types) == kind
        and (number := known(value.valeur)) is not None
        and (number or whole.get((value.couche, value.mesure)) is not None)
        and not (report.decoupage == value.couche == "commune" and value.mesure == "nombre")  # one in each
    )
    return [key for key in found if key in whole]


def _index(unit: UnitReport) -> dict[tuple[str, str], Value]:
    return {(value.couche, value.mesure): value for value in unit.values}


def _letters(units: Sequence[UnitReport]) -> dict[str, str]:
    if len(units) > FEW:
        return {}
    return {unit.unit.code: letter for unit, letter in zip(units, ascii_uppercase, strict=False)}


def _numbers(report: Report, key: tuple[str, str]) -> list[tuple[UnitReport, float | None]]:
    return [(unit, known(value.valeur) if (value := _index(unit).get(key)) else None) for unit in report.units]


def _missing(numbers: Sequence[tuple[UnitReport, float | None]]) -> tuple[str, ...]:
    return tuple(unit.unit.nom for unit, number in numbers if number is None)


def nice_top(greatest: float) -> float:
    """Return the end of an axis that starts at zero: 1, 2, 2.5 or 5 times a power of ten, at least `greatest`."""
    if greatest < _LEAST:
        return 1.0
    power = 10.0 ** math.floor(math.log10(greatest))
    return next((step * power for step in (1, 2, 2.5, 5) if step * power >= greatest), 10 * power)


def axis_top(greatest: float, unit: str) -> float:
    """Return the end of an axis, a round number; 100 at most for percentages that stay within it, a rounding apart."""
    top = nice_top(greatest)
    return min(top, 100.0) if unit == "%" and greatest <= _ALL else top


def _strip(report: Report, part: UnitReport, key: tuple[str, str]) -> Strip:
    numbers, whole = _numbers(report, key), _index(report.ensemble)[key]
    territory = known(whole.valeur)
    top = axis_top(max(number for _, number in [*numbers, (part, territory)] if number is not None), whole.unite)
    letters = _letters(report.units)
    spacing = 20 if letters else 9
    dots: list[Dot] = []
    hidden: dict[float, int] = {}
    # The unit of the page first, so that no pile hides it; then by value, so that near dots pile in a fixed order.
    for unit, number in sorted(numbers, key=lambda each: (each[0] is not part, each[1] or 0, each[0].unit.nom)):
        if number is None:
            continue
        x = _x(number, top)
        taken = {dot.level for dot in dots if abs(dot.x - x) < spacing}
        level = next(each for each in range(len(taken) + 1) if each not in taken)
        if level >= _PILE:
            near = next((place for place in hidden if abs(place - x) < _APART), x)
            hidden[near] = hidden.get(near, 0) + 1
        else:
            dots.append(Dot(unit.unit.nom, letters.get(unit.unit.code, ""), x, level, unit is part))
    return Strip(
        value=_index(part)[key],
        whole=whole,
        top=top,
        dots=tuple(sorted(dots, key=lambda dot: dot.own)),  # drawn last, over its neighbours
        piled=tuple(hidden.items()),
        whole_x=None if territory is None else _x(territory, top),
        missing=_missing(numbers),
    )


def _x(number: float, top: float) -> float:
    return MARGIN + (WIDTH - 2 * MARGIN) * min(max(number / top, 0), 1)


def _multiple(report: Report, part: UnitReport, key: tuple[str, str]) -> Multiple:
    numbers, letters = _numbers(report, key), _letters(report.units)
    greatest = max(number for _, number in numbers if number is not None)
    return Multiple(
        value=_index(part)[key],
        whole=_index(report.ensemble)[key],
        bars=tuple(
            Bar(
                unit.unit.nom,
                letters.get(unit.unit.code, ""),
                number,
                None if number is None else max(number, 0) / greatest if greatest > 0 else 0,
                unit is part,
            )
            for unit, number in numbers
        ),
        missing=_missing(numbers),
    )


def _tables(report: Report, keys: Sequence[tuple[str, str]]) -> tuple[Table, ...]:
    units = [(unit.unit.nom, _index(unit)) for unit in report.units]
    units.append((f"{report.ensemble.unit.nom} (ensemble)", _index(report.ensemble)))
    return tuple(
        Table(
            measures=tuple(units[-1][1][key] for key in some),
            lines=tuple(
                (nom, tuple(known(values[key].valeur) if key in values else None for key in some))
                for nom, values in units
            ),
        )
        for some in (keys[start : start + _COLUMNS] for start in range(0, len(keys), _COLUMNS))
    )
