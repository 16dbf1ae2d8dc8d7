"""The measures of a unit as its page sets them out: theme by theme, a source said once, a distribution as one table. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog, Theme
    from webmap.store.conservation import Rest
    from webmap.store.measures import Value

    Key = tuple[str, str]  # (couche, mesure)


@dataclass(frozen=True)
class Group:
    """Values that follow each other and rest on one source; `complements` is what some add to it: (source, their labels)."""

    source: str
    millesime: str
    values: tuple[Value, ...]
    complements: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Distribution:
    """How many communes are in each class of one field: `classes` are (label, value); `none` the labels no commune has.

    `sample` says the rule, the source and the unit of them all.
    """

    label: str
    sample: Value
    classes: tuple[tuple[str, Value], ...]
    none: tuple[str, ...]


@dataclass(frozen=True)
class ThemeMeasures:
    """What the page shows of one theme."""

    theme: Theme
    groups: tuple[Group, ...]
    distributions: tuple[Distribution, ...]


def build_themes(
    catalog: Catalog, values: Iterable[Value], whole: Mapping[Key, Value], empty: Sequence[str]
) -> list[ThemeMeasures]:
    """Set out what was counted in one unit, `empty` layers left out; a theme without any value is not there."""
    counted = [value for value in values if not value.declare and value.couche not in empty]
    found = []
    for theme in catalog.themes:
        own = [value for value in counted if catalog.by_id[value.couche].theme == theme.id]
        plain = [value for value in own if not _distributed(catalog.by_id[value.couche], value.mesure)]
        if own:
            found.append(ThemeMeasures(theme, build_groups(plain), _distributions(catalog, own, whole)))
    return found


def build_groups(values: Iterable[Value]) -> tuple[Group, ...]:
    """Put together the values that follow each other and whose sources are the same, or the same and one more."""
    runs: list[list[Value]] = []
    for value in values:
        first = runs[-1][0] if runs else None
        if first and value.millesime == first.millesime and f"{value.source} ; ".startswith(f"{first.source} ; "):
            runs[-1].append(value)
        else:
            runs.append([value])
    return tuple(_group(run) for run in runs)


def _group(run: Sequence[Value]) -> Group:
    source = run[0].source
    added: dict[str, list[str]] = {}
    for value in run:
        if value.source != source:
            added.setdefault(value.source.removeprefix(f"{source} ; "), []).append(value.libelle)
    complements = tuple((more, tuple(labels)) for more, labels in added.items())
    return Group(source, run[0].millesime, tuple(run), complements)


def _distributed(layer: LayerDefinition, name: str) -> tuple[str, str] | None:
    """Return (id, label) of the distribution a value is a class of."""
    return next(
        (
            (measure.id, measure.label)
            for measure in layer.measures
            if measure.type == "repartition" and name.startswith(f"{measure.id}_")
        ),
        None,
    )


def _distributions(catalog: Catalog, values: Iterable[Value], whole: Mapping[Key, Value]) -> tuple[Distribution, ...]:
    found: dict[tuple[str, tuple[str, str]], list[Value]] = {}
    for value in values:
        if name := _distributed(catalog.by_id[value.couche], value.mesure):
            found.setdefault((value.couche, name), []).append(value)
    return tuple(_distribution(label, classes, whole) for (_, (_, label)), classes in found.items())


def _distribution(label: str, values: Sequence[Value], whole: Mapping[Key, Value]) -> Distribution:
    shown = [(value.libelle.removeprefix(f"{label} : "), value) for value in values]
    kept = [(name, value) for name, value in shown if value.valeur or whole[value.couche, value.mesure].valeur]
    names = {name for name, _ in kept}
    return Distribution(label, values[0], tuple(kept), tuple(name for name, _ in shown if name not in names))


def split_rests(catalog: Catalog, rests: Iterable[Rest], whole: Mapping[Key, Value]) -> tuple[list[Rest], list[str]]:
    """Return what is left over, and the labels of the measures that leave nothing: a distribution is named once."""
    told = [rest for rest in rests if rest.ensemble and (rest.couche, rest.mesure) in whole]
    left = [
        rest
        for rest in told
        if not rest.conserve
        or any((rest.hors_unite, rest.hors_territoire, rest.non_localise, rest.comptes_plusieurs_fois))
    ]
    names = {rest: _distributed(catalog.by_id[rest.couche], rest.mesure) for rest in told}
    partly = {(rest.couche, names[rest]) for rest in left}
    labels = {
        name[1]
        if (name := names[rest]) and (rest.couche, name) not in partly
        else whole[rest.couche, rest.mesure].libelle: None
        for rest in told
        if rest not in left
    }
    return left, list(labels)
