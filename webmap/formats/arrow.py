"""Rows of a layer as Arrow batches, which GDAL and Parquet read without a Python object a cell. Imports pyarrow when used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webmap.formats.extrait import flatten

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from webmap.formats.extrait import Extrait

GEOMETRY = "geom"


def build_schema(extrait: Extrait, names: list[str], *, lists: bool) -> pa.Schema:
    """Return the columns: `names` of the fields, typed, then the geometry (WKB) when the layer has one."""
    import pyarrow as pa  # noqa: PLC0415 - 150 MB that only those who export pay

    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "date": pa.date32(),
        "boolean": pa.bool_(),
        "list": pa.list_(pa.string()) if lists else pa.string(),
    }
    columns = [
        pa.field(name, types[each.type], metadata={"libelle": each.label})
        for name, each in zip(names, extrait.fields, strict=True)
    ]
    return pa.schema([*columns, pa.field(GEOMETRY, pa.binary())] if extrait.layer.drawn else columns)


def stream_batches(extrait: Extrait, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows as Arrow batches; lists are JSON text where the schema has no list."""
    import pyarrow as pa  # noqa: PLC0415 - as above

    flat = {
        rank
        for rank, each in enumerate(extrait.fields)
        if each.type == "list" and pa.types.is_string(schema.field(rank).type)
    }
    for rows in extrait.rows:
        columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True))
        arrays = [
            pa.array([flatten(value) for value in column] if rank in flat else column, schema.field(rank).type)
            for rank, column in enumerate(columns)
        ]
        yield pa.record_batch(arrays, schema=schema)
