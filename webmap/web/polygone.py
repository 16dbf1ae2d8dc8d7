"""`/territoires/polygone`: any polygon, drawn, sent by address or uploaded, read as a unit. Nothing of it is kept."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Response, render_template, request

from webmap.catalog import zone_rules
from webmap.errors import BadParameterError, MediaTypeError
from webmap.formats.tableau import build_csv
from webmap.geo.polygon import MAX_BYTES, Polygon, parse_geojson, parse_wkt
from webmap.store.places import fetch_commune_names
from webmap.store.zones import fetch_communes_report, fetch_drawn_report
from webmap.web.chiffres import COLUMNS, build_lines
from webmap.web.classeur import respond_xlsx
from webmap.web.documents import name_document, respond_document
from webmap.web.report_json import build_report
from webmap.web.responses import as_download, json_response, not_modified, revision_etag, with_etag
from webmap.web.services import services
from webmap.web.zone_contenu import fetch_zone_content

if TYPE_CHECKING:
    from collections.abc import Callable

    from webmap.store.perimeters import Zone
    from webmap.store.report import Report

_JSON = {"application/geo+json", "application/json"}
_FORMS = {"multipart/form-data", "application/x-www-form-urlencoded"}
_LINKED = 2000  # characters of WKT that an address may carry
_ECHOED = 500  # vertices of a polygon that is given back
_HOW = "Donnez un polygone : ?wkt=POLYGON((…)) en WGS84, un GeoJSON envoyé en POST, ou ?communes=<code INSEE>."


@dataclass(frozen=True)
class Asked:
    """What was asked: a polygon, or communes by `code_insee`."""

    polygon: Polygon | None = None
    communes: tuple[str, ...] = ()

    @property
    def renvoi(self) -> str:
        """The polygon as a text to ask for it again, empty when it is several to unite."""
        return self.polygon.wkts[0] if self.polygon and len(self.polygon.wkts) == 1 else ""

    @property
    def query(self) -> str:
        """What follows `?` in an address that asks the same, empty when the text is too long for one."""
        if self.communes:
            return "communes=" + ",".join(self.communes)
        return f"wkt={quote(self.renvoi, safe='(),')}" if 0 < len(self.renvoi) <= _LINKED else ""


def page() -> Response:
    """Answer the form, and what the polygon holds when there is one."""
    return _answer("html", _page, form=True)


def data_json() -> Response:
    """Answer what a polygon holds, in the shape of a découpage with one unit, and what the polygon was read as."""
    return _answer("json", _json)


def data_csv() -> Response:
    """Answer what a polygon holds, one value a line."""
    return _answer("csv", _csv)


def data_xlsx() -> Response:
    """Answer what a polygon holds as a workbook."""
    return _answer("xlsx", lambda report, _zone, _asked: respond_xlsx(report))


def data_pdf() -> Response:
    """Answer what a polygon holds as a PDF."""
    return _answer(name_document("pdf"), partial(_document, "pdf"))


def data_html() -> Response:
    """Answer what a polygon holds as one HTML file."""
    return _answer(name_document("html"), partial(_document, "html"))


def _answer(kind: str, write: Callable[[Report, Zone, Asked], Response], *, form: bool = False) -> Response:
    asked = _read()
    if asked is None and form:
        return Response(_render(Asked()))
    if asked is None:
        raise BadParameterError(_HOW)
    etag = revision_etag([layer.id for layer in services().catalog.public], "polygone", kind, repr(asked))
    response = not_modified(etag) if request.method != "POST" else None
    if response is None:
        response = write(*_fetch(asked), asked)
    return with_etag(response, etag) if request.method != "POST" else response


def _fetch(asked: Asked) -> tuple[Report, Zone]:
    atlas = services()
    if asked.polygon is None:
        return fetch_communes_report(atlas.database, atlas.catalog, asked.communes)
    return fetch_drawn_report(atlas.database, atlas.catalog, asked.polygon, atlas.settings.territoire.etendue)


def _read() -> Asked | None:
    """Read the one polygon of the request; None when there is none. Raises BadParameterError and its kin."""
    unknown = set(request.args) - {"wkt", "communes"}
    if unknown:
        raise BadParameterError(f"Paramètre « {min(unknown)[:60]} » inconnu ; paramètres possibles : communes, wkt.")
    body, written = _read_body() if request.method == "POST" else (b"", "")
    given = [*request.args.getlist("wkt"), written, body, ",".join(request.args.getlist("communes"))]
    count = sum(bool(each) for each in given) + (
        "wkt" in request.args and not request.args["wkt"].strip() and bool(body)
    )
    if count > 1:
        raise BadParameterError("Un polygone à la fois : un wkt, ou un fichier, ou des communes.")
    extent = services().settings.territoire.etendue
    if body:
        return Asked(parse_geojson(body, extent))
    if "communes" in request.args:
        return Asked(communes=_read_communes(request.args.getlist("communes")))
    if "wkt" in request.args or written:
        text = written or request.args["wkt"]
        return Asked(parse_wkt(text, extent))
    return None


def _read_body() -> tuple[bytes, str]:
    """Return the GeoJSON and the WKT that were posted, empty when they were not."""
    if request.mimetype in _JSON:
        return request.get_data(cache=False) or b" ", ""
    if request.mimetype not in _FORMS:
        msg = "Envoyez le polygone en GeoJSON (Content-Type: application/geo+json) ou par le formulaire de la page."
        raise MediaTypeError(msg)
    file = request.files.get("fichier")
    body = (file.read(MAX_BYTES + 1) or b" ") if file and file.filename else b""
    return body, request.form.get("wkt", "").strip()


def _read_communes(values: list[str]) -> tuple[str, ...]:
    known = fetch_commune_names(services().database)
    codes = sorted({code for value in values for code in value.split(",") if code})
    for code in codes:
        if code not in known:
            msg = f"communes : « {code[:20]} » n'est pas une commune du territoire. Les codes INSEE sont à l'adresse /territoires/commune."
            raise BadParameterError(msg)
    if not codes:
        raise BadParameterError("communes : choisissez au moins une commune, par son code INSEE.")
    return tuple(codes)


def _echo(asked: Asked) -> dict[str, Any] | None:
    return asked.polygon.geojson if asked.polygon and asked.polygon.vertices <= _ECHOED else None


def _json(report: Report, zone: Zone, asked: Asked) -> Response:
    told = {
        "union_de_communes": bool(zone.communes),
        "communes": list(zone.communes),
        "communes_touchees": list(zone.touchees),
        "regle": zone_rules.WHOLE_COMMUNES_RULE,
        "deborde_du_territoire": zone.deborde,
        "etendue": zone.etendue,
        "geometrie": _echo(asked),
    }
    return json_response({**build_report(report), "zone": told})


def _csv(report: Report, _zone: Zone, _asked: Asked) -> Response:
    response = Response(build_csv(COLUMNS, build_lines(report)), mimetype="text/csv")
    as_download(response, ["territoires", report.decoupage], "csv")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _page(report: Report, zone: Zone, asked: Asked) -> Response:
    return Response(_render(asked, echo=_echo(asked), **_content(report, zone, asked)))


def _document(extension: str, report: Report, zone: Zone, asked: Asked) -> Response:
    return respond_document(extension, "polygone_contenu.html", _content(report, zone, asked), report.decoupage)


def _content(report: Report, zone: Zone, asked: Asked) -> dict[str, Any]:
    address = "/territoires/polygone" + (f"?{asked.query}" if asked.query else "")
    return {"zone": zone, **fetch_zone_content(report, report.units[0], zone.forme, zone.touchees, address)}


def _fold(name: str) -> str:
    """Return a name as French sorts it: É with E, œ with oe."""
    return unicodedata.normalize("NFD", name.lower().replace("œ", "oe")).encode("ascii", "ignore").decode()


def _render(asked: Asked, **content: object) -> str:
    names = sorted(fetch_commune_names(services().database).items(), key=lambda named: _fold(named[1]))
    west, south, east, north = services().settings.territoire.etendue
    x, y = (west + east) / 2, (south + north) / 2
    example = f"POLYGON(({x:.2f} {y:.2f}, {x + 0.05:.2f} {y:.2f}, {x + 0.05:.2f} {y + 0.05:.2f}, {x:.2f} {y:.2f}))"
    return render_template(
        "polygone.html", asked=asked, exemple=example, noms=dict(names), max_ko=MAX_BYTES // 1000, **content
    )
