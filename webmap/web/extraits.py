"""A demand as a finished file: its rows from the database, handed to what writes the format."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING, Any

from webmap.formats.extrait import Extrait
from webmap.formats.kml import write_kml
from webmap.formats.parquet import write_parquet
from webmap.formats.tableur import MAX_ROWS, write_xlsx
from webmap.formats.vecteur import write_fgb, write_gpkg, write_shp_zip
from webmap.geo.crs import CRS84
from webmap.store.exports import fetch_count, stream_rows
from webmap.web.demandes import build_facts
from webmap.web.fichiers import bounded, refuse_many
from webmap.web.services import services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from webmap.store.exports import Shape
    from webmap.web.demandes import Demande

_UNDATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def write_layer(demande: Demande, form: str, path: Path) -> None:
    """Write one layer to `path`. Raises TooLargeError before it starts, or when the file grows too much."""
    point = demande.layer.geometry == "point"
    shapes: dict[str, Shape] = {"kml": "kml", "xlsx": "xy" if point else "wkt"}
    field = demande.layer.style.field if demande.layer.style and form == "kml" else None
    names = [*demande.names, *([field] if field else [])]
    with _extract(demande, names, shapes.get(form, "wkb"), path.parent) as extrait:
        refuse_many(extrait.nombre, MAX_ROWS if form == "xlsx" else extrait.nombre)
        match form:
            case "gpkg":
                write_gpkg(path, [extrait])
            case "fgb":
                write_fgb(path, extrait)
            case "shp.zip":
                write_shp_zip(path, extrait)
            case "kml":
                write_kml(path, extrait, styled=field is not None)
            case "parquet":
                write_parquet(path, extrait, crs84=demande.crs == CRS84)
            case _:
                write_xlsx(path, extrait, services().settings.territoire.titre)


def write_paquet(demandes: list[Demande], path: Path) -> None:
    """Write several layers to one GeoPackage, one after the other. Raises TooLargeError as `write_layer`."""
    with contextlib.ExitStack() as stack:
        write_gpkg(path, _each(stack, demandes, path))


def _each(stack: contextlib.ExitStack, demandes: list[Demande], path: Path) -> Iterator[Extrait]:
    total = 0
    for demande in demandes:
        extrait = stack.enter_context(_extract(demande, demande.names, "wkb", path.parent))
        total += extrait.nombre
        refuse_many(total)
        yield extrait


@contextlib.contextmanager
def _extract(demande: Demande, names: list[str], shape: Shape, folder: Path) -> Iterator[Extrait]:
    database = services().database
    count = fetch_count(database, demande.layer, demande.selection)
    refuse_many(count.nombre)
    place: tuple[Any, int] = (shape if demande.layer.drawn else "none", demande.crs.srid)
    rows = bounded(stream_rows(database, demande.layer, demande.selection, names, place), folder)
    with contextlib.closing(rows):
        yield Extrait(
            demande.layer,
            demande.fields,
            demande.crs.srid,
            count.nombre,
            count.localises,
            build_facts(demande),
            demande.state[1] or _UNDATED,
            rows,
        )
