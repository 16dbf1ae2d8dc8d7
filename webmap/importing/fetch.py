"""One file of a source, from its server or from a mirror: the only door the connectors use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.importing.download import download
from webmap.importing.mirror import read_mirror
from webmap.importing.remote import Fetched, NotModified, Previous, Remote, SourceError
from webmap.importing.transport import Countdown, Pace

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.importing.download import Progress

__all__ = ["Fetched", "NotModified", "Pace", "Previous", "Remote", "SourceError", "fetch"]

DEADLINE = 3600.0
PACE = Pace()


def silent(_done: int, _total: int | None) -> None:
    """Show nothing."""


def fetch(  # noqa: PLR0913 - one door; all but two are named and optional
    remote: Remote,
    folder: Path,
    *,
    previous: Previous | None = None,
    deadline: float | None = None,
    progress: Progress = silent,
    mirror: Path | None = None,
    pace: Pace = PACE,
) -> Fetched | NotModified:
    """Bring a remote into `folder/<name>`, whole and checked, or tell that it has not changed since `previous`.

    `deadline` is in seconds, for everything (an hour unless told otherwise); a download it stops is continued by the next.
    `progress` gets the bytes received and the bytes announced, as sent (still compressed). With `mirror` nothing is copied
    and no network is used. Raises SourceError.
    """
    if mirror is not None:
        return read_mirror(mirror, remote, previous)
    countdown = Countdown(DEADLINE if deadline is None else deadline, pace.clock)
    return download(remote, folder, previous, countdown, pace, progress)
