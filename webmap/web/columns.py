"""The measures of a découpage as columns of a table: one value a unit, the whole, what is left over, and their order. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from webmap.web.differences import known, measure_types

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webmap.catalog.load import Catalog
    from webmap.store.conservation import Rest
    from webmap.store.measures import Value
    from webmap.store.report import Report, UnitReport

# What may shade a surface: it does not grow with the unit. Anything else is shown by circles.
_RATES = frozenset({"pour_1000", "part_surface", "rapport", "bornes"})


@dataclass(frozen=True)
class Column:
    """One measure over all the units of a découpage: `values` by code, `ensemble` for the territory, `rest` what is in no unit.

    `rate` tells a rate, a share, a density or a median (a choropleth) from a number, a length, an area (circles).
    """

    couche: str
    mesure: str
    theme: str
    sample: Value
    values: Mapping[str, Value]
    ensemble: Value | None
    rest: Rest | None
    rate: bool

    @property
    def key(self) -> str:
        """What an address calls it: `couche:mesure`."""
        return f"{self.couche}:{self.mesure}"

    @cached_property
    def numbers(self) -> dict[str, float]:
        """The values that are one number, by code of the unit."""
        found = {code: known(value.valeur) for code, value in self.values.items()}
        return {code: number for code, number in found.items() if number is not None}

    @property
    def framed(self) -> bool:
        """Whether some unit is known by bounds only."""
        return any(value.valeur is None and value.borne_min is not None for value in self.values.values())

    @property
    def absence(self) -> str:
        """Why some units have no number, in a few words for a legend: their one reason, or the reasons there may be."""
        if self.framed:
            return "connu par ses bornes seulement, ou non renseigné"
        absent = [value for value in self.values.values() if value.valeur is None]
        reasons = {value.indisponible for value in absent}
        if len(reasons) == 1:
            return reasons.pop() or "non renseigné"
        masked = any(value.communes_masquees for value in absent)
        return "secret statistique, ou non renseigné" if masked else "non renseigné"

    @cached_property
    def shown(self) -> bool:
        """Whether any unit has a number, or bounds: else the column would say one sentence in every line."""
        return bool(self.numbers) or self.framed

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Rank of each unit that has a number, 1 for the highest; equal numbers share a rank."""
        numbers = self.numbers
        ordered = sorted(numbers.values(), reverse=True)
        return {code: ordered.index(number) + 1 for code, number in numbers.items()}


def build_columns(report: Report, catalog: Catalog) -> tuple[Column, ...]:
    """Return every measure of the report, in its order. What documents state is left to the pages of the layers."""
    types = measure_types(catalog)
    values: dict[tuple[str, str], dict[str, Value]] = {}
    for part in report.units:
        for value in part.values:
            if not value.declare:
                values.setdefault((value.couche, value.mesure), {})[part.unit.code] = value
    wholes = {(value.couche, value.mesure): value for value in report.ensemble.values}
    rests = {(rest.couche, rest.mesure): rest for rest in report.rests}
    return tuple(
        Column(
            couche=key[0],
            mesure=key[1],
            theme=catalog.by_id[key[0]].theme,
            sample=next(iter(by_code.values())),
            values=by_code,
            ensemble=wholes.get(key),
            rest=rests.get(key),
            rate=types.get(key) in _RATES,
        )
        for key, by_code in values.items()
    )


def sort_units(units: Sequence[UnitReport], column: Column | None, *, descending: bool) -> list[UnitReport]:
    """Sort by a column, or by name (as the report has them) without one. What has no number comes last, either way."""
    if column is None:
        return list(reversed(units)) if descending else list(units)
    numbers = column.numbers
    sign = -1 if descending else 1
    return sorted(units, key=lambda part: (part.unit.code not in numbers, sign * numbers.get(part.unit.code, 0)))


def hidden_reasons(columns: Sequence[Column]) -> dict[str, list[Column]]:
    """Why columns are not shown -> those columns. A layer none of whose measures is shown is there once."""
    complete = {column.couche for column in columns} - {column.couche for column in columns if column.shown}
    found: dict[str, list[Column]] = {}
    for column in columns:
        reasons = found.setdefault(column.sample.indisponible or "", []) if not column.shown else None
        if reasons is not None and not (
            column.couche in complete and any(other.couche == column.couche for other in reasons)
        ):
            reasons.append(column)
    return found
