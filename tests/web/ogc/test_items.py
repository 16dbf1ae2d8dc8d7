"""Items: what is selected, in which coordinate system, in which order, by which pages; and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import shape

from tests.web.ogc.items_read import EPSG, ask, keys
from webmap.store import items as store_items

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.store.db import Database


CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


# --- what is sent ------------------------------------------------------------------------------------------------


def test_items_are_what_the_export_gives(api: FlaskClient, catalog: Catalog) -> None:
    for layer in catalog.public:
        items = ask(api, layer.id, limit=1000)
        export = api.get(f"/exports/{layer.id}.geojson").get_json(force=True)
        assert {each["id"]: each for each in items["features"]} == {each["id"]: each for each in export["features"]}
        assert items["numberMatched"] == len(export["features"])


def test_a_row_without_a_place_is_sent_without(reader: FlaskClient) -> None:
    items = ask(reader, "projet_emblematique", sortby="nom")
    assert 0 < sum(each["geometry"] is None for each in items["features"]) < len(items["features"])
    assert len(ask(reader, "projet_emblematique", bbox="-10,40,12,53")["features"]) < len(items["features"])


def test_schematic_cells_are_never_sent(reader: FlaskClient) -> None:
    assert all(each["geometry"] is None for each in ask(reader, "commune")["features"])


def test_one_item_is_the_one_of_the_list(api: FlaskClient, catalog: Catalog) -> None:
    for layer in catalog.public:
        for feature in ask(api, layer.id, limit=3)["features"]:
            response = api.get(f"/ogc/collections/{layer.id}/items/{feature['id']}")
            alone = response.get_json(force=True)
            assert {name: alone[name] for name in feature} == feature
            assert {"self", "alternate", "collection"} <= {link["rel"] for link in alone["links"]}
    assert api.get("/ogc/collections/commune/items/00000").status_code == 404
    assert api.get("/ogc/collections/commune/items/a%00b").status_code == 404
    assert api.get("/ogc/collections/commune/items/%FF/../x").status_code == 404


# --- coordinate systems ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [2154, 3950, 3857, 4326])
def test_coordinates_are_in_the_system_asked_for(api: FlaskClient, placed_database: Database, code: int) -> None:
    response = api.get("/ogc/collections/irve/items", query_string={"crs": f"{EPSG}{code}"})
    assert response.headers["Content-Crs"] == f"<{EPSG}{code}>"
    with placed_database.owner() as connection:
        rows = connection.execute(
            "SELECT id_pdc_itinerance AS cle, ST_X(geom) AS x, ST_Y(geom) AS y FROM pub.irve"
        ).fetchall()
    wanted = {row["cle"]: (row["x"], row["y"]) for row in rows}
    to_crs = Transformer.from_crs(2154, code)  # axes as the register says: latitude first for 4326
    for feature in response.get_json(force=True)["features"]:
        x, y = to_crs.transform(*wanted[feature["id"]])
        assert feature["geometry"]["coordinates"] == pytest.approx([x, y], abs=6e-8 if code == 4326 else 6e-4)


def test_crs84_is_what_is_sent_when_nothing_is_asked(api: FlaskClient) -> None:
    response = api.get("/ogc/collections/irve/items")
    assert response.headers["Content-Crs"] == f"<{CRS84}>"
    assert ask(api, "irve", crs=CRS84)["features"] == response.get_json(force=True)["features"]
    item = response.get_json(force=True)["features"][0]
    alone = api.get(f"/ogc/collections/irve/items/{item['id']}", query_string={"crs": f"{EPSG}4326"})
    assert alone.get_json(force=True)["geometry"]["coordinates"] == item["geometry"]["coordinates"][::-1]
    assert alone.headers["Content-Crs"] == f"<{EPSG}4326>"


@pytest.mark.parametrize("code", ["CRS84", 4326, 2154, 3950, 3857])
def test_a_box_keeps_what_meets_it_in_its_own_system(api: FlaskClient, code: str | int) -> None:
    uri = CRS84 if code == "CRS84" else f"{EPSG}{code}"
    every = {each["id"]: shape(each["geometry"]) for each in ask(api, "commune", crs=uri)["features"]}
    west, south, east, north = shapely.union_all(list(every.values())).bounds
    wide, high = (east - west) / 7, (north - south) / 7
    for column, row in ((1, 1), (2, 4), (3, 3), (6, 0), (0, 6)):
        box = (west + column * wide, south + row * high, west + (column + 1) * wide, south + (row + 1) * high)
        found = ask(api, "commune", bbox=",".join(f"{value:.9f}" for value in box), bbox_crs=uri)
        # Coordinates are sent rounded: a commune that touches the box by less than that may go either way.
        margin = 2e-7 if code in {"CRS84", 4326} else 2e-3
        sure = {key for key, place in every.items() if place.intersects(shapely.box(*box).buffer(-margin))}
        maybe = {key for key, place in every.items() if place.intersects(shapely.box(*box).buffer(margin))}
        assert sure <= set(keys(found)) <= maybe
        assert found["numberMatched"] == len(found["features"])


def test_a_box_in_degrees_is_not_its_lambert_envelope(own_api: tuple[FlaskClient, Database]) -> None:
    """A parallel bends in Lambert-93: a point just above the box, inside the envelope of the reprojected one, stays out."""
    client, database = own_api
    west, south, east, north = -1.0, 50.2, 8.0, 50.3
    for latitude, inside in ((north + 0.0005, False), (north - 0.0005, True)):
        with database.owner() as connection:
            connection.execute(
                "UPDATE pub.irve SET geom = ST_Transform(ST_SetSRID(ST_MakePoint(3.5, %s), 4326), 2154)", [latitude]
            )
        for query in (
            {"bbox": f"{west},{south},{east},{north}"},
            {"bbox": f"{south},{west},{north},{east}", "bbox_crs": f"{EPSG}4326"},
        ):
            assert bool(ask(client, "irve", **query)["features"]) is inside


# --- selections --------------------------------------------------------------------------------------------------


def test_filters_in_both_languages_and_systems(api: FlaskClient) -> None:
    text = ask(api, "commune", filter="population_municipale > 10000 AND CASEI(nom) LIKE CASEI('%a%')")
    tree = {
        "op": "and",
        "args": [
            {"op": ">", "args": [{"property": "population_municipale"}, 10000]},
            {"op": "like", "args": [{"op": "casei", "args": [{"property": "nom"}]}, {"op": "casei", "args": ["%a%"]}]},
        ],
    }
    assert keys(text) == keys(ask(api, "commune", filter=json.dumps(tree), filter_lang="cql2-json"))
    assert text["numberMatched"] == len(text["features"]) > 0
    place = ask(api, "commune", limit=1, crs=f"{EPSG}2154")["features"][0]
    x, y = shape(place["geometry"]).representative_point().coords[0]
    here = ask(api, "commune", filter=f"S_INTERSECTS(geom, POINT({x} {y}))", filter_crs=f"{EPSG}2154")
    assert place["id"] in keys(here)
    assert keys(ask(api, "irve", filter="T_AFTER(date_maj, DATE('2024-05-01'))"))


def test_units_select_as_in_exports(api: FlaskClient) -> None:
    for query in ({"bassin": "ostrevent"}, {"commune": "59172"}):
        export = api.get("/exports/commune.geojson", query_string=query).get_json(force=True)
        assert keys(ask(api, "commune", **query)) == keys(export) != []


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("2024-03-15", {"2024-03-15"}),
        ("2024-03-15T12:00:00Z", {"2024-03-15"}),
        ("2024-03-16T01:00:00+02:00", {"2024-03-15"}),
        ("2024-02-01/2024-04-01", {"2024-02-15", "2024-03-15"}),
        ("../2024-02-15", {"2024-01-15", "2024-02-15"}),
        ("2024-06-01/", {"2024-06-15", "2024-07-15"}),
        ("2030-01-01/..", set()),
    ],
)
def test_datetime_keeps_days_and_rows_without_one(
    own_api: tuple[FlaskClient, Database], asked: str, kept: set[str]
) -> None:
    client, database = own_api
    with database.owner() as connection:
        connection.execute(
            "UPDATE pub.irve SET date_mise_en_service = NULL WHERE id_pdc_itinerance = (SELECT max(id_pdc_itinerance) FROM pub.irve)"
        )
    found = [each["properties"]["date_mise_en_service"] for each in ask(client, "irve", datetime=asked)["features"]]
    assert {day for day in found if day} == kept - {"2024-07-15"}  # the greatest key had July
    assert found.count(None) == 1


def test_datetime_of_a_layer_without_dates_keeps_all(api: FlaskClient) -> None:
    assert len(ask(api, "commune", datetime="1900-01-01")["features"]) == 47


def test_properties_are_those_asked_for_with_their_source(api: FlaskClient) -> None:
    for feature in ask(api, "commune", properties="population_municipale")["features"]:
        assert feature["properties"].keys() == {
            "population_municipale",
            "precision",
            "source",
            "source_ligne",
            "millesime",
        }


def test_hits_is_the_count_alone(api: FlaskClient) -> None:
    found = ask(api, "commune", resultType="hits", bassin="ostrevent")
    assert found["features"] == []
    assert found["numberMatched"] == len(ask(api, "commune", bassin="ostrevent")["features"])


def test_a_limit_beyond_the_maximum_is_the_maximum(api: FlaskClient) -> None:
    assert len(ask(api, "commune", limit="9" * 200)["features"]) == 47
    assert len(ask(api, "commune", limit=5)["features"]) == 5


# --- counts ------------------------------------------------------------------------------------------------------


def test_a_count_is_remembered_until_the_layer_changes(own_api: tuple[FlaskClient, Database]) -> None:
    client, database = own_api
    assert ask(client, "irve")["numberMatched"] == 7
    with database.owner() as connection:
        connection.execute(
            "DELETE FROM pub.irve WHERE id_pdc_itinerance = (SELECT max(id_pdc_itinerance) FROM pub.irve)"
        )
    assert ask(client, "irve")["numberMatched"] == 6


def test_a_count_that_takes_too_long_is_an_estimate_and_says_so(
    own_api: tuple[FlaskClient, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, database = own_api
    monkeypatch.setattr(store_items, "_COUNT_MS", 30)
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.espace_nature (code, nom, commune, etat, source, millesime)"
            " SELECT 'n' || n, repeat('é', 50), 'x', 'existant', 'essai', '2026' FROM generate_series(1, 60000) n"
        )
        connection.execute("ANALYZE pub.espace_nature")
    found = ask(client, "espace_nature", filter="ACCENTI(nom) LIKE ACCENTI('%e%e%e%e%x%')", limit=1)
    assert "numberMatched" not in found
    assert isinstance(found["numberMatchedEstimate"], int)
    page = client.get(
        "/ogc/collections/espace_nature/items",
        query_string={"f": "html", "limit": 1, "filter": "ACCENTI(nom) LIKE ACCENTI('%e%e%e%e%x%')"},
    )
    assert "estimation" in page.text
