"""From raw counts to the numbers a page, a CSV and a JSON all show: value, unit, rule, source, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webmap.catalog import counting
from webmap.store.conservation import SCALES
from webmap.store.summaries import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.catalog.measure import Measure
    from webmap.store.summaries import Count, LayerSummary, Unit


@dataclass(frozen=True)
class Value:
    """One number of one layer in one unit. `valeur` None comes with `indisponible`, never with a zero instead.

    `comptage` is the rule's id, `regle` its sentence. `borne_min` and `borne_max` frame what no sum makes (a median, a
    rate), over the communes that publish it; `communes_masquees` is how many keep it secret.
    """

    couche: str
    couche_titre: str
    mesure: str
    libelle: str
    valeur: float | None
    unite: str
    comptage: str
    regle: str
    source: str
    millesime: str
    additive: bool
    indisponible: str | None = None
    note: str | None = None
    declare: bool = False
    sens: str | None = None
    borne_min: float | None = None
    borne_max: float | None = None
    communes_masquees: int | None = None


@dataclass(frozen=True)
class Context:
    """What every value of one page depends on besides the layer: contours, and the sources of contours and populations.

    `cited` gives, for a layer that has rows, the documents they cite and their vintages; `refused`, for a layer and a
    measure whose parts do not make the whole, why it is not published.
    """

    contours: bool
    contour_source: str
    population_source: str
    cited: Mapping[str, tuple[str, str]]
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    # What `build_plain` wrote, for whom; of this context alone, which `replace` does not pass on.
    plain: dict[tuple[str, str], tuple[LayerDefinition, Measure, Value]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )


def build_unit_values(commune: LayerDefinition, unit: Unit, context: Context) -> list[Value]:
    """Return the unit's own figures, as values of the layer `commune`: inhabitants, communes, km², inhabitants a km²."""
    people, ground = (commune.source.name, commune.source.millesime), (context.contour_source, counting.NO_VINTAGE)
    both = (f"{people[0]} ; {ground[0]}", f"{people[1]} ; {ground[1]}")
    density = unit.population / unit.surface_km2 if unit.population is not None and unit.surface_km2 else None
    no_ground = None if unit.surface_km2 is not None else counting.NO_CONTOURS
    no_people = None if unit.population is not None else counting.UNKNOWN_POPULATION
    no_density = None if density is not None else no_people or counting.NO_CONTOURS
    figures = [
        ("population_municipale", "Population municipale", unit.population, "hab.", counting.POPULATION_RULE, people, no_people),
        ("nombre", "Communes", unit.nombre_communes, "communes", counting.COMMUNES_RULE, people, None),
        ("surface_km2", "Superficie", unit.surface_km2, "km²", counting.AREA_RULE, ground, no_ground),
        ("densite", "Densité de population", density, "hab./km²", counting.DENSITY_RULE, both, no_density),
    ]  # fmt: skip
    return [
        Value(
            couche=commune.id,
            couche_titre=commune.title,
            mesure=name,
            libelle=label,
            valeur=value,
            unite=unit_of_measure,
            comptage="commune",
            regle=rule,
            source=source,
            millesime=millesime,
            additive=name != "densite",
            indisponible=missing,
        )
        for name, label, value, unit_of_measure, rule, (source, millesime), missing in figures
    ]


def build_values(
    layer: LayerDefinition, unit: Unit, summary: LayerSummary, context: Context, *, whole: bool
) -> list[Value]:
    """Return the values of one layer in one unit. `whole` reads the territory with its rows without a place."""
    count = summary.territoire if whole else summary.unites.get(unit.code, EMPTY)
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
    if not summary.territoire.nombre and not summary.ensemble.valeurs.get(measure.id):
        value, missing = None, counting.EMPTY_LAYER
    elif refused := context.refused.get((layer.id, measure.id)):
        value, missing = None, refused
    plain = build_plain(layer, measure, context)
    sources = [plain.source]
    if measure.type in {"longueur", "surface", "part_surface"}:
        sources.append(context.contour_source)
    if measure.type == "pour_1000":
        sources.append(context.population_source)
    told = {
        "valeur": value,
        "source": " ; ".join(sources),
        "additive": plain.additive and not summary.doubles.valeurs.get(measure.id),
        "indisponible": missing,
        "note": _note(measure, count, summary, whole=whole),
    }
    return Value(**(vars(plain) | told))  # a quarter of what `replace` takes, and there are thousands


def build_plain(layer: LayerDefinition, measure: Measure, context: Context) -> Value:
    """Return what a value of a measure says whatever the unit, with no number yet: written once a report."""
    known = context.plain.get((layer.id, measure.id))
    if known and known[0] is layer and known[1] is measure:
        return known[2]
    source, millesime = context.cited.get(layer.id, (layer.source.name, layer.source.millesime))
    plain = Value(
        couche=layer.id,
        couche_titre=layer.title,
        mesure=measure.id,
        libelle=measure.label,
        valeur=None,
        unite=measure.unit,
        comptage=measure.rule,
        regle=counting.rule_text(layer, measure, contours=context.contours),
        source=source,
        millesime=millesime,
        additive=counting.is_additive(measure),
        sens=measure.sens,
    )
    context.plain[layer.id, measure.id] = (layer, measure, plain)
    return plain


def _measure(measure: Measure, unit: Unit, count: Count, context: Context) -> tuple[float | None, str | None]:
    told = count.valeurs.get(measure.id, 0)
    if measure.type in SCALES:
        if not context.contours or (count.nombre and not count.mesurees):
            return None, counting.NO_EXACT_PLACE if context.contours else counting.NO_CONTOURS
        return _measure_geometry(measure, unit, told or 0)
    if told is None:  # rows, none of which gives the field
        return None, counting.NO_VALUE
    if measure.type == "pour_1000":
        return (told / unit.population * 1000, None) if unit.population else (None, counting.NO_POPULATION)
    return told, None


def _measure_geometry(measure: Measure, unit: Unit, size: float) -> tuple[float | None, str | None]:
    size /= SCALES[measure.type]
    if measure.type != "part_surface":
        return size, None
    return (100 * size / unit.surface_km2, None) if unit.surface_km2 else (None, counting.NO_CONTOURS)


def _note(measure: Measure, count: Count, summary: LayerSummary, *, whole: bool) -> str | None:
    if measure.type in {"longueur", "surface", "part_surface"} and 0 < count.mesurees < count.nombre:
        return f"{count.mesurees} sur {count.nombre} à l'emplacement exact ; les autres n'entrent pas dans ce chiffre"
    nowhere = summary.non_localise.valeurs.get(measure.id)
    if whole and measure.type == "nombre" and nowhere:
        return f"dont {nowhere} non localisés"
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
            comptage="declare",
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
