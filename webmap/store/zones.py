"""What each zone holds: the measures of every layer, by the rules of découpages, over the rows whose place is exact.

A row known by its commune alone is told beside, never spread; inhabitants and figures of whole communes have no value in a
part of a commune. A drawn zone made of whole communes is those communes: see `fetch_drawn_report`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.catalog import counting, zone_rules
from webmap.store.attachment import AREAS, DIMENSIONS, SIZES, has_areas, sql_communes, sql_covered, sql_table
from webmap.store.conservation import SCALES, Rest, build_layer_rests, build_refused
from webmap.store.kept_rows import compose
from webmap.store.measures import build_plain, build_stated, build_unit_values, build_values
from webmap.store.naming import UNPLACED
from webmap.store.perimeters import DRAWN, Zone, fetch_drawn, fetch_layer_zones
from webmap.store.published import build_unpublishable
from webmap.store.report import Report, UnitReport, fetch_context, fetch_report, reported_layers
from webmap.store.statements import load_sql
from webmap.store.statistics import build_statistics, fetch_statistics
from webmap.store.summaries import EMPTY, Count, LayerSummary, Unit, fetch_units, fetch_units_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.catalog.measure import Measure
    from webmap.geo.bbox import Bbox
    from webmap.geo.polygon import Polygon
    from webmap.store.db import Database
    from webmap.store.measures import Context, Value
    from webmap.store.perimeters import Perimeters
    from webmap.store.statistics import LayerStatistics

# What is added up of a measure over the pieces p of rows r, and which pieces it takes.
_TAKEN = {"touche": "p.comptee", "point_dans": "p.comptee", "centroide": "p.centree"}


@dataclass(frozen=True)
class ZoneRest(Rest):
    """What zones leave over: as for a découpage, and `position_approximative`, what is known by its communes alone."""

    position_approximative: float = 0


@dataclass(frozen=True)
class Held:
    """What one layer holds in each zone. In `summary`, what is known by its communes alone is in `non_localise`.

    `approche` counts those rows again; `near` how many of them have a commune that the zone meets, by code of zone.
    """

    summary: LayerSummary
    approche: Count
    near: Mapping[str, int]


def sql_zone_summary(layer: LayerDefinition) -> sql.Composed:
    """Return the statement of one layer; binds %(groupes)s, %(codes)s, %(formes)s, %(touchees)s, %(dedans)s."""
    no_size = SIZES["point"]
    size = SIZES.get(layer.geometry, no_size)
    sized = any(measure.type in SCALES for measure in layer.measures)
    shared = any(measure.type not in SCALES and measure.rule.startswith("part_") for measure in layer.measures)
    by_centre = layer.drawn and any(measure.rule == "centroide" for measure in layer.measures)
    centred = "ST_Intersects(z.geom, ST_Centroid(t.geom))" if by_centre else "true"
    return load_sql("zone_summary").format(
        table=sql_table(layer),
        key=sql.Identifier(layer.key),
        geom=sql.SQL("t.geom" if layer.drawn else "NULL::geometry"),
        communes=sql_communes(layer),
        exact=sql.SQL("(t.precision = 'exacte' AND t.geom IS NOT NULL)" if layer.drawn else "false"),
        inexact=UNPLACED if layer.drawn else sql.SQL("true"),
        centree=sql.SQL(centred),
        dimension=sql.Literal(DIMENSIONS.get(layer.geometry, 1)),
        part=sql.SQL("{} / NULLIF({}, 0)").format(
            size.format(geom=sql.SQL("geom")), size.format(geom=sql.SQL("entier"))
        )
        if shared
        else sql.SQL("1"),
        taille=(size if sized else no_size).format(geom=sql.SQL("geom")),
        whole=(SIZES["polygon"] if has_areas(layer) else no_size).format(geom=sql.SQL("ST_Union(geom)")),
        covered=sql_covered(layer),
        aggregates=sql.SQL("").join(
            sql.SQL(", {} AS {}").format(_sql_aggregate(measure), sql.Identifier(f"x_{measure.id}"))
            for measure in layer.measures
        ),
    )


def _sql_aggregate(measure: Measure) -> sql.Composed:
    taken = _TAKEN.get(measure.rule)
    rows = "count(*)" if taken else "sum(p.part)"
    texts = {
        "nombre": rows,
        "pour_1000": rows,
        "distincts": "count(DISTINCT r.{field})",
        "somme": "sum(r.{field})" if taken else "sum(r.{field} * p.part)",
        "longueur": "sum(p.taille)",
        **dict.fromkeys(AREAS, "max(c.taille)"),  # the same beside every piece of a zone
    }
    text = texts[measure.type]
    if taken and measure.type not in SCALES:
        text += f" FILTER (WHERE {taken})"
    return sql.SQL(text).format(field=sql.Identifier(measure.field or ""))


def fetch_held(database: Database, layers: Iterable[LayerDefinition], found: Perimeters) -> dict[str, Held]:
    """Layer id -> what it holds in each zone: exactly one statement per layer, whatever the number of zones."""
    shapes = [("unite", zone.code, zone.forme, ",".join(zone.touchees)) for zone in found.zones if zone.forme]
    inside = "unite" if len(shapes) == 1 else "reunion"
    shapes += [(name, "", getattr(found, name), "") for name in ("hors_unite", "ensemble")]
    shapes += [("reunion", "", found.reunion, "")] if inside == "reunion" else []
    arrays = zip(("groupes", "codes", "formes", "touchees"), map(list, zip(*shapes, strict=True)), strict=True)
    params = {**dict(arrays), "dedans": inside}
    layers = list(layers)
    found_rows = database.read_all([(compose(database, layer, sql_zone_summary), params) for layer in layers])
    return {layer.id: _build_held(rows, inside) for layer, rows in zip(layers, found_rows, strict=True)}


def _build_held(rows: Sequence[Mapping[str, Any]], inside: str) -> Held:
    groups = {row["groupe"]: _count(row) for row in rows if row["code"] in {None, ""}}
    zones = {row["code"]: _count(row) for row in rows if row["groupe"] == "unite"}
    approche, ensemble = groups.get("approche", EMPTY), groups.get("ensemble", EMPTY)
    left = _add([approche, groups.get("non_localise", EMPTY)])
    whole = _add([ensemble, left])
    summary = LayerSummary(
        unites=zones,
        hors_unite=groups.get("hors_unite", EMPTY),
        non_localise=left,
        doubles=_add(zones.values(), minus=groups.get("reunion", EMPTY)) if inside == "reunion" else EMPTY,
        territoire=whole,
        ensemble=whole,
    )
    return Held(summary, approche, {row["code"]: row["nombre"] for row in rows if row["groupe"] == "proche"})


def _count(row: Mapping[str, Any]) -> Count:
    values = {name.removeprefix("x_"): value for name, value in row.items() if name.startswith("x_")}
    return Count(nombre=row["nombre"], mesurees=row["mesurees"], valeurs=values)


def _add(counts: Iterable[Count], minus: Count = EMPTY) -> Count:
    counts = list(counts)
    names = {name for count in (*counts, minus) for name in count.valeurs}
    return Count(
        nombre=sum(count.nombre for count in counts) - minus.nombre,
        mesurees=sum(count.mesurees for count in counts) - minus.mesurees,
        valeurs={
            name: sum(count.valeurs.get(name) or 0 for count in counts) - (minus.valeurs.get(name) or 0)
            for name in names
        },
    )


def fetch_zone_report(database: Database, catalog: Catalog, layer_id: str, box: Bbox) -> Report:
    """Count everything in the rows of a layer taken as zones. `box` is where the territory is (WGS84)."""
    return _fetch_report(database, catalog, layer_id, fetch_layer_zones(database, catalog.by_id[layer_id], box))


def fetch_drawn_report(database: Database, catalog: Catalog, polygon: Polygon, box: Bbox) -> tuple[Report, Zone]:
    """Count everything in a polygon. Raises PolygonError: see `fetch_drawn`.

    A polygon made of whole communes is them: everything is counted as in a unit of a découpage, and INSEE's figures with it.
    """
    found = fetch_drawn(database, polygon, box)
    zone = found.zones[0]
    if zone.communes:
        return fetch_communes_report(database, catalog, zone.communes)[0], zone
    return _fetch_report(database, catalog, DRAWN, found), zone


def fetch_communes_report(database: Database, catalog: Catalog, communes: tuple[str, ...]) -> tuple[Report, Zone]:
    """Count everything in a set of communes of the territory, as in a unit of a découpage. It has no shape of its own."""
    with database.drawing(communes):
        report = fetch_report(database, catalog, DRAWN)
        [unit] = fetch_units(database, DRAWN)
    report = replace(report, units=(replace(report.units[0], unit=unit),))
    return report, Zone(DRAWN, unit.nom, None, unit.surface_km2, False, communes, communes, unit.etendue, unit.centre)  # noqa: FBT003 - a field


def _fetch_report(database: Database, catalog: Catalog, decoupage: str, found: Perimeters) -> Report:
    layers = [layer for layer in reported_layers(catalog) if layer.id != decoupage]
    statistical = [layer for layer in layers if layer.statistical]
    held = fetch_held(database, (layer for layer in layers if not layer.statistical), found)
    statistics = fetch_statistics(database, statistical, "territoire")
    refused = build_refused(
        [layer for layer in layers if layer.id in held], {name: each.summary for name, each in held.items()}
    ) | build_unpublishable(statistical, statistics)
    context = replace(fetch_context(database, catalog, layers), refused=refused)
    units = tuple(_read_zone(catalog, layers, held, zone, context) for zone in found.zones)
    rests = tuple(rest for layer in layers if layer.id in held for rest in _build_rests(layer, held[layer.id]))
    whole_unit = fetch_units_of(database, ["territoire"])["territoire"][0]
    whole = _read_territory(catalog, layers, whole_unit, held, statistics, context)
    return Report(decoupage, context.contours, context.contour_source, units, rests, whole)


def _read_territory(
    catalog: Catalog,
    layers: list[LayerDefinition],
    unit: Unit,
    held: Mapping[str, Held],
    statistics: Mapping[str, LayerStatistics],
    context: Context,
) -> UnitReport:
    """Return the territory the zones are read against: the values of `/territoires/territoire`, from the same pieces."""
    values = build_unit_values(catalog.by_id["commune"], unit, context)
    for layer in layers:
        if layer.statistical:
            values += build_statistics(layer, unit, statistics[layer.id], context, whole=True)
        else:
            found = held[layer.id]
            nowhere = _add([found.summary.non_localise], minus=found.approche)
            values += build_values(layer, unit, replace(found.summary, non_localise=nowhere), context, whole=True)
    return UnitReport(unit, (*values, *build_stated(catalog, catalog.public)))


def _build_rests(layer: LayerDefinition, held: Held) -> list[ZoneRest]:
    rests = []
    for rest in build_layer_rests(layer, held.summary):
        approche = held.approche.valeurs.get(rest.mesure) or 0
        parts = {**asdict(rest), "non_localise": rest.non_localise - approche}
        rests.append(ZoneRest(**parts, position_approximative=approche))
    return rests


def _read_zone(
    catalog: Catalog, layers: Iterable[LayerDefinition], held: Mapping[str, Held], zone: Zone, context: Context
) -> UnitReport:
    unit = Unit(zone.code, zone.nom, 0, None, zone.surface_km2, (), zone.etendue, zone.centre)
    values = [_own(value, zone) for value in build_unit_values(catalog.by_id["commune"], unit, context)]
    values += [
        _value(layer, measure, held.get(layer.id), zone, context) for layer in layers for measure in layer.measures
    ]
    return UnitReport(unit, tuple(values))


def _own(value: Value, zone: Zone) -> Value:
    """Return a figure of a unit as a zone has it: its area, and nothing that only communes have."""
    if value.mesure == "surface_km2":
        return replace(
            value, regle=zone_rules.AREA_RULE, indisponible=None if zone.forme else zone_rules.UNKNOWN_PERIMETER
        )
    missing = zone_rules.NO_WHOLE_COMMUNE if value.mesure == "nombre" else zone_rules.NOT_COMPUTABLE
    missing = missing if zone.forme else zone_rules.UNKNOWN_PERIMETER
    return replace(value, valeur=None, regle=zone_rules.NOT_SPREAD, indisponible=missing)


def _value(layer: LayerDefinition, measure: Measure, held: Held | None, zone: Zone, context: Context) -> Value:
    value, missing = _measure(measure, held, zone)
    if value is not None and (layer.id, measure.id) in context.refused:
        value, missing = None, context.refused[layer.id, measure.id]
    plain = build_plain(layer, measure, context)
    return replace(
        plain,
        valeur=value,
        regle=zone_rules.zone_rule_text(layer, measure),
        additive=plain.additive and not (held and held.summary.doubles.valeurs.get(measure.id)),
        indisponible=missing,
        note=zone_rules.untold_text(held.near.get(zone.code, 0)) if held and zone.forme else None,
    )


def _measure(measure: Measure, held: Held | None, zone: Zone) -> tuple[float | None, str | None]:
    """Return a number, or why there is none."""
    missing = _missing(measure, held, zone)
    if missing or held is None:
        return None, missing
    raw = held.summary.unites.get(zone.code, EMPTY).valeurs.get(measure.id, 0)
    if raw is None:
        return None, counting.NO_VALUE
    size = raw / SCALES[measure.type] if measure.type in SCALES else raw
    return (100 * size / zone.surface_km2 if measure.type == "part_surface" and zone.surface_km2 else size), None


def _missing(measure: Measure, held: Held | None, zone: Zone) -> str | None:
    """Say why a zone has no such number. Zero is what exact rows say, so some row has to be exact."""
    if zone.forme is None:
        return zone_rules.UNKNOWN_PERIMETER
    if held is None or measure.type == "pour_1000":
        return zone_rules.NOT_COMPUTABLE
    if not held.summary.territoire.nombre:
        return counting.EMPTY_LAYER
    if held.summary.territoire.nombre == held.summary.non_localise.nombre:
        return zone_rules.NO_EXACT_ROW
    return zone_rules.NO_NEAREST if measure.rule == "plus_proche" else None
