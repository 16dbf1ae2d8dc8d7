"""Polygons people send: what is read as it was meant, and what is refused with a sentence, never a crash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from webmap.errors import BadParameterError, PolygonError, TooLargeError
from webmap.geo import polygon as module
from webmap.geo.polygon import MAX_VERTICES, Polygon, parse_geojson, parse_wkt

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

EXTENT = (3.15, 50.15, 3.65, 50.55)
SQUARE = [[3.4, 50.3], [3.5, 50.3], [3.5, 50.4], [3.4, 50.4], [3.4, 50.3]]
HOLE = [[3.43, 50.33], [3.46, 50.33], [3.46, 50.36], [3.43, 50.33]]
EAST = [[[x + 0.12, y] for x, y in SQUARE]]


def wkt_of(polygon: Polygon) -> list[BaseGeometry]:
    return [shapely.from_wkt(text) for text in polygon.wkts]


def as_json(kind: str, coordinates: object) -> bytes:
    return json.dumps({"type": kind, "coordinates": coordinates}).encode()


def feature(geometry: object) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"nom": "x"}, "geometry": geometry}


@pytest.mark.parametrize(
    "text",
    [
        "POLYGON((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.4,3.4 50.3))",
        "  polygon ( ( 3.4 50.3 , 3.5 50.3,\n3.5 50.4,3.4 50.4,3.4 50.3 ) ) ",
        "SRID=4326;POLYGON Z((3.4 50.3 12,3.5 50.3 12,3.5 50.4 0,3.4 50.4 1,3.4 50.3 12))",
        "MULTIPOLYGON(((34e-1 50.3,3.5 +50.3,3.5 50.4,3.4 50.4,3.4 50.3)))",
    ],
)
def test_wkt_is_read_however_it_is_spaced(text: str) -> None:
    [found] = wkt_of(parse_wkt(text, EXTENT))
    assert found.equals(shapely.Polygon(SQUARE))


def test_holes_and_parts_are_kept() -> None:
    whole = shapely.MultiPolygon([shapely.Polygon(SQUARE, [HOLE]), shapely.Polygon(EAST[0])])
    [from_wkt] = wkt_of(parse_wkt(whole.wkt, EXTENT))
    [from_json] = wkt_of(parse_geojson(shapely.to_geojson(whole).encode(), EXTENT))
    assert from_wkt.equals(whole)
    assert from_json.equals(whole)
    assert parse_wkt(whole.wkt, EXTENT).bounds == whole.bounds


def test_a_collection_keeps_each_feature_apart_for_the_union() -> None:
    polygon = {"type": "Polygon", "coordinates": [SQUARE]}
    many = {"type": "MultiPolygon", "coordinates": [EAST]}
    collection = {"type": "FeatureCollection", "features": [feature(polygon), feature(many)]}
    found = wkt_of(parse_geojson(json.dumps(collection).encode(), EXTENT))
    assert [shape.bounds for shape in found] == [shapely.Polygon(SQUARE).bounds, shapely.Polygon(EAST[0]).bounds]
    alone = parse_geojson(b"\xef\xbb\xbf" + json.dumps(feature(polygon)).encode(), EXTENT)
    assert wkt_of(alone)[0].equals(shapely.Polygon(SQUARE))


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("", BadParameterError, "vide"),
        ("bonjour", BadParameterError, "pas du WKT"),
        ("POLYGON EMPTY", PolygonError, "vide"),
        ("POLYGON(EMPTY)", PolygonError, "vide"),
        ("LINESTRING(3.4 50.3,3.5 50.3)", PolygonError, "LINESTRING"),
        ("GEOMETRYCOLLECTION(POLYGON((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.3)))", PolygonError, "GEOMETRYCOLLECTION"),
        ("POLYGON((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.3)", BadParameterError, "parenthèse"),
        ("POLYGON((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.3))x", BadParameterError, "« x »"),
        ("POLYGON(((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.3)))", BadParameterError, "pas compris"),
        ("MULTIPOLYGON((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.3))", BadParameterError, "pas compris"),
        ("POLYGON((3.4 50.3,3.5 NaN,3.5 50.4,3.4 50.3))", BadParameterError, "« NaN »"),
        ("POLYGON((3.4 50.3,3.5 inf,3.5 50.4,3.4 50.3))", BadParameterError, "« inf »"),
        ("POLYGON((3.4 50.3,3.5 1e999,3.5 50.4,3.4 50.3))", BadParameterError, "fini"),
        ("POLYGON((3.4,50.3,3.5,50.4,3.4))", BadParameterError, "sommet"),
        ("POLYGON((3.4 50.3,3.5 50.3,3.5 50.4))", PolygonError, "fermé"),
        ("POLYGON((3.4 50.3,3.5 50.3,3.4 50.3))", PolygonError, "trois sommets"),
        ("POLYGON((3.4 50.3,3.4 50.3,3.4 50.3,3.4 50.3))", PolygonError, "trois sommets"),
        ("SRID=2154;POLYGON((3.4 50.3,3.5 50.3,3.5 50.4,3.4 50.3))", PolygonError, "EPSG:2154"),
        ("POLYGON((2.3 48.8,2.4 48.8,2.4 48.9,2.3 48.8))", PolygonError, "ne touche pas le territoire"),
        ("POLYGON((50.3 3.4,50.3 3.5,50.4 3.5,50.3 3.4))", PolygonError, "latitudes écrites avant"),
        ("POLYGON((340 500,350 500,350 510,340 500))", PolygonError, "pas des degrés"),
    ],
)
def test_wkt_that_is_no_zone_is_refused_with_a_sentence(text: str, error: type[Exception], said: str) -> None:
    with pytest.raises(BadParameterError, match=said) as caught:
        parse_wkt(text, EXTENT)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        (b"", BadParameterError, "vide"),
        (b"\xff\xfe", BadParameterError, "UTF-8"),
        (b"{", BadParameterError, "pas du GeoJSON"),
        (b"[" * 200_000, BadParameterError, "pas du GeoJSON"),
        (b"[" * 100 + b"]" * 100, PolygonError, "surface"),
        (b"null", PolygonError, "surface"),
        (b"12", PolygonError, "surface"),
        (b'{"type": ["Polygon"]}', PolygonError, "surface"),
        (b'{"type": "FeatureCollection"}', BadParameterError, "features"),
        (b'{"type": "FeatureCollection", "features": []}', PolygonError, "aucun objet"),
        (b'{"type": "Feature", "geometry": null}', PolygonError, "surface"),
        (as_json("Point", [3.4, 50.3]), PolygonError, "un Point"),
        (as_json("LineString", SQUARE), PolygonError, "un LineString"),
        (b'{"type": "GeometryCollection", "geometries": []}', PolygonError, "un GeometryCollection"),
        (as_json("Polygon", None), PolygonError, "vide"),
        (as_json("Polygon", []), PolygonError, "vide"),
        (as_json("Polygon", [[]]), PolygonError, "vide"),
        (as_json("Polygon", {"0": 1}), BadParameterError, "listes"),
        (as_json("Polygon", [3.4, 50.3]), BadParameterError, "listes"),
        (as_json("Polygon", [[[SQUARE]]]), BadParameterError, "sommet"),
        (as_json("MultiPolygon", [SQUARE]), BadParameterError, "sommet"),
        (as_json("Polygon", [[[True, False], [3.5, 50.3], [3.5, 50.4], [3.4, 50.3]]]), BadParameterError, "sommet"),
        (as_json("Polygon", [[["3.4", "50.3"]] * 4]), BadParameterError, "sommet"),
        (as_json("Polygon", [[[10**400, 1], [3.5, 50.3], [3.5, 50.4], [10**400, 1]]]), BadParameterError, "fini"),
        (as_json("Polygon", [[[float("nan"), 1], [3.5, 50.3]]]), BadParameterError, "NaN"),
        (as_json("Polygon", [SQUARE[:-1]]), PolygonError, "fermé"),
        (
            json.dumps(
                {"type": "Polygon", "coordinates": [SQUARE], "crs": {"properties": {"name": "EPSG:2154"}}}
            ).encode(),
            PolygonError,
            "EPSG:2154",
        ),
    ],
)
def test_geojson_that_is_no_zone_is_refused_with_a_sentence(body: bytes, error: type[Exception], said: str) -> None:
    with pytest.raises(BadParameterError, match=said) as caught:
        parse_geojson(body, EXTENT)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("code", "said"),
    [(2154, r"Lambert-93"), (3857, r"Web Mercator"), (3950, r"Lambert CC50"), (32631, r"UTM 31")],
)
def test_the_wrong_coordinate_system_is_named(code: int, said: str) -> None:
    move = Transformer.from_crs(4326, code, always_xy=True).transform
    shape = shapely.Polygon([move(x, y) for x, y in SQUARE])
    with pytest.raises(PolygonError, match=said):
        parse_wkt(shape.wkt, EXTENT)
    with pytest.raises(PolygonError, match=said):
        parse_geojson(shapely.to_geojson(shape).encode(), EXTENT)


def test_wgs84_named_in_the_file_is_no_error() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    body = json.dumps({"type": "Polygon", "coordinates": [SQUARE], "crs": crs}).encode()
    assert parse_geojson(body, EXTENT).vertices == 5


def test_too_many_vertices_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = np.linspace(0, 2 * np.pi, 100_001)
    circle = shapely.Polygon(np.column_stack([3.4 + np.cos(turns) / 10, 50.3 + np.sin(turns) / 10]))
    short = shapely.to_wkt(circle, rounding_precision=2)
    body = json.dumps({"type": "Polygon", "coordinates": [[[3, 50]] * (MAX_VERTICES + 1)]}).encode()
    with monkeypatch.context() as patched:
        patched.setattr(module, "_parse_lists", None)
        patched.setattr(module, "_check_ring", None)
        for text in (circle.wkt, short):
            with pytest.raises(TooLargeError):
                parse_wkt(text, EXTENT)
        with pytest.raises(TooLargeError):
            parse_geojson(body, EXTENT)
        with pytest.raises(TooLargeError, match="1000 ko"):
            parse_geojson(b"[" * 1_000_001, EXTENT)
    assert parse_wkt(shapely.Point(3.4, 50.3).buffer(0.1, quad_segs=2490).wkt, EXTENT).parts


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=60), st.text("POLYGNMUTI(),. 0123456789e-+", max_size=60).map("POLYGON((".__add__)))
def test_any_text_is_a_polygon_or_a_refusal(text: str) -> None:
    try:
        assert parse_wkt(text, EXTENT).parts
    except BadParameterError as error:
        assert str(error).endswith((".", "))"))  # noqa: PT017 - nothing else is raised


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.sampled_from(["Polygon", "MultiPolygon", "Feature", ""]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "geometry", "features", "crs"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_polygon_or_a_refusal(body: bytes) -> None:
    try:
        assert parse_geojson(body, EXTENT).parts
    except BadParameterError as error:
        assert str(error)  # noqa: PT017 - as above


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.floats(3.2, 3.6, allow_nan=False), st.floats(50.2, 50.5, allow_nan=False), st.floats(0.001, 0.05)),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_reads_back_the_same(places: list[tuple[float, float, float]]) -> None:
    whole = shapely.MultiPolygon([shapely.Point(x, y).buffer(reach, quad_segs=3) for x, y, reach in places])
    parsed = parse_wkt(shapely.to_wkt(whole, rounding_precision=-1), EXTENT)
    assert parse_wkt(parsed.wkts[0], EXTENT) == parsed
    assert parse_geojson(shapely.to_geojson(whole).encode(), EXTENT) == parsed
