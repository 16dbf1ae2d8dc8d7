"""A mirror: a folder holding the files of the sources and `miroir.json`, which says what each is. Read with no network.

A file arrives in `.entrants/`, then the index names it, then it takes its place. Killed anywhere, the index is right: a file
that it names and that is not in its place yet is found in `.entrants/`.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import re
import shutil
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from webmap.importing.download import download
from webmap.importing.part import check_room, digest, disk_errors, write_atomically
from webmap.importing.remote import (
    Fetched,
    NotModified,
    Previous,
    SourceError,
    TruncatedError,
    check_name,
    check_shape,
    mask,
    now,
)
from webmap.importing.transport import Countdown, Pace
from webmap.wording import explain, explain_system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from webmap.importing.remote import Remote

INDEX = "miroir.json"
_INCOMING = ".entrants"
_LARGEST_INDEX = 10_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_AGAIN = "refaites-le avec `webmap sources mirror` sur une machine connectée"
_PACE = Pace()
_DEADLINE = 3600.0


@dataclass(frozen=True)
class Entry:
    """A file of a mirror, as the index tells it."""

    name: str
    url: str
    size: int
    sha256: str
    etag: str | None
    last_modified: str | None
    date: str
    content_type: str | None = None

    def __post_init__(self) -> None:
        """Check every field: an index may come from anywhere. Raises SourceError or ValueError."""
        texts = (self.etag, self.last_modified, self.content_type)
        if not all(isinstance(text, str) for text in (self.name, self.url, self.date, self.sha256)):
            raise ValueError("name, url, date, sha256")
        if not all(text is None or isinstance(text, str) for text in texts):
            raise ValueError("etag, last_modified, content_type")
        if type(self.size) is not int or self.size < 0 or not _SHA256.fullmatch(self.sha256):
            raise ValueError("size, sha256")
        if self.when.tzinfo is None:
            raise ValueError("date")
        check_name(self.name)

    @property
    def when(self) -> dt.datetime:
        """The moment it was fetched."""
        return dt.datetime.fromisoformat(self.date)


def read_index(folder: Path) -> dict[str, Entry]:
    """Return the entries of a mirror by name, without looking at the files. Raises SourceError."""
    path = folder / INDEX
    try:
        if path.stat().st_size > _LARGEST_INDEX:
            raise SourceError(f"{path} est trop gros pour un index de miroir : {_AGAIN}.")
        entries = [Entry(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))["fichiers"]]
    except FileNotFoundError as error:
        raise SourceError(f"{folder} n'est pas un miroir : {INDEX} y manque ; {_AGAIN}.") from error
    except OSError as error:
        raise SourceError(f"{path} ne se lit pas ({explain_system(error)}).") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SourceError(f"{path} est abîmé ({explain(error)}) : {_AGAIN}.") from error
    return {entry.name: entry for entry in entries}


def open_mirror(folder: Path) -> dict[str, Entry]:
    """Check every file of a mirror and return its entries by name. Raises SourceError with a line for each problem."""
    entries = read_index(folder)
    problems = []
    for entry in entries.values():
        try:
            _locate(folder, entry)
        except SourceError as error:
            problems.append(str(error))
    if problems:
        raise SourceError("\n".join(problems))
    return entries


def read_mirror(folder: Path, remote: Remote, previous: Previous | None = None) -> Fetched | NotModified:
    """Return a file of a mirror where it lies, after checking it. Raises SourceError."""
    entry = read_index(folder).get(remote.name)
    if entry is None:
        raise SourceError(f"Le miroir {folder} ne contient pas {remote.name} : {_AGAIN}.")
    if entry.size > remote.max_bytes:
        raise SourceError(f"{remote.name}, dans le miroir {folder}, dépasse les {remote.max_bytes / 1e6:g} Mo admis.")
    path = _locate(folder, entry)
    if previous and previous.sha256 == entry.sha256:
        return NotModified(entry.url, entry.when, entry.etag, entry.last_modified)
    facts = (entry.size, entry.sha256, entry.etag, entry.last_modified, entry.when, entry.content_type)
    return Fetched(path, entry.url, *facts)


def _locate(folder: Path, entry: Entry) -> Path:
    """Return the file that is what the index says. Raises SourceError."""
    problem = "manque"
    place = folder / entry.name
    for path in (place, folder / _INCOMING / entry.name, place):  # again: it may have been moved between the two looks
        try:
            size = path.stat().st_size
            if size == entry.size and digest(path) == (entry.size, entry.sha256):
                return path
        except FileNotFoundError:
            continue
        except OSError as error:
            problem = f"ne se lit pas ({explain_system(error)})"
            continue
        wrong = f"est tronqué ou a changé ({size} octets au lieu de {entry.size})"
        problem = wrong if size != entry.size else "n'a pas le contenu que dit l'index (empreinte SHA-256 différente)"
    raise SourceError(f"{entry.name}, dans le miroir {folder}, {problem} : {_AGAIN}.")


def write_mirror(
    remotes: Iterable[Remote],
    folder: Path,
    *,
    deadline: float | None = None,
    progress: Callable[[Remote, int, int | None], None] = lambda _remote, _done, _total: None,
    pace: Pace = _PACE,
) -> dict[str, Fetched | NotModified | SourceError]:
    """Bring every remote into a mirror, and tell by name what became of each; one that fails keeps what the mirror had.

    Raises SourceError when the mirror itself cannot be written, or is being written.
    """
    countdown = Countdown(_DEADLINE if deadline is None else deadline, pace.clock)
    outcomes: dict[str, Fetched | NotModified | SourceError] = {}
    with _lock(folder) as entries:
        for remote in remotes:
            try:
                outcomes[remote.name] = _refresh(folder, entries, remote, countdown, pace, progress)
            except SourceError as error:
                outcomes[remote.name] = error
    return outcomes


def add_file(folder: Path, remote: Remote, path: Path, *, date: dt.datetime | None = None) -> Fetched:
    """Put a file received by other means into a mirror, as if it came from its remote. Raises SourceError."""
    with _lock(folder) as entries:
        incoming = folder / _INCOMING / remote.name
        with disk_errors(incoming):
            incoming.parent.mkdir(parents=True, exist_ok=True)
            check_room(incoming, path.stat().st_size)
            shutil.copyfile(path, incoming)
        try:
            check_shape(incoming, remote, None)
        except (SourceError, TruncatedError) as error:
            incoming.unlink()
            raise SourceError(f"{path} n'entre pas dans le miroir : {error}") from error
        size, sha256 = digest(incoming)
        when = date or now()
        return _publish(
            folder, entries, remote, Fetched(incoming, mask(remote.url), size, sha256, None, None, when, None)
        )


def _refresh(
    folder: Path,
    entries: dict[str, Entry],
    remote: Remote,
    countdown: Countdown,
    pace: Pace,
    progress: Callable[[Remote, int, int | None], None],
) -> Fetched | NotModified:
    previous = None
    entry = entries.get(remote.name)
    with suppress(SourceError):  # damaged: fetched again in full
        if entry and entry.url == mask(remote.url):  # what another address said says nothing of this one
            _settle(folder, entry)
            previous = Previous(entry.etag, entry.last_modified, entry.sha256)

    def show(done: int, total: int | None) -> None:
        progress(remote, done, total)

    found = download(remote, folder / _INCOMING, previous, countdown, pace, show)
    if isinstance(found, NotModified) and entry and previous:
        (folder / _INCOMING / remote.name).unlink(missing_ok=True)
        entries[remote.name] = replace(entry, etag=found.etag, last_modified=found.last_modified)
        _write_index(folder, entries)
        return found
    return _publish(folder, entries, remote, found) if isinstance(found, Fetched) else found


def _publish(folder: Path, entries: dict[str, Entry], remote: Remote, found: Fetched) -> Fetched:
    """Name a file that has arrived in the index, then put it in its place."""
    facts: dict[str, Any] = asdict(found)
    del facts["path"]
    entry = Entry(name=remote.name, **facts | {"date": found.date.isoformat(timespec="seconds")})
    entries[remote.name] = entry
    _write_index(folder, entries)
    return replace(found, path=_settle(folder, entry))


def _write_index(folder: Path, entries: dict[str, Entry]) -> None:
    with disk_errors(folder / INDEX):
        content = {"fichiers": [asdict(entries[name]) for name in sorted(entries)]}
        write_atomically(folder / INDEX, content)


def _settle(folder: Path, entry: Entry) -> Path:
    """Put a file in its place if it is still among the incoming ones."""
    path, place = _locate(folder, entry), folder / entry.name
    if path != place:
        with disk_errors(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
    return place


@contextmanager
def _lock(folder: Path) -> Iterator[dict[str, Entry]]:
    """Keep a mirror to one writer, and give what its index holds (nothing for a new one)."""
    with disk_errors(folder / INDEX):
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield read_index(folder) if (folder / INDEX).exists() else {}
    except BlockingIOError as error:
        raise SourceError(f"Le miroir {folder} est déjà en cours d'écriture : attendez puis relancez.") from error
    finally:
        os.close(lock)
