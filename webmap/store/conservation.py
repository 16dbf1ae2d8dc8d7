"""Whether the parts of each measure make the whole: what is left over, what is cut, and what may not be published.

Computed with each report, from the same statements: it is never older than the figures it answers for. A measure whose
parts do not make its whole is not published, and neither is what is drawn from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webmap.catalog import counting
from webmap.store.rules import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.measure import Measure
    from webmap.store.summaries import Count, LayerSummary

# Raw sizes are in m and m², shown in km and km².
SCALES = {"longueur": 1e3, "surface": 1e6, "part_surface": 1e6}
_EXACT, _SHARED, _SLACK = 1e-9, 1e-6, 1.0  # counts; shares, lengths and areas, relative; and 1 m or 1 m² more


@dataclass(frozen=True)
class Rest:
    """What the units of a découpage leave over of one measure, in its unit (`unite`).

    somme_des_unites + hors_unite + hors_territoire + non_localise − comptes_plusieurs_fois = ensemble, which is measured
    apart, on whole rows; `ecart` is what is missing or too much, and `conserve` whether it is only a rounding.
    """

    couche: str
    mesure: str
    unite: str
    somme_des_unites: float
    hors_unite: float
    hors_territoire: float
    non_localise: float
    comptes_plusieurs_fois: float
    ensemble: float
    ecart: float
    conserve: bool


@dataclass(frozen=True)
class Part:
    """What of a row is in one unit: `valeur` in the unit of its Straddle, `part` from 0 to 1."""

    code: str
    valeur: float
    part: float


@dataclass(frozen=True)
class Straddle:
    """A row with an exact line (km) or surface (km²) that units, or the limit of the territory, cut. Parts make `total`."""

    couche: str
    cle: str
    nom: str
    unite: str
    total: float
    parts: tuple[Part, ...]
    hors_unite: float
    hors_territoire: float


def build_rest(measure: Measure, layer_id: str, summary: LayerSummary) -> Rest:
    """Weigh the parts of one measure against its whole. Raw values are brought to km or km² where they are sizes."""
    scale = SCALES.get(measure.type, 1)

    def told(count: Count) -> float:
        value = count.valeurs.get(measure.id) or 0
        return value / scale if scale != 1 else value  # a count stays a whole number

    units = sum(told(count) for count in summary.unites.values())
    left = told(summary.hors_unite) + told(summary.hors_territoire) + told(summary.non_localise)
    whole, doubles = told(summary.ensemble), told(summary.doubles)
    gap = units + left - doubles - whole
    relative = _SHARED if measure.rule.startswith("part_") else _EXACT
    slack = relative * max(abs(whole), 1 / scale) + (_SLACK / scale if measure.type in SCALES else 0)
    return Rest(
        couche=layer_id,
        mesure=measure.id,
        unite={"longueur": "km", "surface": "km²", "part_surface": "km²"}.get(measure.type, measure.unit),
        somme_des_unites=units,
        hors_unite=told(summary.hors_unite),
        hors_territoire=told(summary.hors_territoire),
        non_localise=told(summary.non_localise),
        comptes_plusieurs_fois=doubles,
        ensemble=whole,
        ecart=gap if abs(gap) > slack else 0,
        conserve=abs(gap) <= slack,
    )


def build_whole_rest(layer_id: str, name: str, unit: str, units: float, left: float, whole: float) -> Rest:
    """Weigh what is summed over whole communes: no row is cut, counted twice, or outside."""
    gap = units + left - whole
    kept = abs(gap) <= _EXACT * max(abs(whole), 1)
    return Rest(layer_id, name, unit, units, left, 0, 0, 0, whole, 0 if kept else gap, kept)


def build_layer_rests(layer: LayerDefinition, summary: LayerSummary) -> list[Rest]:
    """Return what is left over of each additive measure of one layer; of lengths and areas, once something is measured."""
    return [
        build_rest(measure, layer.id, summary)
        for measure in counted(layer)
        if counting.is_additive(measure) and (measure.type not in SCALES or summary.territoire.mesurees)
    ]


def build_refused(
    layers: Iterable[LayerDefinition], summaries: Mapping[str, LayerSummary]
) -> dict[tuple[str, str], str]:
    """(layer, measure) -> why it may not be published: its parts do not make its whole.

    What is drawn from a count or an area (a rate, a share) is checked as that count or area.
    """
    return {
        (layer.id, rest.mesure): counting.unpublished_text(rest.ecart, rest.unite)
        for layer in layers
        for rest in build_checked(layer, summaries[layer.id])
        if not rest.conserve
    }


def build_checked(layer: LayerDefinition, summary: LayerSummary) -> Iterator[Rest]:
    """Weigh every measure that has a whole: a number of distinct values has none."""
    for measure in counted(layer):
        if measure.type != "distincts":
            yield build_rest(measure, layer.id, summary)


def build_straddles(layer: LayerDefinition, summary: LayerSummary) -> list[Straddle]:
    """Return the rows of a layer that are cut, with the share of each unit."""
    scale, unit = (1e3, "km") if layer.geometry == "line" else (1e6, "km²")
    return [
        Straddle(
            couche=layer.id,
            cle=cut.cle,
            nom=cut.nom,
            unite=unit,
            total=cut.total / scale,
            parts=tuple(
                Part(code, size / scale, size / cut.total)
                for code, size in sorted((code, size) for code, size in cut.parts.items() if code is not None)
            ),
            hors_unite=cut.parts.get(None, 0) / scale,
            hors_territoire=cut.hors_territoire / scale,
        )
        for cut in summary.partages
    ]
