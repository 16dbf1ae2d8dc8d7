"""A report as JSON content: the units, what they leave over, the whole they are read against."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from webmap.store.units import fetch_decided
from webmap.web.atlas import decoupage_titles
from webmap.web.services import services

if TYPE_CHECKING:
    from webmap.store.report import Report, UnitReport


def build_report(report: Report, only: UnitReport | None = None) -> dict[str, Any]:
    """Return a report, or the same shape with one unit in it, as what JSON can say."""
    atlas = services()
    title, _, warning = decoupage_titles(atlas, report.decoupage, fetch_decided(atlas.database))
    return {
        "decoupage": report.decoupage,
        "titre": title,
        "avertissement": warning,
        "contours_charges": report.contours,
        "unites": [_unit(part) for part in ([only] if only else report.units)],
        "restes": [vars(rest) for rest in report.rests],
        "partages": [asdict(cut) for cut in report.partages],
        "ensemble": _unit(report.ensemble),
    }


def _unit(part: UnitReport) -> dict[str, Any]:
    unit = part.unit
    return {
        "code": unit.code,
        "nom": unit.nom,
        "population": unit.population,
        "nombre_communes": unit.nombre_communes,
        "surface_km2": unit.surface_km2,
        "communes": list(unit.communes),
        "mesures": [
            vars(value) for value in part.values
        ],  # flat: `asdict` would copy each text, for a third of the time
    }
