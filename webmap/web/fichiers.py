"""Files made for one answer: written in a folder of their own, bounded, unlinked before the first byte leaves."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response, request
from werkzeug.wsgi import FileWrapper

from webmap.errors import BusyError, TooLargeError
from webmap.web.presence import leave_if, watch_client

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

MAX_ROWS = 1_000_000
_MAX_BYTES = 1_000_000_000
_MOST_SECONDS = 300
_WAIT = 20.0  # seconds
# Two at a time in a process: each is a core busy for seconds, and tiles want one too.
_places = threading.BoundedSemaphore(2)
_line = threading.BoundedSemaphore(4)  # and two that wait: each holds a thread


def refuse_many(nombre: int, most: int = MAX_ROWS) -> None:
    """Raise TooLargeError for more rows than a file may have."""
    if nombre > most:
        raise TooLargeError(
            f"Ce fichier aurait {nombre} lignes, pour {most} au plus : réduisez par bbox, filter ou un territoire, ou prenez "
            "le CSV ou le GeoJSON, qui n'ont pas de limite."
        )


def bounded(
    rows: Generator[list[tuple[Any, ...]], None, None], folder: Path
) -> Generator[list[tuple[Any, ...]], None, None]:
    """Pass rows on as long as what is written in `folder` stays under a gigabyte, and somebody waits for it.

    Raises TooLargeError, also for a file that takes too long, and HangUpError.
    """
    gone, end = watch_client(), time.monotonic() + _MOST_SECONDS
    with contextlib.closing(rows):
        for batch in rows:
            leave_if(gone)
            if time.monotonic() > end:
                raise TooLargeError(
                    "Ce fichier prend plus de cinq minutes : réduisez par bbox, filter ou un territoire."
                )
            if sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) > _MAX_BYTES:
                raise TooLargeError("Ce fichier dépasserait 1 Go : réduisez par bbox, filter ou un territoire.")
            yield batch


def respond_file(write: Callable[[Path], None], extension: str, mimetype: str, etag: str) -> Response:
    """Make a file by `write(path)` and answer it: ranges, conditions, HEAD. The same demand makes the same bytes.

    The file has no name any more when the answer starts, so nothing is left whatever the client does.
    """
    with _turn(), tempfile.TemporaryDirectory(prefix="webmap-export-") as folder:
        path = Path(folder) / f"export.{extension}"
        write(path)
        size = path.stat().st_size
        file = path.open("rb")
    response = Response(FileWrapper(file, 65_536), mimetype=mimetype, direct_passthrough=True)
    response.content_length = size
    response.set_etag(etag)
    try:
        response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    except Exception:
        file.close()
        raise
    if request.method == "HEAD" or response.status_code == 304:  # noqa: PLR2004 - its own name
        file.close()
    return response


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    busy = "Plusieurs fichiers sont déjà en préparation. Réessayez dans un instant."
    if not _line.acquire(blocking=False):
        raise BusyError(busy)
    try:
        if not _places.acquire(timeout=_WAIT):
            raise BusyError(busy)
        try:
            yield
        finally:
            _places.release()
    finally:
        _line.release()
