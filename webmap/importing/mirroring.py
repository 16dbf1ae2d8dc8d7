"""`webmap sources mirror`: every official source of the catalogue in one folder, for a machine without network."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from webmap.errors import WebmapError
from webmap.importing.fetch import fetch
from webmap.importing.mirror import add_file
from webmap.importing.pages import fetch_pages, page_remote
from webmap.importing.refresh import build_url
from webmap.importing.remote import Fetched, Remote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webmap.catalog.connector import Connector
    from webmap.catalog.load import Catalog
    from webmap.config import Settings


def mirror_sources(
    catalog: Catalog, settings: Settings, folder: Path, progress: Callable[[int, int | None], None]
) -> Iterator[tuple[str, str | None]]:
    """Bring each connector's files into a mirror; yield its name and, when it failed, why. A failure keeps what was there."""
    for layer in catalog.layers:
        for connector in layer.connectors:
            try:
                _mirror(connector, settings, folder, progress)
            except WebmapError as error:
                yield connector.file, str(error)
            else:
                yield connector.file, None


def _mirror(
    connector: Connector, settings: Settings, folder: Path, progress: Callable[[int, int | None], None]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    url = build_url(connector, settings)
    with tempfile.TemporaryDirectory(prefix=".arrivee-", dir=folder) as arrival:
        if connector.format == "wfs":
            pages = fetch_pages(connector, url, Path(arrival), deadline=None, mirror=None)
            remotes = [page_remote(connector, url, number) for number in range(len(pages))]
        else:
            remotes = [Remote(url, connector.file, connector.max_bytes)]
            found = fetch(remotes[0], Path(arrival), progress=progress)
            pages = [found] if isinstance(found, Fetched) else []
        for remote, page in zip(remotes, pages, strict=True):
            add_file(folder, remote, page.path, date=page.date)
