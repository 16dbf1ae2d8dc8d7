"""Rows of an official source, staged beside the layer, then brought in by the caller's transaction: all or nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from webmap.errors import ImportRefusedError
from webmap.store.naming import SCHEMA
from webmap.store.statements import error_line, load_sql

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from webmap.catalog.definition import LayerDefinition

    Connection = psycopg.Connection[dict[str, Any]]
    Row = dict[str, Any]

# What is left of a repaired geometry must have the layer's dimension, as ST_CollectionExtract numbers them.
_DIMENSIONS = {"point": 1, "line": 2, "polygon": 3}


@dataclass(frozen=True)
class Changes:
    """What a refresh did to a layer, and what it noticed. Counts of rows."""

    lues: int = 0
    hors_territoire: int = 0
    sans_geometrie: int = 0
    reparees: int = 0
    communes_contredites: int = 0
    creees: int = 0
    modifiees: int = 0
    retirees: int = 0

    def as_report(self) -> dict[str, int]:
        """Return the counts by name, for `app.chargement`."""
        return asdict(self)


def stage(connection: Connection, layer: LayerDefinition, rows: Iterable[Row]) -> tuple[int, int]:
    """Copy rows into a temporary table; return how many, and how many repeated a key.

    A row has the fields, the common columns and `geometry` (GeoJSON text in WGS84, or None). Rows that repeat a key become
    one: the last, with the lists of all (the national consolidations repeat themselves; a station comes once a line).
    """
    columns, key = _columns(layer), sql.Identifier(layer.key)
    connection.execute("DROP TABLE IF EXISTS pg_temp.stage")
    connection.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE stage ON COMMIT DROP AS"
            " SELECT {columns}, NULL::text AS geometry, NULL::geometry AS brute, NULL::bigint AS rang FROM {table} LIMIT 0"
        ).format(columns=_joined(columns), table=sql.Identifier(SCHEMA, layer.id))
    )
    count = 0
    statement = sql.SQL("COPY pg_temp.stage ({}, geometry, rang) FROM STDIN").format(_joined(columns))
    with connection.cursor().copy(statement) as copy:
        for count, row in enumerate(rows, 1):
            copy.write_row([*(row.get(name) for name in columns), row["geometry"], count])
    for name in (field.id for field in layer.fields if field.type == "list"):
        connection.execute(load_sql("stage_lists").format(key=key, list=sql.Identifier(name)))
    repeated = connection.execute(load_sql("stage_dedupe").format(key=key)).rowcount
    return count, repeated


def _columns(layer: LayerDefinition) -> list[str]:
    common = ("precision", "code_insee", "etat", "source", "source_ligne", "source_url", "millesime")
    return list(dict.fromkeys((*layer.field_ids, *common)))


def _joined(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def build_geometries(connection: Connection, layer: LayerDefinition) -> tuple[int, int]:
    """Turn staged GeoJSON into valid Lambert-93 geometries of the layer's type; return (repaired, without geometry).

    Raises ImportRefusedError when one cannot be read at all.
    """
    statement = load_sql("stage_geometries")
    params = {"dimension": _DIMENSIONS[layer.geometry], "multi": layer.geometry != "point"}
    try:
        row = connection.execute(statement, params).fetchone()
    except (psycopg.errors.InternalError_, psycopg.errors.DataError) as error:
        raise ImportRefusedError(f"Une géométrie de la source est illisible ({error_line(error)}).") from error
    return (row["reparees"], row["sans_geometrie"]) if row else (0, 0)


def keep_territory(connection: Connection, extent: tuple[float, float, float, float]) -> int:
    """Drop staged rows that do not touch the territory; return how many. By contour, else by `code_insee`, else by box.

    A row without a geometry that names one of our communes is kept, and known by its commune only.
    """
    west, south, east, north = extent
    params = {"ouest": west, "sud": south, "est": east, "nord": north}
    dropped = connection.execute(load_sql("stage_territory"), params).rowcount
    connection.execute("UPDATE pg_temp.stage SET precision = 'commune' WHERE brute IS NULL")
    return dropped


def drop_foreign(connection: Connection, layer: LayerDefinition, others: Sequence[str]) -> list[str]:
    """Drop staged rows whose key one of the layer's `others` sources already gave; return these keys. None is overwritten."""
    statement = sql.SQL(
        "DELETE FROM pg_temp.stage s USING {table} t WHERE t.{key} = s.{key} AND t.source = ANY(%s) RETURNING s.{key}::text AS cle"
    ).format(table=sql.Identifier(SCHEMA, layer.id), key=sql.Identifier(layer.key))
    return sorted(row["cle"] for row in connection.execute(statement, [list(others)]))


