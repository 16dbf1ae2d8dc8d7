"""Strengths and gaps of a unit, as sentences: each says no more than its two numbers, and what is not known is said so.

Only measures that say how a high value may be taken (`sens`) are spoken of. A rate is compared with the territory's; a
length or a count, which grows with the unit, with the unit's part of the population. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webmap.web.differences import compare, divisor, kind_of, known
from webmap.web.french import SPACE, accorde, nombre

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webmap.store.measures import Value
    from webmap.store.report import UnitReport

_AGAINST = {"plus": "plus que", "moins": "moins que", "autant": "autant que"}
# What none was recorded of, by type of measure: absence in the data is not absence in the field.
_NONE_RECORDED = {
    "pour_1000": "aucune présence recensée",
    "nombre": "aucune présence recensée",
    "part_surface": "aucune surface recensée",
    "surface": "aucune surface recensée",
    "longueur": "aucune longueur recensée",
}


@dataclass(frozen=True)
class Phrases:
    """Sentences by what may be made of them; `egaux` are neither strengths nor gaps, `inconnus` cannot be compared."""

    atouts: tuple[str, ...]
    besoins: tuple[str, ...]
    egaux: tuple[str, ...]
    inconnus: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """What a value is read against: the territory's, the other units', and the parts of the population."""

    part: UnitReport
    ensemble: UnitReport
    others: Sequence[float]
    type: str | None


def build_phrases(
    part: UnitReport, units: Sequence[UnitReport], ensemble: UnitReport, types: Mapping[tuple[str, str], str]
) -> Phrases:
    """Write the sentences of one unit of a découpage, `units` being all of them, itself included."""
    whole = {(value.couche, value.mesure): value for value in ensemble.values}
    everywhere: dict[tuple[str, str], list[float]] = {}
    for unit in units:
        for value in unit.values:
            if (number := known(value.valeur)) is not None:
                everywhere.setdefault((value.couche, value.mesure), []).append(number)
    lists: dict[str, list[str]] = {"atouts": [], "besoins": [], "egaux": [], "inconnus": []}
    for value in part.values:
        key = (value.couche, value.mesure)
        kind = kind_of(value, types)
        if value.sens is None or kind is None or key not in whole:
            continue
        place = _Place(part, ensemble, everywhere.get(key, []), types.get(key))
        write = _write_rate if kind == "relative" else _write_amount
        name, sentence = write(value, whole[key], place)
        lists[name].append(sentence)
    return Phrases(*(tuple(lists[name]) for name in ("atouts", "besoins", "egaux", "inconnus")))


def _write_rate(value: Value, whole: Value, place: _Place) -> tuple[str, str]:
    position = compare(value.valeur, whole.valeur)
    if position is None:
        return "inconnus", _write_unknown(value, whole, place)
    nearly = ", à l'arrondi près" if position == "autant" and value.valeur != whole.valeur else ""
    claim = f"{_AGAINST[position]} l'ensemble du territoire ({_number(whole)}){nearly}{_rank(value, place.others)}"
    return _list(value, position), f"{_head(value, place)}, {claim}. {_provenance(value)}"


def _write_amount(value: Value, whole: Value, place: _Place) -> tuple[str, str]:
    amount, total = known(value.valeur), divisor(whole.valeur)
    people, everyone = place.part.unit.population, place.ensemble.unit.population
    if amount is None or total is None:
        return "inconnus", _write_unknown(value, whole, place)
    if people is None or not everyone:
        unknown = "sans comparaison possible : population inconnue"
        return "inconnus", f"{_head(value, place)}, {unknown}. {_provenance(value)}"
    share, population = round(100 * amount / total, 1), round(100 * people / everyone, 1)
    position = compare(share, population) or "autant"
    claim = (
        f"soit {nombre(share, 1)}{SPACE}% de l'ensemble du territoire ({_number(whole)}), "
        f"{_AGAINST[position]} sa part de la population ({nombre(population, 1)}{SPACE}%)"
    )
    return _list(value, position), f"{_head(value, place)}, {claim}. {_provenance(value)}"


def _list(value: Value, position: str) -> str:
    if position == "autant":
        return "egaux"
    return "atouts" if (position == "plus") == (value.sens == "atout") else "besoins"


def _head(value: Value, place: _Place) -> str:
    recorded = f"valeur recensée {_number(value)}"
    if value.valeur == 0:
        recorded = f"{_NONE_RECORDED.get(place.type or '', 'aucune valeur recensée au-dessus de zéro')} (0)"
    return f"{value.libelle}, {place.part.unit.nom} : {recorded}"


def _number(value: Value) -> str:
    """Write a number with its unit, unless the label says it already."""
    number = known(value.valeur)
    if number is None:
        return "inconnue"
    if value.unite.casefold() in value.libelle.casefold():
        return nombre(number)
    return f"{nombre(number)}{SPACE}{accorde(number, value.unite)}"


def _rank(value: Value, others: Sequence[float]) -> str:
    """Return the rank among the units that have a value, highest first; nothing when there is no other."""
    if len(others) < 2 or value.valeur is None:  # noqa: PLR2004 - a rank takes two
        return ""
    rank = 1 + sum(other > value.valeur for other in others)
    tied = " (à égalité)" if sum(other == value.valeur for other in others) > 1 else ""
    return f" ; rang {rank} sur {len(others)} unités renseignées, de la plus forte valeur à la plus faible{tied}"


def _write_unknown(value: Value, whole: Value, place: _Place) -> str:
    if known(value.valeur) is None:
        return f"{value.libelle}, {place.part.unit.nom} : {value.indisponible or 'valeur inconnue'}."
    reason = whole.indisponible or "valeur de l'ensemble inconnue"
    if known(whole.valeur) is not None:  # a zero, or what reads as one
        reason = f"l'ensemble du territoire en compte {_number(whole)}"
    return f"{_head(value, place)}, sans comparaison possible : {reason}. {_provenance(value)}"


def _provenance(value: Value) -> str:
    vintage = f", millésime {value.millesime}" if value.millesime else ""
    return f"Source : {value.source}{vintage}."
