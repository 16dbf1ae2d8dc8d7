"""GeoParquet 1.1, written by pyarrow batch by batch: WKB, its CRS as PROJJSON, its types and its box."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import shapely
from pyproj import CRS

from webmap.formats.arrow import GEOMETRY, build_schema, stream_batches

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from webmap.formats.extrait import Extrait

_TYPES = {"point": "Point", "line": "MultiLineString", "polygon": "MultiPolygon"}


def write_parquet(path: Path, extrait: Extrait, *, crs84: bool) -> None:
    """Write a layer; `crs84` says that degrees are CRS84, which is what a GeoParquet without a CRS is in."""
    from pyarrow import parquet  # noqa: PLC0415 - loaded when a file is asked for

    schema = build_schema(extrait, [field.id for field in extrait.fields], lists=True)
    bounds: list[float] = []
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in stream_batches(extrait, schema):
            writer.write_batch(batch)
            if extrait.layer.drawn:
                bounds = _extend(bounds, batch)
        told = {"webmap": json.dumps(extrait.facts, ensure_ascii=False)}
        if extrait.layer.drawn:
            told["geo"] = json.dumps(_build_geo(extrait, bounds, crs84=crs84))
        writer.add_key_value_metadata(told)


def _extend(bounds: list[float], batch: pa.RecordBatch) -> list[float]:
    box = [float(value) for value in shapely.total_bounds(shapely.from_wkb(batch.column(GEOMETRY).to_pylist()))]
    if math.isnan(box[0]):
        return bounds
    if not bounds:
        return box
    return [min(bounds[0], box[0]), min(bounds[1], box[1]), max(bounds[2], box[2]), max(bounds[3], box[3])]


def _build_geo(extrait: Extrait, bounds: list[float], *, crs84: bool) -> dict[str, Any]:
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": [_TYPES[extrait.layer.geometry]]}
    if extrait.layer.geometry == "polygon":
        column["orientation"] = "counterclockwise"
    if not crs84:
        column["crs"] = CRS.from_epsg(extrait.srid).to_json_dict()
    if bounds:
        column["bbox"] = bounds
    return {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
