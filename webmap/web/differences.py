"""A unit's number beside the territory's, in words that the numbers as written bear out. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from webmap.catalog.measure import ADDITIVE
from webmap.web.french import SPACE, nombre

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webmap.catalog.load import Catalog
    from webmap.store.measures import Value

Position = Literal["plus", "moins", "autant"]
# Numbers that mean the same whatever the size of the unit: these alone are compared with the territory's, and ranked.
RELATIVE = frozenset({"pour_1000", "part_surface", "rapport", "bornes"})
_TIMES = 1.1  # from there on « 1,1 fois » says more than a percentage


def measure_types(catalog: Catalog) -> dict[tuple[str, str], str]:
    """(couche, mesure) -> type, for every measure of a public layer and for the figures of the units themselves."""
    own = {"population_municipale": "somme", "nombre": "nombre", "surface_km2": "surface", "densite": "rapport"}
    found: dict[tuple[str, str], str] = {
        (layer.id, measure.id): measure.type for layer in catalog.public for measure in layer.measures
    }
    return found | {("commune", name): kind for name, kind in own.items()}


def kind_of(value: Value, types: Mapping[tuple[str, str], str]) -> Literal["relative", "additive"] | None:
    """How a unit's value stands to the territory's: a rate beside a rate, a part of a whole, or neither."""
    measure_type = types.get((value.couche, value.mesure))
    if measure_type in RELATIVE:
        return "relative"
    return "additive" if measure_type in ADDITIVE else None


def known(value: float | None) -> float | None:
    """Return a number that can be compared: None for what is missing, and for what is no number."""
    return value if value is not None and math.isfinite(value) else None


def divisor(value: float | None) -> float | None:
    """Return a number to divide by: None for what is missing, or reads as zero."""
    number = known(value)
    return None if number is None or _read(nombre(number)) == 0 else number


def compare(value: float | None, whole: float | None) -> Position | None:
    """Compare two numbers as they are written: what reads the same is « autant ». None when one of them is missing."""
    if known(value) is None or known(whole) is None:
        return None
    first, second = _read(nombre(value)), _read(nombre(whole))
    if first == second:
        return "autant"
    return "plus" if first > second else "moins"


def _read(text: str) -> float:
    return float(text.replace(SPACE, "").replace("−", "-").replace(",", "."))


def describe(value: float | None, whole: float | None, kind: str | None) -> str:
    """Say in words how a unit's number stands to the territory's; empty when there is nothing to say."""
    value, whole = known(value), known(whole)
    if kind is None or value is None or whole is None:
        return ""
    if kind == "additive":
        return f"{_percent(100 * value / whole)} de l'ensemble" if divisor(whole) else ""
    if compare(value, whole) == "autant":
        return "égal à l'ensemble" if value == whole else "égal à l'ensemble, à l'arrondi près"
    return _describe_distance(value, whole)


def _describe_distance(value: float, whole: float) -> str:
    where = "au-dessus" if value > whole else "au-dessous"
    if value == 0:
        return f"zéro, {where} de l'ensemble"
    if not divisor(whole) or whole < 0 or value < 0:
        return f"{where} de l'ensemble"
    if value >= _TIMES * whole:
        return f"au-dessus : {nombre(value / whole, 1)} fois l'ensemble"
    return f"{where} de l'ensemble, de {_percent(abs(100 * (value - whole) / whole))}"


def _percent(percent: float) -> str:
    """« 12 % », « 1,3 % », « moins de 0,1 % »: never a zero that is not one."""
    least, enough = 0.1, 9.95  # below ten, a decimal is worth writing
    if 0 < percent < least:
        return f"moins de 0,1{SPACE}%"
    return f"{nombre(percent, 1 if 0 < percent < enough else 0)}{SPACE}%"
