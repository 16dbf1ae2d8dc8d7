"""What each unit of a découpage holds, layer by layer: raw counts, lengths and areas, with what is left over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.store.attachment import sql_attached, sql_by_geometry, sql_communes, sql_table
from webmap.store.db import load_sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database


@dataclass(frozen=True)
class Unit:
    """One unit of a découpage. `surface_km2` is on the ellipsoid, None while a contour is missing.

    `etendue` is west, south, east, north and `centre` a point inside, WGS84; both follow cells while contours are missing.
    """

    code: str
    nom: str
    nombre_communes: int
    population: int | None
    surface_km2: float | None
    communes: tuple[str, ...]
    etendue: tuple[float, float, float, float] | None
    centre: tuple[float, float] | None


@dataclass(frozen=True)
class Count:
    """What one layer counts in one unit, or in what is left over. Length in m, area in m², on the ellipsoid.

    `mesurees` is how many of the `nombre` rows have an exact place, the only ones that length and area know.
    """

    nombre: int = 0
    longueur: float | None = None
    surface: float | None = None
    mesurees: int = 0
    extras: tuple[tuple[str, float | None], ...] = ()


@dataclass(frozen=True)
class LayerSummary:
    """One layer over all the units of a découpage: `unites` by code, and the whole it must add up to."""

    unites: dict[str, Count]
    hors_unite: Count
    non_localise: Count
    ensemble: Count

    @property
    def additive(self) -> bool:
        """Whether no row is counted in two units: only then does the sum of the units mean something."""
        total = sum(count.nombre for count in self.unites.values())
        return total + self.hors_unite.nombre + self.non_localise.nombre == self.ensemble.nombre


def fetch_units(database: Database, decoupage: str) -> list[Unit]:
    """Return the units of a découpage by name, all in one statement; empty when there is no such découpage."""
    return [_unit(row) for row in database.read(load_sql("units"), {"decoupage": decoupage})]


def _unit(row: dict[str, Any]) -> Unit:
    extent = (row["ouest"], row["sud"], row["est"], row["nord"])
    return Unit(
        code=row["code"],
        nom=row["nom"],
        nombre_communes=row["nombre_communes"],
        # One missing population makes the total unknown, not smaller.
        population=None if row["communes_sans_population"] else row["population"],
        surface_km2=row["surface_km2"],
        communes=tuple(row["communes"] or ()),
        etendue=None if None in extent else extent,
        centre=None if row["centre_lon"] is None else (row["centre_lon"], row["centre_lat"]),
    )


def sql_summary(layer: LayerDefinition) -> sql.Composed:
    """Return the summary statement of one layer; binds %(decoupage)s."""
    aggregates = {
        "distincts": "count(DISTINCT r.{}) FILTER (WHERE l.comptee)",
        "somme": "sum(r.{}) FILTER (WHERE l.comptee)",
    }
    extras = [
        sql.SQL(", " + aggregates[measure.type] + "::float8 AS {}").format(  # two constants
            sql.Identifier(str(measure.field)), sql.Identifier(f"x_{measure.id}")
        )
        for measure in layer.measures
        if measure.type in aggregates
    ]
    return load_sql("summary").format(
        attached=sql_attached(layer),
        communes=sql_communes(layer),
        by_geometry=sql_by_geometry(layer),
        table=sql_table(layer),
        key=sql.Identifier(layer.key),
        extras=sql.SQL("").join(extras),
    )


def fetch_summaries(database: Database, layers: Iterable[LayerDefinition], decoupage: str) -> dict[str, LayerSummary]:
    """Layer id -> what it counts in each unit: exactly one statement per layer, whatever the number of units."""
    return {layer.id: _fetch_summary(database, layer, decoupage) for layer in layers}


def _fetch_summary(database: Database, layer: LayerDefinition, decoupage: str) -> LayerSummary:
    unites: dict[str, Count] = {}
    rest: dict[str, Count] = {}
    for row in database.read(sql_summary(layer), {"decoupage": decoupage}):
        count = Count(
            nombre=row["nombre"],
            longueur=row["longueur"],
            surface=row["surface"],
            mesurees=row["mesurees"],
            extras=tuple((name.removeprefix("x_"), value) for name, value in row.items() if name.startswith("x_")),
        )
        if row["groupe"] == "unite":
            unites[row["code"]] = count
        else:
            rest[row["groupe"]] = count
    empty = Count()
    return LayerSummary(unites, *(rest.get(name, empty) for name in ("hors_unite", "non_localise", "ensemble")))