def tie_communes(connection: Connection) -> int:
    """Fill the missing `code_insee` of staged points from the contours; return how many rows contradict theirs."""
    connection.execute(load_sql("stage_communes"))
    row = connection.execute(load_sql("stage_contradictions")).fetchone()
    return row["nombre"] if row else 0


def count_source(connection: Connection, layer: LayerDefinition, source: str) -> int:
    """Count the rows of a layer that cite a source."""
    statement = sql.SQL("SELECT count(*) AS nombre FROM {} WHERE source = %s").format(sql.Identifier(SCHEMA, layer.id))
    row = connection.execute(statement, [source]).fetchone()
    return row["nombre"] if row else 0


def count_staged(connection: Connection) -> int:
    """Count what is staged."""
    row = connection.execute("SELECT count(*) AS nombre FROM pg_temp.stage").fetchone()
    return row["nombre"] if row else 0


def replace_rows(
    connection: Connection, layer: LayerDefinition, source: str, given: Collection[str]
) -> tuple[int, int, int]:
    """Make the rows citing `source` be the staged ones; return (created, changed, removed). Equal rows are not rewritten.

    Of a row that is there, only the common columns and the `given` fields are written: what the source knows. One that
    only got a newer `millesime` is rewritten, and is not counted as changed.
    """
    parts = {"table": sql.Identifier(SCHEMA, layer.id), "key": sql.Identifier(layer.key)}
    removed = connection.execute(
        sql.SQL(
            "DELETE FROM {table} t WHERE source = %s AND NOT EXISTS (SELECT 1 FROM pg_temp.stage s WHERE s.{key} = t.{key})"
        ).format(**parts),
        [source],
    ).rowcount
    settable = [
        name for name in _columns(layer) if name != layer.key and (name in given or name not in layer.field_ids)
    ]
    # A row known by its commune is placed later, by `placement.refresh`: the place it has is not a difference.
    geom = sql.SQL("CASE WHEN s.brute IS NULL AND t.precision <> 'exacte' THEN t.geom ELSE s.brute END")
    said: list[tuple[sql.Identifier, sql.Composable]] = [
        (sql.Identifier(name), sql.Identifier("s", name)) for name in settable
    ]
    said.append((sql.Identifier("geom"), geom))
    different = [
        sql.SQL("t.{} IS DISTINCT FROM {}").format(*pair) for pair in said if pair[0] != sql.Identifier("millesime")
    ]
    statement = sql.SQL("SELECT count(*) AS nombre FROM {table} t JOIN pg_temp.stage s USING ({key}) WHERE {different}")
    row = connection.execute(statement.format(different=sql.SQL(" OR ").join(different), **parts)).fetchone()
    sets = sql.SQL(", ").join(sql.SQL("{} = {}").format(*pair) for pair in said)
    newer = sql.SQL(" OR ").join([*different, sql.SQL("t.millesime IS DISTINCT FROM s.millesime")])
    statement = sql.SQL("UPDATE {table} t SET {sets} FROM pg_temp.stage s WHERE s.{key} = t.{key} AND ({newer})")
    connection.execute(statement.format(sets=sets, newer=newer, **parts))
    statement = sql.SQL(
        "INSERT INTO {table} ({names}, geom) SELECT {names}, brute FROM pg_temp.stage s"
        " WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.{key} = s.{key}) ORDER BY {key}"
    )
    created = connection.execute(statement.format(names=_joined(_columns(layer)), **parts)).rowcount
    # The web's connections keep the plans of summaries: those made for a table that was empty would last until autovacuum.
    connection.execute(sql.SQL("ANALYZE {table}").format(**parts))
    return created, row["nombre"] if row else 0, removed


