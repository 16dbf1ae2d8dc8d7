"""`/territoires/polygone` and the pages of zones: what is sent is read or refused with a sentence, and never breaks anything."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.web.conftest import Page

SQUARE = "POLYGON((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.4,3.4 50.3))"
RING = [[3.4, 50.3], [3.5, 50.3], [3.5, 50.4], [3.4, 50.4], [3.4, 50.3]]
GEOJSON = json.dumps({"type": "Polygon", "coordinates": [RING]}).encode()
BOUNDED = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def ask(client: FlaskClient, wkt: str, kind: str = ".json", **options: Any) -> TestResponse:  # noqa: ANN401 - what the client takes
    return client.get(f"/territoires/polygone{kind}?wkt={quote(wkt)}", **options)


def post(client: FlaskClient, body: bytes, kind: str = "application/geo+json", query: str = "") -> TestResponse:
    return client.post(f"/territoires/polygone.json{query}", data=body, content_type=kind)


def values(answer: TestResponse) -> dict[tuple[str, str], Any]:
    [unit] = answer.get_json()["unites"]
    return {(value["couche"], value["mesure"]): value["valeur"] for value in unit["mesures"]}


def circle(vertices: int) -> str:
    turns = np.linspace(0, 2 * np.pi, vertices)
    return shapely.Polygon(np.column_stack([3.4 + np.cos(turns) / 20, 50.35 + np.sin(turns) / 20])).wkt


def test_the_same_polygon_is_the_same_answer_however_it_is_sent(reader_with_contours: FlaskClient) -> None:
    client = reader_with_contours
    by_address = ask(client, SQUARE)
    assert by_address.status_code == 200
    by_body = post(client, GEOJSON)
    by_file = client.post("/territoires/polygone.json", data={"fichier": (io.BytesIO(GEOJSON), "zone.geojson")})
    by_form = client.post("/territoires/polygone.json", data={"wkt": SQUARE})
    for other in (by_body, by_file, by_form):
        assert other.status_code == 200
        assert other.get_json() == by_address.get_json()
        assert "ETag" not in other.headers
        assert "Set-Cookie" not in other.headers
    lines = list(csv.DictReader(io.StringIO(ask(client, SQUARE, ".csv").text)))
    own = {(line["couche"], line["mesure"]): line["valeur"] for line in lines if line["decoupage"] == "polygone"}
    told = {key: "" if value is None else value for key, value in values(by_address).items()}
    assert {key: float(text) if text else "" for key, text in own.items()} == told
    assert ask(client, SQUARE, ".xlsx").data.startswith(b"PK")


def test_an_answer_says_what_the_zone_was_read_as(reader_with_contours: FlaskClient) -> None:
    content = ask(reader_with_contours, SQUARE).get_json()
    assert content["decoupage"] == "polygone"
    assert content["zone"]["union_de_communes"] is False
    assert content["zone"]["geometrie"] == {"type": "MultiPolygon", "coordinates": [[RING]]}
    assert "dix-millième" in content["zone"]["regle"]
    assert content["unites"][0]["population"] is None
    chosen = reader_with_contours.get("/territoires/polygone.json?communes=59172,59205").get_json()
    assert chosen["zone"]["communes"] == ["59172", "59205"]
    populations = {
        unit["code"]: unit["population"]
        for unit in reader_with_contours.get("/territoires/commune.json").get_json()["unites"]
    }
    assert chosen["unites"][0]["population"] == populations["59172"] + populations["59205"]


def test_an_unchanged_zone_is_not_sent_again(reader_with_contours: FlaskClient) -> None:
    first = ask(reader_with_contours, SQUARE)
    again = ask(reader_with_contours, SQUARE, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    other = ask(reader_with_contours, SQUARE.replace("3.5", "3.51"), headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("wkt", "status", "said"),
    [
        ("POLYGON((3.4 50.3,3.5 50.4,3.5 50.3,3.4 50.4,3.4 50.3))", 422, "se croise vers 3,45 ; 50,35"),
        ("POLYGON((2.3 48.8,2.4 48.8,2.4 48.9,2.3 48.8))", 422, "ne touche pas le territoire"),
        ("POLYGON((50.3 3.4,50.3 3.5,50.4 3.5,50.3 3.4))", 422, "latitudes écrites avant"),
        ("POLYGON((728000 7020000,729000 7020000,729000 7021000,728000 7020000))", 422, "Lambert-93"),
        ("POLYGON((380000 6500000,381000 6500000,381000 6501000,380000 6500000))", 422, "Web Mercator"),
        ("LINESTRING(3.4 50.3,3.5 50.4)", 422, "LINESTRING"),
        ("POLYGON EMPTY", 422, "vide"),
        ("POLYGON((3.4 50.3,NaN 50.3,3.5 50.4,3.4 50.3))", 400, "NaN"),
        ("", 400, "vide"),
        ("\x00", 400, "pas du WKT"),
        (circle(11_000), 413, "10 000 sommets"),
        (circle(100_001), 413, "10 000 sommets"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_polygon_is_refused_with_a_sentence(
    reader_with_contours: FlaskClient, wkt: str, status: int, said: str
) -> None:
    answer = ask(reader_with_contours, wkt)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert said in answer.get_json()["detail"]
    page = ask(reader_with_contours, wkt, "", headers={"Accept": "text/html"})
    assert page.status_code == status
    assert page.mimetype == "text/html"


def test_a_bad_request_is_refused_with_a_sentence(reader_with_contours: FlaskClient) -> None:
    client = reader_with_contours
    address = f"?wkt={quote(SQUARE)}"
    for answer, status, said in (
        (post(client, GEOJSON, "text/plain"), 415, "application/geo+json"),
        (post(client, GEOJSON, query=address), 400, "Un polygone à la fois"),
        (client.get(f"/territoires/polygone.json{address}&wkt=x"), 400, "Un polygone à la fois"),
        (client.get(f"/territoires/polygone.json{address}&communes=59172"), 400, "Un polygone à la fois"),
        (client.get("/territoires/polygone.json?communes=59172,75056"), 400, "75056"),
        (client.get("/territoires/polygone.json?communes="), 400, "au moins une"),
        (client.get("/territoires/polygone.json"), 400, "wkt"),
        (client.get("/territoires/polygone.json?bassin=x"), 400, "inconnu"),
        (post(client, b""), 400, "vide"),
        (post(client, b"{"), 400, "GeoJSON"),
        (post(client, b"[" * 900_000), 400, "GeoJSON"),
        (post(client, b" " * 1_000_001), 413, "1 Mo"),
        (client.post("/territoires/polygone.json", data={"wkt": "x" * 1_000_001}), 413, "1 Mo"),
        (client.post("/territoires/bassin.json"), 405, "GET"),
    ):
        assert answer.status_code == status, answer.text
        assert said in answer.get_json()["detail"]


NUMBER = (
    st.floats(-200, 200) | st.floats(3.2, 3.6) | st.floats(50.2, 50.6) | st.sampled_from([0.0, 1e300, -1e-300, 90.0])
)
POINTS = st.lists(st.tuples(NUMBER, NUMBER), max_size=8)
LOCAL = st.lists(st.tuples(st.floats(3.2, 3.6), st.floats(50.2, 50.6)), min_size=3, max_size=8)


@BOUNDED
@given(points=POINTS | LOCAL, closed=st.booleans())
def test_any_polygon_is_answered_or_refused(
    reader_with_contours: FlaskClient,
    points: list[tuple[float, float]],
    *,
    closed: bool,
) -> None:
    ring = [*points, *(points[:1] if closed else [])]
    text = f"POLYGON(({','.join(f'{x!r} {y!r}' for x, y in ring)}))"
    assert ask(reader_with_contours, text).status_code in {200, 400, 422}
    body = json.dumps({"type": "Polygon", "coordinates": [ring]}).encode()
    assert post(reader_with_contours, body).status_code in {200, 400, 422}


@BOUNDED
@given(
    st.binary(max_size=200),
    st.sampled_from(["application/geo+json", "multipart/form-data", "multipart/form-data; boundary=x", "", "a/b"]),
)
def test_any_bytes_are_answered_or_refused(reader_with_contours: FlaskClient, body: bytes, kind: str) -> None:
    assert post(reader_with_contours, body, kind).status_code in {400, 413, 415, 422}
    query = "wkt=" + quote(body)
    assert reader_with_contours.get(f"/territoires/polygone.json?{query}").status_code in {400, 422}


def test_the_page_shows_the_numbers_of_the_json(
    reader_with_contours: FlaskClient, read_page: Callable[[str], Page]
) -> None:
    answer = ask(reader_with_contours, SQUARE, "", headers={"Accept": "text/html"})
    page = read_page(answer.text)
    assert "non calculable sans carroyage" in page.text
    assert "déborde du territoire" in page.text
    assert page.count("textarea") == 1
    assert any(link.startswith("/territoires/polygone.json?wkt=") for link in page.links())
    area = values(ask(reader_with_contours, SQUARE))["commune", "surface_km2"]
    shown = next(row for row in page.rows if row and row[0].strip() == "Superficie")
    assert f"{area:.1f}".replace(".", ",") in shown[1]
    whole = reader_with_contours.get("/territoires/polygone?communes=59172", headers={"Accept": "text/html"})
    assert "réunion de ces communes entières" in read_page(whole.text).text


def test_a_zone_too_long_for_an_address_is_posted_again(reader_with_contours: FlaskClient) -> None:
    answer = reader_with_contours.post(
        "/territoires/polygone", data={"wkt": circle(400)}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 200
    assert 'name="wkt" value="MULTIPOLYGON' in answer.text
    assert "/territoires/polygone.json?wkt=" not in answer.text


def test_the_form_is_there_before_any_polygon(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    page = read_page(reader.get("/territoires/polygone", headers={"Accept": "text/html"}).text)
    assert page.count("form") == 2
    assert sum(attributes.get("name") == "communes" for _, attributes in page.tags) == 47
    assert "/territoires/polygone" in read_page(reader.get("/territoires").text).links()


# --- zones that are rows of a layer ------------------------------------------------------------------------------


def test_a_layer_of_zones_has_its_pages_and_its_data(reader: FlaskClient, read_page: Callable[[str], Page]) -> None:
    content = reader.get("/territoires/qpv.json").get_json()
    assert len(content["unites"]) == 13
    assert {value["indisponible"] for unit in content["unites"] for value in unit["mesures"]} == {"périmètre inconnu"}
    page = read_page(reader.get("/territoires/qpv").text)
    code = content["unites"][0]["code"]
    assert f"/territoires/qpv/{code}" in page.links()
    own = read_page(reader.get(f"/territoires/qpv/{code}").text)
    assert "Périmètre inconnu" in own.text
    assert reader.get(f"/territoires/qpv/{code}.json").get_json()["unites"] == content["unites"][:1]
    assert reader.get(f"/territoires/qpv/{code}.csv").status_code == 200
    assert reader.get(f"/territoires/qpv/{code}.xlsx").data.startswith(b"PK")
    assert "/territoires/qpv" in read_page(reader.get("/territoires").text).links()


@pytest.mark.parametrize(
    "address",
    [
        "/territoires/qpv/QN00000X",
        "/territoires/qpv/QN00000X.json",
        "/territoires/cours_eau",
        "/territoires/cours_eau.json",
        "/territoires/qpv/QN00000X.pdf",
        "/territoires/polygone/x",
    ],
)
def test_an_unknown_zone_is_not_found(reader: FlaskClient, address: str) -> None:
    assert reader.get(address).status_code == 404


def test_zones_are_no_filter(reader: FlaskClient) -> None:
    assert reader.get("/exports/gare.geojson?qpv=QN05958M").status_code == 400


def test_another_layer_says_zones_and_has_its_pages(layers_folder: Path, serve: Callable[[Path], FlaskClient]) -> None:
    path = layers_folder / "zonage_nature" / "layer.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[source]", "zones = true\n\n[source]", 1), encoding="utf-8")
    client = serve(layers_folder)
    assert client.get("/territoires/zonage_nature").status_code == 200
    assert client.get("/territoires/zonage_nature.json").get_json()["unites"] == []
