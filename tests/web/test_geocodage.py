"""`/adresses.json`: addresses where a service is configured, a sentence where it is not or is away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.importing.official_server import Answer, official_server
from webmap.app import create_app
from webmap.config import Geocodage

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.config import Settings
    from webmap.store.db import Database

DENAIN = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [3.39, 50.33]},
    "properties": {"label": "Rue <b>", "citycode": "59172", "type": "street", "postcode": "59220", "city": "Denain"},
}


def test_without_a_service_nothing_is_asked(reader: FlaskClient) -> None:
    answer = reader.get("/adresses.json?q=rue").get_json()
    assert answer == {"requete": "rue", "resultats": [], "source": None, "indisponible": "non configuré"}


def test_what_the_service_finds_is_passed_on(settings: Settings, database: Database) -> None:
    with official_server() as server:
        url = server.serve("/search", Answer(json.dumps({"features": [DENAIN]}).encode()))
        named = settings.model_copy(update={"geocodage": Geocodage(url=url, attribution="Essai")})
        answer = create_app(named, database).test_client().get("/adresses.json?q=rue").get_json()
    assert answer["source"] == "Essai"
    assert answer["indisponible"] is None
    assert answer["resultats"] == [
        {"nom": "Rue <b>", "nature": "voie", "detail": "59220 Denain", "lon": 3.39, "lat": 50.33}
    ]


@pytest.mark.parametrize("query", ["", "q=a&q=b", "q=" + "a" * 201, "q=%00", "q=a&limite=3"])
def test_a_bad_parameter_is_400(reader: FlaskClient, query: str) -> None:
    assert reader.get(f"/adresses.json?{query}").status_code == 400
