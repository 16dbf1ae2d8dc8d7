"""What is around a place: distances as the ellipsoid gives them, nothing for what is not exactly somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from webmap.store.voisinage import REACH, fetch_voisinage

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

GEOD = Geod(ellps="GRS80")
HERE = (3.39, 50.33)


def put(database: Database, table: str, row: dict[str, Any], wkt: str) -> None:
    """Insert a row with a place; `precision` is exact unless told."""
    row = {"precision": "exacte", "code_insee": "59172", "etat": "existant", "source": "x", "millesime": "2026", **row}
    geometry = "ST_Transform(ST_GeomFromText(%(wkt)s, 4326), 2154)"
    geometry = f"ST_Multi({geometry})" if table == "qpv" else geometry
    names, values = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    with database.owner() as connection:
        connection.execute(
            f"INSERT INTO pub.{table} ({names}, geom) VALUES ({values}, {geometry})",
            row | {"wkt": wkt},
        )


def place(database: Database, table: str, code: str, wkt: str, precision: str = "exacte") -> None:
    row = {"code": code, "nom": f"Nom {code}", "commune": "x", "precision": precision}
    put(database, table, row | ({"quartier": "x"} if table == "poche_pauvrete" else {}), wkt)


def around(client: FlaskClient, path: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/fiches/{path}.json").get_json()["voisinage"]
    return found


def square(lon: float, lat: float, half: float = 0.002) -> str:
    ring = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
    return f"POLYGON(({', '.join(f'{lon + x} {lat + y}' for x, y in ring)}))"


def put_zone(database: Database, code: str, wkt: str) -> None:
    row = {"code_qp": code, "lib_qp": f"Quartier {code}", "communes": ["59172"], "communes_agglomeration": "x"}
    put(database, "qpv", row | {"partage": False, "situation": "entier"}, wkt)


def test_a_sheet_says_what_holds_a_place_and_how_far_others_are(client: FlaskClient, database: Database) -> None:
    lon, lat = HERE
    place(database, "espace_nature", "ici", f"POINT({lon} {lat})")
    put_zone(database, "QNdedans", square(lon, lat))
    put_zone(database, "QNloin", square(lon + 0.03, lat))
    east = f"POINT({lon + 0.0042} {lat})"
    place(database, "poche_pauvrete", "est", east)
    place(database, "poche_pauvrete", "plus-loin", f"POINT({lon + 0.009} {lat})")
    found = around(client, "espace_nature/ici")
    told = {(line["couche"], line["nom"]): line["relation"] for line in found["lignes"]}
    metres = GEOD.inv(lon, lat, lon + 0.0042, lat)[2]
    assert told == {
        ("qpv", "Quartier QNdedans"): "dans",
        ("poche_pauvrete", "Nom est"): f"à {round(metres, -1):.0f}\u00a0m",
    }
    assert "ellipsoïde" in found["regle"]
    page = client.get("/fiches/espace_nature/ici").text
    assert "à 300\u00a0m" in page
    assert "/fiches/qpv/QNdedans" in page


@pytest.mark.parametrize("precision", ["quartier", "commune"])
def test_an_approximate_place_has_no_distance_and_is_none(
    client: FlaskClient, database: Database, precision: str
) -> None:
    lon, lat = HERE
    place(database, "espace_nature", "flou", f"POINT({lon} {lat})", precision)
    place(database, "poche_pauvrete", "exact", f"POINT({lon} {lat})")
    assert around(client, "espace_nature/flou") == {
        "lignes": [],
        "absence": f"Position connue {'au' if precision == 'quartier' else 'à la'} {precision} : pas de distance.",
        "regle": None,
    }
    assert around(client, "poche_pauvrete/exact")["absence"].startswith("Rien des autres couches")
    assert client.get("/fiches/commune/59172.json").get_json()["voisinage"] is None


def test_surfaces_that_cross_are_told_without_distance(client: FlaskClient, database: Database) -> None:
    lon, lat = HERE
    put_zone(database, "QNa", square(lon, lat))
    place(database, "poche_pauvrete", "dans", f"POINT({lon} {lat})")
    lines = around(client, "qpv/QNa")["lignes"]
    assert [(line["nom"], line["relation"]) for line in lines] == [("Nom dans", "se touchent ou se recoupent")]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offsets=st.lists(st.tuples(st.floats(-0.02, 0.02), st.floats(-0.012, 0.012)), min_size=1, max_size=8))
def test_the_nearest_is_the_nearest_on_the_ellipsoid(
    database: Database, catalog: Catalog, offsets: list[tuple[float, float]]
) -> None:
    lon, lat = HERE
    with database.owner() as connection:
        connection.execute("DELETE FROM pub.espace_nature; DELETE FROM pub.poche_pauvrete")
    place(database, "espace_nature", "ici", f"POINT({lon} {lat})")
    points = [f"POINT({lon + x} {lat + y})" for x, y in offsets]
    with database.owner() as connection:  # one statement: its triggers draw the layer again
        connection.execute(
            "INSERT INTO pub.poche_pauvrete (code, nom, commune, quartier, precision, code_insee, etat, source, millesime, geom)"
            " SELECT i::text, 'Nom', 'x', 'x', 'exacte', '59172', 'existant', 'x', '2026',"
            " ST_Transform(ST_GeomFromText(point, 4326), 2154) FROM unnest(%s::text[]) WITH ORDINALITY AS p (point, i)",
            [points],
        )
    metres = [GEOD.inv(lon, lat, lon + x, lat + y)[2] for x, y in offsets]
    found = fetch_voisinage(database, catalog.by_id["espace_nature"], "ici", [catalog.by_id["poche_pauvrete"]])
    assert found is not None
    near = [distance for distance in metres if distance <= REACH]
    if min(metres) < REACH - 1:
        assert found[0].metres == pytest.approx(min(near), abs=0.02)
    if min(metres) > REACH + 1:
        assert found == []
