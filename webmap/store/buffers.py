"""Buffers of drawn shapes. Nothing is read of the layers, nothing is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from webmap.errors import BadParameterError
from webmap.geo.crs import CRS84
from webmap.store.filter_shapes import build_shape
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from webmap.store.db import Database


def fetch_buffer(database: Database, geometry: Any, metres: float) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Return what is within `metres` of a GeoJSON geometry (WGS84): `geometrie` (GeoJSON) and `surface` (m², ellipsoid).

    Raises BadParameterError for what is no valid point, line or polygon.
    """
    if not isinstance(geometry, dict) or geometry.get("type") not in (
        "Point",
        "LineString",
        "Polygon",
    ):  # a list has no hash
        raise BadParameterError("Tampon : attendu une géométrie GeoJSON, Point, LineString ou Polygon.")
    try:
        shape = build_shape(geometry, CRS84, dense=False)
    except BadParameterError as error:  # the same rules as a filter's geometry; the sentence is about another thing
        raise BadParameterError(f"Tampon : {str(error).removeprefix('filter : ')}") from None
    row = database.read(load_sql("buffer"), {"wkb": shape.wkb, "metres": metres})[0]
    return {"geometrie": json.loads(row["geometrie"]), "surface": row["surface"]}
