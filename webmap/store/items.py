"""Pages of a collection (OGC API - Features), written by PostgreSQL as text: this module never reads a feature.

A page starts after the sort values and the key of the last row of the page before, not after a number of rows: what is
inserted or deleted meanwhile moves nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import sql

from webmap.errors import BadParameterError, NotFoundError
from webmap.geo.crs import CRS84, Crs
from webmap.store.attachment import sql_table
from webmap.store.boxes import sql_in_box
from webmap.store.cursors import CASTS, ordered, sql_after, sql_keyed
from webmap.store.extents import fetch_extents
from webmap.store.features import Selection, sql_selection
from webmap.store.filters import queryables
from webmap.store.item_text import date_field, sql_columns, sql_geometry, sql_jsonfg
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.geo.bbox import Bbox
    from webmap.store.db import Database

V = TypeVar("V")
_COUNT_MS = 1_000
_PLACED, _PLACELESS = "t.geom IS NOT NULL", "t.geom IS NULL"
_KEPT_NAMES = 1_000
_BOUNDS = ("boite_x0", "boite_y0", "boite_x1", "boite_y1")


@dataclass(frozen=True)
class Query:
    """What a request asks of a collection; `box` is x min, y min, x max, y max with its SRID, `sort` (field, descending).

    `placed` keeps one page to rows with a place, or to those without, whatever is counted. `jsonfg`: as OGC 21-045 writes.
    """

    selection: Selection = field(default_factory=Selection)
    box: tuple[Bbox, int] | None = None
    dates: tuple[dt.date | None, dt.date | None] | None = None
    fields: tuple[str, ...] = ()
    sort: tuple[tuple[str, bool], ...] = ()
    crs: Crs | None = CRS84  # None: no geometry is written
    limit: int = 100
    after: tuple[str | None, ...] | None = None
    placed: bool | None = None
    jsonfg: bool = False


@dataclass(frozen=True)
class Page:
    """`text` is features separated by commas; `after` where the next page starts, None when there is none.

    `revisions` are those the features were read at, by the same statement.
    """

    text: str
    returned: int
    after: tuple[str | None, ...] | None
    revisions: str


@dataclass(frozen=True)
class Freshness:
    """What the rows of a layer span, at its revision: WGS84 box, first and last day; None where no row says any."""

    box: Bbox | None
    period: tuple[dt.date, dt.date] | None
    revision: int
    changed: dt.datetime


@dataclass(frozen=True)
class Matched:
    """How many rows a query selects in all; `exact` is false for the planner's estimate."""

    number: int
    exact: bool


def sortables(layer: LayerDefinition) -> dict[str, str]:
    """Return what rows may be sorted by: field or common column -> type."""
    return {name: kind for name, kind in queryables(layer).items() if kind in CASTS}


class ItemStore:
    """Reads pages; remembers counts and extents by the revisions they were made at."""

    def __init__(self, database: Database) -> None:
        """Remember nothing yet."""
        self._database = database
        self._counts: OrderedDict[str, Matched] = OrderedDict()
        self._known: dict[str, Freshness] = {}
        self._statements: OrderedDict[str, sql.SQL] = OrderedDict()
        self._lock = threading.Lock()

    def fetch_page(self, layer: LayerDefinition, query: Query) -> Page:
        """Return one page. Raises BadParameterError when `query.after` is none of our cursors."""
        conditions, params = _select(layer, query)
        if query.after is not None:
            conditions.append(sql_after(layer, query, params))
        if query.placed is not None:
            conditions.append(sql.SQL(_PLACED if query.placed else _PLACELESS))
        try:
            rows = self._read_page(layer, query, conditions, params)
        except (psycopg.DataError, UnicodeEncodeError):
            if query.after is None:
                raise
            raise BadParameterError("cursor : ce curseur ne vient pas d'un lien « next » de cette adresse.") from None
        sent = rows[: query.limit]
        after = sent[-1][1:-1] if len(rows) > len(sent) else None
        revisions = rows[0][-1] if rows else self.fetch_revisions(layer)
        return Page(",\n".join([row[0] for row in sent]), len(sent), after, revisions)

    def has_placeless(self, layer: LayerDefinition, query: Query) -> bool:
        """Whether a query selects a row without a place, whatever its page."""
        conditions, params = _select(layer, query)
        where = sql.SQL(" AND ").join([*conditions, sql.SQL(_PLACELESS)])
        statement = sql.SQL("SELECT EXISTS (SELECT 1 FROM {} AS t WHERE {}) AS oui").format(sql_table(layer), where)
        return bool(self._database.read(statement, params)[0]["oui"])

    def fetch_revisions(self, layer: LayerDefinition) -> str:
        """Return the revisions a page of a layer depends on, as `Page.revisions` says them."""
        return str(self._database.read(sql.SQL("SELECT {} AS lues").format(_sql_revisions(layer)))[0]["lues"])

    def fetch_item(self, layer: LayerDefinition, key: str, crs: Crs | None, *, jsonfg: bool = False) -> str:
        """Return one feature as JSON text. Raises NotFoundError."""
        try:
            rows = self._read_page(layer, Query(crs=crs, limit=1, jsonfg=jsonfg), [sql_keyed(layer)], {"cle": key})
        except (psycopg.DataError, UnicodeEncodeError):
            rows = []
        if not rows:
            raise NotFoundError(f"La collection « {layer.id} » n'a pas d'élément « {key[:60]} ».")
        return str(rows[0][0])

    def _read_page(
        self, layer: LayerDefinition, query: Query, conditions: Sequence[sql.Composable], params: dict[str, object]
    ) -> list[tuple[Any, ...]]:
        """Return (feature, sort values as texts…, revisions) of one row more than is sent."""
        where = sql.SQL(" AND ").join(conditions)
        # What the statement is made of; the rest of the query is bound, or in `where`.
        name = repr((layer.id, where.as_string(), query.fields, query.sort, query.crs, query.jsonfg, query.limit))
        with self._lock:
            statement = self._statements.get(name)
        if statement is None:
            statement = sql.SQL(_sql_page(layer, query, where).as_string())
            with self._lock:
                _keep(self._statements, name, statement)
        return self._database.read_tuples(statement, params)

    def fetch_matched(self, layer: LayerDefinition, query: Query, revisions: str) -> Matched:
        """Count what a query selects, whatever its page: exactly within a second, else as the planner estimates it."""
        conditions, params = _select(layer, query)
        tail = sql.SQL("FROM {} AS t WHERE {}").format(sql_table(layer), sql.SQL(" AND ").join(conditions))
        name = repr((revisions, tail.as_string(), params))
        with self._lock:
            known = self._counts.get(name)
        if known is None:
            known = self._count(tail, params)
            with self._lock:
                _keep(self._counts, name, known)
        return known

    def fetch_freshness(self, layers: Sequence[LayerDefinition]) -> dict[str, Freshness]:
        """Return what each layer spans and since when; what did not change is not measured again."""
        rows = self._database.read(sql.SQL("SELECT couche, revision, modifiee FROM app.revision"))
        now = {row["couche"]: (row["revision"], row["modifiee"]) for row in rows}
        with self._lock:
            known = dict(self._known)
        stale = [layer for layer in layers if layer.id not in known or known[layer.id].revision != now[layer.id][0]]
        boxes, periods = fetch_extents(self._database, stale), _fetch_periods(self._database, stale)
        known |= {layer.id: Freshness(boxes[layer.id], periods.get(layer.id), *now[layer.id]) for layer in stale}
        with self._lock:
            self._known |= known
        return {layer.id: known[layer.id] for layer in layers}

    def _count(self, tail: sql.Composed, params: dict[str, object]) -> Matched:
        rows = self._database.read_within(_COUNT_MS, sql.SQL("SELECT count(*) AS nombre {}").format(tail), params)
        if rows is not None:
            return Matched(rows[0]["nombre"], exact=True)
        plan = self._database.read(sql.SQL("EXPLAIN (FORMAT JSON) SELECT 1 {}").format(tail), params)
        return Matched(int(plan[0]["QUERY PLAN"][0]["Plan"]["Plan Rows"]), exact=False)


