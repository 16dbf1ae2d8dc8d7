"""Items: what is selected, in which coordinate system, in which order, by which pages; and what is refused."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
import shapely
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from pyproj import Transformer
from shapely.geometry import shape

from webmap.store import items as store_items

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

    Collection = dict[str, Any]

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


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


# --- pages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["", "nom", "-population_municipale", "etat,-nom", "-precision,etat", "source_url"])
@pytest.mark.parametrize("limit", [1, 5, 46, 47, 100])
def test_pages_make_the_whole_in_order(api: FlaskClient, sort: str, limit: int) -> None:
    query = {"sortby": sort} if sort else {}
    pages = walk(api, "commune", limit=limit, **query)
    found = [key for page in pages for key in keys(page)]
    assert found == keys(ask(api, "commune", limit=1000, **query))
    assert len(found) == len(set(found)) == 47
    assert {page["numberMatched"] for page in pages} == {47}


def test_sorts_follow_values_and_leave_nulls_last(own_api: tuple[FlaskClient, Database]) -> None:
    client, database = own_api
    with database.owner() as connection:
        connection.execute("UPDATE pub.irve SET date_mise_en_service = NULL WHERE nbre_pdc IN (20, 40)")
    for sort, backwards in (("date_mise_en_service", False), ("-date_mise_en_service", True)):
        pages = walk(client, "irve", sortby=sort, limit=2)
        days = [each["properties"]["date_mise_en_service"] for page in pages for each in page["features"]]
        known = [day for day in days if day]
        assert known == sorted(known, reverse=backwards)
        assert (len(days), days[-2:]) == (7, [None, None])
    ascending = ask(client, "irve", sortby="+puissance_nominale")["features"]
    assert ascending == ask(client, "irve", sortby="puissance_nominale")["features"]


def test_pages_stay_right_while_rows_come_and_go(own_api: tuple[FlaskClient, Database]) -> None:
    """What is there from first to last page is given once, whatever comes and goes around it meanwhile."""
    client, database = own_api
    with database.owner() as connection:
        connection.execute(
            "INSERT INTO pub.espace_nature (code, nom, commune, etat, source, millesime)"
            " SELECT 'k' || lpad(n::text, 4, '0'), 'n' || n % 7, 'x', 'existant', 'essai', '2026' FROM generate_series(1, 300) n"
        )
    stop = threading.Event()

    def churn() -> None:
        with database.owner() as connection:
            connection.autocommit = True
            number = 0
            while not stop.is_set():
                number += 1
                connection.execute(
                    "INSERT INTO pub.espace_nature (code, nom, commune, etat, source, millesime)"
                    " VALUES (%s, %s, 'x', 'existant', 'essai', '2026')",
                    [f"k{number % 300:04}-{number}", f"n{number % 7}"],
                )
                connection.execute("DELETE FROM pub.espace_nature WHERE code = %s", [f"k{number * 3 % 300:04}"])

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        walks = [
            [key for page in walk(client, "espace_nature", limit=13, **sort) for key in keys(page)]
            for sort in ({"sortby": "-nom"}, {"sortby": "nom"}, {})
        ]
    finally:
        stop.set()
        thread.join()
    left = set(keys(ask(client, "espace_nature", limit=10_000, sortby="nom")))
    stayed = {key for key in left if "-" not in key and key.startswith("k")}
    assert stayed
    for found in walks:
        assert len(found) == len(set(found))
        assert stayed <= set(found)


def test_the_row_a_cursor_stands_on_may_go(own_api: tuple[FlaskClient, Database]) -> None:
    client, database = own_api
    every = keys(ask(client, "commune", sortby="nom"))
    path = following(ask(client, "commune", sortby="nom", limit=10))
    assert path
    with database.owner() as connection:
        connection.execute("DELETE FROM pub.commune WHERE code_insee = ANY(%s)", [every[8:10]])
    assert keys(client.get(path).get_json(force=True)) == every[10:20]


# --- what is refused ---------------------------------------------------------------------------------------------

HOSTILE = [
    ("limit", ["0", "-1", "1.5", "1e3", "", "unlimited", "\u0661", "9" * 5000]),
    ("bbox", ["", "1", "1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,1,2,3", "inf,1,2,3", "3.6,50,3.2,51", "3,51,4,50", "-181,0,0,1", "0,0,0,91",
              "0" * 5000, "1,2,3,4,5,6,7"]),
    ("bbox-crs", ["", "EPSG:9999", "http://www.opengis.net/def/crs/EPSG/0/27572", "'; DROP TABLE pub.irve; --"]),
    ("crs", ["", "EPSG:4258", "2154; --", "http://www.opengis.net/def/crs/EPSG/0/\u0662154"]),
    ("filter-crs", ["EPSG:9999"]),
    ("filter-lang", ["sql", ""]),
    ("datetime", ["", "..", "../..", "/", "hier", "2024-13-01", "2024-02-30", "2024-01-02/2024-01-01",
                  "2024-01-01/a/b", "2024-01-01T25:00:00Z"]),
    ("sortby", ["", "inconnu", "nom;--", "geom", "-", "adresse_station,adresse_station", ",".join(["nom_station"] * 6), "nom_station,"]),
    ("properties", ["", "inconnu", "nom_station,,", "geom", "nom_station,nom_station"]),
    ("resultType", ["", "tout"]),
    ("cursor", ["", "x", "W10", "WyIiXQ", "WyIiLDFd", "WyIiLG51bGxd", "é", "A" * 30000, "WyJub20iLCJhIiwiYiJd", "WyIiLCJcdWQ4MDAiXQ",
                "WyIiLCJcdTAwMDAiXQ", "W1tbW1tb"]),
    ("filter", ["", "inconnu = 1", "nbre_pdc = 'a'", "nbre_pdc = 1; DROP TABLE pub.irve", "nbre_pdc > 1e999", "(" * 500,
                "nom_station = '" + "a" * 10_000 + "'", "S_INTERSECTS(geom, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", "nom_station = 'a\x00'"]),
    ("bassin", ["inconnu", "", "a\x00"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "texts"), HOSTILE, ids=[name for name, _ in HOSTILE])
def test_what_means_nothing_is_a_clear_400(api: FlaskClient, name: str, texts: list[str]) -> None:
    for text in texts:
        response = api.get("/ogc/collections/irve/items", query_string={name: text})
        assert response.status_code == 400, (text[:60], response.status_code)
        assert response.mimetype == "application/problem+json"
        assert response.get_json(force=True)["detail"]
    assert ask(api, "irve")["numberMatched"] == 7


def test_a_box_of_metres_out_of_the_world_is_refused(api: FlaskClient) -> None:
    for box in ("-3e7,0,1,1", "0,0,1,3e7", "10,10,0,0"):
        response = api.get("/ogc/collections/irve/items", query_string={"bbox": box, "bbox-crs": f"{EPSG}2154"})
        assert response.status_code == 400, box


def test_a_box_that_is_a_point_or_a_line_keeps_what_meets_it(api: FlaskClient) -> None:
    """Denain's own square holds its centre; a box without area is no empty box."""
    (denain,) = ask(api, "commune", filter="nom = 'Denain'")["features"]
    inside = shape(denain["geometry"]).representative_point()
    x, y = inside.x, inside.y
    west, south, east, north = shape(denain["geometry"]).bounds
    assert keys(ask(api, "commune", bbox=f"{x},{y},{x},{y}")) == [denain["id"]]
    for line in (f"{west},{y},{east},{y}", f"{x},{south},{x},{north}"):
        assert denain["id"] in keys(ask(api, "commune", bbox=line))
        exported = api.get(f"/exports/commune.geojson?bbox={line}").get_json(force=True)
        assert sorted(keys(exported)) == sorted(keys(ask(api, "commune", bbox=line)))
    metres = Transformer.from_crs(4326, 2154, always_xy=True).transform(x, y)
    for code in (2154, 3857, 3950):
        u, v = Transformer.from_crs(2154, code, always_xy=True).transform(*metres)
        assert keys(ask(api, "commune", bbox=f"{u},{v},{u},{v}", bbox_crs=f"{EPSG}{code}")) == [denain["id"]]


