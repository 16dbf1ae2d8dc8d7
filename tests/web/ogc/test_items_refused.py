"""What is asked of items wrongly is told in a sentence; what is strange but right is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from pyproj import Transformer
from shapely.geometry import shape

from tests.web.ogc.items_read import EPSG, ask, following, keys

if TYPE_CHECKING:
    from flask.testing import FlaskClient


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
