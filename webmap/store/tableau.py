"""Rows of a layer in the order a reader chose, read by their place in it: what a table of 50 000 rows scrolls through.

The order is asked of PostgreSQL once and kept, as keys, for the revisions it was made at: a page then costs as much at the
end as at the start, whatever the sort. A cursor (`store.items`) cannot go to row 40 000 without what comes before.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from psycopg import sql

from webmap.errors import BadParameterError
from webmap.store.attachment import sql_table
from webmap.store.features import sql_order, sql_selection
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webmap.catalog.definition import FieldDefinition, LayerDefinition
    from webmap.store.db import Database
    from webmap.store.features import Selection

MAX_ROWS = 200_000  # in one order
_KEPT = 400_000  # keys, over all orders: some tens of megabytes a process


class TableauStore:
    """Reads orders and rows; forgets the orders used longest ago."""

    def __init__(self, database: Database) -> None:
        """Remember nothing yet."""
        self._database = database
        self._orders: OrderedDict[str, list[str]] = OrderedDict()
        self._lock = threading.Lock()

    def fetch_order(self, layer: LayerDefinition, selection: Selection, revisions: object) -> list[str]:
        """Return the keys of the rows of a selection, in its order, NULLs last. Raises BadParameterError above MAX_ROWS."""
        condition, params = sql_selection(layer, selection)
        statement = load_sql("tableau").format(
            key=sql.Identifier(layer.key),
            table=sql_table(layer),
            filter=condition,
            order=sql_order(layer, selection.sort),
        )
        name = repr((revisions, statement.as_string(), params))
        with self._lock:
            known = self._orders.get(name)
            if known is not None:
                self._orders.move_to_end(name)
                return known
        keys: list[str] = self._database.read(statement, params | {"plus": MAX_ROWS + 1})[0]["cles"]
        if len(keys) > MAX_ROWS:
            raise BadParameterError(f"Un tableau tient {MAX_ROWS} lignes au plus : filtrez, ou prenez l'export.")
        with self._lock:
            self._orders[name] = keys
            while len(self._orders) > 1 and sum(map(len, self._orders.values())) > _KEPT:
                self._orders.popitem(last=False)
        return keys

    def fetch_rows(self, layer: LayerDefinition, keys: Sequence[str], fields: Sequence[FieldDefinition]) -> str:
        """Return JSON arrays separated by commas: the key of a row, then its values, in the order of `keys`."""
        statement = load_sql("tableau_lignes").format(
            key=sql.Identifier(layer.key),
            type=sql.SQL(_TYPES[layer.field(layer.key).type if layer.key in layer.field_ids else "text"]),
            table=sql_table(layer),
            cells=sql.SQL(", ").join(_sql_cell(layer, field) for field in fields),
        )
        return str(self._database.read(statement, {"cles": list(keys)})[0]["texte"])


_TYPES = {"text": "text", "integer": "bigint", "number": "float8", "date": "date", "boolean": "boolean"}


def _sql_cell(layer: LayerDefinition, field: FieldDefinition) -> sql.Composable:
    """Return a value as JSON; one that the producer keeps for itself is an object that names the reason."""
    column = sql.Identifier("t", field.id)
    hidden = [
        sql.SQL("WHEN {name} = ANY(t.{list}) THEN json_build_object('absent', {reason})").format(
            name=sql.Literal(field.id), list=sql.Identifier(fields), reason=sql.Literal(reason)
        )
        for reason, fields in (("non_disponible", layer.unavailable), ("secret", layer.secret))
        if fields
    ]
    if not hidden:
        return column
    return sql.SQL("CASE WHEN {0} IS NOT NULL THEN to_json({0}) {1} END").format(column, sql.SQL(" ").join(hidden))
