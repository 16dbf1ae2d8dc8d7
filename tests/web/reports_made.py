"""Reports made for tests, without a database: units and values of any numbers; and distributions put in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.store.measures import Value
from webmap.store.report import Report, UnitReport
from webmap.store.summaries import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webmap.store.db import Database

MISSING = "indisponible (contours non chargés)"
TYPES = {
    ("mare", "pour_1000_habitants"): "pour_1000",
    ("mare", "part_surface"): "part_surface",
    ("mare", "longueur_km"): "longueur",
    ("mare", "nombre"): "nombre",
    ("mare", "distincts"): "distincts",
}
_UNITS = {"pour_1000": "pour 1 000 habitants", "part_surface": "%", "longueur": "km"}
_LABELS = {
    "pour_1000": "Mares pour 1 000 habitants",
    "part_surface": "Part de la surface en mare",
    "longueur": "Mares : longueur",
}


def make_value(key: tuple[str, str], number: float | None, sens: str | None = "atout") -> Value:
    """Make a value; what `TYPES` does not name is a rate. None is missing, with its reason."""
    kind = TYPES.get(key, "pour_1000")
    return Value(
        couche=key[0],
        couche_titre="Mares",
        mesure=key[1],
        libelle=_LABELS.get(kind, f"Mares ({kind})"),
        valeur=number,
        unite=_UNITS.get(kind, "mares"),
        comptage="point_dans",
        regle="nombre de lignes : la commune indiquée est dans l'unité",
        source="Inventaire des mares",
        millesime="2019",
        additive=False,
        indisponible=MISSING if number is None else None,
        sens=sens,
    )


def make_unit(nom: str, values: Sequence[Value], population: int | None = 1000) -> UnitReport:
    """Make a unit: its code is its name in lower case."""
    return UnitReport(Unit(nom.lower(), nom, 1, population, 10.0, (nom,), None, None), tuple(values))


def make_report(
    numbers: Mapping[str, float | None], whole: float | None, key: tuple[str, str], sens: str | None = "atout"
) -> Report:
    """Make a report of one measure: unit name -> number, and the territory's."""
    units = tuple(make_unit(nom, [make_value(key, number, sens)]) for nom, number in numbers.items())
    ensemble = make_unit("Pays des Mares", [make_value(key, whole, sens)], population=10_000)
    return Report("secteur", contours=True, contour_source="contours", units=units, rests=(), ensemble=ensemble)


def add_grids(database: Database) -> None:
    """Give a class to most communes, in three grids; classes of no commune and communes of no class are left."""
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.grille_densite (code_insee, lib_com, niveau_densite, niveau_ruralite, niveau_centralite,"
            " precision, etat, source, millesime)"
            " SELECT code_insee, nom, (ARRAY['Petites villes', 'Bourgs ruraux', NULL])[1 + (code_insee::int % 3)],"
            " CASE WHEN code_insee > '59200' THEN 'Hors champ : DOM ou commune urbaine' END, 'Communes non centre',"
            " 'commune', 'existant', 'anct-grilles', 'non précisé' FROM pub.commune"
        )
