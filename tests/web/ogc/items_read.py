"""The items of a collection, as their tests read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    Collection = dict[str, Any]

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def ask(client: FlaskClient, layer: str, **query: object) -> Collection:
    named = {name.replace("_", "-"): str(value) for name, value in query.items()}
    response = client.get(f"/ogc/collections/{layer}/items", query_string=named)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/geo+json"
    collection: Collection = json.loads(response.text, parse_constant=pytest.fail)
    assert collection["numberReturned"] == len(collection["features"])
    return collection


def keys(collection: Collection) -> list[str]:
    return [feature["id"] for feature in collection["features"]]


def following(collection: Collection) -> str | None:
    found = [link["href"] for link in collection["links"] if link["rel"] == "next"]
    if not found:
        return None
    address = urlsplit(found[0])
    return f"{address.path}?{address.query}"


def walk(client: FlaskClient, layer: str, **query: object) -> list[Collection]:
    pages = [ask(client, layer, **query)]
    while path := following(pages[-1]):
        response = client.get(path)
        assert response.status_code == 200, response.text
        pages.append(response.get_json(force=True))
    return pages
