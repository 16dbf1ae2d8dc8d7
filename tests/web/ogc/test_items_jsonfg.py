"""Items as JSON-FG: their system, their place and their time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.web.ogc.items_read import EPSG, ask

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog


FG = "http://www.opengis.net/spec/json-fg-1/1.0/conf/"


@pytest.mark.parametrize("code", [2154, 3857, 4326])
def test_jsonfg_says_its_system_and_puts_the_place_in_it(api: FlaskClient, catalog: Catalog, code: int) -> None:
    for layer in catalog.public:
        response = api.get(f"/ogc/collections/{layer.id}/items?limit=3&f=jsonfg&crs={EPSG}{code}")
        assert response.headers["Content-Type"] == "application/vnd.ogc.fg+json"
        assert response.headers["Content-Crs"] == f"<{EPSG}{code}>"
        found = json.loads(response.text, parse_constant=pytest.fail)
        plain = ask(api, layer.id, limit=3, crs=f"{EPSG}{code}")
        assert {f"{FG}core", f"{FG}types-schemas"} <= set(found["conformsTo"])
        assert found["featureType"] == layer.id
        assert found.get("coordRefSys") == (f"{EPSG}{code}" if layer.drawn else None)
        assert found.get("geometryDimension") == {"point": 0, "line": 1, "polygon": 2, "none": None}[layer.geometry]
        for feature, other in zip(found["features"], plain["features"], strict=True):
            assert feature.keys() >= {"type", "id", "time", "place", "geometry", "properties"}
            assert feature["geometry"] is None
            assert feature["place"] == other["geometry"]
            assert feature["properties"] == other["properties"]
        alone = api.get(
            f"/ogc/collections/{layer.id}/items/{quote(found['features'][0]['id'])}?f=jsonfg&crs={EPSG}{code}"
        )
        assert alone.headers["Content-Type"] == "application/vnd.ogc.fg+json"
        one = alone.get_json(force=True)
        assert {**found["features"][0], **one} == one
        assert (one["featureType"], one.get("coordRefSys")) == (layer.id, found.get("coordRefSys"))


def test_jsonfg_in_crs84_is_plain_geojson_with_a_type(api: FlaskClient) -> None:
    response = api.get("/ogc/collections/irve/items", headers={"Accept": "application/vnd.ogc.fg+json"})
    assert response.headers["Content-Type"] == "application/vnd.ogc.fg+json"
    found = response.get_json(force=True)
    assert "coordRefSys" not in found
    for feature, other in zip(found["features"], ask(api, "irve")["features"], strict=True):
        assert (feature["place"], feature["geometry"]) == (None, other["geometry"])
        assert feature["time"] == {"date": feature["properties"]["date_mise_en_service"]}
    assert api.get("/ogc/collections/irve?f=jsonfg").status_code == 400
