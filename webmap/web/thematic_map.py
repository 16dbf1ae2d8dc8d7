"""The map of one measure over the units of a découpage: shaded classes for a rate, circles for a number. Pure.

Absolute numbers never shade a surface: a large unit would look rich. All shades go from light to dark with the value, so
they hold in grey; what is missing is hatched.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from webmap.web.french import SPACE, accorde, nombre

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from webmap.store.outlines import Outline, Outlines
    from webmap.web.classes import Classes
    from webmap.web.columns import Column

# ColorBrewer's YlGnBu: lightness falls at each step, for every kind of colour vision.
_RAMP = ("#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#0c2c84")
_PLAIN = "#e8ecea"
HATCH = "url(#hachure)"
_WIDTH, _HEIGHT = 720, 760  # pixels, at most
_FEW = 8  # up to so many units, each bears its name and its value; beyond, its number in the table
_NAME_ROOM, _SMALL_ROOM = 8, 15  # pixels around a label's point, below which it is left out, or only on a wide screen
_LEGEND_SHARES = (1, 4, 20)
_LEGEND_GAP, _LEGEND_LINE = 8, 30  # pixels
_ROUND = (5, 2, 1)
_TOLD = 3  # units named at each end of the values


@dataclass(frozen=True)
class Shape:
    """One unit: its path in metres, its shade, and what its tooltip says."""

    code: str
    trace: str
    fill: str
    title: str


@dataclass(frozen=True)
class Circle:
    """One number: the area of the disc is in proportion."""

    x: float
    y: float
    radius: float
    title: str


@dataclass(frozen=True)
class Label:
    """A text of one or two lines at a point, `small` where there is little room."""

    x: float
    y: float
    text: str
    value: str
    small: bool


@dataclass(frozen=True)
class LegendCircle:
    """A circle of the legend at x, y, and the number it stands for, written at `text_y`."""

    x: float
    y: float
    radius: float
    label: str
    text_y: float


@dataclass(frozen=True)
class ThematicMap:
    """The drawing, `width` × `height` pixels, legend of the circles under it; paths are in metres, to be scaled by `scale`."""

    width: int
    height: int
    scale: float
    shapes: tuple[Shape, ...]
    background: tuple[str, ...]
    circles: tuple[Circle, ...]
    labels: tuple[Label, ...]
    legend_circles: tuple[LegendCircle, ...]
    missing: int
    numbered: bool


def shade(rank: int, count: int) -> str:
    """Return the colour of class `rank` (from 0) of `count`, evenly spread over the ramp."""
    last = len(_RAMP) - 1
    place = last * rank / (count - 1) if count > last else last * (rank + 0.5) / count
    low = int(place)
    high = min(low + 1, last)
    parts = [
        round(int(_RAMP[low][at : at + 2], 16) * (1 - place + low) + int(_RAMP[high][at : at + 2], 16) * (place - low))
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)


def describe_map(column: Column, names: Mapping[str, str]) -> str:
    """Return the map in words, its caption: from which value to which, and how many of the units (`names` by code) have none."""
    numbers = column.numbers
    silent = len(names) - len(numbers)
    if not numbers:
        return f"Aucune des {len(names)} unités n'a de valeur : la carte n'en montre aucune."
    ends = []
    for number in sorted({min(numbers.values()), max(numbers.values())}):
        holders = sorted(names[code] for code, other in numbers.items() if other == number)
        more = f" et {len(holders) - _TOLD} de plus" if len(holders) > _TOLD else ""
        ends.append(
            f"{nombre(number)}{SPACE}{accorde(number, column.sample.unite)} ({', '.join(holders[:_TOLD])}{more})"
        )
    spread = f"Sur la carte, de {ends[0]} à {ends[-1]}" if len(ends) > 1 else f"Sur la carte, partout {ends[0]}"
    missing = f" ; {silent} unité{'s' if silent > 1 else ''} sans valeur" if silent else ""
    return f"{spread}{missing}."


def build_map(
    outlines: Outlines, column: Column, classes: Classes | None, numbers: Mapping[str, int], members: Container[str]
) -> ThematicMap | None:
    """Draw a column; `classes` None draws circles, `numbers` is each unit's line in the table. None without any outline.

    `members` are the communes that are in some unit: the others are drawn under, as no part of the découpage.
    """
    _, _, width, height = outlines.boite
    if not outlines.unites:
        return None
    scale = min(_WIDTH / width, _HEIGHT / height)
    values = column.numbers
    few = len(outlines.unites) <= _FEW
    size = 0.0
    if classes is None and any(values.values()):
        room = math.sqrt(width * height / len(outlines.unites)) * scale
        size = min(0.42 * room, 80) / math.sqrt(max(map(abs, values.values())))
    radii = {code: size * math.sqrt(abs(value)) for code, value in values.items()}
    top = round(height * scale)
    legend = _legend(max(values.values()), size, column, top + _LEGEND_GAP) if size else ()
    return ThematicMap(
        width=round(width * scale),
        height=top if not legend else math.ceil(legend[0].y + legend[0].radius + _LEGEND_GAP),
        scale=scale,
        shapes=tuple(_shape(unit, column, classes) for unit in outlines.unites),
        background=tuple(commune.trace for commune in outlines.communes if commune.code not in members),
        circles=tuple(
            Circle(*_place(unit, scale), round(radii[unit.code], 1), describe(unit.nom, column, unit.code))
            for unit in sorted(outlines.unites, key=lambda unit: -radii.get(unit.code, 0))  # the small ones above
            if classes is None and radii.get(unit.code)
        ),
        labels=tuple(
            _labels(outlines.unites, column, radii if classes is None else {}, scale, None if few else numbers)
        ),
        legend_circles=legend,
        missing=sum(unit.code not in values for unit in outlines.unites),
        numbered=not few,
    )


def describe(nom: str, column: Column, code: str) -> str:
    """Write a unit's value in one line: « Le Bourg : 12,5 % »."""
    return f"{nom} : {write(column, code)}"


