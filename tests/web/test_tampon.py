"""`/tampon.json`: what is within so many metres of a shape, on the ellipsoid."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyproj import Geod

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

GEOD = Geod(ellps="WGS84")
CROSSED = [[3, 50], [3.1, 50.1], [3.1, 50], [3, 50.1], [3, 50]]
POINT = {"type": "Point", "coordinates": [3.4, 50.4]}


def ask(client: FlaskClient, geometry: object, metres: object = 300) -> TestResponse:
    return client.post(f"/tampon.json?metres={metres}", json=geometry, content_type="application/geo+json")


@given(lon=st.floats(3.0, 3.8), lat=st.floats(50.0, 50.8), metres=st.floats(1, 20_000))
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_vertex_is_at_that_distance(reader: FlaskClient, lon: float, lat: float, metres: float) -> None:
    answer = ask(reader, {"type": "Point", "coordinates": [lon, lat]}, metres).get_json()
    [ring] = answer["geometrie"]["coordinates"]
    assert len(ring) == 65
    for x, y in ring:
        assert GEOD.inv(lon, lat, x, y)[2] == pytest.approx(metres, rel=1e-6, abs=0.02)
    assert answer["surface"] == pytest.approx(math.pi * metres**2, rel=4e-3)


def test_the_address_and_the_body_say_the_same(reader: FlaskClient) -> None:
    asked = reader.get("/tampon.json", query_string={"metres": "300", "geometrie": json.dumps(POINT)})
    assert asked.get_json() == ask(reader, POINT).get_json()
    assert "ellipsoïde" in asked.get_json()["regle"]


@pytest.mark.parametrize("metres", ["", "0", "-5", "nan", "1e9", "cent"])
def test_a_distance_that_is_none_is_400(reader: FlaskClient, metres: str) -> None:
    assert ask(reader, POINT, metres).status_code == 400


@pytest.mark.parametrize(
    "geometry",
    [
        None, 3, [], {}, {"type": []}, {"type": "MultiPoint", "coordinates": [[3, 50]]}, {"type": "Point", "coordinates": [500, 1]},
        {"type": "LineString", "coordinates": [[3.4, 50.4]]}, {"type": "Polygon", "coordinates": [CROSSED]},
        {"type": "Polygon", "coordinates": "x"}, {"type": "Point", "coordinates": [True, "a"]},
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_shape_is_400(reader: FlaskClient, geometry: object) -> None:
    answer = ask(reader, geometry)
    assert answer.status_code == 400
    assert answer.get_json()["detail"].startswith("Tampon : ")


def test_other_bodies_are_refused(reader: FlaskClient) -> None:
    assert reader.post("/tampon.json?metres=3", data=b"x").status_code == 415
    assert reader.post("/tampon.json?metres=3", data=b"[" * 90_000, content_type="application/json").status_code == 400
    assert reader.post("/tampon.json?metres=3", data=b" " * 100_001, content_type="application/json").status_code == 413
    assert reader.get("/tampon.json?metres=3").status_code == 400


def test_a_line_across_the_territory_is_widened_by_as_much_everywhere(reader: FlaskClient) -> None:
    line = [[3.25, 50.25], [3.55, 50.5]]
    [ring] = ask(reader, {"type": "LineString", "coordinates": line}, 500).get_json()["geometrie"]["coordinates"]
    for lon, lat in line:
        nearest = min(GEOD.inv(lon, lat, x, y)[2] for x, y in ring)
        assert nearest == pytest.approx(500, rel=2e-5, abs=0.02)
