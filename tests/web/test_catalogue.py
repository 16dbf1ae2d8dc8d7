"""The catalogue as harvesters read it: every public layer, addresses that answer, nothing internal."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from webmap.app import create_app
from webmap.config import load_settings
from webmap.errors import ConfigError
from webmap.store.statements import count_queries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

PATHS = ("/catalogue.jsonld", "/metadonnees/qpv.xml", "/robots.txt", "/sitemap.xml")
GCO = "{http://www.isotc211.org/2005/gco}"
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def local(address: str) -> str:
    assert address.startswith("http://localhost/"), address
    parts = urlsplit(address)
    return parts.path


def test_every_public_layer_is_a_dataset_whose_addresses_answer(reader: FlaskClient, catalog: Catalog) -> None:
    response = reader.get("/catalogue.jsonld")
    assert response.mimetype == "application/ld+json"
    datasets = response.get_json()["dcat:dataset"]
    assert [dataset["dct:title"]["@value"] for dataset in datasets] == [layer.title for layer in catalog.public]
    for dataset in datasets:
        files = [
            found["dcat:downloadURL"]["@id"] for found in dataset["dcat:distribution"] if "dcat:downloadURL" in found
        ]
        assert files
        for address in (dataset["dcat:landingPage"]["@id"], dataset["foaf:page"]["@id"], *files):
            assert reader.head(local(address)).status_code == 200, address


def test_services_of_a_dataset_answer(reader: FlaskClient) -> None:
    datasets = reader.get("/catalogue.jsonld").get_json()["dcat:dataset"]
    services = [
        found["dcat:accessURL"]["@id"]
        for dataset in datasets
        for found in dataset["dcat:distribution"]
        if "dcat:downloadURL" not in found
    ]
    assert services
    assert {reader.get(local(address)).status_code for address in services} == {200}


def test_a_box_is_that_of_the_rows_and_not_of_schematic_cells(
    reader: FlaskClient, reader_with_contours: FlaskClient
) -> None:
    labels = []
    for client in (reader, reader_with_contours):
        dataset = client.get("/catalogue.jsonld").get_json()["dcat:dataset"][0]
        assert dataset["dct:title"]["@value"] == "Communes"
        labels.append(dataset["dct:spatial"]["skos:prefLabel"]["@value"])
    assert labels == ["Emprise du territoire : aucune ligne n’est localisée", "Emprise des lignes localisées"]


def test_every_layer_has_metadata_in_xml(reader: FlaskClient, catalog: Catalog) -> None:
    for layer in catalog.public:
        response = reader.get(f"/metadonnees/{layer.id}.xml")
        assert response.mimetype == "application/xml"
        texts = [found.text for found in ET.fromstring(response.data).iter(f"{GCO}CharacterString")]
        assert layer.title in texts


def test_the_sitemap_lists_pages_that_answer(reader: FlaskClient, catalog: Catalog) -> None:
    root = ET.fromstring(reader.get("/sitemap.xml").data)
    pages = [local(str(found.text)) for found in root.iter(LOC)]
    assert len(pages) == len(set(pages))
    assert {f"/couches/{layer.id}" for layer in catalog.public} <= set(pages)
    assert "/territoires/bassin/ostrevent" in pages
    few = [page for page in pages if page.count("/") < 3 or "bassin" in page]
    assert {reader.head(page).status_code for page in few} == {200}


def test_robots_leads_to_the_sitemap_and_hides_no_page(reader: FlaskClient) -> None:
    lines = reader.get("/robots.txt").text.splitlines()
    assert "Sitemap: http://localhost/sitemap.xml" in lines
    refused = [line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow: ")]
    assert refused
    root = ET.fromstring(reader.get("/sitemap.xml").data)
    pages = [local(str(found.text)) for found in root.iter(LOC)]
    assert not [page for page in pages if page.startswith(tuple(refused))]


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_is_open_revalidated_and_takes_no_parameter(reader: FlaskClient, path: str) -> None:
    response = reader.get(path)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert reader.get(path, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    assert reader.get(f"{path}?x=1").status_code == 400


def test_only_a_layer_that_changed_is_measured_again(client: FlaskClient, database: Database) -> None:
    def measured() -> list[str]:
        with count_queries() as statements:
            assert (
                client.get("/catalogue.jsonld").status_code
                == client.get("/ogc/tiles/WebMercatorQuad").status_code
                == 200
            )
        return [each for each in statements if "ST_Extent" in each]

    assert measured()
    assert measured() == []
    with database.owner() as connection:
        connection.execute("UPDATE pub.espace_nature SET geom = NULL")
    again = measured()
    assert again
    assert all("espace_nature" in each for each in again)


def test_what_changes_makes_another_version(client: FlaskClient, database: Database) -> None:
    before = client.get("/metadonnees/espace_nature.xml").headers["ETag"]
    with database.owner() as connection:
        connection.execute("DELETE FROM pub.espace_nature")
    assert client.get("/metadonnees/espace_nature.xml").headers["ETag"] != before


@pytest.mark.parametrize("path", [*PATHS, "/ogc/tiles", "/ogc/styles/maplibre.json"])
def test_addresses_are_those_of_the_configuration(settings: Settings, database: Database, path: str) -> None:
    told = settings.model_copy(update={"adresse": "https://atlas.example", "contact": "sig@atlas.example"})
    text = create_app(told, database).test_client().get(path).text
    assert "https://atlas.example/" in text
    assert "http://localhost" not in text
    assert ("sig@atlas.example" in text) is (path in PATHS[:2])


@pytest.mark.parametrize("path", PATHS)
def test_a_host_that_is_no_host_is_refused(reader: FlaskClient, path: str) -> None:
    for host in ('a"b', "a<script>", "a b", "a/../b", "é"):
        assert reader.get(path, headers={"Host": host}).status_code == 400, host
    assert "http://[::1]:8000/" in reader.get("/catalogue.jsonld", headers={"Host": "[::1]:8000"}).text


def test_an_internal_layer_is_nowhere(layers_folder: Path, serve: Callable[[Path], FlaskClient]) -> None:
    path = layers_folder / "mediatheque" / "layer.toml"
    path.write_text('visibility = "interne"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    client = serve(layers_folder)
    for address in PATHS:
        assert "mediatheque" not in client.get(address).text
    assert client.get("/metadonnees/mediatheque.xml").status_code == 404
    assert client.get("/metadonnees/nulle_part.xml").status_code == 404


def test_hostile_text_of_a_definition_stays_text(layers_folder: Path, serve: Callable[[Path], FlaskClient]) -> None:
    title = "</gmd:title><x>&amp; \u0001"
    path = layers_folder / "qpv" / "layer.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("title = ")
    path.write_text("\n".join(['title = "</gmd:title><x>&amp; \\u0001"', *lines[1:]]), encoding="utf-8")
    client = serve(layers_folder)
    titles = [found["dct:title"]["@value"] for found in client.get("/catalogue.jsonld").get_json()["dcat:dataset"]]
    assert title in titles
    root = ET.fromstring(client.get("/metadonnees/qpv.xml").data)
    assert title.replace("\u0001", "") in [found.text for found in root.iter(f"{GCO}CharacterString")]


@pytest.mark.parametrize(
    "line",
    ['adresse = "https://atlas.example/"', 'adresse = "atlas.example"', 'adresse = "javascript:x"', 'contact = "x"'],
)
def test_a_setting_that_is_no_address_is_refused(tmp_path: Path, settings: Settings, line: str) -> None:
    path = tmp_path / "webmap.toml"
    path.write_text(f"{line}\n{settings.config_file.read_text(encoding='utf-8')}", encoding="utf-8")
    with pytest.raises(ConfigError, match=line.split(maxsplit=1)[0]):
        load_settings({"WEBMAP_CONFIG": str(path)})
