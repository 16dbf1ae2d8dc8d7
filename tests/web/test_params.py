"""Parameters are hostile: whatever is sent, a value or a 400 with a sentence, never a 500."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webmap.errors import BadParameterError, NotFoundError
from webmap.geo.bbox import parse_bbox
from webmap.web import params

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog

ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
STORED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ADDRESSES = (
    "/exports/commune.geojson",
    "/tuiles/commune/8/130/86.mvt",
    "/recherche.json",
    "/cartes/territoire.html",
    "/territoires/bassin.json",
)
NAMES = st.sampled_from(["bbox", "bassin", "commune", "q", "couches", "decoupage", "territoire", "\x00"])


@given(ANY_TEXT)
def test_a_box_is_four_ordered_degrees_or_refused(text: str) -> None:
    try:
        west, south, east, north = parse_bbox(text)
    except BadParameterError:
        return
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90


@given(st.tuples(*[st.floats(-180, 180)] * 2), st.tuples(*[st.floats(-90, 90)] * 2))
def test_a_written_box_is_read_back(longitudes: tuple[float, float], latitudes: tuple[float, float]) -> None:
    (west, east), (south, north) = sorted(longitudes), sorted(latitudes)
    assert parse_bbox(f"{west!r},{south!r},{east!r},{north!r}") == (west, south, east, north)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_a_tile_address_is_in_the_grid_or_refused(z: str, x: str, y: str) -> None:
    try:
        zoom, column, row = params.parse_tile(z, x, y)
    except BadParameterError:
        return
    assert 0 <= zoom <= params.MAX_ZOOM
    assert max(column, row) < 2**zoom


@given(st.integers(0, 25), st.integers(0, 2**23), st.integers(0, 2**23))
def test_every_tile_of_the_grid_is_read(z: int, x: int, y: int) -> None:
    inside = z <= params.MAX_ZOOM and max(x, y) < 2**z
    try:
        assert params.parse_tile(str(z), str(x), str(y)) == (z, x, y)
    except BadParameterError:
        assert not inside
    else:
        assert inside


@STORED
@given(ids=st.lists(ANY_TEXT, max_size=40))
def test_layers_are_public_or_refused(catalog: Catalog, ids: list[str]) -> None:
    with pytest.raises((BadParameterError, NotFoundError)):
        params.parse_layers(catalog, ",".join(["?", *ids]))


@STORED
@given(path=st.sampled_from(ADDRESSES), name=NAMES, value=ANY_TEXT)
def test_no_parameter_breaks_an_address(reader: FlaskClient, path: str, name: str, value: str) -> None:
    response = reader.get(path, query_string={name: value})
    assert response.status_code in {200, 204, 400, 404}
    if response.status_code >= 400:
        assert response.get_json()["detail"].endswith((".", "?"))


@STORED
@given(segment=ANY_TEXT.filter(lambda text: text.strip("./") and "/" not in text))
def test_no_name_breaks_an_address(reader: FlaskClient, segment: str) -> None:
    for path in (
        "/couches/",
        "/territoires/bassin/",
        "/territoires/",
        "/fiches/qpv/",
        "/cartes/",
        "/exports/",
        "/static/",
    ):
        response = reader.get(path + segment.replace("%", "%25").replace("?", "%3F").replace("#", "%23"))
        assert response.status_code in {200, 308, 404}


def test_refusals_name_what_is_possible(reader: FlaskClient) -> None:
    detail = reader.get("/exports/qpv.geojson?basin=x").get_json()["detail"]
    assert detail == (
        "Paramètre « basin » inconnu ; paramètres possibles : bassin, bbox, bv2022, champs, commune, "
        "crs, equipe, filter, filter-crs, filter-lang, polygone, territoire, tri."
    )
    assert "n'en prend aucun" in reader.get("/couches?x").get_json()["detail"]
    assert "bassin, equipe, bv2022, commune, territoire" in reader.get("/territoires/x").get_json()["detail"]


def test_a_long_value_is_shortened_in_the_answer(reader: FlaskClient) -> None:
    for address in (
        "/couches/",
        "/territoires/",
        "/territoires/bassin/",
        "/fiches/qpv/",
        "/cartes/",
        "/exports/qpv.geojson?",
    ):
        response = reader.get(address + "a" * 5_000)
        assert response.status_code in {400, 404}
        assert len(response.data) < 600
