"""Zones drawn over layers of every geometry, and what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.store.conftest import define
from webmap.geo.polygon import Polygon, parse_wkt
from webmap.store.perimeters import fetch_drawn
from webmap.store.zones import Held, fetch_held

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database

BOX = (3.22729, 50.22465, 3.58092, 50.53361)
ROWS = {"id": "nombre", "type": "nombre", "label": "n", "unit": "lignes"}
MEASURES: dict[str, list[dict[str, Any]]] = {
    "point": [{**ROWS, "rule": "point_dans"}],
    "line": [
        {**ROWS, "rule": "touche"},
        {**ROWS, "id": "parts", "rule": "part_de_longueur"},
        {"id": "km", "type": "longueur", "rule": "part_de_longueur", "label": "l", "unit": "km"},
    ],
    "polygon": [
        {**ROWS, "rule": "touche"},
        {**ROWS, "id": "parts", "rule": "part_de_surface"},
        {**ROWS, "id": "centres", "rule": "centroide"},
        {"id": "km2", "type": "surface", "rule": "part_de_surface", "label": "s", "unit": "km²"},
    ],
}
LAYERS = {kind: define(geometry=kind, measures=MEASURES[kind]) for kind in MEASURES}


def read(text: str) -> Polygon:
    return parse_wkt(text, BOX)


def hold(database: Database, layer: LayerDefinition, text: str) -> Held:
    return fetch_held(database, [layer], fetch_drawn(database, read(text), BOX))[layer.id]


def told(held: Held, code: str = "polygone") -> dict[str, float]:
    found = held.summary.unites.get(code)
    return {name: value or 0 for name, value in found.valeurs.items()} if found else {}
