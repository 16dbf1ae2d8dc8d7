"""A layer as a workbook: « À lire », its rows, its fields. Dates are dates, numbers are numbers, texts never formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.formats.classeur import Cell, Column, Sheet, write_classeur
from webmap.formats.extrait import describe, flatten, place_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from webmap.formats.extrait import Extrait

MAX_ROWS = 100_000  # a sheet may have ten times as many, but takes 13 s of a core for these
_LONGEST_WKT = 32_767
_WGS84 = 4326
_HOW_TO_READ = {
    "Valeur manquante": "Une cellule vide : la source ne dit rien. Ce n'est jamais un zéro.",
    "Listes": "Une liste est écrite en JSON dans sa cellule.",
    "Géométrie": "Les coordonnées sont x (est ou longitude), puis y (nord ou latitude), dans le système indiqué.",
}


def write_xlsx(path: Path, extrait: Extrait, author: str) -> None:
    """Write a layer; points come as two columns x, y, anything else as WKT, left out where it is too long for a cell."""
    shape = {"point": "xy", "none": "none"}.get(extrait.layer.geometry, "wkt")
    places = place_names([field.id for field in extrait.fields], shape, degrees=extrait.srid == _WGS84)
    notes = {**extrait.facts, **_HOW_TO_READ}
    sheets = [
        Sheet("À lire", (Column("rubrique", 22, wrap=True), Column("texte", 100, wrap=True)), list(notes.items())),
        Sheet(
            "Données",
            tuple(Column(name, 20) for name in [*(field.id for field in extrait.fields), *places]),
            _stream_cells(extrait),
        ),
        Sheet(
            "Champs",
            (Column("champ", 24), Column("type", 12), Column("description", 100, wrap=True)),
            [(field.id, field.type, describe(field)) for field in extrait.fields],
        ),
    ]
    with path.open("wb") as out:
        write_classeur(out, extrait.layer.title, author, extrait.date.replace(tzinfo=None), sheets, path.parent)


def _stream_cells(extrait: Extrait) -> Iterator[Sequence[Cell]]:
    wkt = extrait.layer.geometry in {"line", "polygon"}
    for rows in extrait.rows:
        for row in rows:
            cells: list[Cell] = [flatten(value) for value in row]  # type: ignore[misc] # a list is now a text
            if wkt and row[-1] and len(row[-1]) > _LONGEST_WKT:
                cells[-1] = (
                    f"Géométrie de {len(row[-1])} caractères, trop longue pour une cellule : prendre le GeoPackage."
                )
            yield cells
