"""What every route needs, made once by `create_app` and read from the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.importing.geocodage import Geocoder
    from webmap.store.db import Database
    from webmap.store.items import ItemStore
    from webmap.store.kept_figures import KeptFigures
    from webmap.store.kept_tiles import KeptTiles
    from webmap.store.tableau import TableauStore
    from webmap.store.tiles import TileStore
    from webmap.store.versioned import VersionedBytes
    from webmap.web.assets import Assets


@dataclass(frozen=True)
class Services:
    """Settings, catalogue, database, tiles, pages of collections, orders of tables, `version` (digest of code and definitions).

    `octets` are the bytes already made, `kept_tiles` and `kept_figures` the tiles and figures among them; `assets` the files that
    pages link.
    `geocoder` is None where no service of addresses is configured.
    """

    settings: Settings
    catalog: Catalog
    database: Database
    tiles: TileStore
    items: ItemStore
    tableaux: TableauStore
    version: str
    octets: VersionedBytes
    kept_tiles: KeptTiles
    kept_figures: KeptFigures
    assets: Assets
    geocoder: Geocoder | None = None


def services() -> Services:
    """Return the services of the application that answers the current request."""
    return cast("Services", current_app.extensions["webmap"])
