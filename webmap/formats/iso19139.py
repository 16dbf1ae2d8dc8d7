"""One layer as ISO 19139 XML with what INSPIRE asks of a dataset (technical guidance 2.0), for geocatalogue.fr and portals.

Order is the schema's. No GML is written: its namespace differs between the two editions of the schema, so that the same
file is valid by both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, indent, tostring

from webmap.catalog.inspire import REGISTER, THEMES
from webmap.catalog.notice import CRS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from webmap.catalog.notice import Download, Notice, Publisher

_NAMESPACES = {
    "xmlns:gmd": "http://www.isotc211.org/2005/gmd",
    "xmlns:gco": "http://www.isotc211.org/2005/gco",
    "xmlns:gmx": "http://www.isotc211.org/2005/gmx",
    "xmlns:xlink": "http://www.w3.org/1999/xlink",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": (
        "http://www.isotc211.org/2005/gmd http://schemas.opengis.net/csw/2.0.2/profiles/apiso/1.0.0/apiso.xsd"
        " http://www.isotc211.org/2005/gmx http://schemas.opengis.net/iso/19139/20060504/gmx/gmx.xsd"
    ),
}
_CODES = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml"
_LANGUAGES = "http://www.loc.gov/standards/iso639-2/"
_INSPIRE = "http://inspire.ec.europa.eu/metadata-codelist"
_NO_LIMITATION = f"{_INSPIRE}/LimitationsOnPublicAccess/noLimitations"
_REGULATION = (
    "Règlement (UE) n° 1089/2010 de la Commission du 23 novembre 2010 portant modalités d’application de la directive"
    " 2007/2/CE en ce qui concerne l’interopérabilité des séries et des services de données géographiques"
)
# Characters XML 1.0 has no way to write, escaped or not.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def build_iso19139(publisher: Publisher, notice: Notice) -> bytes:
    """Return the metadata of one layer, UTF-8. Texts may hold anything: what XML cannot write is left out."""
    level = "dataset" if notice.layer.drawn else "nonGeographicDataset"
    root = _node(
        "gmd:MD_Metadata",
        _text("gmd:fileIdentifier", f"fr-{publisher.code}-{notice.layer.id}"),
        _language(),
        _code("gmd:characterSet", "MD_CharacterSetCode", "utf8"),
        _code("gmd:hierarchyLevel", "MD_ScopeCode", level),
        *([] if notice.layer.drawn else [_text("gmd:hierarchyLevelName", "Liste sans géométrie")]),
        _node("gmd:contact", _party(publisher.name, publisher.contact, "pointOfContact")),
        _node("gmd:dateStamp", _node("gco:Date", notice.modified.date().isoformat())),
        _text("gmd:metadataStandardName", "ISO 19115"),
        _text("gmd:metadataStandardVersion", "2003/Cor.1:2006"),
        *([_reference_system()] if notice.layer.drawn else []),
        _node("gmd:identificationInfo", _identification(publisher, notice)),
        _node("gmd:distributionInfo", _distribution(publisher, notice)),
        _node("gmd:dataQualityInfo", _quality(notice, level)),
    )
    root.attrib.update(_NAMESPACES)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _identification(publisher: Publisher, notice: Notice) -> Element:
    layer = notice.layer
    kind = "vector" if layer.drawn else "textTable"
    return _node(
        "gmd:MD_DataIdentification",
        _node("gmd:citation", _citation(publisher, notice)),
        _text("gmd:abstract", notice.abstract),
        _node("gmd:pointOfContact", _party(layer.source.producer, None, "originator")),
        _node("gmd:pointOfContact", _party(publisher.name, publisher.contact, "pointOfContact")),
        _node(
            "gmd:resourceMaintenance",
            _node(
                "gmd:MD_MaintenanceInformation",
                _code("gmd:maintenanceAndUpdateFrequency", "MD_MaintenanceFrequencyCode", "unknown"),
            ),
        ),
        *_keywords(notice),
        *_constraints(notice),
        _code("gmd:spatialRepresentationType", "MD_SpatialRepresentationTypeCode", kind),
        _language(),
        _code("gmd:characterSet", "MD_CharacterSetCode", "utf8"),
        *_topic(notice.theme.iso),
        _node("gmd:extent", _extent(notice)),
    )


def _citation(publisher: Publisher, notice: Notice) -> Element:
    page = f"{publisher.address}/couches/{notice.layer.id}"
    dates = [("publication", notice.issued), ("revision", notice.modified)]
    return _node(
        "gmd:CI_Citation",
        _text("gmd:title", notice.layer.title),
        *(_date(value.date(), kind) for kind, value in dates if value),
        _text("gmd:edition", notice.layer.source.millesime),
        _node("gmd:identifier", _node("gmd:MD_Identifier", _text("gmd:code", page))),
    )


def _keywords(notice: Notice) -> Iterator[Element]:
    """Yield one block a vocabulary: a keyword under the wrong one, or none, is what a quarter of records fail by."""
    inspire = notice.layer.inspire or notice.theme.inspire
    if inspire and notice.layer.drawn:
        theme = _anchor("gmd:keyword", inspire, f"{REGISTER}{THEMES[inspire]}")
        yield _vocabulary([theme], "theme", ("GEMET - INSPIRE themes, version 1.0", "2008-06-01"))
    local = _anchor("gmd:keyword", "Local", f"{_INSPIRE}/SpatialScope/local")
    yield _vocabulary([local], "theme", ("Spatial scope", "2019-05-22"))
    yield _vocabulary([_text("gmd:keyword", word) for word in notice.keywords], "theme", None)


def _vocabulary(words: list[Element], kind: str, thesaurus: tuple[str, str] | None) -> Element:
    block = _node("gmd:MD_Keywords", *words, _code("gmd:type", "MD_KeywordTypeCode", kind))
    if thesaurus:
        title, date = thesaurus
        citation = _node("gmd:CI_Citation", _text("gmd:title", title), _date(date, "publication"))
        block.append(_node("gmd:thesaurusName", citation))
    return _node("gmd:descriptiveKeywords", block)


def _constraints(notice: Notice) -> Iterator[Element]:
    """Yield two blocks, never mixed: who may see the data, then under which licence they may use it."""
    free = _anchor("gmd:otherConstraints", "Pas de restriction d’accès public selon INSPIRE", _NO_LIMITATION)
    restricted = _code("gmd:accessConstraints", "MD_RestrictionCode", "otherRestrictions")
    yield _node("gmd:resourceConstraints", _node("gmd:MD_LegalConstraints", restricted, free))
    licence = notice.licence
    yield _node(
        "gmd:resourceConstraints",
        _node(
            "gmd:MD_LegalConstraints",
            _text("gmd:useLimitation", notice.rights),
            _code("gmd:useConstraints", "MD_RestrictionCode", "otherRestrictions"),
            _anchor("gmd:otherConstraints", licence.title, licence.url)
            if licence.url
            else _text("gmd:otherConstraints", licence.title),
        ),
    )


def _topic(category: str | None) -> list[Element]:
    return [_node("gmd:topicCategory", _node("gmd:MD_TopicCategoryCode", category))] if category else []


def _extent(notice: Notice) -> Element:
    sides = ("westBoundLongitude", "eastBoundLongitude", "southBoundLatitude", "northBoundLatitude")
    west, south, east, north = notice.box or notice.territory
    bounds = zip(sides, (west, east, south, north), strict=True)
    box = _node(
        "gmd:EX_GeographicBoundingBox",
        *(_node(f"gmd:{side}", _node("gco:Decimal", f"{value:.6f}")) for side, value in bounds),
    )
    told = "Emprise du territoire : aucune ligne de la couche n’est localisée"
    return _node(
        "gmd:EX_Extent",
        *([] if notice.box else [_text("gmd:description", told)]),
        _node("gmd:geographicElement", box),
    )


def _distribution(publisher: Publisher, notice: Notice) -> Element:
    formats = [
        _node("gmd:MD_Format", _text("gmd:name", download.title), _missing("gmd:version", "inapplicable"))
        for download in notice.downloads
        if not download.service
    ]
    page = _online(f"{publisher.address}/couches/{notice.layer.id}", "Page de la couche", "information")
    files = [_download(publisher, download) for download in notice.downloads]
    return _node(
        "gmd:MD_Distribution",
        *(_node("gmd:distributionFormat", each) for each in formats),
        _node("gmd:transferOptions", _node("gmd:MD_DigitalTransferOptions", page, *files)),
    )


def _download(publisher: Publisher, download: Download) -> Element:
    return _online(f"{publisher.address}{download.path}", download.title, "download")


def _online(address: str, name: str, function: str) -> Element:
    return _node(
        "gmd:onLine",
        _node(
            "gmd:CI_OnlineResource",
            _node("gmd:linkage", _node("gmd:URL", address)),
            _text("gmd:protocol", "WWW:LINK-1.0-http--link"),
            _text("gmd:name", name),
            _code("gmd:function", "CI_OnLineFunctionCode", function),
        ),
    )


def _quality(notice: Notice, level: str) -> Element:
    scope = _node("gmd:DQ_Scope", _code("gmd:level", "MD_ScopeCode", level))
    if not notice.layer.drawn:
        described = _node("gmd:MD_ScopeDescription", _text("gmd:other", "Liste sans géométrie"))
        scope.append(_node("gmd:levelDescription", described))
    regulation = _node("gmd:CI_Citation", _text("gmd:title", _REGULATION), _date("2010-12-08", "publication"))
    result = _node(
        "gmd:DQ_ConformanceResult",
        _node("gmd:specification", regulation),
        _text("gmd:explanation", "Conformité non évaluée"),
        _missing("gmd:pass", "unknown"),
    )
    return _node(
        "gmd:DQ_DataQuality",
        _node("gmd:scope", scope),
        _node("gmd:report", _node("gmd:DQ_DomainConsistency", _node("gmd:result", result))),
        _node("gmd:lineage", _node("gmd:LI_Lineage", _text("gmd:statement", notice.lineage))),
    )


def _reference_system() -> Element:
    identifier = _node("gmd:RS_Identifier", _text("gmd:code", CRS))
    return _node(
        "gmd:referenceSystemInfo", _node("gmd:MD_ReferenceSystem", _node("gmd:referenceSystemIdentifier", identifier))
    )


def _party(name: str, email: str | None, role: str) -> Element:
    written = _text("gmd:electronicMailAddress", email) if email else _missing("gmd:electronicMailAddress", "missing")
    return _node(
        "gmd:CI_ResponsibleParty",
        _text("gmd:organisationName", name),
        _node("gmd:contactInfo", _node("gmd:CI_Contact", _node("gmd:address", _node("gmd:CI_Address", written)))),
        _code("gmd:role", "CI_RoleCode", role),
    )


def _date(value: dt.date | str, kind: str) -> Element:
    return _node(
        "gmd:date",
        _node(
            "gmd:CI_Date",
            _node("gmd:date", _node("gco:Date", str(value))),
            _code("gmd:dateType", "CI_DateTypeCode", kind),
        ),
    )


def _language() -> Element:
    code = _node("gmd:LanguageCode", "français")
    code.attrib.update({"codeList": _LANGUAGES, "codeListValue": "fre"})
    return _node("gmd:language", code)


def _code(tag: str, code_list: str, value: str) -> Element:
    code = _node(f"gmd:{code_list}", value)
    code.attrib.update({"codeList": f"{_CODES}#{code_list}", "codeListValue": value})
    return _node(tag, code)


def _anchor(tag: str, text: str, address: str) -> Element:
    anchor = _node("gmx:Anchor", text)
    anchor.set("xlink:href", address)
    return _node(tag, anchor)


def _text(tag: str, text: str) -> Element:
    return _node(tag, _node("gco:CharacterString", text))


def _missing(tag: str, reason: str) -> Element:
    node = _node(tag)
    node.set("gco:nilReason", reason)
    return node


def _node(tag: str, *content: Element | str) -> Element:
    """Return an element of these children, or of this text."""
    node = Element(tag)  # prefixes as they are written: ElementTree's own are kept in a table all the process shares
    for part in content:
        if isinstance(part, str):
            node.text = _UNWRITABLE.sub("", part)
        else:
            node.append(part)
    return node
