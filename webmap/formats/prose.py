"""A drawn map in French sentences: the caption of a file, read where the map is not seen. Pure.

The page writes the same of what is on screen (`static/src/prose.js`); a test compares the two, sentence by sentence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from webmap.wording import choose

_SPACE = "\u00a0"
_KM_BY_DEGREE = 111.32  # of latitude, and of longitude at the equator


@dataclass(frozen=True)
class Drawn:
    """What is drawn of one layer: `classes` are (label, number drawn), in the order of the legend; `filtre` in words."""

    singulier: str
    pluriel: str
    classes: tuple[tuple[str, int], ...]
    approximatifs: int = 0
    schematiques: int = 0
    sans_lieu: int = 0
    hors_legende: int = 0
    filtre: str | None = None
    avertissement: str | None = None


def build_prose(drawn: Drawn) -> list[str]:
    """Return the sentences of one layer: how many of each class, then all that makes the map less than sure."""
    return [_tell_numbers(drawn), *(sentence for sentence in _tell_reserves(drawn) if sentence)]


def describe_taille(box: tuple[float, float, float, float]) -> str:
    """« environ 32 km d'ouest en est et 18 km du nord au sud », of a box in degrees (west, south, east, north)."""
    west, south, east, north = box
    width = (east - west) * _KM_BY_DEGREE * math.cos(math.radians((south + north) / 2))
    height = (north - south) * _KM_BY_DEGREE
    return f"environ {_distance(width)} d'ouest en est et {_distance(height)} du nord au sud"


def _distance(km: float) -> str:
    """Write two figures, which is all that « environ » promises."""
    value, unit = (km * 1000, "m") if km < 1 else (km, "km")
    rounded = float(f"{value:.2g}")
    text = _count(round(rounded)) if rounded.is_integer() else f"{rounded}".replace(".", ",")
    return f"{text}{_SPACE}{unit}"


def _tell_numbers(drawn: Drawn) -> str:
    total = sum(number for _, number in drawn.classes)
    if total == 0:
        return f"aucun objet ({drawn.singulier}) sur la carte."
    kinds = [f"«{_SPACE}{label}{_SPACE}», {_count(number)}" for label, number in drawn.classes if number]
    detail = f" : {' ; '.join(kinds)}" if len(drawn.classes) > 1 else ""
    return f"{_count(total)} {drawn.singulier if total == 1 else drawn.pluriel} sur la carte{detail}."


def _tell_reserves(drawn: Drawn) -> list[str]:
    approximate = choose(drawn.approximatifs, "(a|ont) une position approximative")
    schematic = choose(drawn.schematiques, "(a|ont) un contour schématique, pas une limite")
    placeless = choose(drawn.sans_lieu, "ligne(s) (est|sont) sans emplacement, donc sur aucune carte")
    unruled = choose(drawn.hors_legende, "ligne(s) n'(a|ont) aucune classe de la légende : pas dessinée(s)")
    return [
        f"Filtre : {drawn.filtre}." if drawn.filtre else "",
        f"{_count(drawn.approximatifs)} {approximate}." if drawn.approximatifs else "",
        f"{_count(drawn.schematiques)} {schematic}." if drawn.schematiques else "",
        f"{_count(drawn.sans_lieu)} {placeless}." if drawn.sans_lieu else "",
        f"{_count(drawn.hors_legende)} {unruled}." if drawn.hors_legende else "",
        f"Attention : {drawn.avertissement.removesuffix('.')}." if drawn.avertissement else "",
    ]


def _count(number: int) -> str:
    return f"{number:,}".replace(",", _SPACE)
