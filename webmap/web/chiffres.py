"""A report as one flat table: a line a value, the same lines as CSV and in a workbook."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webmap.store.report import Report, UnitReport

COLUMNS = (
    "decoupage", "code", "nom", "population", "nombre_communes", "surface_km2", "couche", "mesure", "libelle", "valeur",
    "unite", "borne_min", "borne_max", "communes_masquees", "indisponible", "comptage", "regle", "source", "millesime",
    "additive", "note",
)  # fmt: skip


def build_lines(report: Report, only: UnitReport | None = None) -> Iterator[dict[str, Any]]:
    """Yield the values of every unit, or of one, then those of the whole they are read against (`decoupage` territoire)."""
    parts = [(report.decoupage, part) for part in ([only] if only else report.units)]
    if report.decoupage != "territoire":
        parts.append(("territoire", report.ensemble))
    for decoupage, part in parts:
        head = {"decoupage": decoupage, **asdict(part.unit)}
        for value in part.values:
            yield {**head, **asdict(value)}
