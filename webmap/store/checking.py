"""The check of every measure over every découpage at once: what `webmap conservation` says, and a load at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webmap.store.conservation import Rest, build_checked
from webmap.store.published import build_published
from webmap.store.report import reported_layers
from webmap.store.statistics import build_rests, fetch_statistics
from webmap.store.summaries import fetch_summaries, measured_layers

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database


@dataclass(frozen=True)
class Checked:
    """How many measures were weighed, over how many découpages, and the failures: (découpage, what does not add up)."""

    mesures: int
    decoupages: int
    ecarts: tuple[tuple[str, Rest], ...]


def fetch_conservation(database: Database, catalog: Catalog) -> Checked:
    """Weigh every measure that has a whole, over every découpage: one statement per layer and découpage."""
    decoupages = [*(layer.id for layer in catalog.decoupages), "commune", "territoire"]
    rests = [(decoupage, rest) for decoupage in decoupages for rest in _fetch_rests(database, catalog, decoupage)]
    return Checked(
        mesures=len({(rest.couche, rest.mesure) for _, rest in rests}),
        decoupages=len(decoupages),
        ecarts=tuple((decoupage, rest) for decoupage, rest in rests if not rest.conserve),
    )


def _fetch_rests(database: Database, catalog: Catalog, decoupage: str) -> list[Rest]:
    summaries = fetch_summaries(database, measured_layers(catalog), decoupage)
    statistical = [layer for layer in reported_layers(catalog) if layer.statistical]
    statistics = fetch_statistics(database, statistical, decoupage)
    counted = [rest for name, summary in summaries.items() for rest in build_checked(catalog.by_id[name], summary)]
    for layer in statistical:
        counted += build_published(layer, statistics[layer.id])
        counted += build_rests(layer, statistics[layer.id])
    return counted
