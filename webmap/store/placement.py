"""Geometries webmap derives: schematic cells, unions of contours, and a place on the map for what is known by commune.

Nothing here enters a figure: cells live apart from `commune.geom`, and a placed point keeps its `precision`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.store import drawn
from webmap.store.naming import SCHEMA
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    import psycopg

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog

    Connection = psycopg.Connection[dict[str, Any]]


def refresh(connection: Connection, catalog: Catalog) -> None:
    """Bring every derived geometry up to date, in the caller's transaction. Rewrites only what differs.

    The same rows give the same geometries: there is no random draw, and the order of layers and keys is fixed.
    """
    decoupages = [layer for layer in catalog.layers if layer.decoupage]
    connection.execute(load_sql("cells"), {"decoupages": [layer.id for layer in decoupages]})
    connection.execute(
        "DELETE FROM app.cellule WHERE couche <> 'commune' AND NOT couche = ANY(%s)", [[d.id for d in decoupages]]
    )
    for layer in decoupages:
        connection.execute(load_sql("dissolve").format(table=sql.Identifier(SCHEMA, layer.id)), {"decoupage": layer.id})
    points = [layer for layer in catalog.layers if layer.geometry == "point"]
    if points:
        _spread(connection, points)
    drawn.refresh(connection, catalog.layers, drawn.FEW)


def _spread(connection: Connection, layers: list[LayerDefinition]) -> None:
    """Give each row known by commune or quarter its own point in the commune, across layers, so that none hides another."""
    rows = [
        sql.SQL(
            "SELECT {} AS couche, {}::text AS cle, code_insee FROM {} WHERE precision IN ('commune', 'quartier') AND code_insee IS NOT NULL"
        ).format(sql.Literal(layer.id), sql.Identifier(layer.key), sql.Identifier(SCHEMA, layer.id))
        for layer in layers
    ]
    connection.execute("DROP TABLE IF EXISTS pg_temp.place")
    connection.execute(load_sql("spread").format(rows=sql.SQL(" UNION ALL ").join(rows)))
    for layer in layers:
        statement = sql.SQL(
            "UPDATE {table} t SET geom = p.geom FROM pg_temp.place p "
            "WHERE p.couche = {layer} AND p.cle = t.{key}::text AND t.geom IS DISTINCT FROM p.geom"
        ).format(table=sql.Identifier(SCHEMA, layer.id), layer=sql.Literal(layer.id), key=sql.Identifier(layer.key))
        connection.execute(statement)
