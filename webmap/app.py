"""Wiring: settings in, a Flask application out. No import-time side effect, no global."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from flask import Flask

from webmap import web
from webmap.catalog.load import load_catalog
from webmap.config import load_settings
from webmap.importing.geocodage import Geocoder
from webmap.store.deployment import open_database
from webmap.store.items import ItemStore
from webmap.store.kept_figures import KeptFigures
from webmap.store.kept_tiles import KeptTiles
from webmap.store.tableau import TableauStore
from webmap.store.tiles import TileStore
from webmap.store.versioned import VersionedBytes
from webmap.web.assets import Assets
from webmap.web.front import Front
from webmap.web.responses import build_headers
from webmap.web.services import Services

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

_MAX_BODY = 1_000_000  # bytes; nothing is posted yet
KEPT = 512 * 1024 * 1024  # bytes of tiles and figures on the disk: told in docs/exploitation.md


def create_app(settings: Settings, database: Database | None = None) -> Flask:
    """Return the application of one deployment; connections open at the first request that needs one.

    Tests give their own `database`. Raises ConfigError or CatalogError with every problem.
    """
    catalog = load_catalog(
        settings.layers_folder, settings.facts_folder, settings.couches, settings.decoupages, settings.chiffres_cles
    ).published
    database = database or open_database(settings)
    app = Flask("webmap", static_folder=None, root_path=str(settings.root / "webmap"), template_folder="web/templates")
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    kept_tiles = build_kept_tiles(settings, catalog, database)
    kept_figures = build_kept_figures(kept_tiles, catalog, database)
    assets = Assets(settings.static_folder)
    app.extensions["webmap"] = Services(
        settings,
        catalog,
        database,
        TileStore(database, catalog.public),
        ItemStore(database),
        TableauStore(database),
        kept_tiles.code,
        kept_tiles.octets,
        kept_tiles,
        kept_figures,
        assets,
        Geocoder(settings.geocodage, settings.territoire.etendue) if settings.geocodage else None,
    )
    web.register(app, settings)
    headers = build_headers(settings)
    front = Front(app.wsgi_app, kept_tiles, kept_figures, assets.digest, headers)
    app.wsgi_app = front  # type: ignore[method-assign,assignment]  # as Flask says
    return app


def build_kept_tiles(settings: Settings, published: Catalog, database: Database) -> KeptTiles:
    """Return the kept tiles of a deployment, for its server and for the command line: both name the same versions."""
    octets = VersionedBytes(settings.octets_folder, KEPT)
    return KeptTiles(database, published.public, octets, build_version(settings, published))


def build_kept_figures(tiles: KeptTiles, published: Catalog, database: Database) -> KeptFigures:
    """Return the kept summaries, in the folder of the tiles."""
    return KeptFigures(database, [layer.id for layer in published.public], tiles.octets, tiles.code)


def build_version(settings: Settings, catalog: Catalog) -> str:
    """Return a digest of the code and of what it reads: an answer made by another version is another answer."""
    digest = hashlib.sha256(repr((catalog, settings.territoire, settings.fonds)).encode())
    for path in sorted((settings.root / "webmap").rglob("*")):
        if path.suffix in {".py", ".sql", ".html", ".js", ".css"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def create_app_from_environ() -> Flask:
    """Target of the WSGI server: each worker builds its own."""
    return create_app(load_settings(os.environ))
