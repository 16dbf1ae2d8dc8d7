"""Exported files read back by other programs than ours, and what a value becomes in each format."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
from typing import TYPE_CHECKING, Any

import openpyxl
import pyogrio
import shapely
from openpyxl.utils.escape import unescape
from pyarrow import parquet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    Rows = dict[str, dict[str, Any]]

FILES = ("gpkg", "shp.zip", "fgb", "kml", "csv", "xlsx", "parquet", "geojson", "geojsonl")
# What a shapefile calls them: ten characters.
SHORT = {"nombre_ree": "nombre_reel", "liste_de_n": "liste_de_noms", "liste_de_1": "liste_de_noms_bis",
         "source_lig": "source_ligne"}  # fmt: skip


def take(client: FlaskClient, layer: str, form: str, folder: Path, **query: str) -> Path:
    with client.get(f"/exports/{layer}.{form}", query_string=query) as response:
        assert response.status_code == 200, response.get_data(as_text=True)
        path = folder / f"{layer}.{form}"
        path.write_bytes(response.data)
    return path


def read(path: Path, form: str) -> Rows:
    """Return key -> values, `geom` among them, as the format's own reader gives them."""
    if form in {"geojson", "geojsonl"}:
        text = path.read_text(encoding="utf-8")
        features = (
            json.loads(text)["features"]
            if form == "geojson"
            else [json.loads(line) for line in text.split("\n") if line]
        )
        return {
            f["id"]: f["properties"] | {"geom": f["geometry"] and shapely.geometry.shape(f["geometry"])}
            for f in features
        }
    if form == "csv":
        with path.open(encoding="utf-8", newline="") as file:
            return {row["code"]: placed(row) for row in csv.DictReader(file)}
    if form == "xlsx":
        header, *lines = openpyxl.load_workbook(path)["Données"].iter_rows(values_only=True)
        found: list[dict[str, Any]] = [
            {str(n): unescape(v) if isinstance(v, str) else v for n, v in zip(header, line, strict=True)}
            for line in lines
        ]
        return {str(row["code"]): placed(row) for row in found}
    if form == "parquet":
        table = parquet.read_table(path)
        return {
            row["code"]: row | {"geom": row.get("geom") and shapely.from_wkb(row["geom"])} for row in table.to_pylist()
        }
    source = f"/vsizip/{path}" if form == "shp.zip" else path
    options = {"shp.zip": {"encoding": "UTF-8"}, "gpkg": {"layer": path.stem}}.get(form, {})
    if form == "fgb":
        return read_fgb(path)
    told, table = pyogrio.read_arrow(source, **options)
    shape = told["geometry_name"] or "wkb_geometry"
    rows = [{SHORT.get(name, name): value for name, value in row.items()} for row in table.to_pylist()]
    return {str(row["code"]): row | {"geom": row.get(shape) and shapely.from_wkb(row[shape])} for row in rows}


def is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def read_fgb(path: Path) -> Rows:
    """Return a FlatGeobuf by columns: GDAL's Arrow reader of this format stumbles on a row without a place."""
    told, _, places, columns = pyogrio.raw.read(path)
    names = list(told["fields"])
    whole: dict[str, Callable[[Any], Any]] = {"entier": int, "oui_non": bool}
    rows = {}
    for place, *values in zip(places if places is not None else columns[0], *columns, strict=True):
        row: dict[str, Any] = {}
        for name, value in zip(names, values, strict=True):
            given = value.tolist() if hasattr(value, "tolist") else value
            row[name] = None if given is None or is_nan(given) else whole.get(name, lambda same: same)(given)
        rows[str(row["code"])] = row | {"geom": shapely.from_wkb(place) if isinstance(place, bytes) else None}
    return rows


def placed(row: dict[str, Any]) -> dict[str, Any]:
    if row.get("lon") not in {None, ""} or row.get("x") not in {None, ""}:
        x, y = (row["lon"], row["lat"]) if "lon" in row else (row["x"], row["y"])
        return row | {"geom": shapely.Point(float(x), float(y))}
    return row | {"geom": shapely.from_wkt(row["wkt"]) if row.get("wkt") else None}


def written(value: object, form: str, field: str = "") -> object:  # noqa: PLR0911 - a line a format
    """Return what a value becomes in a format: the list of docs/utilisation.md."""
    if isinstance(value, list):
        if form in {"geojson", "geojsonl", "parquet"}:
            return value
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if form in {"geojson", "geojsonl"} and isinstance(value, dt.date):
        return value.isoformat()
    if form == "csv":
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        hostile = field in {"nom", "sorte"} and text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "'"))
        return f"'{text}" if hostile else text
    if form == "xlsx" and isinstance(value, dt.date):
        return value.isoformat() if value.year < 1900 else dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - as a cell holds it
    if form == "fgb" and isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - it has no dates without a time
    if form == "kml" and isinstance(value, str):
        return "".join(sign if sign >= " " or sign in "\t\n\r" else "\ufffd" for sign in value)
    if form == "shp.zip" and isinstance(value, str):
        return value.encode()[:254].decode(errors="ignore")
    return value


def same(found: object, expected: object, form: str) -> bool:
    if isinstance(expected, float) and isinstance(found, int | float):
        return math.isclose(found, expected, rel_tol=1e-12)
    if form in {"shp.zip", "xlsx", "kml"} and expected in {None, ""} and not isinstance(expected, bool):
        return found in {None, ""}
    if form == "kml":
        if isinstance(expected, int) and not isinstance(expected, bool):
            return found == expected  # a double
        # XML has one line end, GDAL strips the blanks around a value, and reads a date as text.
        return " ".join(str(found).split()) == " ".join((str(expected)).split())
    if form == "csv":
        return str(found).replace("\r\n", "\n") == str(expected).replace("\r\n", "\n")
    return found == expected and isinstance(found, bool) == isinstance(expected, bool)
