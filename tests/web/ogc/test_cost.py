"""What an answer costs, in statements and in ways through the index: never in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from webmap.store.features import Selection, sql_selection
from webmap.store.filters import parse_filter
from webmap.store.items import Query, _select
from webmap.store.statements import count_queries

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.geo.bbox import Bbox
    from webmap.store.db import Database

ITEMS = "/ogc/collections/commune/items?limit=3&f=json"
BOX: Bbox = (3.3, 50.2, 3.5, 50.4)


def count(client: FlaskClient, path: str, **headers: str) -> int:
    with count_queries() as statements:
        response = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        assert response.status_code in {200, 304}, response.text
        assert response.data is not None  # a stream runs its statement to its end
    return len(statements)


def test_a_page_of_items_is_one_statement(client_with_contours: FlaskClient) -> None:
    assert count(client_with_contours, ITEMS) == 2  # the second counts, once for all pages of this revision
    assert count(client_with_contours, ITEMS) == 1
    # All on the page: nothing to count, but rows without a place to look for.
    assert count(client_with_contours, "/ogc/collections/commune/items?limit=100&f=json") == 2


def test_a_page_without_condition_binds_nothing_so_that_its_plan_is_kept(client: FlaskClient) -> None:
    with count_queries() as statements:
        assert len(client.get(ITEMS).get_json()["features"]) == 3
        assert len(client.get(ITEMS.replace("limit=3", "limit=5")).get_json()["features"]) == 5
    pages = [each for each in statements if "row_to_json" in each]
    found = {("LIMIT 4" in each, "LIMIT 6" in each, "%(" in each) for each in pages}
    assert found == {(True, False, False), (False, True, False)}


def test_a_revalidation_reads_revisions_only(client: FlaskClient) -> None:
    etag = client.get(ITEMS).headers["ETag"]
    with count_queries() as statements:
        assert client.get(ITEMS, headers={"If-None-Match": etag}).status_code == 304
    assert len(statements) == 1
    assert "app.revision" in statements[0]
    assert "commune" not in statements[0].replace("'commune'", "")  # no table of a layer


@pytest.mark.parametrize(
    ("path", "statements"),
    [("/exports/commune.csv", 3), ("/exports/commune.geojson", 3), ("/tuiles/commune/8/130/86.mvt", 2)],
)
def test_exports_and_tiles_cost_no_more_statements_than_they_did(
    client: FlaskClient, path: str, statements: int
) -> None:
    client.get(path)
    assert count(client, path) <= statements


def explain(database: Database, condition: sql.Composable, params: dict[str, object], layer: str) -> str:
    with database.owner() as connection:
        connection.execute("SET enable_seqscan = off")  # a table of a test is too small for an index to pay
        plan = connection.execute(
            b"EXPLAIN SELECT 1 FROM pub." + layer.encode() + b" t WHERE " + condition.as_bytes(connection), params
        ).fetchall()
    return "\n".join(str(row["QUERY PLAN"]) for row in plan)


@pytest.mark.parametrize(
    "text",
    [
        "S_INTERSECTS(geom, BBOX(3.3, 50.2, 3.5, 50.4))",
        "S_WITHIN(geom, POLYGON((3.3 50.2, 3.5 50.2, 3.5 50.4, 3.3 50.2))) AND nom IS NOT NULL",
    ],
)
def test_a_filter_on_places_goes_through_the_index(database: Database, catalog: Catalog, text: str) -> None:
    layer = catalog.require_public("commune")
    found = sql_selection(layer, Selection(filter=parse_filter(layer, text)))
    assert "Index Cond: (geom &&" in explain(database, *found, "commune")


@pytest.mark.parametrize("text", ["NOT S_INTERSECTS(geom, POINT(3.4 50.3))", "S_DISJOINT(geom, POINT(3.4 50.3))"])
def test_a_filter_that_keeps_what_is_elsewhere_does_not(database: Database, catalog: Catalog, text: str) -> None:
    layer = catalog.require_public("commune")
    found = sql_selection(layer, Selection(filter=parse_filter(layer, text)))
    assert "Index Cond" not in explain(database, *found, "commune")


@pytest.mark.parametrize("srid", [4326, 2154, 3857])
def test_a_box_goes_through_the_index(database: Database, catalog: Catalog, srid: int) -> None:
    layer = catalog.require_public("commune")
    metres: Bbox = (370_000.0, 6_500_000.0, 740_000.0, 7_030_000.0)
    query = Query(selection=Selection(bbox=BOX)) if srid == 4326 else Query(box=(metres, srid))
    conditions, params = _select(layer, query)

    assert "geom" in explain(database, sql.SQL(" AND ").join(conditions), params, "commune").split("Index Cond:")[1]
