"""The summary of a découpage, ready to be written as JSON, CSV or a page: the same numbers in each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from webmap.store.conservation import Rest, Straddle, build_layer_rests, build_refused, build_straddles
from webmap.store.kept_rows import one_state
from webmap.store.measures import Context, Value, build_stated, build_unit_values, build_values
from webmap.store.places import fetch_origins
from webmap.store.published import build_unpublishable
from webmap.store.statistics import NO_STATISTICS, build_rests, build_statistics, fetch_statistics
from webmap.store.summaries import NOTHING, Unit, fetch_summaries, fetch_units_of, measured_layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database


@dataclass(frozen=True)
class UnitReport:
    """One unit and its values, layer after layer, in the order of the catalogue."""

    unit: Unit
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Report:
    """All the units of a découpage, what they leave over, and the whole territory they are read against."""

    decoupage: str
    contours: bool
    contour_source: str
    units: tuple[UnitReport, ...]
    rests: tuple[Rest, ...]
    ensemble: UnitReport
    partages: tuple[Straddle, ...] = ()

    def find(self, code: str) -> UnitReport | None:
        """Return the unit of this code, or None."""
        return next((report for report in self.units if report.unit.code == code), None)


def reported_layers(catalog: Catalog) -> list[LayerDefinition]:
    """List the public layers a report speaks of, in the order of the catalogue."""
    return [layer for layer in catalog.public if layer.measures and layer.decoupage is None and layer.id != "commune"]


def fetch_report(database: Database, catalog: Catalog, decoupage: str, only: str = "") -> Report:
    """Count everything for one découpage: one statement per measured layer, and a few for the units and their sources.

    All is read of one state of the data. With `only`, `units` is that unit alone, beside what all of them leave over.
    """
    with one_state(database, [layer.id for layer in catalog.public]):
        return _fetch_report(database, catalog, decoupage, only)


def _fetch_report(database: Database, catalog: Catalog, decoupage: str, only: str) -> Report:
    layers = reported_layers(catalog)
    measured = measured_layers(catalog)
    statistical = [layer for layer in layers if layer.statistical]
    context = fetch_context(database, catalog, layers)
    # What cites nothing has no row: nothing is asked of it.
    summaries = dict.fromkeys((layer.id for layer in measured), NOTHING) | fetch_summaries(
        database, (layer for layer in measured if layer.id in context.cited), decoupage
    )
    statistics = dict.fromkeys((layer.id for layer in statistical), NO_STATISTICS) | fetch_statistics(
        database, (layer for layer in statistical if layer.id in context.cited), decoupage
    )
    context = replace(
        context, refused=build_refused(measured, summaries) | build_unpublishable(statistical, statistics)
    )
    found = fetch_units_of(database, [decoupage, "territoire"])
    whole_unit = found["territoire"][0]

    def read(unit: Unit, *, whole: bool) -> list[Value]:
        return [
            value
            for layer in layers
            for value in (
                build_statistics(layer, unit, statistics[layer.id], context, whole=whole)
                if layer.statistical
                else build_values(layer, unit, summaries[layer.id], context, whole=whole)
            )
        ]

    commune = catalog.by_id["commune"]
    own_values = build_unit_values(commune, whole_unit, context)
    ensemble = UnitReport(
        whole_unit, (*own_values, *read(whole_unit, whole=True), *build_stated(catalog, catalog.public))
    )
    cuts = tuple(cut for layer in measured for cut in build_straddles(layer, summaries[layer.id]))
    if decoupage == "territoire":
        return Report(decoupage, context.contours, context.contour_source, (ensemble,), (), ensemble, cuts)
    units = [
        UnitReport(
            unit,
            (*build_unit_values(commune, unit, context), *read(unit, whole=False)),
        )
        for unit in found[decoupage]
        if only in {"", unit.code}
    ]
    rests = [
        rest
        for layer in layers
        for rest in (
            build_rests(layer, statistics[layer.id])
            if layer.statistical
            else build_layer_rests(layer, summaries[layer.id])
        )
    ]
    return Report(decoupage, context.contours, context.contour_source, tuple(units), tuple(rests), ensemble, cuts)


def fetch_context(database: Database, catalog: Catalog, layers: Sequence[LayerDefinition]) -> Context:
    """Read what every value depends on besides its layer: three statements, sent at once."""
    population = catalog.by_id["commune"].source
    origins = fetch_origins(database, layers)
    return Context(
        contours=origins.contours,
        contour_source=origins.contour_source,
        population_source=f"population : {population.name}, {population.millesime}",
        cited={
            layer_id: (" ; ".join(map(catalog.cite, sources)), ", ".join(dates))
            for layer_id, (sources, dates) in origins.cited.items()
        },
    )
