"""From raw counts to the numbers a page, a CSV and a JSON all show: value, unit, rule, source, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webmap.catalog import counting
from webmap.store.summaries import Count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from webmap.catalog.definition import LayerDefinition, Measure
    from webmap.catalog.load import Catalog
    from webmap.store.summaries import LayerSummary, Unit


@dataclass(frozen=True)
class Value:
    """One number of one layer in one unit. `valeur` None comes with `indisponible`, never with a zero instead."""

    couche: str
    couche_titre: str
    mesure: str
    libelle: str
    valeur: float | None
    unite: str
    regle: str
    source: str
    millesime: str
    additive: bool
    indisponible: str | None = None
    note: str | None = None
    declare: bool = False


@dataclass(frozen=True)
class Rest:
    """What the units of a découpage leave over for one layer: units + hors_unite + non_localise − doubles = ensemble."""

    couche: str
    mesure: str
    hors_unite: int
    non_localise: int
    comptes_plusieurs_fois: int
    ensemble: int


@dataclass(frozen=True)
class Context:
    """What every value of one page depends on besides the layer: contours, and the sources of contours and populations.

    `cited` gives, for a layer that has rows, the documents they cite and their vintages.
    """

    contours: bool
    contour_source: str
    population_source: str
    cited: Mapping[str, tuple[str, str]]


def build_values(
    layer: LayerDefinition, unit: Unit, summary: LayerSummary, context: Context, *, whole: bool
) -> list[Value]:
    """Return the values of one layer in one unit. `whole` reads the territory with its rows without a place."""
    count = summary.ensemble if whole else summary.unites.get(unit.code, Count())
    return [_build_value(layer, measure, unit, count, summary, context, whole=whole) for measure in layer.measures]


def _build_value(  # noqa: PLR0913 - as above
    layer: LayerDefinition,
    measure: Measure,
    unit: Unit,
    count: Count,
    summary: LayerSummary,
    context: Context,
    *,
    whole: bool,
) -> Value:
    value, missing = _measure(measure, unit, count, context)
    if summary.ensemble.nombre == 0:
        value, missing = None, counting.EMPTY_LAYER
    source, millesime = context.cited.get(layer.id, (layer.source.name, layer.source.millesime))
    sources = [source]
    if measure.type in {"longueur", "surface", "part_surface"}:
        sources.append(context.contour_source)
    if measure.type == "pour_1000":
        sources.append(context.population_source)
    return Value(
        couche=layer.id,
        couche_titre=layer.title,
        mesure=measure.id,
        libelle=measure.label,
        valeur=value,
        unite=measure.unit,
        regle=counting.rule_text(layer, measure, contours=context.contours),
        source=" ; ".join(sources),
        millesime=millesime,
        additive=counting.is_additive(measure) and summary.additive,
        indisponible=missing,
        note=_note(measure, count, summary, whole=whole),
    )


def _measure(measure: Measure, unit: Unit, count: Count, context: Context) -> tuple[float | None, str | None]:
    if measure.type == "nombre":
        return count.nombre, None
    if measure.type in {"distincts", "somme"}:
        extra = dict(count.extras).get(measure.id, 0)  # None: rows, none of which gives the field
        return extra, counting.NO_VALUE if extra is None else None
    if measure.type == "pour_1000":
        return (count.nombre / unit.population * 1000, None) if unit.population else (None, counting.NO_POPULATION)
    if not context.contours or (count.nombre and not count.mesurees):
        return None, counting.NO_EXACT_PLACE if context.contours else counting.NO_CONTOURS
    return _measure_geometry(measure, unit, count)


def _measure_geometry(measure: Measure, unit: Unit, count: Count) -> tuple[float | None, str | None]:
    if measure.type == "longueur":
        return (count.longueur or 0) / 1e3, None
    surface = (count.surface or 0) / 1e6
    if measure.type == "surface":
        return surface, None
    return (100 * surface / unit.surface_km2, None) if unit.surface_km2 else (None, counting.NO_CONTOURS)


def _note(measure: Measure, count: Count, summary: LayerSummary, *, whole: bool) -> str | None:
    if measure.type in {"longueur", "surface", "part_surface"} and 0 < count.mesurees < count.nombre:
        return f"{count.mesurees} sur {count.nombre} à l'emplacement exact ; les autres n'entrent pas dans ce chiffre"
    if whole and measure.type == "nombre" and summary.non_localise.nombre:
        return f"dont {summary.non_localise.nombre} non localisés"
    return None


def build_stated(catalog: Catalog, layers: Iterable[LayerDefinition]) -> list[Value]:
    """Return the figures documents state for the whole territory, as values that nothing was counted for."""
    return [
        Value(
            couche=layer.id,
            couche_titre=layer.title,
            mesure=f"declare_{figure.id}",
            libelle=figure.label,
            valeur=figure.value,
            unite=figure.unit,
            regle=counting.STATED,
            source=catalog.cite(figure.source) + (f", ligne {figure.line}" if figure.line else ""),
            millesime=figure.date,
            additive=False,
            note=figure.note,
            declare=True,
        )
        for layer in layers
        for figure in layer.figures
    ]


def build_rest(layer: LayerDefinition, summary: LayerSummary) -> Rest:
    """Return what is left over of the `nombre` of one layer."""
    total = sum(count.nombre for count in summary.unites.values())
    left = summary.hors_unite.nombre + summary.non_localise.nombre
    return Rest(
        couche=layer.id,
        mesure="nombre",
        hors_unite=summary.hors_unite.nombre,
        non_localise=summary.non_localise.nombre,
        comptes_plusieurs_fois=total + left - summary.ensemble.nombre,
        ensemble=summary.ensemble.nombre,
    )
