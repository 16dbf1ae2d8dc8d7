"""A selection of a layer on its way to a file: counted, as CSV, or as rows with their geometry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from psycopg import sql

from webmap.store.attachment import sql_table
from webmap.store.features import Selection, sql_order, sql_placed, sql_selection
from webmap.store.kept_rows import read_kept

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from webmap.catalog.definition import FieldDefinition, LayerDefinition
    from webmap.store.db import Database

Shape = Literal["wkb", "wkt", "xy", "kml", "none"]
# A spreadsheet runs a text that starts so: `formats/tableau.py` says the same rule, and how to undo it.
_NEUTRAL = "CASE WHEN {cell} ~ '^[=+@\\t\\r\\n''-]' THEN '''' || {cell} ELSE {cell} END"
_METRES, _DEGREES = 3, 9  # decimals of WKT and of coordinates in cells: a millimetre, a tenth of one
_WGS84 = 4326


@dataclass(frozen=True)
class Count:
    """How many rows a selection has, and how many of them have a geometry."""

    nombre: int
    localises: int


@dataclass(frozen=True)
class Cells:
    """How CSV is written: the sign between cells, the sign before decimals."""

    separateur: str = ","
    decimale: str = "."


def fetch_count(database: Database, layer: LayerDefinition, selection: Selection) -> Count:
    """Count the rows of a selection. Those of a whole layer, which any page of it says, are counted once a revision."""
    condition, params = sql_selection(layer, selection)
    counted = sql.SQL("SELECT count(*) AS nombre, count(t.geom) AS localises FROM {} t WHERE {}")
    statement = counted.format(sql_table(layer), condition)
    whole = selection == Selection(sort=selection.sort)
    found = read_kept(database, statement, None, [layer.id]) if whole else database.read(statement, params)
    return Count(**found[0])


def stream_rows(
    database: Database, layer: LayerDefinition, selection: Selection, names: Sequence[str], shape: tuple[Shape, int]
) -> Generator[list[tuple[Any, ...]], None, None]:
    """Yield rows by thousands, in the order of the selection: the columns `names`, then the geometry in the SRID of `shape`."""
    columns = [sql.SQL("t.{}").format(sql.Identifier(name)) for name in names]
    statement, params = _select(layer, selection, [*columns, *_geometry(layer, *shape)])
    return database.batches(statement, params)


def stream_csv(
    database: Database,
    layer: LayerDefinition,
    selection: Selection,
    fields: Sequence[FieldDefinition],
    shape: tuple[Shape, int],
    cells: Cells,
) -> Iterator[bytes]:
    """Yield CSV lines as COPY writes them, without a header: NULL is an empty cell, an empty text is `""`.

    A whole layer comes in the order of the table: to sort it by key would hold its first row back for a tenth of a second.
    """
    columns = [_cell(field, cells) for field in fields]
    columns += [_decimal(column, cells) if shape[0] == "xy" else column for column in _geometry(layer, *shape)]
    statement, params = _select(layer, selection, columns, ordered=selection != Selection())
    options = sql.SQL("FORMAT csv, DELIMITER {}").format(sql.Literal(cells.separateur))
    return database.stream(statement, params, options)


def _select(
    layer: LayerDefinition, selection: Selection, columns: Sequence[sql.Composable], *, ordered: bool = True
) -> tuple[sql.Composed, dict[str, object]]:
    condition, params = sql_selection(layer, selection)
    # Sorted first: what is computed before a sort is computed for every row before the first one leaves.
    statement = sql.SQL("SELECT {} FROM (SELECT * FROM {} t WHERE {} {}) t").format(
        sql.SQL(", ").join(columns),
        sql_table(layer),
        condition,
        sql.SQL("ORDER BY {}").format(sql_order(layer, selection.sort)) if ordered else sql.SQL(""),
    )
    return statement, params


def _geometry(layer: LayerDefinition, shape: Shape, srid: int) -> list[sql.Composable]:
    """Columns that say where a row is. Outer rings are counter-clockwise everywhere but in a shapefile, by its driver."""
    placed = sql_placed(layer, srid)
    decimals = sql.Literal(_DEGREES if srid == _WGS84 else _METRES)
    written = {
        "wkb": ["ST_AsBinary({placed})"],
        "wkt": ["ST_AsText({placed}, {decimals})"],
        "xy": [
            "round(ST_X({placed})::numeric, {decimals})::float8",
            "round(ST_Y({placed})::numeric, {decimals})::float8",
        ],
        "kml": ["ST_AsKML({placed}, {decimals})"],
        "none": [],
    }[shape]
    return [sql.SQL(text).format(placed=placed, decimals=decimals) for text in written]  # constants


def _cell(field: FieldDefinition, cells: Cells) -> sql.Composable:
    column = sql.SQL("t.{}").format(sql.Identifier(field.id))
    if field.type == "text":
        return sql.SQL(_NEUTRAL).format(cell=column)
    if field.type == "list":
        return sql.SQL("to_json({})::text").format(column)
    if field.type == "boolean":
        return sql.SQL("({})::text").format(column)
    return _decimal(column, cells) if field.type == "number" else column


def _decimal(column: sql.Composable, cells: Cells) -> sql.Composable:
    if cells.decimale == ".":
        return column
    return sql.SQL("replace(({})::text, '.', {})").format(column, sql.Literal(cells.decimale))
