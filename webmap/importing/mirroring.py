"""`webmap sources mirror`: every official source of the catalogue in one folder, for a machine without network."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from webmap.errors import WebmapError
from webmap.importing.mirror import add_file, write_mirror
from webmap.importing.pages import fetch_pages
from webmap.importing.refresh import build_url
from webmap.importing.remote import Remote, SourceError

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
    url = build_url(connector, settings)
    if connector.format != "wfs":
        remote = Remote(url, connector.file, connector.max_bytes)
        found = write_mirror([remote], folder, progress=lambda _remote, done, total: progress(done, total))[remote.name]
        if isinstance(found, SourceError):
            raise found
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".arrivee-", dir=folder) as arrival:
        # All the pages before the first takes its place: half a source would be no source.
        for page in fetch_pages(connector, url, Path(arrival), deadline=None, mirror=None):
            add_file(folder, page.remote, page.file.path, date=page.file.date)
