"""What every answer carries: the policy, the headers, the compression."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING

import pytest

from webmap.config import Fond
from webmap.formats.carte import CARTE_CSP
from webmap.web import ROUTES, TILED, ZONES
from webmap.web.demandes import FORMATS
from webmap.web.responses import build_csp

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from webmap.config import Settings

VALUES = {
    "ids": "commune", "z": "8", "x": "130", "y": "86", "couche": "commune", "path:cle": "59172", "layer_id": "qpv",
    "decoupage": "bassin", "code": "amandinois", "matrix": "8", "row": "86", "column": "130", "collection": "commune",
    "grid": "WebMercatorQuad", "collection_id": "commune", "path:key": "59172", "champ": "millesime", "form": "inconnu",
    "versions": "0" * 16,
}  # fmt: skip
_DRAWN = "?wkt=POLYGON((3.3 50.3,3.4 50.3,3.4 50.4,3.3 50.3))"
QUERIES = {"recherche": "?q=denain"} | dict.fromkeys(
    (f"polygone_{kind}" for kind in ("json", "csv", "xlsx", "pdf", "html")), _DRAWN
)
# No such format; the atlas of these tests has no view; no such version.
REFUSED = {"export_inconnu": 404, "vue": 404, "vue_qr": 404, "versioned_tile": 307}
QUERIES["export_paquet"] = "?couches=commune"
QUERIES["qr"] = "?vue=couches=commune"
QUERIES["adresses"] = "?q=denain"
QUERIES["tampon"] = '?metres=100&geometrie={"type":"Point","coordinates":[3.4,50.4]}'
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
}


def address(rule: str, endpoint: str) -> str:
    return re.sub(r"<([^>]+)>", lambda found: VALUES[found[1]], rule) + QUERIES.get(endpoint, "")


def directives(policy: str) -> dict[str, list[str]]:
    return {name: rest.split() for name, _, rest in (part.strip().partition(" ") for part in policy.split(";"))}


def test_the_url_map_is_whole(reader: FlaskClient) -> None:
    rules = {rule.rule for rule in reader.application.url_map.iter_rules()}
    zones = {f"/territoires/qpv{rule}" for rule, _, _ in ZONES}
    tiled = {f"{start}{rule}" for rule, _, _ in TILED for start in ("/ogc", "/ogc/collections/<collection>")}
    exports = {f"/exports/<layer_id>.{form}" for form in FORMATS}
    assert rules == {rule for rule, _, _ in ROUTES} | zones | tiled | exports | {
        "/static/<filename>",
        "/travaux/<jeton>",
    }


@pytest.mark.parametrize(("rule", "endpoint"), [(rule, endpoint) for rule, endpoint, _ in ROUTES])
def test_every_route_carries_the_security_headers_and_head_answers_like_get(
    reader: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch, rule: str, endpoint: str
) -> None:
    monkeypatch.setattr(
        "webmap.web.documents.build_pdf", lambda page, _css, _wanted: page.encode()
    )  # seconds, and no header
    path = address(rule, endpoint)
    response, head = reader.get(path), reader.head(path)
    assert (head.status_code, head.data, head.mimetype) == (response.status_code, b"", response.mimetype)
    assert head.headers.get("ETag") == response.headers.get("ETag")
    head.close()
    assert response.status_code == REFUSED.get(endpoint, 200)
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    assert "Server" not in response.headers
    assert "Set-Cookie" not in response.headers
    assert "Cache-Control" in response.headers
    expected = CARTE_CSP if endpoint == "carte_autonome" else build_csp(settings)
    assert response.headers["Content-Security-Policy"] == expected
    response.close()


@pytest.mark.parametrize("path", ["/nulle-part", "/exports/qpv.geojson?x=1", "/static/carte.css", "//", "/couches/x"])
def test_refusals_and_redirections_carry_them_too(reader: FlaskClient, path: str) -> None:
    response = reader.get(path)
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_the_policy_has_no_unsafe_and_names_basemaps_for_images_only(settings: Settings) -> None:
    policy = build_csp(settings)
    assert "unsafe" not in policy
    assert "*" not in policy
    found = directives(policy)
    assert found["default-src"] == ["'none'"]
    assert found["script-src"] == found["style-src"] == found["connect-src"] == ["'self'"]
    assert found["img-src"] == ["'self'", "data:", "https://data.geopf.fr"]
    assert not [name for name, sources in found.items() if name != "img-src" and any("http" in s for s in sources)]


def test_without_a_remote_basemap_no_third_party_is_named(settings: Settings) -> None:
    local = settings.model_copy(update={"fonds": (Fond(id="communal", titre="Fond", type="communal"),)})
    assert "http" not in build_csp(local)


def test_basemaps_of_one_origin_are_named_once_with_their_port(settings: Settings) -> None:
    fonds = tuple(
        Fond(id=f"f{i}", titre="x", type="xyz", url=f"http://localhost:8081/{i}/{{z}}", attribution="x")
        for i in range(3)
    )
    policy = build_csp(settings.model_copy(update={"fonds": fonds}))
    assert directives(policy)["img-src"] == ["'self'", "data:", "http://localhost:8081"]


@pytest.mark.parametrize(
    "path", ["/", "/territoires/bassin.json", "/couches", "/territoires/bassin.csv", "/tuiles/commune/8/130/86.mvt"]
)
def test_text_is_compressed_for_who_reads_gzip(reader: FlaskClient, path: str) -> None:
    plain, squeezed = reader.get(path), reader.get(path, headers={"Accept-Encoding": "br, gzip"})
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(squeezed.data) == plain.data
    assert len(squeezed.data) < len(plain.data)
    assert "Accept-Encoding" in squeezed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"], "a cache must not hand one to the other's reader"
    assert squeezed.headers.get("ETag") == plain.headers.get("ETag")


@pytest.mark.parametrize("accept", ["identity", "gzip;q=0", "br", ""])
def test_who_does_not_read_gzip_gets_none(reader: FlaskClient, accept: str) -> None:
    assert "Content-Encoding" not in reader.get("/", headers={"Accept-Encoding": accept}).headers


def test_what_is_small_is_left_alone(reader: FlaskClient) -> None:
    assert "Content-Encoding" not in reader.get("/healthz", headers={"Accept-Encoding": "gzip"}).headers


def test_json_keeps_its_accents(reader: FlaskClient) -> None:
    body = reader.get("/recherche.json?q=rœulx").data.decode("utf-8")
    assert "Rœulx" in body
    assert json.loads(body)["resultats"]


def test_etags_are_weak_for_bytes_may_be_compressed(reader: FlaskClient) -> None:
    for path in (
        "/territoires/bassin.json",
        "/exports/qpv.geojson",
        "/static/carte.css",
        "/tuiles/commune/8/130/86.mvt",
    ):
        assert reader.get(path).headers["ETag"].startswith('W/"')


@pytest.mark.parametrize("sent", ['"x"', 'W/"x"', "garbage", '""', "W/", "é", '"' + "a" * 5000])
def test_a_stranger_etag_is_answered_in_full(reader: FlaskClient, sent: str) -> None:
    header = sent.encode().decode("latin-1")
    assert reader.get("/territoires/bassin.json", headers={"If-None-Match": header}).status_code == 200


TOLD = ["/tuiles.json", "/ogc/tiles/WebMercatorQuad/tilejson.json", "/vues.json", "/accessibilite", "/robots.txt"]


@pytest.mark.parametrize("path", TOLD)
def test_what_has_no_version_is_revalidated_by_its_bytes(reader: FlaskClient, path: str) -> None:
    first = reader.get(path, headers={"Accept-Encoding": "gzip"})
    again = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert "Content-Security-Policy" in again.headers
    assert reader.get(path, headers={"If-None-Match": 'W/"0"'}).status_code == 200
