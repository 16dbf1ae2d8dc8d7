"""The DCAT-AP catalogue, read back by rdflib: what it says is what the notices hold."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph, Literal, URIRef
from shapely import from_wkt

from tests.formats.published import BOX, HOSTILE, PUBLISHER, TERRITORY, make_notice
from webmap.formats.dcat import build_dcat

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.catalog.notice import Notice

QPV = URIRef("https://atlas.example/couches/qpv#jeu")


def read(*notices: Notice) -> Graph:
    text = json.dumps(build_dcat(PUBLISHER, notices))
    with warnings.catch_warnings():  # rdflib warns of its own parser
        warnings.simplefilter("ignore", DeprecationWarning)
        return Graph().parse(data=text, format="json-ld")


def test_a_dataset_says_what_a_portal_asks(catalog: Catalog) -> None:
    graph = read(make_notice(catalog, "qpv"))
    catalogue = graph.value(predicate=RDF.type, object=DCAT.Catalog)
    assert list(graph.objects(catalogue, DCAT.dataset)) == [QPV]
    layer = catalog.by_id["qpv"]
    assert graph.value(QPV, DCTERMS.title) == Literal(layer.title, lang="fr")
    assert layer.description in str(graph.value(QPV, DCTERMS.description))
    assert str(layer.warning) in str(graph.value(QPV, DCTERMS.description))
    publisher = graph.value(QPV, DCTERMS.publisher)
    assert str(graph.value(publisher, FOAF.name)) == layer.source.producer
    assert str(graph.value(QPV, DCAT.theme)).endswith("/data-theme/SOCI")
    assert "données ouvertes" in {str(word) for word in graph.objects(QPV, DCAT.keyword)}
    assert str(graph.value(QPV, DCTERMS.issued)).startswith("2026-03-01")
    assert str(graph.value(QPV, DCTERMS.modified)).startswith("2026-11-21")
    assert graph.value(QPV, DCTERMS.conformsTo) == URIRef("http://www.opengis.net/def/crs/EPSG/0/2154")
    assert graph.value(QPV, DCAT.landingPage) == URIRef("https://atlas.example/couches/qpv")
    period = graph.value(QPV, DCTERMS.temporal)
    assert [str(graph.value(period, end)) for end in (DCAT.startDate, DCAT.endDate)] == ["2024-01-01", "2024-12-31"]


def test_a_distribution_is_a_file_or_a_service(catalog: Catalog) -> None:
    graph = read(make_notice(catalog, "qpv"))
    found = {str(graph.value(node, DCAT.accessURL)): node for node in graph.objects(QPV, DCAT.distribution)}
    file, service = (f"https://atlas.example{path}" for path in ("/exports/qpv.geojson", "/ogc/collections/qpv"))
    assert set(found) == {file, service}
    assert graph.value(found[file], DCAT.downloadURL) == URIRef(file)
    assert graph.value(found[service], DCAT.downloadURL) is None
    for node in found.values():
        licence = graph.value(node, DCTERMS.license)
        assert licence == URIRef("https://www.etalab.gouv.fr/licence-ouverte-open-licence")


@pytest.mark.parametrize(("empty", "box"), [(False, BOX), (True, TERRITORY)])
def test_the_place_is_the_box_of_the_rows_else_that_of_the_territory(
    catalog: Catalog, box: tuple[float, ...], *, empty: bool
) -> None:
    graph = read(make_notice(catalog, "qpv", empty=empty))
    wkt = str(graph.value(graph.value(QPV, DCTERMS.spatial), DCAT.bbox))
    assert from_wkt(wkt).bounds == box
    assert (graph.value(QPV, DCTERMS.issued) is None) is empty
    assert ("encore vide" in str(graph.value(QPV, DCTERMS.description))) is empty


def test_a_list_has_no_coordinate_system(catalog: Catalog) -> None:
    graph = read(make_notice(catalog, "engagement"))
    assert not list(graph.objects(None, DCTERMS.conformsTo))


def test_an_unknown_licence_is_named_and_not_invented(catalog: Catalog) -> None:
    graph = read(make_notice(catalog, "qpv", "Tous droits réservés"))
    texts = {str(value) for value in graph.objects()}
    assert "Tous droits réservés" in texts
    assert not [text for text in texts if "etalab" in text]
    assert "données ouvertes" not in texts


@given(text=st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1)))
def test_any_text_comes_back(catalog: Catalog, text: str) -> None:
    content = json.loads(json.dumps(build_dcat(PUBLISHER, [make_notice(catalog, "qpv", text)])))
    assert content["dcat:dataset"][0]["dct:title"]["@value"] == text


def test_a_catalogue_may_be_empty() -> None:
    assert "dct:modified" not in build_dcat(PUBLISHER, [])
