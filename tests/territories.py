"""A territory other than the first, with its own database, and a reader of all its pages."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.conftest import connect
from webmap.app import create_app
from webmap.config import load_settings
from webmap.importing.fetch import Remote
from webmap.importing.mirror import add_file
from webmap.importing.refresh import Options, refresh
from webmap.importing.seeds import load_checked_catalog, load_seeds
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.importing.refresh import Outcome
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

FIRST = ("Hainaut", "Amandinois", "Ostrevent", "Denain", "Valenciennes", "200042190")  # words of the first territory


@dataclass(frozen=True)
class Served:
    """A territory with its database, and a client of its pages."""

    settings: Settings
    catalog: Catalog
    database: Database
    client: FlaskClient


def read_territory(folder: Path) -> tuple[Settings, Catalog]:
    settings = load_settings({"WEBMAP_CONFIG": str(folder / "webmap.toml")})
    return settings, load_checked_catalog(settings)


def serve(cluster: Cluster, folder: Path) -> Iterator[Served]:
    """Create the territory's own database, fill it with its facts, serve it; drop it all at the end."""
    settings, catalog = read_territory(folder)
    cluster.create_database(settings.database_name)
    database = connect(cluster, settings.database_name)
    try:
        upgrade(database, catalog, settings)
        load_seeds(database, catalog, settings)
        yield Served(settings, catalog, database, create_app(settings, database).test_client())
    finally:
        database.close()
        cluster.drop_database(settings.database_name)


_FORMS = re.compile(r"\.(pdf|xlsx|html)(\?|$)|[?&](tri|sens|telecharger)\b")
_SAME_KIND = 8  # pages of one template read, of each extension: the 73 communes differ by what their tables already say


def read_pages(client: FlaskClient) -> dict[str, str]:
    """Follow the links of the site from the map page, a few communes for all, and return what each address answers."""
    found: dict[str, str] = {}
    kinds: Counter[str] = Counter()
    waiting = deque(["/", "/territoires", "/couches"])
    while waiting:
        path = waiting.popleft()
        kind = re.sub(r"(?<=/territoires/commune/)\d+", "", path)
        if path in found or kinds[kind] == _SAME_KIND:
            continue
        kinds[kind] += 1
        answer = client.get(path)
        assert answer.status_code in {200, 307}, (path, answer.status_code)
        found[path] = answer.get_data(as_text=True)
        if answer.mimetype == "text/html":
            links = re.findall(r'href="(/[^"#]*)', found[path])
            # The other forms of a page say what it says, and tests of their own compare them.
            left = ("/static", "/cartes", "/actifs", "/exports")
            waiting.extend(link for link in links if not link.startswith(left) and not _FORMS.search(link))
    return found


def get_json(client: FlaskClient, path: str) -> Any:  # noqa: ANN401 - whatever JSON says
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def refresh_communes(database: Database, served: Served, folder: Path, features: list[dict[str, Any]]) -> Outcome:
    """Refresh the communes from a mirror made of these features."""
    connector = served.catalog.by_id["commune"].connectors[0]
    path = folder / "communes.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    add_file(folder / "miroir", Remote("https://example.invalid/communes", connector.file, 10_000_000), path)
    options = Options(mirror=folder / "miroir")
    (outcome,) = refresh(database, served.catalog, served.settings, ["commune"], options)
    return outcome
