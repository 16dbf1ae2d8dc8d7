"""The summary of a découpage, ready to be written as JSON, CSV or a page: the same numbers in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webmap.store.measures import Context, Rest, Value, build_rest, build_stated, build_values
from webmap.store.places import contours_loaded, fetch_contour_source, fetch_inventory
from webmap.store.summaries import Unit, fetch_summaries, fetch_units

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

    def find(self, code: str) -> UnitReport | None:
        """Return the unit of this code, or None."""
        return next((report for report in self.units if report.unit.code == code), None)


def fetch_report(database: Database, catalog: Catalog, decoupage: str) -> Report:
    """Count everything for one découpage: one statement per measured layer, and five for the units and their sources."""
    layers = [layer for layer in catalog.public if layer.measures and layer.decoupage is None and layer.id != "commune"]
    summaries = fetch_summaries(database, layers, decoupage)
    context = _fetch_context(database, catalog, layers)
    whole_unit = fetch_units(database, "territoire")[0]
    ensemble_values = [
        value for layer in layers for value in build_values(layer, whole_unit, summaries[layer.id], context, whole=True)
    ]
    ensemble = UnitReport(whole_unit, (*ensemble_values, *build_stated(catalog, catalog.public)))
    if decoupage == "territoire":
        return Report(decoupage, context.contours, context.contour_source, (ensemble,), (), ensemble)
    units = [
        UnitReport(
            unit,
            tuple(v for layer in layers for v in build_values(layer, unit, summaries[layer.id], context, whole=False)),
        )
        for unit in fetch_units(database, decoupage)
    ]
    rests = [build_rest(layer, summaries[layer.id]) for layer in layers]
    return Report(decoupage, context.contours, context.contour_source, tuple(units), tuple(rests), ensemble)


def _fetch_context(database: Database, catalog: Catalog, layers: Sequence[LayerDefinition]) -> Context:
    population = catalog.by_id["commune"].source
    return Context(
        contours=contours_loaded(database),
        contour_source=fetch_contour_source(database),
        population_source=f"population : {population.name}, {population.millesime}",
        cited={
            layer_id: (" ; ".join(map(catalog.cite, row["sources"])), ", ".join(row["millesimes"]))
            for layer_id, row in fetch_inventory(database, layers).items()
            if row["lignes"]
        },
    )
