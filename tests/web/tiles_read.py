"""A tile, as its tests read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mapbox_vector_tile

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.store.db import Database

HERE = "8/130/86"  # the whole territory
MIMETYPE = "application/vnd.mapbox-vector-tile"


def decode(client: FlaskClient, ids: str, zxy: str = HERE, query: str = "") -> dict[str, list[dict[str, Any]]]:
    response = client.get(f"/tuiles/{ids}/{zxy}.mvt{query}")
    assert response.status_code in {200, 204}, response.text
    assert response.mimetype == MIMETYPE
    layers = mapbox_vector_tile.decode(response.data)
    return {name: layer["features"] for name, layer in layers.items()}


def versioned(client: FlaskClient, ids: str, zxy: str = HERE) -> str:
    named = client.get("/tuiles.json").get_json()["versions"]
    return f"/tuiles/{ids}/{','.join(named[each] for each in ids.split(','))}/{zxy}.mvt"


def add_halle(database: Database, code: str) -> None:
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.halle (code, nom, geom, precision, etat, source, millesime) VALUES (%(code)s, %(code)s,"
            " ST_Transform(ST_SetSRID(ST_MakePoint(3.39, 50.35), 4326), 2154), 'exacte', 'existant', 'x', '2026')",
            {"code": code},
        )