def set_geometries(connection: Connection, layer: LayerDefinition, compare: Iterable[str]) -> tuple[int, list[str]]:
    """Give rows that are there the staged geometry of their key; return how many changed, and where texts differ.

    `compare` names the staged fields to read against ours: a difference is told in French, never written. The order of a
    list is no difference.
    """
    table, key = sql.Identifier(SCHEMA, layer.id), sql.Identifier(layer.key)
    changed = connection.execute(
        sql.SQL(
            "UPDATE {table} t SET geom = s.brute, precision = 'exacte' FROM pg_temp.stage s"
            " WHERE s.{key} = t.{key} AND s.brute IS NOT NULL AND (t.geom IS DISTINCT FROM s.brute OR t.precision <> 'exacte')"
        ).format(table=table, key=key)
    ).rowcount
    told: list[str] = []
    for name in compare:
        is_list = name in layer.field_ids and layer.field(name).type == "list"
        text = "(SELECT string_agg(x, ', ' ORDER BY x) FROM unnest({}) x)" if is_list else "{}::text"
        ours, theirs = (sql.SQL(text).format(sql.Identifier(alias, name)) for alias in ("t", "s"))
        statement = sql.SQL(
            "SELECT t.{key}::text AS cle, {ours} AS ici, {theirs} AS source FROM {table} t"
            " JOIN pg_temp.stage s ON s.{key} = t.{key} WHERE {ours} IS DISTINCT FROM {theirs} ORDER BY 1 LIMIT 20"
        ).format(table=table, key=key, ours=ours, theirs=theirs)
        told += [
            f"{r['cle']} : {name} = « {r['ici'] or ''} » ici, « {r['source'] or ''} » à la source"
            for r in connection.execute(statement)
        ]
    return changed, told


def measure_shares(connection: Connection, layer: LayerDefinition, shared: str) -> list[tuple[str, float, bool | None]]:
    """Return (key, share of its area inside the contours, what the field `shared` says) of each row that has a geometry.

    Empty while a contour is missing: nothing can be measured then.
    """
    statement = load_sql("stage_shares").format(
        table=sql.Identifier(SCHEMA, layer.id), key=sql.Identifier(layer.key), shared=sql.Identifier(shared)
    )
    return [(row["cle"], row["part"], row["partage"]) for row in connection.execute(statement)]


def compare_keys(connection: Connection, layer: LayerDefinition) -> tuple[int, list[str], list[str]]:
    """Return how many rows we have, those keys that the source lacks, and the staged keys of the territory that we lack.

    At most 500 keys each. While a contour is missing, nothing tells which staged rows are the territory's: none is named.
    """
    table, key = sql.Identifier(SCHEMA, layer.id), sql.Identifier(layer.key)
    ours = sql.SQL(
        "SELECT {key}::text AS cle FROM {table} EXCEPT SELECT {key}::text FROM pg_temp.stage WHERE brute IS NOT NULL"
        " ORDER BY 1 LIMIT 500"
    ).format(key=key, table=table)
    theirs = load_sql("stage_unknown").format(key=key, table=table)
    counted = connection.execute(sql.SQL("SELECT count(*) AS nombre FROM {}").format(table)).fetchone()
    here = counted["nombre"] if counted else 0
    return here, [r["cle"] for r in connection.execute(ours)], [r["cle"] for r in connection.execute(theirs)]
