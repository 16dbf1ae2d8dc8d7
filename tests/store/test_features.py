"""GeoJSON as PostgreSQL writes it: RFC 7946, any text, any number of fields, the box as the person drew it."""

from __future__ import annotations

import json
import re
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from shapely.geometry import Polygon

from tests.store.conftest import HOSTILE, ask, build, define, do, insert
from webmap.store.features import PUBLISHED, Selection, stream_features

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

SQUARE = (
    "POLYGON((3.3 50.3,3.3 50.4,3.4 50.4,3.4 50.3,3.3 50.3),(3.34 50.34,3.36 50.34,3.36 50.36,3.34 50.36,3.34 50.34))"
)


def text_of(
    database: Database, layer: LayerDefinition, selection: Selection | None = None, *, cells: bool = False
) -> str:
    blocks = stream_features(database, layer, selection or Selection(), cells=cells)
    return "[" + b"".join(blocks).decode() + "]"


def read(database: Database, layer: LayerDefinition, selection: Selection | None = None) -> list[dict[str, Any]]:
    return list(json.loads(text_of(database, layer, selection)))


def test_every_layer_is_an_array_of_features(facts: Database, catalog: Catalog) -> None:
    for layer in catalog.public:
        found = read(facts, layer)
        assert len(found) == ask(facts, f"SELECT count(*) FROM pub.{layer.id}")
        for feature in found:
            assert list(feature) == ["type", "id", "geometry", "properties"]
            assert feature["properties"].keys() == {*layer.field_ids, *PUBLISHED}
            assert feature["id"] == str(feature["properties"][layer.key])


def test_rfc_7946(database: Database) -> None:
    layer = define(geometry="polygon")
    build(database, layer)
    insert(database, layer, [{"code": "a", "geom": SQUARE}, {"code": "b"}])
    text = text_of(database, layer)
    assert "crs" not in text
    assert not re.search(r"\d\.\d{8}", text)
    exact, nowhere = json.loads(text)
    assert nowhere["geometry"] is None
    assert exact["geometry"]["type"] == "MultiPolygon"
    ((outer, hole),) = exact["geometry"]["coordinates"]
    assert all(3.2 < x < 3.5 and 50.2 < y < 50.5 for x, y in outer)
    polygon = Polygon(outer, [hole])
    assert polygon.exterior.is_ccw
    assert not polygon.interiors[0].is_ccw
    assert polygon.area == pytest.approx(0.0096, rel=1e-4)
    assert outer[0] == outer[-1]
    assert hole[0] == hole[-1]


def test_any_text_comes_back_as_it_was(database: Database) -> None:
    layer = define(more=[{"id": "liste", "type": "list", "label": "L"}])
    build(database, layer)
    insert(
        database,
        layer,
        [{"code": f"{n:02}{word}", "nom": word, "liste": [word, word]} for n, word in enumerate(HOSTILE)],
    )
    text = text_of(database, layer)
    assert text.count("\n") == len(HOSTILE)
    found = json.loads(text)
    assert [feature["properties"]["nom"] for feature in found] == list(HOSTILE)
    assert [feature["properties"]["liste"] for feature in found] == [[word, word] for word in HOSTILE]
    assert [feature["id"][2:] for feature in found] == list(HOSTILE)


def test_types_stay_types(database: Database) -> None:
    kinds = {"integer": 9007199254740993, "number": 0.1, "boolean": True, "date": "2026-11-21", "list": ["a"]}
    layer = define(more=[{"id": f"f_{kind}", "type": kind, "label": kind} for kind in kinds])
    build(database, layer)
    insert(database, layer, [{f"f_{kind}": value for kind, value in kinds.items()}])
    properties = read(database, layer)[0]["properties"]
    assert {kind: properties[f"f_{kind}"] for kind in kinds} == kinds


def test_a_layer_of_a_hundred_fields(database: Database) -> None:
    layer = define(more=[{"id": f"f{n}", "label": f"F{n}"} for n in range(100)])
    build(database, layer)
    insert(database, layer, [{"f99": "dernier"}])
    assert read(database, layer)[0]["properties"]["f99"] == "dernier"


