"""`/territoires/…`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def test_bassins_hold_the_whole_agglomeration(client: FlaskClient) -> None:
    report = client.get("/territoires/bassin.json").get_json()
    assert [unit["nom"] for unit in report["unites"]] == ["Amandinois", "Bassin minier", "Ostrevent"]
    assert sum(unit["nombre_communes"] for unit in report["unites"]) == 47
    assert sum(unit["population"] for unit in report["unites"]) == 158_351


def test_with_contours(client_with_contours: FlaskClient) -> None:
    assert client_with_contours.get("/territoires/territoire.json").get_json()["unites"][0]["surface_km2"] > 300
