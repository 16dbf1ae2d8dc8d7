"""ISO 19139, read back by OWSLib, and the traps the national validator measures.

The schema itself is not on PyPI in a form a test can carry; tests of order stand in for it. The 29 shipped layers were
validated once against the XSD of 2006, as pycsw 2.6.2 ships it.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from owslib.etree import etree
from owslib.iso import MD_Metadata

from tests.formats.published import BOX, HOSTILE, PUBLISHER, TERRITORY, make_notice
from webmap.formats.iso19139 import build_iso19139

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.catalog.notice import Notice

GMD, GCO, GMX = (f"{{http://www.isotc211.org/2005/{name}}}" for name in ("gmd", "gco", "gmx"))
HREF = "{http://www.w3.org/1999/xlink}href"
IDENTIFICATION = f"{GMD}identificationInfo/{GMD}MD_DataIdentification"
# The order of the schema (gmd/metadataEntity.xsd, gmd/identification.xsd).
METADATA = [
    "fileIdentifier",
    "language",
    "characterSet",
    "hierarchyLevel",
    "hierarchyLevelName",
    "contact",
    "dateStamp",
    "metadataStandardName",
    "metadataStandardVersion",
    "referenceSystemInfo",
    "identificationInfo",
    "distributionInfo",
    "dataQualityInfo",
]
DATA = [
    "citation",
    "abstract",
    "pointOfContact",
    "resourceMaintenance",
    "descriptiveKeywords",
    "resourceConstraints",
    "spatialRepresentationType",
    "language",
    "characterSet",
    "topicCategory",
    "extent",
]


def read(notice: Notice) -> ET.Element:
    return ET.fromstring(build_iso19139(PUBLISHER, notice))


def names(element: ET.Element) -> list[str]:
    return list(dict.fromkeys(child.tag.removeprefix(GMD) for child in element))


def test_another_reader_finds_the_same(catalog: Catalog) -> None:
    notice = make_notice(catalog, "qpv")
    found = MD_Metadata(etree.fromstring(build_iso19139(PUBLISHER, notice)))
    told = found.identification[0]
    assert (found.identifier, found.languagecode, found.hierarchy) == ("fr-200042190-qpv", "fre", "dataset")
    assert (told.title, told.abstract) == (notice.layer.title, notice.abstract)
    assert told.resourcelanguagecode == ["fre"]
    assert [float(side) for side in (told.bbox.minx, told.bbox.miny, told.bbox.maxx, told.bbox.maxy)] == list(BOX)
    assert {date.type: date.date for date in told.date} == {"publication": "2026-03-01", "revision": "2026-11-21"}
    assert found.datestamp == "2026-11-21"
    assert found.referencesystem.code == "http://www.opengis.net/def/crs/EPSG/0/2154"
    assert found.dataquality.lineage == notice.lineage
    assert [link.url for link in found.distribution.online] == [
        "https://atlas.example/couches/qpv",
        "https://atlas.example/exports/qpv.geojson",
        "https://atlas.example/ogc/collections/qpv",
    ]
    assert [party.email for party in found.contact] == ["sig@atlas.example"]
    assert told.contact[0].organization == notice.layer.source.producer


@pytest.mark.parametrize("layer_id", ["qpv", "engagement"])
def test_elements_are_in_the_order_of_the_schema(catalog: Catalog, layer_id: str) -> None:
    root = read(make_notice(catalog, layer_id))
    assert names(root) == [name for name in METADATA if name in names(root)]
    data = root.find(IDENTIFICATION)
    assert data is not None
    assert names(data) == DATA
    drawn = catalog.by_id[layer_id].drawn
    assert ("referenceSystemInfo" in names(root)) is drawn
    assert ("hierarchyLevelName" in names(root)) is not drawn


def test_the_traps_of_the_national_validator_are_avoided(catalog: Catalog) -> None:
    root = read(make_notice(catalog, "qpv"))
    data = root.find(IDENTIFICATION)
    assert data is not None
    for owner in (root, data):
        code = owner.find(f"{GMD}language/{GMD}LanguageCode")
        assert code is not None
        assert code.get("codeListValue") == "fre"
    public, licence = data.findall(f"{GMD}resourceConstraints/{GMD}MD_LegalConstraints")
    anchor = public.find(f"{GMD}otherConstraints/{GMX}Anchor")
    assert anchor is not None
    assert str(anchor.get(HREF)).endswith("/LimitationsOnPublicAccess/noLimitations")
    assert names(public) == ["accessConstraints", "otherConstraints"]
    assert names(licence) == ["useLimitation", "useConstraints", "otherConstraints"]
    vocabularies = [
        keywords.findtext(f"{GMD}thesaurusName/{GMD}CI_Citation/{GMD}title/{GCO}CharacterString")
        for keywords in data.iter(f"{GMD}MD_Keywords")
    ]
    assert vocabularies == ["GEMET - INSPIRE themes, version 1.0", "Spatial scope", None]
    location = root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", "").split()
    assert location[::2] == ["http://www.isotc211.org/2005/gmd", "http://www.isotc211.org/2005/gmx"]


def test_an_empty_layer_says_so_and_has_the_box_of_the_territory(catalog: Catalog) -> None:
    root = read(make_notice(catalog, "halle", empty=True))
    box = [float(str(value.text)) for value in root.iter(f"{GCO}Decimal")]
    west, south, east, north = TERRITORY
    assert box == [west, east, south, north]
    extent = root.findtext(f".//{GMD}EX_Extent/{GMD}description/{GCO}CharacterString")
    assert extent == "Emprise du territoire : aucune ligne de la couche n’est localisée"
    assert "encore vide" in str(root.findtext(f".//{GMD}abstract/{GCO}CharacterString"))


def test_a_missing_contact_is_said_missing(catalog: Catalog) -> None:
    publisher = dataclasses.replace(PUBLISHER, contact=None)
    root = ET.fromstring(build_iso19139(publisher, make_notice(catalog, "qpv")))
    mails = root.findall(f".//{GMD}electronicMailAddress")
    assert {mail.get(f"{GCO}nilReason") for mail in mails} == {"missing"}


@given(text=st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1)))
def test_any_text_is_text(catalog: Catalog, text: str) -> None:
    root = read(make_notice(catalog, "qpv", text))
    title = root.findtext(f"{IDENTIFICATION}/{GMD}citation/{GMD}CI_Citation/{GMD}title/{GCO}CharacterString")
    kept = "".join(
        c for c in text if c in "\t\n\r" or (ord(c) >= 32 and not 0xD800 <= ord(c) < 0xE000 and c not in "\ufffe\uffff")
    )
    assert (title or "") == kept.replace("\r\n", "\n").replace("\r", "\n")
    assert len(list(root.iter())) > 100