def write(column: Column, code: str) -> str:
    """Write a unit's value with its unit of measure, its bounds, or why there is none."""
    value = column.values[code]
    if value.valeur is not None:
        return f"{nombre(value.valeur)}{SPACE}{accorde(value.valeur, value.unite)}"
    if value.borne_min is not None and value.borne_max is not None:
        return f"de {nombre(value.borne_min)} à {nombre(value.borne_max)}{SPACE}{value.unite}"
    return value.indisponible or "non renseigné"


def _shape(unit: Outline, column: Column, classes: Classes | None) -> Shape:
    value = column.numbers.get(unit.code)
    fill = HATCH if value is None else _PLAIN
    if value is not None and classes is not None:
        fill = shade(classes.rank(value), len(classes.effectifs))
    return Shape(unit.code, unit.trace, fill, describe(unit.nom, column, unit.code))


def _place(unit: Outline, scale: float) -> tuple[float, float]:
    return round(unit.centre[0] * scale, 1), round(unit.centre[1] * scale, 1)


def _labels(
    units: Sequence[Outline],
    column: Column,
    radii: Mapping[str, float],
    scale: float,
    numbers: Mapping[str, int] | None,
) -> list[Label]:
    """Name each unit with its value, under its circle; or write its line in the table, where there is room."""
    labels = []
    for unit in units:
        x, y = _place(unit, scale)
        room = unit.rayon * scale
        if numbers is None:
            value = column.values[unit.code].valeur
            text = "" if value is None else nombre(value)
            labels.append(Label(x, y + radii.get(unit.code, 0), unit.nom, text, small=False))
        elif room >= _NAME_ROOM:
            labels.append(Label(x, y, str(numbers[unit.code]), "", small=room < _SMALL_ROOM))
    return labels


def _legend(highest: float, size: float, column: Column, top: float) -> tuple[LegendCircle, ...]:
    """Up to three circles of round numbers, one in the other on a common foot, the largest no larger than the map's."""
    whole = all(float(number).is_integer() for number in column.numbers.values())
    found = {_round_below(highest / share) for share in _LEGEND_SHARES}
    kept = sorted((number for number in found if number >= 1 or not whole), reverse=True)
    circles: list[LegendCircle] = []
    largest = size * math.sqrt(kept[0])
    foot = top + max(2 * largest, _LEGEND_LINE * len(kept))
    for number in kept:
        radius = size * math.sqrt(number)
        text_y = max(foot - 2 * radius + _LEGEND_LINE / 2, circles[-1].text_y + _LEGEND_LINE if circles else 0)
        label = f"{nombre(number)}{SPACE}{accorde(number, column.sample.unite)}"
        x, y = round(largest + _LEGEND_GAP, 1), round(foot - radius, 1)
        circles.append(LegendCircle(x, y, round(radius, 1), label, round(text_y, 1)))
    return tuple(circles)


def _round_below(value: float) -> float:
    """Return the largest 1, 2 or 5 × 10ⁿ up to a positive value."""
    power = Decimal(1).scaleb(Decimal(repr(float(value))).adjusted())
    return next(float(power * unit) for unit in _ROUND if power * unit <= Decimal(repr(float(value))))