def _keep(memory: OrderedDict[str, V], name: str, value: V) -> None:
    """Remember the last thousand."""
    memory[name] = value
    while len(memory) > _KEPT_NAMES:
        memory.popitem(last=False)


def _sql_revisions(layer: LayerDefinition) -> sql.Composed:
    read = "(SELECT string_agg(couche || ' ' || revision, ' ' ORDER BY couche) FROM app.revision WHERE couche IN ('commune', {}))"
    return sql.SQL(read).format(sql.Literal(layer.id))


def _sql_page(layer: LayerDefinition, query: Query, where: sql.Composable) -> sql.Composed:
    places = ordered(layer, query)
    return load_sql("items").format(
        key=sql.Identifier(layer.key),
        geometry=sql_jsonfg(layer, query.crs) if query.jsonfg else sql_geometry(layer, query.crs),
        # Not json_build_object: a function takes 100 arguments, so 50 fields; a row has no such limit.
        columns=sql_columns(layer, query),
        sort=sql.SQL(", ").join(
            sql.SQL("{}::text AS {}").format(expression, sql.Identifier(f"tri{number}"))
            for number, (expression, _, _) in enumerate(places)
        ),
        revisions=_sql_revisions(layer),
        source=sql_table(layer),
        filter=where,
        lines=sql.Literal(query.limit + 1),
        order=sql.SQL(", ").join(
            sql.SQL("{} DESC NULLS LAST" if descending else "{} ASC NULLS LAST").format(expression)
            for expression, _, descending in places
        ),
    )


def _fetch_periods(database: Database, layers: Iterable[LayerDefinition]) -> dict[str, tuple[dt.date, dt.date]]:
    parts = [
        sql.SQL("SELECT {} AS couche, min(t.{field}) AS debut, max(t.{field}) AS fin FROM {table} t").format(
            sql.Literal(layer.id), field=sql.Identifier(name), table=sql_table(layer)
        )
        for layer in layers
        if (name := date_field(layer))
    ]
    rows = database.read(sql.SQL(" UNION ALL ").join(parts)) if parts else []
    return {row["couche"]: (row["debut"], row["fin"]) for row in rows if row["debut"]}


def _select(layer: LayerDefinition, query: Query) -> tuple[list[sql.Composable], dict[str, object]]:
    """Conditions on a row (alias t) and their parameters, the page apart."""
    condition, params = sql_selection(layer, query.selection)
    conditions: list[sql.Composable] = [condition]
    if query.box:
        bounds, srid = query.box
        conditions.append(sql_in_box(_BOUNDS, srid))
        params |= dict(zip(_BOUNDS, bounds, strict=True))
    day_field = date_field(layer)
    if query.dates and day_field:
        column = sql.Identifier("t", day_field)
        for name, operator, day in zip(("jour_debut", "jour_fin"), (">=", "<="), query.dates, strict=True):
            if day is not None:
                placeholder = sql.Placeholder(name)
                conditions.append(
                    sql.SQL("({column} IS NULL OR {column} " + operator + " {day}::date)").format(
                        column=column, day=placeholder
                    )
                )
                params[name] = day
    return conditions, params
