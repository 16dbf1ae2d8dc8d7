"""`/static/…`: versioned files cached for ever, and nothing else of the disk."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest

from webmap.app import create_app
from webmap.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

    from webmap.config import Settings
    from webmap.store.db import Database

FOREVER = "public, max-age=31536000, immutable"


def test_a_versioned_file_is_cached_for_ever(reader: FlaskClient, settings: Settings) -> None:
    urls = re.findall(r'(?:src|href)="(/static/[^"]+)"', reader.get("/").text + reader.get("/couches").text)
    named = re.compile(r"-[A-Z0-9]{8}\.js$")  # by esbuild, after what it holds
    whole = {url for url in urls if not named.search(url)}
    assert {url.partition("?")[0] for url in whole} == {"/static/carte.css", "/static/pages.css"}
    assert len(urls) == 3  # the map starts from one script, whose address is the one its pieces import
    for url in urls:
        response = reader.get(url)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == FOREVER
        name, _, version = url.removeprefix("/static/").partition("?v=")
        assert response.data == (settings.static_folder / name).read_bytes()
        assert hashlib.sha256(response.data).hexdigest().startswith(version)


@pytest.mark.parametrize("query", ["", "?v=", "?v=000000000000"])
def test_an_unversioned_file_is_revalidated(reader: FlaskClient, query: str) -> None:
    response = reader.get(f"/static/carte.css{query}")
    assert response.headers["Cache-Control"] == "no-cache"
    again = reader.get(f"/static/carte.css{query}", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(("name", "mimetype"), [("unite.js", "text/javascript"), ("pages.css", "text/css")])
def test_a_file_has_its_type_and_is_compressed(reader: FlaskClient, name: str, mimetype: str) -> None:
    plain, squeezed = reader.get(f"/static/{name}"), reader.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"})
    assert plain.mimetype == squeezed.mimetype == mimetype
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(squeezed.data) == plain.data
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert plain.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "../webmap.toml", "..%2fwebmap.toml", "%2e%2e/webmap.toml", "..%5cwebmap.toml", "....//webmap.toml", "%00",
        "/etc/passwd", "%2fetc%2fpasswd", "carte.js%00.css", "folium/leaflet.js", "folium%2fleaflet.js", "folium", ".",
        "", "..", "carte.js/", "CARTE.JS", "~root",
    ],
)  # fmt: skip
def test_nothing_else_of_the_disk_is_served(reader: FlaskClient, path: str) -> None:
    response = reader.get(f"/static/{path}")
    assert response.status_code in {308, 404}
    if response.status_code == 308:
        assert reader.get(response.headers["Location"]).status_code == 404
    assert "root:" not in response.text
    assert "territoire" not in response.text


def test_a_script_is_asked_for_by_the_name_its_pieces_know(settings: Settings, reader: FlaskClient) -> None:
    entry = json.loads((settings.static_folder / "entries.json").read_text(encoding="utf-8"))["carte.js"]
    assert f'<script type="module" src="/static/{entry}"></script>' in reader.get("/").text
    pieces = [path.read_text(encoding="utf-8") for path in settings.static_folder.glob("*-????????.js")]
    assert sum(f'"./{entry}"' in piece for piece in pieces) > 10
    assert not re.search(r'(?:from|import)"\./', (settings.static_folder / entry).read_text(encoding="utf-8"))
    assert reader.get("/static/entries.json").status_code == 404


def test_an_unbuilt_front_is_refused_at_start(settings: Settings, tmp_path: Path, database: Database) -> None:
    (tmp_path / "carte.css").write_text("")
    with pytest.raises(ConfigError) as refused:
        create_app(settings.model_copy(update={"static_folder": tmp_path}), database)
    assert "pages.css, pages.js, unite.css, unite.js, rapport.css, entries.json manque" in str(refused.value)
    assert "make front" in str(refused.value)
