"""OGC API - Tiles: the same bytes at another address, row first; tile sets, TileJSON, grid and styles that lead to them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import mapbox_vector_tile
import pyogrio
import pytest
from pyproj import Transformer

from webmap.catalog.bands import LABELS
from webmap.catalog.load import load_catalog
from webmap.formats.tuilage import GRID_URI

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.config import Settings

GRID = "WebMercatorQuad"
ALL = f"/ogc/tiles/{GRID}"


def own(layer_id: str) -> str:
    return f"/ogc/collections/{layer_id}/tiles/{GRID}"


def get(client: FlaskClient, path: str) -> dict[str, Any]:
    response = client.get(path)
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    content: dict[str, Any] = response.get_json()
    return content


def local(address: str) -> str:
    assert address.startswith("http://localhost/")
    return urlsplit(address).path


# --- tiles -------------------------------------------------------------------------------------------------------


def test_a_tile_is_the_one_of_the_map_with_row_before_column(reader: FlaskClient) -> None:
    here = reader.get("/tuiles/commune/8/130/86.mvt")
    there = reader.get(f"{own('commune')}/8/86/130")
    assert there.status_code == 200
    assert there.mimetype == "application/vnd.mapbox-vector-tile"
    assert there.data == here.data
    assert there.headers["ETag"] == here.headers["ETag"]
    assert reader.get(f"{own('commune')}/8/130/86").status_code == 204, "column and row are not exchanged"
    seen = {"If-None-Match": there.headers["ETag"]}
    assert reader.get(f"{own('commune')}/8/86/130", headers=seen).status_code == 304


def test_a_unit_filters_and_f_is_allowed(reader: FlaskClient) -> None:
    here = reader.get("/tuiles/commune/8/130/86.mvt?bassin=ostrevent")
    assert reader.get(f"{own('commune')}/8/86/130?bassin=ostrevent&f=mvt").data == here.data


def test_the_dataset_has_every_drawn_public_layer(reader: FlaskClient, catalog: Catalog) -> None:
    drawn = [layer.id for layer in catalog.public if layer.drawn]
    whole = reader.get(f"{ALL}/8/86/130").data
    assert whole == reader.get(f"/tuiles/{','.join(drawn)}/8/130/86.mvt").data
    some = reader.get(f"{ALL}/8/86/130?collections=bassin,commune").data
    assert some == reader.get("/tuiles/bassin,commune/8/130/86.mvt").data
    assert set(mapbox_vector_tile.decode(some)) == {"bassin", f"bassin{LABELS}", "commune"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{own('commune')}/8/86/256", 400),
        (f"{own('commune')}/8/a/130", 400),
        (f"{own('commune')}/23/0/0", 400),
        (f"{own('commune')}/8/86/130?f=png", 400),
        (f"{own('commune')}/8/86/130?x=1", 400),
        (f"{own('commune')}/8/86/130?collections=bassin", 400),
        (f"{own('commune,bassin')}/8/86/130", 404),
        (f"{own('nulle_part')}/8/86/130", 404),
        (f"{own('engagement')}/8/86/130", 404),
        ("/ogc/collections/commune/tiles/Autre/8/86/130", 404),
        (f"{ALL}/8/86/130?collections=nulle_part", 404),
        (f"{ALL}/8/86/130?collections=commune,commune", 400),
        (own("engagement"), 404),
        (f"{ALL}?f=xml", 400),
        (f"{ALL}?x=1", 400),
        ("/ogc/tileMatrixSets/Autre", 404),
        ("/ogc/collections/nulle_part/styles/maplibre.json", 404),
        ("/ogc/styles/maplibre.json?x=1", 400),
    ],
)
def test_what_is_not_there_is_refused_with_a_sentence(reader: FlaskClient, path: str, status: int) -> None:
    response = reader.get(path)
    assert response.status_code == status
    assert response.get_json()["detail"]


def test_gdal_reads_a_tile_where_it_is(reader_with_contours: FlaskClient, tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "8" / "130" / "86.mvt"
    path.parent.mkdir(parents=True)
    path.write_bytes(reader_with_contours.get(f"{own('commune')}/8/86/130").data)
    frame = pyogrio.read_dataframe(path, layer="commune")
    assert len(frame) == 47
    west, south, east, north = settings.territoire.etendue
    to_mercator = Transformer.from_crs(4326, 3857, always_xy=True)
    left, bottom = to_mercator.transform(west, south)
    right, top = to_mercator.transform(east, north)
    minx, miny, maxx, maxy = frame.total_bounds
    assert left - 5000 < minx < maxx < right + 5000
    assert bottom - 5000 < miny < maxy < top + 5000


# --- tile sets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ogc/tiles", "/ogc/collections/qpv/tiles"])
def test_links_lead_from_the_list_to_a_tile(reader: FlaskClient, path: str) -> None:
    (item,) = get(reader, path)["tilesets"]
    assert (item["dataType"], item["tileMatrixSetURI"]) == ("vector", GRID_URI)
    tileset = get(reader, local(item["links"][0]["href"]))
    links = {link["rel"]: link for link in tileset["links"]}
    template = links["item"]
    assert template["templated"] is True
    address = template["href"].format(tileMatrix=8, tileRow=86, tileCol=130)
    assert reader.get(local(address)).status_code in {200, 204}
    grid = get(reader, local(links["http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"]["href"]))
    assert grid["id"] == GRID
    assert get(reader, local(links["describedby"]["href"]))["tilejson"] == "3.0.0"


def test_tilejson_says_what_the_tiles_carry(reader: FlaskClient, catalog: Catalog) -> None:
    tilejson = get(reader, f"{ALL}/tilejson.json")
    (template,) = tilejson["tiles"]
    response = reader.get(local(template.format(z=8, x=130, y=86)))
    assert "immutable" in response.headers["Cache-Control"]
    tile = response.data
    assert tile == reader.get(f"{ALL}/8/86/130").data
    told = {layer["id"]: set(layer["fields"]) for layer in tilejson["vector_layers"]}
    assert [name for name in told if not name.endswith(LABELS)] == [layer.id for layer in catalog.public if layer.drawn]
    bands = {layer["id"]: layer.get("webmap:bandes") for layer in tilejson["vector_layers"]}
    assert [band["zoom_max"] for band in bands["commune"]] == [4, 6, 8, 10, 12, 22]
    assert bands["commune"][1]["tolerance_pixels"] == 0.1
    assert bands["commune_etiquette"] is None
    for name, layer in mapbox_vector_tile.decode(tile).items():
        carried = {key for feature in layer["features"] for key in feature["properties"]}
        assert carried <= told[name], name
    west, south, east, north = tilejson["bounds"]
    assert -180 <= west < east <= 180
    assert -85 <= south < north <= 85


def test_bounds_hold_every_drawn_row(reader: FlaskClient) -> None:
    west, south, east, north = get(reader, f"{own('espace_nature')}/tilejson.json")["bounds"]
    features = reader.get("/exports/espace_nature.geojson").get_json()["features"]
    points = [feature["geometry"]["coordinates"] for feature in features if feature["geometry"]]
    assert points
    assert all(west <= x <= east and south <= y <= north for x, y in points)


def test_an_empty_layer_has_a_tile_set_over_the_territory(reader: FlaskClient, settings: Settings) -> None:
    assert get(reader, f"{own('halle')}/tilejson.json")["bounds"] == pytest.approx(
        settings.territoire.etendue, abs=2e-6
    )


def test_the_grid_is_that_of_the_web(reader: FlaskClient) -> None:
    assert [grid["id"] for grid in get(reader, "/ogc/tileMatrixSets")["tileMatrixSets"]] == [GRID]
    matrices = get(reader, f"/ogc/tileMatrixSets/{GRID}")["tileMatrices"]
    assert [matrix["id"] for matrix in matrices] == [str(zoom) for zoom in range(23)]
    # Values of OGC 17-083r4, annex D.1.
    assert matrices[0]["scaleDenominator"] == pytest.approx(559082264.028717)
    assert matrices[9]["cellSize"] == pytest.approx(305.748113140705)
    assert matrices[9]["matrixWidth"] == 512


def test_an_attribution_is_no_html(layers_folder: Path, serve: Callable[[Path], FlaskClient]) -> None:
    path = layers_folder / "halle" / "layer.toml"
    text = path.read_text(encoding="utf-8")
    producer = load_catalog(layers_folder).by_id["halle"].source.producer
    path.write_text(
        text.replace(f'producer = "{producer}"', 'producer = "<img src=x onerror=alert(1)>"'), encoding="utf-8"
    )
    attribution = get(serve(layers_folder), f"{own('halle')}/tilejson.json")["attribution"]
    assert attribution == "&lt;img src=x onerror=alert(1)&gt;"


# --- styles ------------------------------------------------------------------------------------------------------


def test_a_style_draws_from_the_tiles_of_its_layer(reader: FlaskClient, catalog: Catalog) -> None:
    for layer in (layer for layer in catalog.public if layer.drawn):
        style = get(reader, f"/ogc/collections/{layer.id}/styles/maplibre.json")
        tilejson = get(reader, local(style["sources"]["atlas"]["url"]))
        told = {found["id"]: found["fields"] for found in tilejson["vector_layers"]}
        assert {part["source-layer"] for part in style["layers"]} == told.keys()
        texts = [part for part in style["layers"] if part["type"] == "symbol"]
        assert len(texts) == (layer.style is not None and layer.style.label is not None)
        for part in texts:
            assert (
                part["layout"]["text-field"][-1] in told[part["source-layer"]]
                or part["layout"]["text-field"][-1][0] == "get"
            )
        assert not [part for part in style["layers"] if part.get("layout", {}).get("visibility")]


def test_the_style_of_the_atlas_shows_what_the_atlas_opens_with(reader: FlaskClient, catalog: Catalog) -> None:
    style = get(reader, "/ogc/styles/maplibre.json")
    seen = {part["source-layer"] for part in style["layers"] if "layout" not in part}
    assert seen == {layer.id for layer in catalog.public if layer.drawn and layer.shown}
    order = list(dict.fromkeys(part["source-layer"] for part in style["layers"]))
    shapes = [name for name in order if not name.endswith(LABELS)]
    assert shapes == [layer.id for layer in catalog.public if layer.drawn]
    assert order[: len(shapes)] == shapes, "texts are above"


def test_an_internal_layer_has_neither_tiles_nor_style(
    layers_folder: Path, serve: Callable[[Path], FlaskClient]
) -> None:
    path = layers_folder / "mediatheque" / "layer.toml"
    path.write_text('visibility = "interne"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    client = serve(layers_folder)
    for address in (f"{own('mediatheque')}/8/86/130", own("mediatheque"), f"{own('mediatheque')}/tilejson.json"):
        assert client.get(address).status_code == 404
    assert client.get("/ogc/collections/mediatheque/styles/maplibre.json").status_code == 404
    for address in (ALL, f"{ALL}/tilejson.json", "/ogc/styles/maplibre.json"):
        assert "mediatheque" not in json.dumps(get(client, address)), address


# --- what the API says of them -----------------------------------------------------------------------------------


def test_the_landing_page_and_a_collection_lead_to_tiles_and_style(reader: FlaskClient) -> None:
    for path, root in (("/ogc/", "/ogc"), ("/ogc/collections/qpv", "/ogc/collections/qpv")):
        links = {link["rel"]: link["href"] for link in get(reader, f"{path}?f=json")["links"]}
        assert local(links["http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"]) == f"{root}/tiles"
        assert local(links["stylesheet"]) == f"{root}/styles/maplibre.json"
    links = get(reader, "/ogc/collections/engagement?f=json")["links"]
    assert not [link for link in links if "tiles" in link["href"]]


def test_the_openapi_document_has_every_tile_route_and_no_other(reader: FlaskClient) -> None:
    document = reader.get("/ogc/api?f=json").get_json()
    told = {path for path in document["paths"] if "tile" in path.lower() or "styles" in path}
    names = {
        "matrix": "tileMatrix",
        "row": "tileRow",
        "column": "tileCol",
        "grid": "tileMatrixSetId",
        "collection": "collectionId",
    }
    rules = {rule.rule for rule in reader.application.url_map.iter_rules() if rule.rule.startswith("/ogc/")}
    served = {
        re.sub(r"<(\w+)>", lambda found: f"{{{names[found[1]]}}}", rule)
        for rule in rules
        if "tile" in rule.lower() or "styles" in rule
    }
    assert {f"/ogc{path}" for path in told} == served
    for path in told:
        operation = document["paths"][path]["get"]
        declared = {each["name"] for each in operation["parameters"] if each.get("in") == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path))


def test_conformance_declares_the_classes_of_tiles(reader: FlaskClient) -> None:
    declared = get(reader, "/ogc/conformance?f=json")["conformsTo"]
    names = {uri.rpartition("/")[2] for uri in declared if "ogcapi-tiles-1" in uri}
    assert names == {"core", "tileset", "tilesets-list", "geodata-tilesets", "dataset-tilesets", "mvt", "oas30"}