def test_boxes_far_away_hold_nothing(api: FlaskClient) -> None:
    for box, code in (
        ("-20037508,-20037508,-20037507,20037508", 3857),
        ("-20000000,-20000000,-19000000,20000000", 3950),
        ("0,0,1,1", 2154),
    ):
        assert ask(api, "irve", bbox=box, bbox_crs=f"{EPSG}{code}")["numberMatched"] == 0
    for code in (3857, 3950, 2154):
        assert (
            ask(api, "irve", bbox="-20037508,-20037508,20037508,20037508", bbox_crs=f"{EPSG}{code}")["numberMatched"]
            == 7
        )
    assert ask(api, "irve", bbox="-180,-90,180,90")["numberMatched"] == 7
    assert ask(api, "irve", bbox="-90,-180,0,90,180,0", bbox_crs=f"{EPSG}4326")["numberMatched"] == 7


def test_a_cursor_of_another_sort_is_refused(api: FlaskClient) -> None:
    path = following(ask(api, "commune", sortby="nom", limit=3))
    assert path
    assert api.get(path.replace("sortby=nom", "sortby=-nom")).status_code == 400
    assert api.get(path.replace("sortby=nom&", "")).status_code == 400


@given(
    texts=st.lists(st.text(max_size=30), min_size=1, max_size=3),
    name=st.sampled_from(["cursor", "bbox", "datetime", "sortby", "limit", "properties", "crs", "filter", "f"]),
)
@bounded(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_the_server(api: FlaskClient, name: str, texts: list[str]) -> None:
    response = api.get("/ogc/collections/irve/items", query_string={name: ",".join(texts)})
    assert response.status_code in {200, 400}


# --- fields as parameters ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "query", "condition"),
    [
        ("commune", "nom=Denain", "nom = 'Denain'"),
        ("commune", "code_insee=59172&nom=Denain", "code_insee = '59172'"),
        ("irve", "puissance_nominale=1.0", "puissance_nominale = 1"),
        ("irve", "gratuit=true", "gratuit = true"),
        ("irve", "date_mise_en_service=2024-02-15", "date_mise_en_service = DATE('2024-02-15')"),
        ("gare", "code_ligne=b2", "A_CONTAINS(code_ligne, ('b2'))"),
        ("commune", "nom=Denain&filter=population_municipale<1", "nom = 'Denain' AND population_municipale < 1"),
    ],
)
def test_a_field_is_a_parameter(api: FlaskClient, layer: str, query: str, condition: str) -> None:
    found = api.get(f"/ogc/collections/{layer}/items?{query}").get_json(force=True)
    wanted = ask(api, layer, filter=condition)
    assert keys(found) == keys(wanted)
    assert found["numberMatched"] == wanted["numberMatched"]
    assert len(keys(found)) < ask(api, layer)["numberMatched"]


