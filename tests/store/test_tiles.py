"""Vector tiles, read back: the right features, what the style needs, and nothing when there is nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import HOSTILE, ask, build, define, do, insert
from webmap.catalog.bands import LABELS
from webmap.store.attachment import sql_in_unit
from webmap.store.tiles import TileStore

if TYPE_CHECKING:
    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.load import Catalog
    from webmap.store.db import Database

Z9 = (9, 260, 172)  # holds the whole agglomeration, with its neighbours
AREA = [(9, x, y) for x in range(259, 263) for y in range(171, 174)]


def decode(tile: bytes) -> dict[str, Any]:
    return dict(mapbox_vector_tile.decode(tile)) if tile else {}


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z
    return z, int((lon + 180) / 360 * 2**z), int(y)


def around(store: TileStore, layer_id: str, unit: tuple[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """Return the properties of all the features of the tiles of the area, by key."""
    found = {}
    for z, x, y in AREA:
        for feature in decode(store.fetch_tile([layer_id], z, x, y, unit)).get(layer_id, {}).get("features", []):
            found[feature["properties"]["cle"]] = feature["properties"]
    return found


@pytest.fixture(scope="module")
def store(facts: Database, catalog: Catalog) -> TileStore:
    return TileStore(facts, catalog.public)


def test_every_drawn_row_is_in_a_tile_with_what_its_style_needs(
    facts: Database, catalog: Catalog, store: TileStore
) -> None:
    for layer in catalog.public:
        if not layer.drawn or layer.id == "commune" or layer.decoupage:
            continue
        statement = f"SELECT coalesce(array_agg({layer.key}::text), '{{}}') FROM pub.{layer.id} WHERE geom IS NOT NULL"
        found = around(store, layer.id)
        assert found.keys() == set(ask(facts, statement)), layer.id
        for properties in found.values():
            wanted = {"cle", "nom", *(layer.style.fields if layer.style else ())}
            assert properties.keys() <= wanted | {"approximatif", "schematique"}
            assert properties["nom"]
            assert properties["approximatif"] is True
            assert "schematique" not in properties


def test_communes_without_contour_are_schematic(store: TileStore) -> None:
    assert len(around(store, "commune")) == 47
    assert all(properties["schematique"] is True for properties in around(store, "commune").values())
    assert len(around(store, "bassin")) == 3


def test_communes_with_contour_are_not(facts_with_contours: Database, catalog: Catalog) -> None:
    found = around(TileStore(facts_with_contours, catalog.public), "commune")
    assert len(found) == 47
    assert not any("schematique" in properties or "approximatif" in properties for properties in found.values())


@pytest.mark.parametrize("tile", [(12, 0, 0), (9, 260, 400), (9, 0, 172), (9, 511, 172), (1, 1, 1), (22, 0, 4194303)])
def test_elsewhere_is_empty_bytes(store: TileStore, catalog: Catalog, tile: tuple[int, int, int]) -> None:
    drawn = [layer.id for layer in catalog.public if layer.drawn]
    assert store.fetch_tile(drawn, *tile, None) == b""


@pytest.mark.parametrize("z", range(6))
def test_the_world_holds_us_once(store: TileStore, z: int) -> None:
    tile = tile_of(3.4, 50.4, z)
    features = decode(store.fetch_tile(["commune", "poche_pauvrete"], *tile, None))
    communes = [feature["properties"]["cle"] for feature in features["commune"]["features"]]
    assert len(communes) == len(set(communes))
    assert len(communes) == 47 if z > 2 else communes  # a commune smaller than a unit of the grid is no surface
    assert len(features["poche_pauvrete"]["features"]) == 11


def test_layers_are_concatenated_in_the_order_asked(store: TileStore) -> None:
    ids = ["bassin", "poche_pauvrete", "commune", "halle"]
    apart = [store.fetch_tile([layer_id], *Z9, None) for layer_id in ids]
    assert apart[-1] == b""
    assert store.fetch_tile(ids, *Z9, None) == b"".join(apart)
    assert [name for name in decode(b"".join(apart)) if not name.endswith(LABELS)] == ids[:-1]
    assert store.fetch_tile([], *Z9, None) == b""


def test_the_same_tile_is_the_same_bytes(database: Database, catalog: Catalog) -> None:
    store = TileStore(database, catalog.public)
    drawn = [layer.id for layer in catalog.public if layer.drawn]
    before = store.fetch_tile(drawn, *Z9, None)
    assert len(before) > 1000
    do(
        database,  # the same rows, now in another order in the table
        "CREATE TEMP TABLE x AS TABLE pub.poche_pauvrete; DELETE FROM pub.poche_pauvrete;"
        " INSERT INTO pub.poche_pauvrete SELECT * FROM x ORDER BY code DESC",
    )
    assert store.fetch_tile(drawn, *Z9, None) == before


def test_a_symbol_near_the_edge_is_in_both_tiles(database: Database) -> None:
    layer = define()
    build(database, layer)
    z, x, y = tile_of(3.4, 50.3, 14)
    edge = 20037508.342789244 * (2 * x / 2**z - 1)
    width = 2 * 20037508.342789244 / 2**z
    middle = 20037508.342789244 * (1 - (2 * y + 1) / 2**z)
    for part, tiles in {50 / 4096: 2, 80 / 4096: 1}.items():
        do(database, "DELETE FROM pub.essai")
        insert(database, layer, [{"geom": f"POINT({edge + part * width} {middle})"}], srid=3857)
        store = TileStore(database, [layer])
        assert sum(bool(store.fetch_tile(["essai"], z, column, y, None)) for column in (x - 1, x)) == tiles


def test_what_has_no_geometry_has_no_tile(store: TileStore) -> None:
    with pytest.raises(KeyError):
        store.fetch_tile(["engagement"], *Z9, None)


UNITS = [("bassin", "amandinois"), ("bassin", "bassin_minier"), ("commune", "59172"), ("territoire", "200042190")]


@pytest.mark.parametrize("unit", [*UNITS, ("bassin", "nulle part"), ("nulle part", "59172")])
@pytest.mark.parametrize("contours", [False, True])
def test_a_unit_keeps_the_rows_tied_to_it(
    facts: Database,
    facts_with_contours: Database,
    catalog: Catalog,
    unit: tuple[str, str],
    *,
    contours: bool,
) -> None:
    database = facts_with_contours if contours else facts
    store = TileStore(database, catalog.public)
    for layer_id in ("poche_pauvrete", "veille_active", "commune", "bassin"):
        layer = catalog.by_id[layer_id]
        drawn = "" if layer_id in {"commune", "bassin"} else " AND t.geom IS NOT NULL"
        condition = sql_in_unit(layer).as_string()
        statement = f"SELECT coalesce(array_agg(t.{layer.key}), '{{}}') FROM pub.{layer_id} t WHERE {condition}{drawn}"
        wanted = set(ask(database, statement, {"decoupage": unit[0], "unite": unit[1]}))
        assert around(store, layer_id, unit).keys() == wanted
        assert wanted or unit[1] != "200042190"


def test_any_text_is_an_attribute(database: Database) -> None:
    layer = define(style={"field": "nom", "rules": [{"label": "x"}], "label": {"field": "code"}})
    build(database, layer)
    insert(
        database, layer, [{"code": str(n), "nom": word, "geom": "POINT(3.4 50.3)"} for n, word in enumerate(HOSTILE)]
    )
    found = around(TileStore(database, [layer]), "essai")
    assert {key: properties["nom"] for key, properties in found.items()} == {str(n): w for n, w in enumerate(HOSTILE)}


def shown(database: Database, layer: LayerDefinition, tile: tuple[int, int, int], margin: float) -> set[str]:
    statement = (
        "SELECT coalesce(array_agg(code), '{}') FROM pub.essai"
        " WHERE ST_Intersects(ST_Transform(geom, 3857), ST_TileEnvelope(%s, %s, %s, margin => %s))"
    )
    assert layer.id == "essai"
    return set(ask(database, statement, [*tile, margin]))


@pytest.fixture
def built(database: Database) -> Database:
    build(database, define())
    return database


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(st.tuples(st.floats(3.2, 3.6), st.floats(50.2, 50.55)), min_size=1, max_size=12),
    zoom=st.integers(0, 18),
    picked=st.integers(0, 11),
)
def test_a_tile_holds_the_points_that_meet_it(
    built: Database, places: list[tuple[float, float]], zoom: int, picked: int
) -> None:
    database, layer = built, define()
    do(database, "DELETE FROM pub.essai")
    insert(database, layer, [{"code": f"c{n}", "geom": f"POINT({lon} {lat})"} for n, (lon, lat) in enumerate(places)])
    tile = tile_of(*places[picked % len(places)], zoom)
    features = decode(TileStore(database, [layer]).fetch_tile(["essai"], *tile, None))["essai"]["features"]
    found = {feature["properties"]["cle"] for feature in features}
    assert len(found) == len(features)
    # A unit of the tile's grid is 1/4096: points that near the edge of the margin may fall on either side.
    buffer, unit = 64 / 4096, 1.5 / 4096
    assert shown(database, layer, tile, buffer - unit) <= found <= shown(database, layer, tile, buffer + unit)
    for feature in features:
        assert feature["geometry"]["type"] == "Point"
        assert all(-66 <= value <= 4162 for value in feature["geometry"]["coordinates"])


def test_surfaces_are_cut_at_the_tile_and_keep_their_hole(database: Database) -> None:
    layer = define(geometry="polygon")
    build(database, layer)
    ring = "(3.3 50.3,3.3 50.4,3.4 50.4,3.4 50.3,3.3 50.3),(3.34 50.34,3.36 50.34,3.36 50.36,3.34 50.36,3.34 50.34)"
    insert(database, layer, [{"geom": f"POLYGON({ring})"}])
    store = TileStore(database, [layer])
    for place, rings in {(3.305, 50.305): 1, (3.35, 50.35): 0}.items():
        features = decode(store.fetch_tile(["essai"], *tile_of(*place, 17), None)).get("essai", {}).get("features", [])
        assert len(features) == rings
    whole = decode(store.fetch_tile(["essai"], *Z9, None))["essai"]["features"][0]
    assert len(whole["geometry"]["coordinates"]) == 2
