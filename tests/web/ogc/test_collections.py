"""The landing page, the conformance declaration, the collections and their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from tests.web.conftest import Page
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
SYSTEMS = [
    "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    *(f"http://www.opengis.net/def/crs/EPSG/0/{code}" for code in (2154, 3950, 3857, 4326)),
]


def get(client: FlaskClient, path: str, mimetype: str = "application/json") -> dict[str, Any]:
    response = client.get(path)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == mimetype
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    content: dict[str, Any] = response.get_json(force=True)
    return content


def links(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {link["rel"]: link for link in document["links"]}


def path_of(link: dict[str, str]) -> str:
    address = urlsplit(link["href"])
    return f"{address.path}?{address.query}" if address.query else address.path


def test_every_link_of_the_landing_page_leads_to_what_it_says(api: FlaskClient) -> None:
    for root in ("/ogc", "/ogc/"):
        found = get(api, root)
        assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data", f"{REL}data"} <= links(
            found
        ).keys()
        for link in found["links"]:
            response = api.get(path_of(link))
            assert (response.status_code, response.headers["Content-Type"].split("; ")[0]) == (
                200,
                link["type"].split("; ")[0],
            )


def test_what_is_declared_is_a_known_class(api: FlaskClient) -> None:
    classes = get(api, "/ogc/conformance")["conformsTo"]
    assert len(set(classes)) == len(classes)
    for part in (
        "ogcapi-features-1/1.0/conf/core",
        "ogcapi-features-2/1.0/conf/crs",
        "ogcapi-features-3/1.0/conf/filter",
    ):
        assert f"http://www.opengis.net/spec/{part}" in classes
    for absent in ("oas31", "ogcapi-features-4", "property-property", "arithmetic", "queryables-query-parameters"):
        assert not any(absent in name for name in classes)


def test_collections_are_the_public_layers(
    api: FlaskClient, catalog: Catalog, read_page: Callable[[str], Page]
) -> None:
    first = get(api, "/ogc/collections")
    second = get(api, "/ogc/collections?sans_lieu=true")
    (following,) = [path_of(link) for link in first["links"] if link["rel"] == "next"]
    assert following.startswith("/ogc/collections")
    assert first["numberMatched"] == second["numberMatched"] == first["numberReturned"] + second["numberReturned"]
    # A table that no row of has a place comes on the second page, whatever is on the first.
    drawn = [layer for layer in catalog.public if layer.drawn]
    tables = [layer for layer in catalog.public if not layer.drawn]
    found = first["collections"] + second["collections"]
    assert [each["id"] for each in found] == [layer.id for layer in (*drawn, *tables)]
    page = read_page(api.get("/ogc/collections?f=html").text)
    assert all(any(f"/ogc/collections/{layer.id}?" in href for href in page.links()) for layer in catalog.public)
    assert api.get("/ogc/collections?sans_lieu=oui").status_code == 400
    for each, layer in zip(found, (*drawn, *tables), strict=True):
        alone = get(api, f"/ogc/collections/{layer.id}")
        assert {**alone, "links": 0} == {**each, "links": 0}
        assert (each["title"], each["licence"], each["producteur"]) == (
            layer.title,
            layer.source.licence,
            layer.source.producer,
        )
        assert each["description"].startswith(layer.description)
        assert each["crs"] == SYSTEMS
        assert each.get("storageCrs") == ("http://www.opengis.net/def/crs/EPSG/0/2154" if layer.drawn else None)
        assert each["keywords"]
        assert each["updated"]
        assert each["itemType"] == "feature"
        assert ("spatial" in each["extent"]) == layer.drawn
        led = {(link["rel"], path_of(link)) for link in each["links"]}
        assert {("describedby", f"/couches/{layer.id}"), ("enclosure", f"/exports/{layer.id}.geojson")} <= led
        assert "license" in links(each)


def test_the_extent_holds_every_place_and_every_day(api: FlaskClient, placed_database: Database) -> None:
    extent = get(api, "/ogc/collections/irve")["extent"]
    with placed_database.owner() as connection:
        row = connection.execute(
            "SELECT min(ST_X(p)) AS w, min(ST_Y(p)) AS s, max(ST_X(p)) AS e, max(ST_Y(p)) AS n, min(d)::text AS a, max(d)::text AS z"
            " FROM (SELECT ST_Transform(geom, 4326) AS p, date_mise_en_service AS d FROM pub.irve) t"
        ).fetchone()
    assert row
    west, south, east, north = extent["spatial"]["bbox"][0]
    assert west <= row["w"] < west + 1e-6
    assert south <= row["s"] < south + 1e-6
    assert east - 1e-6 < row["e"] <= east
    assert north - 1e-6 < row["n"] <= north
    assert [[day[:10] for day in interval] for interval in extent["temporal"]["interval"]] == [[row["a"], row["z"]]]


def test_a_change_moves_extent_revision_and_date(own_api: tuple[FlaskClient, Database]) -> None:
    client, database = own_api
    before = get(client, "/ogc/collections/irve")
    with database.owner() as connection:
        connection.execute("UPDATE pub.irve SET geom = ST_Translate(geom, -5000, 0)")
    after = get(client, "/ogc/collections/irve")
    assert after["extent"]["spatial"]["bbox"][0][0] < before["extent"]["spatial"]["bbox"][0][0] - 0.05
    assert after["revision"] > before["revision"]
    assert after["updated"] > before["updated"]


def test_an_empty_layer_is_told_apart_and_answers(reader: FlaskClient) -> None:
    found = get(reader, "/ogc/collections")
    assert "halle" not in [each["id"] for each in found["collections"]]
    assert "halle" in found["description"]
    assert get(reader, "/ogc/collections/halle")["extent"] == {}
    items = reader.get("/ogc/collections/halle/items").get_json(force=True)
    assert (items["features"], items["numberMatched"], items["numberReturned"]) == ([], 0, 0)


@pytest.mark.parametrize("kind", ["queryables", "sortables", "schema"])
def test_fields_are_a_schema_that_names_itself(api: FlaskClient, catalog: Catalog, kind: str) -> None:
    for layer in catalog.public:
        found = get(api, f"/ogc/collections/{layer.id}/{kind}", "application/schema+json")
        assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert api.get(path_of({"href": found["$id"]})).get_json(force=True) == found
        assert ("geom" in found["properties"]) == (layer.drawn and kind != "sortables")
        assert {"source", "millesime", "precision"} <= found["properties"].keys()
        for told in found["properties"].values():
            assert told["title"]
            assert "type" in told or told["format"].startswith("geometry-")


def test_the_schema_says_what_features_carry(api: FlaskClient, catalog: Catalog) -> None:
    for layer in catalog.public:
        properties = get(api, f"/ogc/collections/{layer.id}/schema", "application/schema+json")["properties"]
        (feature,) = api.get(f"/ogc/collections/{layer.id}/items?limit=1").get_json(force=True)["features"]
        assert list(feature["properties"]) == [name for name in properties if name != "geom"]
        assert properties[layer.key]["x-ogc-role"] == "id"


def test_what_can_be_queried_and_sorted_is_what_the_lists_say(api: FlaskClient) -> None:
    base = "/ogc/collections/irve"
    for kind, query in (("queryables", "filter={} IS NULL"), ("sortables", "sortby={}")):
        properties = get(api, f"{base}/{kind}", "application/schema+json")["properties"]
        for name in properties:
            assert api.get(f"{base}/items?limit=1&{query.format(name)}").status_code == 200
        assert api.get(f"{base}/items?limit=1&{query.format('inconnu')}").status_code == 400


PAGES = (
    "/ogc/", "/ogc/conformance", "/ogc/api", "/ogc/collections", "/ogc/collections/irve", "/ogc/collections/irve/queryables",
    "/ogc/collections/irve/sortables", "/ogc/collections/irve/schema", "/ogc/collections/irve/items",
    "/ogc/collections/engagement/items", "/ogc/collections/commune/items/59172",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_each_address_is_a_page_too(api: FlaskClient, read_page: Callable[[str], Page], path: str) -> None:
    by_name = api.get(path, query_string={"f": "html"}, headers={"Accept": "application/json"})
    preferred = api.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    for response in (by_name, preferred):
        assert (response.status_code, response.mimetype) == (200, "text/html")
        assert "Accept" in response.headers["Vary"]
        page = read_page(response.text)
        assert page.count("h1") == 1
        for href in page.links():
            if href.startswith("/ogc"):
                assert api.get(href).status_code == 200, href
    assert api.get(path, query_string={"f": "json"}, headers={"Accept": "text/html"}).mimetype != "text/html"


def test_items_as_a_page_are_a_table_that_leads_to_the_map(api: FlaskClient, read_page: Callable[[str], Page]) -> None:
    page = read_page(api.get("/ogc/collections/commune/items?f=html&limit=10&sortby=-population_municipale").text)
    assert len(page.rows) == 11
    assert "47 éléments, 10 sur cette page" in page.text.replace("\u00a0", " ")
    assert "/#couches=commune" in page.links()
    following = next(href for href in page.links() if "cursor=" in href)
    assert len(read_page(api.get(path_of({"href": following})).text).rows) == 11


@pytest.mark.parametrize("path", [*PAGES, "/ogc/collections/halle"])
def test_an_unknown_parameter_or_format_is_refused(api: FlaskClient, path: str) -> None:
    for query in ("inconnu=1", "f=xml", "f=json&f=json"):
        response = api.get(f"{path}?{query}")
        assert response.status_code == 400, query
        assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", ["/items", "", "/queryables", "/items/x", "/schema"])
def test_a_layer_that_is_not_public_is_nowhere(api: FlaskClient, path: str) -> None:
    assert api.get(f"/ogc/collections/inconnue{path}").status_code == 404


def test_a_host_that_is_none_is_refused(api: FlaskClient) -> None:
    response = api.get("/ogc/collections", headers={"Host": 'evil"><script>'})
    assert response.status_code == 400
    assert "<script>" not in response.text


def test_a_client_that_has_it_gets_304(api: FlaskClient) -> None:
    for path in (
        "/ogc/collections",
        "/ogc/collections/irve",
        "/ogc/collections/irve/items",
        "/ogc/collections/commune/items/59172",
    ):
        etag = api.get(path).headers["ETag"]
        assert api.get(path, headers={"If-None-Match": etag}).status_code == 304
        assert api.get(path, query_string={"f": "html"}, headers={"If-None-Match": etag}).status_code == 200
