"""`/vues`, `/v/<code>` and `/integration`: pages, escaping, who may frame the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import copied
from webmap.app import create_app
from webmap.formats.qr import build_qr
from webmap.store.vues import record_vue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from webmap.config import Settings
    from webmap.store.cluster import Cluster

HOSTILE = "<b>Friches</b> & « {{ 7*7 }} »"


@pytest.fixture(scope="module")
def client(cluster: Cluster, filled: str, settings: Settings) -> Iterator[FlaskClient]:
    own = settings.model_copy(
        update={"adresse": "https://atlas.exemple.fr", "sites_integration": ("https://www.exemple.fr",)}
    )
    with copied(cluster, filled) as database:
        with database.owner() as connection:
            record_vue(connection, "friches", HOSTILE, "couches=qpv&filtres=qpv:%22%3E%3Cscript%3E", None)
        yield create_app(own, database).test_client()


def test_the_list_gives_each_view_its_public_address(client: FlaskClient) -> None:
    page = client.get("/vues").text
    assert "&lt;b&gt;Friches&lt;/b&gt; &amp; « {{ 7*7 }} »" in page
    assert "https://atlas.exemple.fr/v/friches" in page
    assert 'href="/v/friches.svg"' in page


def test_the_code_of_a_view_is_an_image_whose_title_is_text(client: FlaskClient) -> None:
    answered = client.get("/v/friches.svg")
    assert answered.mimetype == "image/svg+xml"
    assert "<title>Code QR : &lt;b&gt;Friches&lt;/b&gt;" in answered.text


def test_the_code_of_any_short_view_leads_to_this_atlas_only(client: FlaskClient) -> None:
    fragment = "vue=12/50.33/3.38&couches=qpv&filtres=qpv:nom%20%3D%20'a'"
    answered = client.get("/qr.svg", query_string={"vue": fragment})
    assert answered.data == build_qr(f"https://atlas.exemple.fr/#{fragment}", "Code QR de la vue")


@pytest.mark.parametrize("fragment", ["", "a" * 301, "a b", "a\nb"])
def test_a_view_too_long_for_a_code_says_what_to_do(client: FlaskClient, fragment: str) -> None:
    answered = client.get("/qr.svg", query_string={"vue": fragment}, headers={"Accept": "application/json"})
    assert answered.status_code == 400
    assert "webmap vues ajouter" in answered.get_json()["detail"]


@pytest.mark.parametrize("address", ["/v/rien", "/v/rien.svg", "/v/friches?x=1", "/vues?x=1", "/vues.json?x=1"])
def test_what_is_not_a_view_is_a_clear_error(client: FlaskClient, address: str) -> None:
    answered = client.get(address, headers={"Accept": "application/json"})
    assert answered.status_code in {400, 404}
    assert answered.get_json()["detail"]


def test_only_the_map_for_frames_may_be_framed_and_only_by_the_sites_named(client: FlaskClient) -> None:
    def ancestors(address: str) -> str:
        policy = client.get(address).headers["Content-Security-Policy"]
        return next(part for part in policy.split("; ") if part.startswith("frame-ancestors"))

    assert ancestors("/integration") == "frame-ancestors 'self' https://www.exemple.fr"
    assert ancestors("/") == ancestors("/vues") == "frame-ancestors 'self'"
    assert "unsafe" not in client.get("/integration").headers["Content-Security-Policy"]


def test_the_map_for_frames_has_no_navigation_and_leads_to_the_atlas(client: FlaskClient) -> None:
    page = client.get("/integration").text
    assert 'data-integration="non"' in page
    assert 'id="ouvrir-atlas"' in page
    assert 'aria-label="Pages du site"' not in page
    assert 'data-integration="oui"' in client.get("/integration?panneau=oui").text
    assert 'id="ouvrir-atlas"' not in client.get("/").text
    assert client.get("/integration?panneau=peut-etre").status_code == 400
    assert 'id="legende-cadre"' in client.get("/integration?legende=oui").text
    assert 'id="legende-cadre"' not in page
    assert client.get("/integration?legende=peut-etre").status_code == 400
