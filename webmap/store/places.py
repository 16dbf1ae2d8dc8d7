"""Single rows, lists of rows and search: everything a person reads as « un lieu »."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from webmap.store.attachment import (
    UNIT,
    WITH_UNIT,
    sql_communes,
    sql_name,
    sql_near_unit,
    sql_source,
    sql_table,
    sql_tied,
)
from webmap.store.cursors import sql_keyed
from webmap.store.kept_rows import compose, read_kept_each
from webmap.store.naming import CITATION, sql_ranked, sql_searched
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database

    Row = dict[str, Any]

_LISTED_PER_LAYER = 500  # a page lists at most so many rows of one layer; the export has them all
_FOUND = 20
_CONTOURS = sql.SQL("SELECT count(*) > 0 AND bool_and(geom IS NOT NULL) AS oui FROM pub.commune")
_CONTOUR_FILE = sql.SQL(
    "SELECT nom, charge FROM app.fraicheur WHERE couche = 'commune' AND origine <> 'seed' ORDER BY charge DESC LIMIT 1"
)
_NO_CITATION = sql.SQL("SELECT NULL AS couche, NULL AS sources, NULL AS millesimes WHERE false")


@dataclass(frozen=True)
class Origins:
    """Whether every commune has its contour, the file they came from and when, in a sentence that says so when there are none.

    `cited` is, for the layers that have rows, the documents these cite and their dates.
    """

    contours: bool
    contour_source: str
    cited: Mapping[str, tuple[list[str], list[str]]]


def fetch_place(database: Database, layer: LayerDefinition, key: str) -> Row | None:
    """Return one row: fields, common columns, `etendue` (WGS84, or NULLs), `schematique`, and the communes it names."""
    statement = load_sql("place").format(
        source=sql_source(layer), keyed=sql_keyed(layer), name=sql_name(layer), communes=sql_communes(layer)
    )
    try:
        rows = database.read(statement, {"cle": key})
    except psycopg.DataError:  # not of the key's type
        return None
    return rows[0] if rows else None


def fetch_unit_places(database: Database, layers: Iterable[LayerDefinition], decoupage: str, unit: str) -> list[Row]:
    """List rows tied to a unit, and those without a place, over all the layers in one statement.

    Rows: couche, cle, nom, code_insee, precision, etat, localise (tied to the unit), dessine; at most 500 a layer.
    """
    parts = [compose(database, layer, sql_unit_places) for layer in layers]
    if not parts:
        return []
    return database.read(WITH_UNIT + sql.SQL(" UNION ALL ").join(parts), {"decoupage": decoupage, "unite": unit})


def sql_unit_places(layer: LayerDefinition) -> sql.Composed:
    """Return the statement of one layer, after WITH_UNIT."""
    return sql.SQL(
        "(SELECT {layer} AS couche, t.{key}::text AS cle, {name} AS nom, t.code_insee, t.precision, t.etat,"
        " COALESCE(u.dedans, false) AS localise, t.geom IS NOT NULL AS dessine FROM {table} t"
        " CROSS JOIN LATERAL (SELECT {tied} AS dedans OFFSET 0) u"  # OFFSET: the costly condition is told once
        " WHERE {near} AND COALESCE(u.dedans, t.geom IS NULL) ORDER BY app.cle_recherche({name}), t.{key} LIMIT {limit})"
    ).format(
        layer=sql.Literal(layer.id),
        key=sql.Identifier(layer.key),
        name=sql_name(layer),
        tied=sql_tied(layer, UNIT),
        near=sql_near_unit(layer, UNIT),
        table=sql_table(layer),
        limit=sql.Literal(_LISTED_PER_LAYER),
    )


def search_places(database: Database, layers: Iterable[LayerDefinition], text: str) -> list[Row]:
    """Return up to 20 rows of any layer whose name or key holds every word of `text`; communes first.

    Accents, case and signs do not count. A text of words of one or two letters is looked for where words begin.
    """
    return database.read(sql_search(layers), {"texte": text})


def sql_search(layers: Iterable[LayerDefinition]) -> sql.Composed:
    """Return the statement of a search, with its parameter `texte`."""
    parts = [
        sql.SQL(
            "SELECT {layer} AS couche, {rank} AS rang, t.{key}::text AS cle, {name} AS nom, t.code_insee, t.geom FROM {source}"
            " WHERE {searched_name} LIKE (SELECT motif FROM motif) OR {searched_key} LIKE (SELECT motif FROM motif)"
        ).format(
            layer=sql.Literal(layer.id),
            rank=sql.Literal(0 if layer.id == "commune" else 2 if layer.statistical else 1),
            key=sql.Identifier(layer.key),
            name=sql_name(layer),
            searched_name=sql_searched(sql_name(layer)),
            searched_key=sql_searched(sql.SQL("t.{}::text").format(sql.Identifier(layer.key))),
            source=sql_source(layer),
        )
        for layer in layers
    ]
    return load_sql("search").format(places=sql.SQL(" UNION ALL ").join(parts), limit=sql.Literal(_FOUND))


def fetch_inventory(database: Database, layers: Iterable[LayerDefinition]) -> dict[str, Row]:
    """Layer id -> lignes, localises (drawn somewhere), exactes, the sources and millesimes cited, revision, modifiee, loads.

    What the rows say is kept until the layer changes: only a layer that changed is counted again.
    """
    statements = {layer.id: compose(database, layer, _sql_inventory) for layer in layers}
    # Before the rows: a revision that is told is never ahead of what is said of them.
    told = database.read(load_sql("freshness"), {"couches": list(statements)})
    counted = read_kept_each(database, statements)
    return {row["couche"]: counted[row["couche"]][0] | row for row in told}


def _sql_inventory(layer: LayerDefinition) -> sql.Composed:
    return load_sql("inventory").format(source=sql_source(layer), citations=sql_citations(layer))


def sql_citations(layer: LayerDefinition) -> sql.Composed:
    """Return the statement that tells what the rows of a layer cite."""
    return load_sql("citations").format(layer=sql.Literal(layer.id), table=sql_table(layer), citation=CITATION)


def fetch_origins(database: Database, layers: Sequence[LayerDefinition]) -> Origins:
    """Return what figures come from: the contours and the rows of these layers. Three statements, sent at once."""
    parts = [compose(database, layer, sql_citations) for layer in layers] or [_NO_CITATION]
    (contours,), files, rows = database.read_all(
        [(_CONTOURS, None), (_CONTOUR_FILE, None), (sql.SQL(" UNION ALL ").join(parts), None)]
    )
    source = "contours des communes non chargés"
    if contours["oui"] and files:
        source = f"contours des communes : {files[0]['nom']}, chargé le {files[0]['charge']:%d/%m/%Y}"
    cited = {row["couche"]: (row["sources"], row["millesimes"]) for row in rows if row["sources"]}
    return Origins(bool(contours["oui"]), source, cited)


def fetch_revisions(database: Database, layer_ids: Iterable[str]) -> list[tuple[str, int]]:
    """Return (layer, revision), in the order of ids: one indexed read, the price of an ETag."""
    rows = database.read(
        sql.SQL("SELECT couche, revision FROM app.revision WHERE couche = ANY(%(ids)s) ORDER BY couche"),
        {"ids": list(layer_ids)},
    )
    return [(row["couche"], row["revision"]) for row in rows]


def fetch_state(database: Database, layer_id: str) -> tuple[int, dt.datetime | None]:
    """Return the revision of a layer, 0 before its first load, and when it last changed."""
    statement = sql.SQL("SELECT revision, modifiee FROM app.revision WHERE couche = %(id)s")
    rows = database.read(statement, {"id": layer_id})
    return (rows[0]["revision"], rows[0]["modifiee"]) if rows else (0, None)


def fetch_last_change(database: Database, layer_ids: Iterable[str]) -> dt.datetime | None:
    """Return when one of these layers last changed: the date of what a page says; None when none ever did."""
    rows = database.read(
        sql.SQL("SELECT max(modifiee) AS modifiee FROM app.revision WHERE couche = ANY(%(ids)s)"),
        {"ids": list(layer_ids)},
    )
    changed: dt.datetime | None = rows[0]["modifiee"]
    return changed


def contours_loaded(database: Database) -> bool:
    """Whether every commune has its real contour. Until then no area, share or geometric count is published."""
    return bool(database.read(_CONTOURS)[0]["oui"])


def fetch_commune_names(database: Database) -> dict[str, str]:
    """`code_insee` -> name of the communes of the territory."""
    rows = database.read(sql.SQL("SELECT code_insee, nom FROM pub.commune ORDER BY code_insee"))
    return {row["code_insee"]: row["nom"] for row in rows}


def check_reader(database: Database) -> None:
    """One trivial read, for `/healthz`. Raises DatabaseError."""
    database.read(sql.SQL("SELECT 1 AS un"))


def fetch_layer_places(database: Database, layer: LayerDefinition) -> list[Row]:
    """List the first 500 rows of a layer by name: cle, nom, code_insee, precision, etat, source, source_ligne, localise."""
    statement = sql.SQL(
        "SELECT t.{key}::text AS cle, {name} AS nom, t.code_insee, t.precision, t.etat, t.source, t.source_ligne,"
        " t.geom IS NOT NULL AS localise FROM {source} ORDER BY {rank}, t.{key} LIMIT {limit}"
    ).format(
        key=sql.Identifier(layer.key),
        name=sql_name(layer),
        rank=sql_ranked(sql_name(layer)),
        source=sql_source(layer),
        limit=sql.Literal(_LISTED_PER_LAYER),
    )
    return database.read(statement)
