"""The database of a deployment, as its settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.store.cluster import Cluster
from webmap.store.db import Database

if TYPE_CHECKING:
    from webmap.config import Settings


def open_database(settings: Settings) -> Database:
    """Return the deployment's database: DATABASE_URL, or the private cluster in `.webmap/`. Opens no connection."""
    if settings.database_url:
        return Database(settings.database_url)
    cluster = Cluster(settings.root / ".webmap")
    name = settings.database_name
    return Database(cluster.dsn("webmap_proprietaire", name), cluster.dsn("webmap_lecture", name))


def start_database(settings: Settings) -> Database:
    """Return the deployment's database, its private cluster started and the territory's own database made if need be."""
    if not settings.database_url:
        cluster = Cluster(settings.root / ".webmap")
        cluster.start()
        cluster.ensure_database(settings.database_name)
    return open_database(settings)
