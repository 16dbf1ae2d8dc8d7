"""Figures of whole communes (INSEE): summed when all are published, otherwise framed, and what is secret stays secret.

Nothing here reads a masked value: the database has none. What is given of a unit is made of published values alone, and a
sum is given only when each commune publishes its part, so that no difference between two units tells a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.catalog import counting
from webmap.catalog.measure import class_key
from webmap.store.attachment import sql_table
from webmap.store.conservation import Rest, build_whole_rest
from webmap.store.kept_rows import compose, read_all_kept
from webmap.store.measures import build_plain
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.measure import Measure
    from webmap.store.conservation import Rest
    from webmap.store.db import Database
    from webmap.store.measures import Context, Value
    from webmap.store.summaries import Unit


# What is added up of the communes that publish, by type of measure.
_SUMMED = {"somme": ("field",), "rapport": ("numerator", "denominator")}


@dataclass(frozen=True)
class Tally:
    """What the communes of a unit say for one measure, in the field's own unit.

    `value` is a sum or a ratio over all the communes, None unless every one publishes; `low` and `high` are over those
    that publish, and so are `sums` (of the field, or of the numerator and the denominator), weighed and never shown;
    `classes` is how many communes are in each class, in the order of the enum.
    """

    communes: int = 0
    published: int = 0
    masked: int = 0
    value: float | None = None
    low: float | None = None
    high: float | None = None
    classes: tuple[int, ...] = ()
    sums: tuple[float, ...] = ()

    @property
    def missing(self) -> int:
        """How many communes have no value that nobody says is secret: absent from the file, empty, or not available."""
        return self.communes - self.published - self.masked


@dataclass(frozen=True)
class LayerStatistics:
    """One layer over all the units of a découpage: measure id -> tally, for each unit, what is in none, and the whole.

    `rows` is how many communes of the territory have a row.
    """

    unites: Mapping[str, Mapping[str, Tally]]
    hors_unite: Mapping[str, Tally]
    ensemble: Mapping[str, Tally]
    rows: int


NO_STATISTICS = LayerStatistics({}, {}, {}, 0)  # of a layer without any row


def sql_statistics(layer: LayerDefinition) -> sql.Composed:
    """Return the statement of one layer; binds %(decoupage)s."""
    aggregates = [sql.SQL(", {}").format(piece) for measure in layer.measures for piece in _aggregates(layer, measure)]
    return load_sql("statistics").format(table=sql_table(layer), aggregates=sql.SQL("").join(aggregates))


def _aggregates(layer: LayerDefinition, measure: Measure) -> list[sql.Composed]:
    parts = {"table": sql_table(layer), **_conditions(layer, measure)}
    names = {key: sql.Identifier(f"{key}_{measure.id}") for key in ("published", "masked", "value", "low", "high")}
    texts = [
        "count(*) FILTER (WHERE {is_published}) AS {published}",
        "count(*) FILTER (WHERE {is_masked}) AS {masked}",
    ]
    match measure.type:
        case "bornes":
            texts.append("(min({field}) FILTER (WHERE {is_published}))::float8 AS {low}")
            texts.append("(max({field}) FILTER (WHERE {is_published}))::float8 AS {high}")
        case "somme":
            texts.append("(CASE WHEN bool_and({is_published}) THEN sum({field}) END)::float8 AS {value}")
        case "rapport":
            texts.append(
                "CASE WHEN bool_and({is_published}) THEN {factor} * sum({numerator})::float8"
                " / NULLIF(sum({denominator}), 0) END AS {value}"
            )
    found = [sql.SQL(text).format(**parts, **names) for text in texts]
    found += [
        sql.SQL("COALESCE(sum({}) FILTER (WHERE {}), 0)::float8 AS {}").format(
            parts[key], parts["is_published"], sql.Identifier(f"sum_{rank}_{measure.id}")
        )
        for rank, key in enumerate(_SUMMED.get(measure.type, ()))
    ]
    if measure.type == "repartition":
        found += [
            sql.SQL("count(*) FILTER (WHERE {is_published} AND {field} = {value}) AS {name}").format(
                value=sql.Literal(value), name=sql.Identifier(f"class_{rank}_{measure.id}"), **parts
            )
            for rank, value in enumerate(layer.field(str(measure.field)).enum)
        ]
    return found


def _conditions(layer: LayerDefinition, measure: Measure) -> dict[str, sql.Composable]:
    """Whether a commune publishes all a measure reads, and whether the producer masks any of it."""
    fields = {
        key: sql.Identifier("t", name)
        for key, name in (
            ("field", measure.field), ("numerator", measure.numerator), ("denominator", measure.denominator)
        )
        if name
    }  # fmt: skip
    masked: sql.Composable = sql.SQL("false")
    if layer.secret:
        masked = sql.SQL("COALESCE(t.{} && {}::text[], false)").format(
            sql.Identifier(layer.secret), sql.Literal(list(measure.fields))
        )
    there = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(field) for field in fields.values())
    published = sql.SQL("({} AND NOT {})").format(there, masked)
    return {**fields, "is_published": published, "is_masked": masked, "factor": sql.Literal(measure.factor)}


def fetch_statistics(
    database: Database, layers: Iterable[LayerDefinition], decoupage: str
) -> dict[str, LayerStatistics]:
    """Layer id -> what it says of each unit: one statement per layer whatever the number of units, none when nothing changed."""
    layers, params = list(layers), {"decoupage": decoupage}
    asked = [(compose(database, layer, sql_statistics), params, [layer.id, decoupage]) for layer in layers]
    return {layer.id: _build(layer, rows) for layer, rows in zip(layers, read_all_kept(database, asked), strict=True)}


def _build(layer: LayerDefinition, found: Iterable[Mapping[str, Any]]) -> LayerStatistics:
    unites: dict[str, Mapping[str, Tally]] = {}
    rest: dict[str, Mapping[str, Tally]] = {}
    rows = 0
    readers = {measure.id: _tally_reader(layer, measure) for measure in layer.measures}
    for row in found:
        tallies = {name: read(row) for name, read in readers.items()}
        if row["groupe"] == "unite":
            unites[row["code"]] = tallies
        else:
            rest[row["groupe"]] = tallies
        rows = max(rows, row["lignes"])
    return LayerStatistics(unites, rest.get("hors_unite", {}), rest.get("ensemble", {}), rows)


def _tally_reader(layer: LayerDefinition, measure: Measure) -> Callable[[Mapping[str, Any]], Tally]:
    """Return what reads one measure of a row: there are as many rows as communes, so names are written once."""
    published, masked, value, low, high = (
        f"{name}_{measure.id}" for name in ("published", "masked", "value", "low", "high")
    )
    ranks = range(len(layer.field(str(measure.field)).enum)) if measure.type == "repartition" else ()
    classes = [f"class_{rank}_{measure.id}" for rank in ranks]
    sums = [f"sum_{rank}_{measure.id}" for rank in range(len(_SUMMED.get(measure.type, ())))]

    def read(row: Mapping[str, Any]) -> Tally:
        get = row.get
        return Tally(
            row["communes"],
            row[published],
            row[masked],
            get(value),
            get(low),
            get(high),
            tuple([row[name] for name in classes]),
            tuple([row[name] for name in sums]),
        )

    return read


def build_statistics(
    layer: LayerDefinition, unit: Unit, found: LayerStatistics, context: Context, *, whole: bool
) -> list[Value]:
    """Return the values of one layer in one unit; `whole` reads the territory."""
    tallies = found.ensemble if whole else found.unites.get(unit.code, {})
    values: list[Value] = []
    for measure in layer.measures:
        value = build_plain(layer, measure, context)
        tally = tallies.get(measure.id, Tally())
        if not found.rows:
            values.append(replace(value, indisponible=counting.EMPTY_LAYER))
        elif refused := context.refused.get((layer.id, measure.id)):
            values.append(replace(value, indisponible=refused))
        elif measure.type == "repartition":
            values += _spread(layer, measure, (tally, found.ensemble.get(measure.id, Tally())), value)
        else:
            values.append(replace(value, **_say(measure, tally)))
    return values


def _say(measure: Measure, tally: Tally) -> dict[str, Any]:
    """Return the number of a sum, a ratio or bounds, or why there is none."""
    hidden = {"communes_masquees": tally.masked}
    if not tally.communes:
        return {"valeur": 0} if measure.type == "somme" else {"indisponible": counting.NO_COMMUNE}
    if not tally.published or (measure.type != "bornes" and tally.value is None):
        return {"indisponible": counting.hidden_text(tally.communes, tally.masked, tally.missing), **hidden}
    if measure.type != "bornes":
        return {"valeur": tally.value, **hidden}
    if tally.communes == 1:
        return {"valeur": tally.low, **hidden}
    framed = {"borne_min": tally.low, "borne_max": tally.high, "indisponible": counting.NOT_SUMMED, **hidden}
    return {**framed, "note": counting.frame_text(tally.published, tally.masked, tally.missing)}


def _spread(layer: LayerDefinition, measure: Measure, tallies: tuple[Tally, Tally], value: Value) -> list[Value]:
    """Return one count of communes a class, zero included; and those without a class, when the territory has any."""
    own, whole = tallies
    values = [
        replace(value, mesure=name, libelle=f"{measure.label} : {label}", valeur=count)
        for name, label, count in _classes(layer, measure, own)
    ]
    if whole.published == whole.communes:
        return values[:-1]
    return [*values[:-1], replace(values[-1], communes_masquees=own.masked)]


def _classes(layer: LayerDefinition, measure: Measure, tally: Tally) -> list[tuple[str, str, int]]:
    """List (measure id, label, communes) of each class, then of the communes without one."""
    enum = layer.field(str(measure.field)).enum
    counts = tally.classes or (0,) * len(enum)
    classes = [
        (f"{measure.id}_{class_key(key)}", label, count)
        for (key, label), count in zip(enum.items(), counts, strict=True)
    ]
    name, label = counting.WITHOUT_CLASS
    return [*classes, (f"{measure.id}_{name}", label, tally.communes - tally.published)]


def build_rests(layer: LayerDefinition, found: LayerStatistics) -> list[Rest]:
    """Return what the units leave over of each sum that is given and of each class: units + hors unité = ensemble."""
    rests = []
    for measure in layer.measures if found.rows else ():
        whole = _parts(layer, measure, found.ensemble)
        left = _parts(layer, measure, found.hors_unite)
        units = [_parts(layer, measure, tallies) for tallies in found.unites.values()]
        for name, total in whole.items():
            outside, inside = left[name], [part[name] for part in units]
            if total is not None and outside is not None and None not in inside:
                told = sum(part for part in inside if part is not None)
                rests.append(build_whole_rest(layer.id, name, measure.unit, told, outside, total))
    return rests


def _parts(layer: LayerDefinition, measure: Measure, tallies: Mapping[str, Tally]) -> dict[str, float | None]:
    """Measure id -> what adds up over units: a sum (None when it is not given), or communes by class."""
    tally = tallies.get(measure.id, Tally())
    if measure.type == "repartition":
        return {name: count for name, _, count in _classes(layer, measure, tally)}
    return {measure.id: tally.value if tally.communes else 0} if measure.type == "somme" else {}
