"""A WFS read page by page, until every row it says it has is there; a page seen before is a server that loops."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from webmap.errors import ImportRefusedError
from webmap.importing.fetch import PACE, Pace, fetch
from webmap.importing.readers import read_page
from webmap.importing.remote import Fetched, Remote
from webmap.wording import agree

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.catalog.connector import Connector

_MAX_PAGES = 200


@dataclass(frozen=True)
class Page:
    """One page that came: what was asked, the file, and a digest of its rows (not of the hour it was written at)."""

    remote: Remote
    file: Fetched
    digest: str


def fetch_pages(
    connector: Connector, url: str, folder: Path, *, deadline: float | None, mirror: Path | None, pace: Pace = PACE
) -> list[Page]:
    """Fetch every page of a WFS, in `deadline` seconds in all. `url` holds `{debut}` and `{nombre}`, first row and page size.

    Raises SourceError, or ImportRefusedError when the same rows come twice, some are missing, or pages never end.
    """
    pages: list[Page] = []
    seen: set[str] = set()
    end = None if deadline is None else time.monotonic() + deadline
    for number in range(_MAX_PAGES):
        remote = page_remote(connector, url, number, len(seen))
        left = None if end is None else max(0.0, end - time.monotonic())
        found = fetch(remote, folder, deadline=left, mirror=mirror, pace=pace)
        if not isinstance(found, Fetched):
            raise ImportRefusedError(f"{remote.name} : réponse inattendue du serveur.")
        page = read_page(found.path)
        if len(set(page.rows)) < len(page.rows) or not seen.isdisjoint(page.rows):
            msg = f"{remote.name} répète des lignes déjà reçues : le serveur tourne en rond, la couche reste comme elle était."
            raise ImportRefusedError(msg)
        seen.update(page.rows)
        pages.append(Page(remote, found, page.digest))
        if len(seen) >= page.matched if page.matched is not None else len(page.rows) < connector.page_size:
            return pages
        if not page.rows:
            counts = f"{agree(len(seen), 'ligne(s) reçue(s)')} sur {agree(page.matched or 0, 'annoncée(s)')}"
            raise ImportRefusedError(f"{remote.name} : {counts}, la couche reste comme elle était.")
    raise ImportRefusedError(f"{connector.file} : plus de {_MAX_PAGES} pages, la demande est trop large.")


def page_remote(connector: Connector, url: str, number: int, start: int | None = None) -> Remote:
    """Return one page: its address, and its name in a folder or a mirror (`znieff1.json`, then `znieff1-2.json`).

    `start` is the first row asked for, counted from 0; the one after full pages unless told otherwise.
    """
    first = number * connector.page_size if start is None else start
    address = url.replace("{debut}", str(first)).replace("{nombre}", str(connector.page_size))
    stem, dot, suffix = connector.file.rpartition(".")
    name = connector.file if number == 0 else f"{stem}-{number + 1}{dot}{suffix}"
    return Remote(address, name, connector.max_bytes)
