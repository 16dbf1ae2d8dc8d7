"""A WFS read page by page: a page that is not full is the last, a page seen before is a server that loops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.errors import ImportRefusedError
from webmap.importing.fetch import fetch
from webmap.importing.readers import count_features
from webmap.importing.remote import Fetched, Remote

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.catalog.connector import Connector

_MAX_PAGES = 200


def fetch_pages(
    connector: Connector, url: str, folder: Path, *, deadline: float | None, mirror: Path | None
) -> list[Fetched]:
    """Fetch every page of a WFS. `url` holds `{debut}` and `{nombre}`, the first row and the page size.

    Raises SourceError, or ImportRefusedError when the same rows come twice or pages never end.
    """
    pages: list[Fetched] = []
    seen: set[str] = set()
    for number in range(_MAX_PAGES):
        remote = page_remote(connector, url, number)
        found = fetch(remote, folder, deadline=deadline, mirror=mirror)
        if not isinstance(found, Fetched):
            raise ImportRefusedError(f"{remote.name} : réponse inattendue du serveur.")
        count, rows = count_features(found.path)
        repeated = seen.intersection(rows)
        if repeated:
            raise ImportRefusedError(
                f"{remote.name} répète des lignes déjà reçues : le serveur tourne en rond, la couche reste comme elle était."
            )
        seen.update(rows)
        pages.append(found)
        if count < connector.page_size:
            return pages
    raise ImportRefusedError(f"{connector.file} : plus de {_MAX_PAGES} pages, la demande est trop large.")


def page_remote(connector: Connector, url: str, number: int) -> Remote:
    """Return one page: its address, and its name in a folder or a mirror (`znieff1.json`, then `znieff1-2.json`)."""
    address = url.replace("{debut}", str(number * connector.page_size)).replace("{nombre}", str(connector.page_size))
    stem, dot, suffix = connector.file.rpartition(".")
    name = connector.file if number == 0 else f"{stem}-{number + 1}{dot}{suffix}"
    return Remote(address, name, connector.max_bytes)
