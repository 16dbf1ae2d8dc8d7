"""An export in GeoJSON, as its tests read it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    Collection = dict[str, Any]


def export(client: FlaskClient, layer: str, **query: str) -> Collection:
    response = client.get(f"/exports/{layer}.geojson", query_string=query)
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/geo+json"
    collection: Collection = json.loads(response.text, parse_constant=pytest.fail)
    assert collection["type"] == "FeatureCollection"
    return collection


def keys(client: FlaskClient, layer: str, **query: str) -> set[str]:
    return {feature["id"] for feature in export(client, layer, **query)["features"]}
