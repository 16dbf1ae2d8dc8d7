"""What tiles are drawn from: schema `tuile`, one table a drawn public layer, derived from `pub` and never the reverse.

Each row holds what its tiles say and its shape in EPSG:3857, whole and simplified for each band of zooms. Triggers keep it
right in the writing transaction. The layers that pave the ground are simplified together, by `refresh`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.store.attachment import sql_source
from webmap.store.coverage import simplify_coverage
from webmap.store.drawn_columns import has_labels, shape_column, simplified_bands, style_fields
from webmap.store.naming import SCHEMA
from webmap.store.statements import load_sql
from webmap.store.traces import SCHEMA as TRACE
from webmap.store.traces import sql_erase, sql_table, sql_write

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from webmap.catalog.definition import LayerDefinition

    Connection = psycopg.Connection[dict[str, Any]]

DRAWN = "tuile"
_CHUNK = 2_000  # rows written at once
# Surfaces simplified where someone waits, in a second or two. More (35 000: 26 s, over 1 GB) are left to a process of their own.
FEW = 2_000
# A place inside a surface, or halfway along the longest part of a line.
_LABEL_POINTS = {
    "polygon": "ST_PointOnSurface(m.geom)",
    "line": "(SELECT ST_LineInterpolatePoint(p.geom, 0.5) FROM ST_Dump(m.geom) p ORDER BY ST_Length(p.geom) DESC, p.path LIMIT 1)",
}


def build_drawn(connection: Connection, layers: Iterable[LayerDefinition]) -> None:
    """Make what each drawn public layer is drawn from, and drop that of any other.

    Made again when its definition changed, or when its rows were put back from a dump: no trigger saw them, and tables made anew say so.
    """
    rows = connection.execute(
        "SELECT p.relname AS nom, concat_ws(' ', p.oid, 'app.cellule'::regclass::oid) AS tables,"
        " obj_description(d.oid, 'pg_class') AS signature FROM pg_class p LEFT JOIN pg_class d"
        " ON d.relname = p.relname AND d.relkind = 'r' AND d.relnamespace = 'tuile'::regnamespace"
        " WHERE p.relkind = 'r' AND p.relnamespace = 'pub'::regnamespace"
    )
    present = {row["nom"]: row for row in rows}
    for layer in layers:
        found = present[layer.id]
        statement = _sql_build(layer) if layer.public and layer.drawn else None
        drawing = _sign(layer, statement) if statement else None
        signature = f"{drawing} {found['tables']}" if drawing else None
        if found["signature"] == signature:
            continue
        if found["signature"] is not None:
            _drop(connection, layer)
        if statement:
            connection.execute(statement)
            table = sql.Identifier(DRAWN, layer.id)
            connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(table, sql.Literal(signature)))
        if drawing and (found["signature"] or "").startswith(
            drawing
        ):  # tiles kept of what was drawn meanwhile go with it
            connection.execute(
                "UPDATE app.revision SET revision = revision + 1, modifiee = now() WHERE couche = %s", [layer.id]
            )


def _sign(layer: LayerDefinition, statement: sql.Composed) -> str:
    """Return a digest of all that says how a layer is drawn: a coverage is not simplified by the statement."""
    told = [statement.as_string(), *(str(band.metres) for band in simplified_bands(layer))]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _drop(connection: Connection, layer: LayerDefinition) -> None:
    connection.execute(
        sql.SQL(
            "DROP TABLE {}; DROP TABLE IF EXISTS {}; DROP FUNCTION {}() CASCADE; DROP FUNCTION IF EXISTS {}()"
        ).format(sql.Identifier(DRAWN, layer.id), sql.Identifier(TRACE, layer.id), _follow(layer), _remake(layer))
    )
    connection.execute("DELETE FROM tuile.couverture WHERE couche = %s", [layer.id])


def _follow(layer: LayerDefinition) -> sql.Identifier:
    return sql.Identifier(DRAWN, f"suivre_{layer.id}")


def _remake(layer: LayerDefinition) -> sql.Identifier:
    return sql.Identifier(DRAWN, f"refaire_{layer.id}")


def _sql_build(layer: LayerDefinition) -> sql.Composed:
    parts = {
        "drawn": sql.Identifier(DRAWN, layer.id),
        "layer": sql.Identifier(SCHEMA, layer.id),
        "index": sql.Identifier(f"ix_tuile_{layer.id}"),
        "key": sql.Identifier(layer.key),
        "follow": _follow(layer),
        "remake": _remake(layer),
        "rows": _sql_rows(layer, sql.Identifier(SCHEMA, layer.id)),
        "changed": _sql_rows(layer, sql.Identifier("lignes")),
        "told": sql.SQL(", ").join(
            sql.SQL("{0} = v.{0}").format(sql.Identifier(name))
            for name in ("nom", *style_fields(layer), "approximatif", "schematique")
        ),
        "forget": _sql_forget(layer),
        **_sql_traced(layer),
    }
    table = load_sql("drawn_table").format(**parts)
    return (
        table
        if not layer.covers
        else sql.SQL("{};\n{};\n{}").format(table, load_sql("drawn_remake").format(**parts), _sql_forget(layer))
    )


def _sql_traced(layer: LayerDefinition) -> dict[str, sql.Composable]:
    """Make the shapes that are encoded, and let them follow: all of them, those just written, those that were."""
    drawn, key = sql.Identifier(DRAWN, layer.id), sql.Identifier(layer.key)
    these = sql.SQL("d.cle IN (SELECT l.{} FROM {} l)")
    return {
        "traced": sql_table(layer, drawn),
        "written": sql_write(layer, drawn, these.format(key, sql.Identifier("lignes"))),
        "erased": sql_erase(layer, these.format(key, sql.Identifier("avant"))),
        "emptied": sql_erase(layer),
    }


def _sql_forget(layer: LayerDefinition) -> sql.Composed:
    """Say that the rows were not simplified together; it also makes the writers of one coverage wait for each other."""
    if not layer.covers:
        return sql.Composed([])
    return sql.SQL(
        "INSERT INTO tuile.couverture (couche) VALUES ({}) ON CONFLICT (couche) DO UPDATE SET generalisee = false;"
    ).format(sql.Literal(layer.id))


def _sql_rows(layer: LayerDefinition, table: sql.Composable) -> sql.Composed:
    columns = [
        sql.SQL("t.{} AS cle, t.{} AS nom").format(sql.Identifier(layer.key), sql.Identifier(layer.name)),
        *(sql.SQL("t.{}").format(sql.Identifier(name)) for name in style_fields(layer)),
        # MVT has no cheap NULL, and false is the common case: the attribute is there only when it is true.
        sql.SQL("CASE WHEN t.precision <> 'exacte' THEN true END AS approximatif"),
        sql.SQL("CASE WHEN t.schematique THEN true END AS schematique"),
    ]
    laterals, shapes = [], []
    last, spent = sql.Identifier("m"), 0.0
    for band in reversed(simplified_bands(layer)):
        name = sql.Identifier(shape_column(band))
        if layer.covers:
            shapes.append(sql.SQL(", NULL::geometry AS {}").format(name))
            continue
        # From the shape of the finer band, which has fewer vertices: what both steps move makes the tolerance.
        source, step = (last, band.metres - spent) if band.metres > 2 * spent else (sql.Identifier("m"), band.metres)
        laterals.append(
            sql.SQL(" CROSS JOIN LATERAL (SELECT ST_Simplify({}.geom, {}, true) AS geom OFFSET 0) {}").format(
                source, sql.Literal(step), name
            )
        )
        shapes.append(sql.SQL(", {0}.geom AS {0}").format(name))
        last, spent = name, band.metres
    return load_sql("drawn_rows").format(
        columns=sql.SQL(", ").join(columns),
        label=sql.SQL(_LABEL_POINTS[layer.geometry] if has_labels(layer) else "NULL::geometry"),
        source=sql_source(layer, table),
        bands=sql.Composed(shapes),
        simplified=sql.Composed(laterals),
    )


def refresh(connection: Connection, layers: Iterable[LayerDefinition], most: int | None = None) -> None:
    """Simplify together the rows of each layer that paves the ground and changed since, in the caller's transaction.

    Those of more than `most` rows are left as they are: drawn whole at every zoom, until they are refreshed without it.
    """
    for layer in layers:
        if not (layer.public and layer.covers and simplified_bands(layer)):
            continue
        # Locked: a row written meanwhile waits, and says after us that the coverage changed again.
        waiting = connection.execute(
            "SELECT 1 FROM tuile.couverture WHERE couche = %s AND NOT generalisee FOR UPDATE", [layer.id]
        ).fetchone()
        if waiting and (most is None or _count(connection, layer) <= most):
            _simplify(connection, layer)


def _count(connection: Connection, layer: LayerDefinition) -> int:
    found = connection.execute(sql.SQL("SELECT count(*) AS nombre FROM {}").format(sql.Identifier(DRAWN, layer.id)))
    return int(found.fetchall()[0]["nombre"])


def _simplify(connection: Connection, layer: LayerDefinition) -> None:
    table = sql.Identifier(DRAWN, layer.id)
    statement = sql.SQL("SELECT cle, ST_AsBinary(geom) AS forme FROM {} ORDER BY cle").format(table)
    rows = connection.execute(statement).fetchall()
    bands = simplified_bands(layer)
    shapes = simplify_coverage([row["forme"] for row in rows], [band.metres for band in bands])
    names = [sql.Identifier(shape_column(band)) for band in bands]
    update = sql.SQL("UPDATE {} d SET {} FROM (SELECT {}) v WHERE v.cle = d.cle::text").format(
        table,
        sql.SQL(", ").join(sql.SQL("{0} = ST_GeomFromWKB(v.{0}, 3857)").format(name) for name in names),
        sql.SQL(", ").join(
            [sql.SQL("unnest(%s::text[]) AS cle"), *(sql.SQL("unnest(%s::bytea[]) AS {}").format(n) for n in names)]
        ),
    )
    for start in range(0, len(rows), _CHUNK):
        part = slice(start, start + _CHUNK)
        keys = [str(row["cle"]) for row in rows[part]]
        connection.execute(update, [keys, *(list(of_band[part]) for of_band in shapes)])
    connection.execute(sql_write(layer, table))
    # Tiles kept of the rows drawn whole would part from the others: the revision that names them rises.
    connection.execute(
        "WITH dite AS (UPDATE tuile.couverture SET generalisee = true WHERE couche = %(couche)s)"
        " UPDATE app.revision SET revision = revision + 1, modifiee = now() WHERE couche = %(couche)s",
        {"couche": layer.id},
    )
