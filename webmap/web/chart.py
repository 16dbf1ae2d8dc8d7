"""The chart of a unit page, as numbers a template draws in SVG: readable in grey, with its table beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from webmap.store.report import UnitReport


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


def build_shares(part: UnitReport, ensemble: UnitReport) -> Shares:
    """Compare a unit's counts with the territory's; layers without any row are left out."""
    whole = {value.couche: value for value in ensemble.values if value.mesure == "nombre"}
    bars = [
        Share(value.couche_titre, value.valeur, total.valeur, 100 * value.valeur / total.valeur)
        for value in part.values
        if value.mesure == "nombre" and value.valeur is not None and (total := whole[value.couche]).valeur
    ]
    population, everyone = part.unit.population, ensemble.unit.population
    percent = 100 * population / everyone if population is not None and everyone else None
    return Shares(tuple(bars), percent)