def test_nothing_is_an_empty_array(facts: Database, catalog: Catalog) -> None:
    assert text_of(facts, catalog.by_id["halle"]) == "[]"


def test_the_box_decides_in_its_own_coordinates(database: Database) -> None:
    layer = define()
    build(database, layer)
    box = (3.0, 50.0, 3.8, 50.6)
    names = {"coin": (3.0, 50.0), "bord": (3.4, 50.6), "dedans": (3.4, 50.3)}
    # Lambert-93 bends parallels: these are outside the box, inside its reprojected envelope.
    names |= {"sous le bord": (3.4, 49.9995), "sur le bord": (3.0, 50.6005), "loin": (5, 50)}
    insert(database, layer, [{"code": name, "geom": f"POINT({x} {y})"} for name, (x, y) in names.items()])
    inside = "ST_Envelope(ST_Transform(ST_MakeEnvelope(3.0, 50.0, 3.8, 50.6, 4326), 2154))"
    trap = ask(database, f"SELECT count(*) FROM pub.essai WHERE geom && {inside} AND code = 'sous le bord'")
    assert trap == 1
    found = {feature["id"] for feature in read(database, layer, Selection(bbox=box))}
    assert found - {"coin", "bord"} == {"dedans"}


@pytest.mark.parametrize("box", [(-180, -90, 180, 90), (3, 50, 4, 51), (-10, 40, 12, 53)])
def test_a_wide_box_holds_all_that_has_a_place(
    facts: Database, catalog: Catalog, box: tuple[float, float, float, float]
) -> None:
    layer = catalog.by_id["poche_pauvrete"]
    assert len(read(facts, layer, Selection(bbox=box))) == 11


@pytest.mark.parametrize("box", [(-60, 10, -50, 20), (170, -20, 180, -10), (3.4, 50.3, 3.4, 50.3)])
def test_a_box_elsewhere_is_empty(facts: Database, catalog: Catalog, box: tuple[float, float, float, float]) -> None:
    assert text_of(facts, catalog.by_id["poche_pauvrete"], Selection(bbox=box)) == "[]"


def test_units_must_all_hold(facts: Database, catalog: Catalog) -> None:
    layer = catalog.by_id["poche_pauvrete"]
    whole = {feature["id"]: feature["properties"]["code_insee"] for feature in read(facts, layer)}
    one = read(facts, layer, Selection(units=(("commune", "59205"),)))
    assert {feature["id"] for feature in one} == {key for key, code in whole.items() if code == "59205"}
    assert one
    both = Selection(units=(("bassin", "bassin_minier"), ("commune", "59205")))
    assert len(read(facts, layer, both)) == len(one)
    assert read(facts, layer, Selection(units=(("bassin", "amandinois"), ("commune", "59205")))) == []
    assert read(facts, layer, Selection(units=(("bassin", "' OR true --"),))) == []


def test_cells_are_drawn_on_demand_and_say_so(facts: Database, catalog: Catalog) -> None:
    layer = catalog.by_id["commune"]
    assert all(feature["geometry"] is None for feature in read(facts, layer))
    drawn = json.loads(text_of(facts, layer, cells=True))
    assert all(feature["geometry"]["type"] == "MultiPolygon" for feature in drawn)
    assert all(feature["properties"]["schematique"] is True for feature in drawn)


@pytest.mark.long
def test_memory_does_not_grow_with_the_layer(database: Database) -> None:
    layer = define()
    build(database, layer)
    do(
        database,
        "INSERT INTO pub.essai SELECT n::text, repeat('x', 500), ST_SetSRID(ST_MakePoint(720000 + n % 1000, 7030000), 2154),"
        " 'exacte', NULL, 'existant', 's', NULL, NULL, '2026' FROM generate_series(1, 200000) n",
    )
    tracemalloc.start()
    try:
        size = sum(map(len, stream_features(database, layer, Selection())))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 100_000_000
    assert peak < 5_000_000
