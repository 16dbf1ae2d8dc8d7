"""Shapes encoded when they are written: schema `trace`, one table a layer of lines or surfaces, one row a shape and band.

A tile only places them and puts them together (`sql_features`); the bytes of a row do not depend on the tile, but for its
first place and the ranks of its attributes, which have a fixed width (migrations/objects/31_octets.sql, 32_trace.sql).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from webmap.store.drawn_columns import FLAGS, drawn_values, key_type, shape_column, traced_bands
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webmap.catalog.bands import Band
    from webmap.catalog.definition import LayerDefinition

SCHEMA = "trace"
_TRUE = b"\x22\x02\x38\x01"  # the first value of a layer: that of its flags
_ALL = sql.SQL("true")
_NOTHING = sql.SQL("''::bytea")


def sql_table(layer: LayerDefinition, drawn: sql.Identifier) -> sql.Composed:
    """Make and fill the table of a layer from what is drawn of it; nothing when none of its shapes is encoded."""
    if not traced_bands(layer):
        return sql.Composed([])
    indexes = [
        sql.SQL("CREATE INDEX {} ON {} USING gist (boite) WHERE bande = {};\n").format(
            sql.Identifier(f"ix_trace_{band.zoom_max}_{layer.id}"[:63]), _table(layer), sql.Literal(band.zoom_max)
        )
        for band in traced_bands(layer)
    ]
    return load_sql("trace_table").format(
        traces=_table(layer),
        key=sql.SQL(key_type(layer)),
        fill=_sql_fill(layer, drawn, _ALL),
        indexes=sql.Composed(indexes),
        by_key=sql.Identifier(f"ix_trace_{layer.id}"[:63]),
    )


def sql_erase(layer: LayerDefinition, among: sql.Composable = _ALL) -> sql.Composed:
    """Remove the shapes of the rows (alias d) that meet `among`."""
    if not traced_bands(layer):
        return sql.Composed([])
    return sql.SQL("DELETE FROM {} d WHERE {};\n").format(_table(layer), among)


def sql_write(layer: LayerDefinition, drawn: sql.Identifier, among: sql.Composable = _ALL) -> sql.Composed:
    """Encode again the shapes of the rows (alias d) that meet `among`, from what is drawn of them."""
    if not traced_bands(layer):
        return sql.Composed([])
    return sql.SQL("{}{};").format(sql_erase(layer, among), _sql_fill(layer, drawn, among))


def _sql_fill(layer: LayerDefinition, drawn: sql.Identifier, among: sql.Composable) -> sql.Composed:
    values = [
        sql.SQL("tuile.valeur(d.{}::{})").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in {"cle": "text", **drawn_values(layer)}.items()
    ]
    said = [sql.Identifier("d", name) for name in (*drawn_values(layer), *FLAGS)]
    bits = [sql.SQL("({} IS NOT NULL)::integer << {}").format(name, sql.Literal(bit)) for bit, name in enumerate(said)]
    shapes = [
        sql.SQL("({}, d.{})").format(sql.Literal(band.zoom_max), sql.Identifier(shape_column(band)))
        for band in traced_bands(layer)
    ]
    return load_sql("trace_fill").format(
        traces=_table(layer),
        drawn=drawn,
        values=sql.SQL(" || ").join(values),
        bits=sql.SQL(" | ").join(sql.SQL("({})").format(bit) for bit in bits),
        said=sql.SQL(", ").join([sql.SQL("d.cle"), *said]),
        shapes=sql.SQL(", ").join(shapes),
        among=among,
    )


def sql_features(layer: LayerDefinition, band: Band, parts: Mapping[str, sql.Composable]) -> sql.Composed:
    """Return the bytes of a layer in a tile of the CTE `cadre`; `parts` are those of tile_traces.sql that are not of the traces."""
    head = _text(0x0A, layer.id)
    names = ["cle", *drawn_values(layer), *FLAGS]
    shape = sql.SQL("(SELECT f.{} FROM {} f WHERE f.cle = d.cle)").format(
        sql.Identifier(shape_column(band)), parts["drawn"]
    )
    return load_sql("tile_traces").format(
        **{
            **parts,
            "traces": _table(layer),
            "shape": shape,
            "zoom": sql.Literal(band.zoom_max),
            "head": sql.Literal(head),
            "head_length": sql.Literal(len(head)),
            "keys": sql.Literal(b"".join(_text(0x1A, name) for name in names) + _TRUE),
            "attributes": _sql_attributes(len(drawn_values(layer))),
            # Not by the collation of the column, which takes three times as long; on it, no index of the other tables would serve.
            "order": sql.SQL('cle COLLATE "C"' if key_type(layer) == "text" else "cle"),
            "count": sql.SQL("1 + bit_count(d.presents::bit(32))::integer"),
        }
    )


def _table(layer: LayerDefinition) -> sql.Identifier:
    return sql.Identifier(SCHEMA, layer.id)


def _text(tag: int, text: str) -> bytes:
    """Return a text as a field of a message; identifiers have fewer than 128 bytes."""
    return bytes([tag, len(text.encode())]) + text.encode()


def _sql_attributes(valued: int) -> sql.Composed:
    """Return the attributes of a row by its `rang` and what is `presents` of it: a key each, and the rank of its value.

    The key of the row and `valued` others have as many values a row, whether they are NULL or not, after the one of the flags.
    """
    each = valued + 1
    whole: list[sql.Composable] = []
    for first in range(0, each - 1, 2):
        ranks, keys = (first + 1 << 32) + first + 2, (first << 56) + (first + 1 << 24)
        step = each * (2**32 + 1)
        whole.append(
            sql.SQL("tuile.marquer(rang * {}::bigint + {}, {})").format(*map(sql.Literal, (step, ranks, keys)))
        )
    one = sql.SQL("int4send({} | tuile.trois((rang * {} + {})::integer))")
    if each % 2:
        whole.append(one.format(*map(sql.Literal, (valued << 24, each, each))))
    apart: list[sql.Composable] = [one.format(*map(sql.Literal, (0, each, 1)))]
    some = sql.SQL("CASE WHEN presents & {} > 0 THEN {} ELSE {} END")
    for rank in range(valued):
        told = one.format(*map(sql.Literal, (rank + 1 << 24, each, rank + 2)))
        apart.append(some.format(sql.Literal(1 << rank), told, _NOTHING))
    for rank in range(valued, valued + len(FLAGS)):
        flag = sql.Literal(bytes([rank + 1, 0x80, 0x80, 0]))  # the first value
        apart.append(some.format(sql.Literal(1 << rank), flag, _NOTHING))
    return sql.SQL("CASE WHEN presents = {} THEN {} ELSE {} END").format(
        sql.Literal((1 << valued) - 1), sql.SQL(" || ").join(whole), sql.SQL(" || ").join(apart)
    )
