"""A statistical layer with a measure of each kind, filled with figures of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.store.conftest import build, define, do
from webmap.store.measures import Context, Value
from webmap.store.statistics import build_statistics, fetch_statistics
from webmap.store.summaries import Unit, fetch_units

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database

CONTEXT = Context(contours=True, contour_source="contours X", population_source="population Y", cited={})
UNIT = Unit("u", "U", 3, 4000, 50.0, ("59002", "59172", "59064"), None, None)
FIELDS = [
    {"id": "menages", "type": "integer", "label": "Ménages"},
    {"id": "personnes", "type": "integer", "label": "Personnes"},
    {"id": "taux", "type": "number", "label": "Taux"},
    {"id": "classe", "label": "Classe", "enum": {"Bourg d'été": "Bourg", "Hors champ : ville": "Hors champ"}},
    {"id": "masque", "type": "list", "label": "Secret"},
    {"id": "absent", "type": "list", "label": "Non disponible"},
]
MEASURES = [
    {"id": "somme", "type": "somme", "label": "Ménages", "unit": "ménages", "field": "menages"},
    {"id": "rapport", "type": "rapport", "label": "R", "unit": "u", "numerator": "personnes", "denominator": "menages"},
    {"id": "bornes", "type": "bornes", "label": "Taux", "unit": "%", "field": "taux", "sens": "besoin"},
    {"id": "classes", "type": "repartition", "label": "Grille", "unit": "communes", "field": "classe"},
]


def table(**changes: object) -> LayerDefinition:
    content: dict[str, Any] = {
        "geometry": "none", "style": None, "key": "code_insee", "name": "code_insee", "fields": FIELDS,
        "secret": "masque", "unavailable": "absent", "measures": [{**m, "rule": "commune"} for m in MEASURES],
    }  # fmt: skip
    return define(**{**content, **changes})


LAYER = table()
NAMES = ["classes_bourg_d_ete", "classes_hors_champ_ville", "classes_sans_donnee"]


def fill(database: Database, rows: dict[str, dict[str, Any]]) -> None:
    build(database, LAYER)
    refill(database, rows)


def refill(database: Database, rows: dict[str, dict[str, Any]]) -> None:
    """Replace the rows of a table that is made."""
    do(database, "TRUNCATE pub.essai")
    common = {"etat": "existant", "source": "s", "millesime": "2021", "precision": "commune"}
    with database.owner() as connection:
        for code, row in rows.items():
            whole = {**common, "code_insee": code, **row}
            names, marks = ", ".join(whole), ", ".join(f"%({name})s" for name in whole)
            connection.execute(f"INSERT INTO pub.essai ({names}) VALUES ({marks})".encode(), whole)


def read(database: Database, decoupage: str, layer: LayerDefinition = LAYER) -> dict[str, dict[str, Value]]:
    """Return unit -> measure -> value, the whole under « ensemble »."""
    found = fetch_statistics(database, [layer], decoupage)[layer.id]
    values = {
        unit.code: build_statistics(layer, unit, found, CONTEXT, whole=False)
        for unit in fetch_units(database, decoupage)
    }
    values["ensemble"] = build_statistics(layer, UNIT, found, CONTEXT, whole=True)
    return {code: {value.mesure: value for value in of_unit} for code, of_unit in values.items()}
