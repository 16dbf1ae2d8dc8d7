"""What each unit of a découpage holds, layer by layer: raw counts, lengths and areas, with what is left over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.store.attachment import sql_covered, sql_exact, sql_named, sql_outside, sql_pieces, sql_table
from webmap.store.cursors import CASTS
from webmap.store.filters import queryables
from webmap.store.kept_rows import compose, read_all_kept, read_kept
from webmap.store.rules import counted, sql_columns, sql_rules
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database


@dataclass(frozen=True)
class Unit:
    """One unit of a découpage. `surface_km2` is on the ellipsoid, None while a contour is missing.

    `etendue` is west, south, east, north and `centre` a point inside, WGS84; both follow cells while contours are missing, and
    are None where nobody draws it.
    """

    code: str
    nom: str
    nombre_communes: int
    population: int | None
    surface_km2: float | None
    communes: tuple[str, ...]
    etendue: tuple[float, float, float, float] | None = None
    centre: tuple[float, float] | None = None


@dataclass(frozen=True)
class Count:
    """What one layer counts in one unit, or in what is left over.

    `nombre` is how many rows are tied to it, whatever the rule of a measure; `mesurees` how many of them have an exact
    line or surface, the only ones `taille` adds (m or m², on the ellipsoid). `valeurs` gives each measure as its own
    rule counts it, in rows, in m or in m² covered (what overlaps counted once); None for a sum no row gives.
    """

    nombre: int = 0
    taille: float | None = None
    mesurees: int = 0
    valeurs: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Cut:
    """A row whose exact place is cut by the units or by the limit of the territory: what lies where, in m or m².

    `parts` is by code of unit, None for what is in the territory and in no unit.
    """

    cle: str
    nom: str
    total: float
    parts: Mapping[str | None, float]
    hors_territoire: float


EMPTY = Count()


@dataclass(frozen=True)
class LayerSummary:
    """One layer over all the units of a découpage: `unites` by code, what is left over, and the whole they must add up to.

    unites + hors_unite + hors_territoire + non_localise − doubles = ensemble, measure by measure. `territoire` is what the
    territory holds, rows without a place included; `ensemble` is whole rows, told without the parts.
    """

    unites: Mapping[str, Count]
    hors_unite: Count = EMPTY
    hors_territoire: Count = EMPTY
    non_localise: Count = EMPTY
    doubles: Count = EMPTY
    territoire: Count = EMPTY
    ensemble: Count = EMPTY
    partages: tuple[Cut, ...] = ()


NOTHING = LayerSummary({})  # of a layer without any row


def fetch_units(database: Database, decoupage: str) -> list[Unit]:
    """Return the units of a découpage by name, and where they are; empty when there is no such découpage."""
    return fetch_placed_units(database, [decoupage])[decoupage]


def fetch_placed_units(database: Database, decoupages: Sequence[str]) -> dict[str, list[Unit]]:
    """Découpage -> its units by name, and where they are."""
    params = {"decoupages": sorted(decoupages)}
    rows = read_kept(database, load_sql("unit_places"), params, decoupages)
    places = {(row["decoupage"], row["code"]): row for row in rows}
    return {
        decoupage: [_place(unit, places.get((decoupage, unit.code))) for unit in units]
        for decoupage, units in fetch_units_of(database, decoupages).items()
    }


def _place(unit: Unit, row: Mapping[str, Any] | None) -> Unit:
    if row is None:
        return unit
    extent = (row["ouest"], row["sud"], row["est"], row["nord"])
    return replace(unit, etendue=extent, centre=(row["lon"], row["lat"]))


def fetch_units_of(database: Database, decoupages: Sequence[str]) -> dict[str, list[Unit]]:
    """Découpage -> its units by name, without their places: one statement for all, and one for the contours."""
    found: dict[str, list[Unit]] = {decoupage: [] for decoupage in decoupages}
    units, contours = read_all_kept(
        database,
        [(load_sql("units"), {"decoupages": sorted(found)}, decoupages), (load_sql("contours"), None, [])],
    )
    areas = _fetch_areas(database, contours) if any(row["contours"] for row in units) else {}
    for row in units:
        found[row["decoupage"]].append(_unit(row, areas))
    return found


def _fetch_areas(database: Database, contours: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """`code_insee` -> m² on the ellipsoid: nearly all there is to do for units, so a contour seen before is not measured again."""
    digests = {row["code_insee"]: row["empreinte"] for row in contours}
    known = database.areas
    missing = [code for code, digest in digests.items() if digest not in known]
    if missing:
        rows = database.read(load_sql("areas"), {"communes": missing})
        known = known | {row["empreinte"]: row["surface"] for row in rows}
        database.areas = {digest: known[digest] for digest in digests.values() if digest in known}
    return {code: known[digest] for code, digest in digests.items() if digest in known}


def _unit(row: dict[str, Any], areas: Mapping[str, float]) -> Unit:
    communes = tuple(row["communes"] or ())
    surface = None
    if row["contours"] and all(code in areas for code in communes):
        surface = (
            reduce(add, (areas[code] for code in sorted(communes)), 0.0) / 1e6
        )  # in one order: the same to the last digit
    return Unit(
        code=row["code"],
        nom=row["nom"],
        nombre_communes=row["nombre_communes"],
        # One missing population makes the total unknown, not smaller.
        population=None if row["communes_sans_population"] else row["population"],
        surface_km2=surface,
        communes=communes,
    )


def measured_layers(catalog: Catalog) -> list[LayerDefinition]:
    """List the public layers whose rows a summary counts: neither units themselves, nor statistics of whole communes."""
    return [
        layer
        for layer in catalog.public
        if layer.measures and layer.decoupage is None and not layer.statistical and layer.id != "commune"
    ]


def sql_summary(layer: LayerDefinition) -> sql.Composed:
    """Return the summary statement of one layer; binds %(decoupage)s."""
    return load_sql("summary").format(
        exact=sql_exact(layer),
        named=sql_named(layer),
        pieces=sql_pieces(layer),
        outside=sql_outside(layer),
        covered=sql_covered(layer),
        rules=sql_rules(layer),
        table=sql_table(layer),
        key=sql.Identifier(layer.key),
        type=sql.SQL(
            CASTS[queryables(layer)[layer.key]]
        ),  # a row is found by the index of its own key, not of its text
        name=sql.Identifier(layer.name),
        measures=sql_columns(counted(layer)),
    )


def fetch_summaries(database: Database, layers: Iterable[LayerDefinition], decoupage: str) -> dict[str, LayerSummary]:
    """Layer id -> what it counts in each unit: one statement per layer whatever the number of units, none when nothing changed."""
    layers, params = list(layers), {"decoupage": decoupage}
    asked = [(compose(database, layer, sql_summary), params, [layer.id, decoupage]) for layer in layers]
    return {layer.id: _build_summary(rows) for layer, rows in zip(layers, read_all_kept(database, asked), strict=True)}


def _build_summary(rows: Iterable[Mapping[str, Any]]) -> LayerSummary:
    unites: dict[str, Count] = {}
    rest: dict[str, Count] = {}
    cuts = []
    for row in rows:
        told = row["compte"]
        if row["groupe"] == "partage":
            cuts.append(_cut(row["code"], told))
        elif row["groupe"] == "unite":
            unites[row["code"]] = _count(told)
        else:
            rest[row["groupe"]] = _count(told)
    return LayerSummary(unites, partages=tuple(sorted(cuts, key=lambda cut: cut.cle)), **rest)


def _count(told: dict[str, Any]) -> Count:
    values = {name.removeprefix("m_"): value for name, value in told.items() if name.startswith("m_")}
    return Count(told["nombre"], told["taille"], told["mesurees"], values)


def _cut(key: str, told: dict[str, Any]) -> Cut:
    parts = {code or None: size for code, size in told["parts"].items()}
    return Cut(key, told["nom"], told["total"], parts, told["hors_territoire"])