@pytest.mark.parametrize(
    ("layer", "query", "said"),
    [
        ("commune", "population_municipale=beaucoup", "attendu un nombre entier"),
        ("commune", "population_municipale=9e999", "attendu un nombre entier"),
        ("irve", "puissance_nominale=inf", "démesuré"),
        ("irve", "gratuit=oui", "attendu true ou false"),
        ("irve", "date_mise_en_service=hier", "date"),
        ("commune", "nom=%00", "caractère"),
        ("commune", "geom=x", "Paramètre « geom » inconnu"),
        ("commune", "statut=x", "Paramètre « statut » inconnu"),
    ],
)
def test_a_value_of_another_type_is_a_clear_400(api: FlaskClient, layer: str, query: str, said: str) -> None:
    response = api.get(f"/ogc/collections/{layer}/items?{query}")
    assert response.status_code == 400
    assert said in response.get_json(force=True)["detail"]


# --- rows without a place ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_rows_without_a_place_come_after_the_others_and_are_counted(reader: FlaskClient, limit: int) -> None:
    pages = walk(reader, "projet_emblematique", limit=limit)
    placed = [[feature["geometry"] is not None for feature in page["features"]] for page in pages]
    assert all(len(set(page)) == 1 for page in placed)  # never both on one page
    flat = [each for page in placed for each in page]
    assert flat == sorted(flat, reverse=True)
    assert {page["numberMatched"] for page in pages} == {len(flat)} == {9}
    assert sorted(key for page in pages for key in keys(page)) == sorted(
        keys(ask(reader, "projet_emblematique", sortby="nom"))
    )


def test_a_layer_none_of_whose_rows_has_a_place_has_a_first_page(reader: FlaskClient) -> None:
    for layer in ("qpv", "engagement"):
        (page,) = walk(reader, layer)
        assert page["numberReturned"] == page["numberMatched"] > 0
        assert all(feature["geometry"] is None for feature in page["features"])


def test_the_page_for_people_lists_them_together(reader: FlaskClient) -> None:
    page = reader.get("/ogc/collections/projet_emblematique/items?f=html").text
    assert "9 éléments, 9 sur cette page" in page.replace("\xa0", " ").replace("\u202f", " ")


def test_a_sort_that_is_asked_for_mixes_rows(reader: FlaskClient) -> None:
    (page,) = walk(reader, "projet_emblematique", sortby="numero")
    assert len({feature["geometry"] is None for feature in page["features"]}) == 2


# --- JSON-FG -----------------------------------------------------------------------------------------------------

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
