"""GeoPackage, FlatGeobuf and shapefile, written by GDAL (pyogrio) from Arrow batches, in memory that does not grow."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING, Any

from webmap.formats.arrow import GEOMETRY, build_schema, stream_batches
from webmap.formats.extrait import Extrait, build_lisezmoi
from webmap.formats.gpkg import complete_gpkg
from webmap.formats.qml import build_qml

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

_TYPES = {"point": "Point", "line": "MultiLineString", "polygon": "MultiPolygon"}
_DBF_NAME, _DBF_TEXT = 10, 254  # bytes, by the format
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def write_gpkg(path: Path, extraits: Iterable[Extrait]) -> None:
    """Write layers into one GeoPackage, then their metadata, the labels of their fields, and their styles for QGIS."""
    written: list[Extrait] = []
    for extrait in extraits:
        _write(path, extrait, "GPKG", [field.id for field in extrait.fields], append=bool(written), FID="fid_gpkg")
        written.append(extrait)
    complete_gpkg(path, written)


def write_fgb(path: Path, extrait: Extrait) -> None:
    """Write a FlatGeobuf. A row without a place is kept, at the price of the spatial index, which takes none."""
    index = "YES" if extrait.localises == extrait.nombre > 0 else "NO"
    facts = " ; ".join(f"{name} : {text}" for name, text in extrait.facts.items())
    names = [field.id for field in extrait.fields]
    _write(path, extrait, "FlatGeobuf", names, SPATIAL_INDEX=index, TITLE=extrait.layer.title, DESCRIPTION=facts)


def write_shp_zip(path: Path, extrait: Extrait) -> None:
    """Write a zipped shapefile: UTF-8 (.cpg), its CRS (.prj), its style (.qml), and what its format cuts (LISEZMOI.txt)."""
    folder = path.parent / "shp"
    folder.mkdir()
    names = build_dbf_names([field.id for field in extrait.fields])
    cutter = _Cutter()
    shape = folder / f"{extrait.id}.shp"
    _write(shape, extrait, "ESRI Shapefile", names, cutter=cutter, encoding="UTF-8")
    if not extrait.layer.drawn:
        shape.with_suffix(".cpg").write_text("UTF-8", encoding="ascii")
    if extrait.layer.style and extrait.layer.drawn:
        renamed = {field.id: name for field, name in zip(extrait.fields, names, strict=True)}
        shape.with_suffix(".qml").write_text(build_qml(extrait.layer, renamed), encoding="utf-8")
    notes = build_dbf_notes([field.id for field in extrait.fields], names, cutter.cut)
    (folder / "LISEZMOI.txt").write_text(build_lisezmoi(extrait, notes), encoding="utf-8")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.iterdir()):
            _date_dbf(file, extrait.date)
            member = zipfile.ZipInfo(file.name, _ZIP_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            with file.open("rb") as source, archive.open(member, "w") as kept:
                shutil.copyfileobj(source, kept, 1 << 20)
            file.unlink()


def build_dbf_names(names: list[str]) -> list[str]:
    """Return names of 10 characters at most, each different whatever the case: a shapefile holds no more."""
    taken: list[str] = []
    for name in names:
        short, rank = name[:_DBF_NAME], 1
        while short.lower() in taken:
            suffix = f"_{rank}"
            short, rank = name[: _DBF_NAME - len(suffix)] + suffix, rank + 1
        taken.append(short.lower())
    return taken


def build_dbf_notes(names: list[str], short: list[str], cut: int) -> tuple[str, ...]:
    """Say what the format changed: names cut to 10 characters, texts cut to 254 bytes."""
    renamed = [f"  {after} : {before}" for before, after in zip(names, short, strict=True) if before != after]
    notes = ["Un shapefile n'a pas de listes (elles sont en JSON) ni de différence entre un texte vide et une absence."]
    if renamed:
        notes += ["Noms de champs coupés à 10 caractères, comme le veut le format :", *renamed]
    if cut:
        notes.append(f"Textes coupés à {_DBF_TEXT} octets : {cut}. Le GeoPackage les contient entiers.")
    return tuple(notes)


class _Cutter:
    """Cuts texts to what a shapefile holds, and counts them."""

    def __init__(self) -> None:
        self.cut = 0

    def text(self, value: str | None) -> str | None:
        whole = value.encode() if value else b""
        if len(whole) <= _DBF_TEXT:
            return value
        self.cut += 1
        return whole[:_DBF_TEXT].decode(errors="ignore")

    def batches(self, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa  # noqa: PLC0415 - loaded when a file is asked for

        for batch in batches:
            columns = [
                pa.array([self.text(value) for value in column.to_pylist()], pa.string())
                if pa.types.is_string(column.type)
                else column
                for column in batch.columns
            ]
            yield pa.record_batch(columns, schema=schema)


class _Watched:
    """Batches whose error is kept: it would come out of GDAL as a line of C."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._batches
        except Exception as error:
            self.error = error
            raise


def _write(
    path: Path,
    extrait: Extrait,
    driver: str,
    names: list[str],
    *,
    cutter: _Cutter | None = None,
    **options: Any,  # noqa: ANN401 - what pyogrio passes to the driver
) -> None:
    import pyarrow as pa  # noqa: PLC0415 - loaded when a file is asked for
    from pyogrio import write_arrow  # noqa: PLC0415 - as above

    schema = build_schema(extrait, names, lists=False)
    batches = stream_batches(extrait, schema)
    watched = _Watched(cutter.batches(batches, schema) if cutter else batches)
    place: dict[str, Any] = {}
    if extrait.layer.drawn:
        place = {
            "geometry_name": GEOMETRY,
            "geometry_type": _TYPES[extrait.layer.geometry],
            "crs": f"EPSG:{extrait.srid}",
        }
    try:
        reader = pa.RecordBatchReader.from_batches(schema, watched)
        write_arrow(reader, path, driver=driver, layer=extrait.id, **place, **options)
    except Exception:
        if watched.error:
            raise watched.error from None
        raise


def _date_dbf(file: Path, date: dt.datetime) -> None:
    """Write the layer's date in a .dbf in place of today's, so that the same content makes the same bytes."""
    if file.suffix == ".dbf":
        with file.open("r+b") as table:
            table.seek(1)
            table.write(bytes((date.year - 1900, date.month, date.day)))
