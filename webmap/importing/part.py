"""A file that is arriving: its bytes in `<name>.part`, what they are a part of in `<name>.part.json`, and the end of it.

The part holds the bytes as they were sent, because a Range counts those; they are decoded at the end. A lock on the part
keeps two downloads of one file apart. The file itself only ever appears whole and checked, by a rename.
"""

from __future__ import annotations

import errno
import fcntl
import gzip
import hashlib
import json
import os
import shutil
import zlib
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from webmap.importing.remote import SourceError, TruncatedError, check_shape
from webmap.wording import explain_system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

    from webmap.importing.remote import Remote

BLOCK = 1 << 20
# Left on the disk whatever is downloaded: the database lives there too.
MARGIN = 100_000_000
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class TooLargeError(Exception):
    """More decoded bytes than the remote allows."""


@dataclass(frozen=True)
class State:
    """What the bytes of a part are a part of; `encoding` is "" or "gzip"."""

    url: str
    etag: str | None
    last_modified: str | None
    encoding: str
    content_type: str | None

    @property
    def validator(self) -> str | None:
        """What If-Range accepts: a strong ETag, or else the date."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


class Part:
    """A locked part. After `complete` it is the file, and no longer ours to touch."""

    def __init__(self, target: Path, file: FileIO) -> None:
        """Take a part that is locked."""
        self.target = target
        self._file = file
        self._path = part_path(target)
        self._state_path = target.with_name(f"{target.name}.part.json")
        self._done = False
        self.state = self._read_state()

    @property
    def size(self) -> int:
        """The bytes received."""
        return os.fstat(self._file.fileno()).st_size

    def _read_state(self) -> State | None:
        try:
            return State(**json.loads(self._state_path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def restart(self, state: State) -> None:
        """Drop the bytes, then write what the next ones are a part of."""
        with disk_errors(self.target):
            self._file.truncate(0)
            self.state = state
            write_atomically(self._state_path, asdict(state))

    def append(self, block: bytes) -> None:
        """Write a block. On a full disk the bytes are given back."""
        try:
            with disk_errors(self.target):
                _write(self._file, block)
        except SourceError:
            self.discard()
            raise

    def discard(self) -> None:
        """Forget the bytes: they cannot be continued, or are not what was asked."""
        if not self._done:
            self._file.truncate(0)
            self._state_path.unlink(missing_ok=True)
            self.state = None

    def sweep(self) -> None:
        """Leave nothing behind when nothing came."""
        if not self._done and not self.size:
            self._state_path.unlink(missing_ok=True)
            self._path.unlink(missing_ok=True)

    def complete(self, remote: Remote, state: State) -> tuple[int, str]:
        """Decode, check, and give the file its name; return its size and sha256.

        Raises SourceError when it is something else, TruncatedError when it is cut, TooLargeError; then nothing took the name.
        """
        clear = self.target.with_name(f"{self.target.name}.part.clair")
        try:
            with disk_errors(self.target):
                ready = clear if state.encoding else self._path
                size, sha256 = self._decode(clear, remote) if state.encoding else digest(ready)
                check_shape(ready, remote, state.content_type)
                self._rename(ready)
        except (SourceError, TruncatedError, TooLargeError):
            self.discard()
            raise
        finally:
            clear.unlink(missing_ok=True)
        return size, sha256

    def _rename(self, ready: Path) -> None:
        """Publish. The part goes last: it is the lock."""
        with ready.open("rb") as file:
            os.fsync(file.fileno())
        self._state_path.unlink(missing_ok=True)
        self._done = True
        ready.replace(self.target)
        if ready != self._path:
            self._path.unlink(missing_ok=True)

    def _decode(self, clear: Path, remote: Remote) -> tuple[int, str]:
        """Decompress beside the part, never more than allowed."""
        size, sha256 = 0, hashlib.sha256()
        try:
            with gzip.open(self._path, "rb") as source, clear.open("wb", buffering=0) as file:
                while block := source.read(BLOCK):
                    size += len(block)
                    if size > remote.max_bytes:
                        raise TooLargeError
                    sha256.update(block)
                    _write(file, block)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise TruncatedError("un gzip abîmé") from error
        return size, sha256.hexdigest()


def part_path(target: Path) -> Path:
    """Return where the bytes of a file arrive."""
    return target.with_name(f"{target.name}.part")


def _write(file: FileIO, block: bytes) -> None:
    """Write it all: a file without a buffer may take less than it is given."""
    view = memoryview(block)
    while view:
        view = view[file.write(view) :]


@contextmanager
def open_part(target: Path, wait: Callable[[], None]) -> Iterator[Part]:
    """Open the part of a file and lock it; `wait` is called while another download has it, and raises when it is enough."""
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    path = part_path(target)
    while True:
        with disk_errors(target):
            file = path.open("ab", buffering=0)
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                wait()
                continue
            if not _is_still(path, file):  # the other one has finished: these bytes are its file now
                continue
            part = Part(target, file)
            try:
                yield part
            finally:
                part.sweep()
            return


def _is_still(path: Path, file: FileIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def digest(path: Path) -> tuple[int, str]:
    """Return the size and the sha256 of a file, read by blocks."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), sha256


def write_atomically(path: Path, content: object) -> None:
    """Write JSON under a name that only ever holds a whole file."""
    new = path.with_name(f"{path.name}.nouveau")
    with new.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=2, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def check_room(target: Path, size: int) -> None:
    """Refuse to start what would fill the disk. Raises SourceError."""
    with disk_errors(target):
        free = shutil.disk_usage(target.parent).free
    if free < size + MARGIN:
        msg = (
            f"Le disque de {target.parent} n'a plus assez de place : {target.name} demande {size / 1e6:.0f} Mo, et {MARGIN / 1e6:.0f} Mo "
            f"doivent rester libres ; il y en a {free / 1e6:.0f}. Libérez de la place puis relancez."
        )
        raise SourceError(msg)


@contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Turn what a disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            msg = f"Le disque de {target.parent} est plein : libérez de la place puis relancez ({target.name} n'a pas été gardé)."
        else:
            msg = f"{target} est inaccessible ({explain_system(error)}) : vérifiez les droits sur le dossier {target.parent}."
        raise SourceError(msg) from error
