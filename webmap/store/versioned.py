"""Bytes made once and served many times: a bounded folder that worker processes share, under a little memory of each.

An address is `<couche>/<version>/…`. The version says all that the bytes were made of (see `version_of`), so what is stored is
never wrong, only unused: nothing is ever invalidated, old versions are collected. Losing the folder, or part of it, costs a
computation.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import threading
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING

from webmap.store.gzipped import TornError, inflate, squeeze
from webmap.store.making import Making, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_ADDRESS = re.compile(r"[a-z0-9_-]{1,200}(/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,200}){1,8}")
_VERSION = re.compile(r"[0-9a-f]{16}")
_LOCKS = 64  # two addresses that share one wait for each other: rare, and harmless
_PATIENCE = 10.0  # seconds another process may take to make the same bytes before we make them too
_SWEEP_EVERY = 256  # writes of one process between two looks at the size of the whole
_SWEPT_TO = 0.8  # of the limit: room for the writes until the next sweep
_SETTLED = 120.0  # seconds after which what was written is on the disk, four times what Linux takes
_IN_MEMORY = 32 * 1024 * 1024
_BEHIND = 4  # bodies that are compressed while they are answered,
_HEAVY = 100_000  # bytes: when it takes longer than to start a thread
NOTHING = squeeze(b"")  # what is kept where there is nothing
_EMPTY = ".vide.gz"  # all of it is one file of many names: a burst of empty tiles takes no room
_WRITING = ".ecriture-{}"  # lock of a layer: shared by its writes, alone when it is closed
_NAME = 64  # bytes a name takes in its folder, about


def version_of(*parts: object) -> str:
    """Return 16 hexadecimal digits of what bytes are made of: database, code and definitions, revisions and their dates.

    The dates tell two databases apart that went from one dump to different rows under one number.
    """
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


class VersionedBytes:
    """Gzipped bytes by address. Every method survives a folder that is full, torn, removed, or shared with another server."""

    def __init__(self, folder: Path, limit: int, in_memory: int = _IN_MEMORY) -> None:
        """Keep at most about `limit` bytes in `folder`, `in_memory` in this process; nothing is created before it is needed."""
        self.folder = folder
        # Beside the folder: it may be removed at any time, and what a worker has in memory stays closed.
        self._closed = folder.parent / f".fermees-{folder.name}"
        self._limit = limit
        self._room = in_memory
        self._memory: OrderedDict[str, bytes] = OrderedDict()
        self._writes = 0
        self._guard = threading.Lock()
        self._making: dict[str, Making] = {}
        self._behind = threading.BoundedSemaphore(_BEHIND)

    def get(self, address: str) -> bytes | None:
        """Return the gzipped bytes of an address, None when they are not there, torn, or of a layer that was closed."""
        if self.is_closed(address.partition("/")[0]):
            return None
        with self._guard:
            found = self._memory.get(address)
            if found is not None:
                self._memory.move_to_end(address)
                return found
        found = self._read(self.folder / f"{address}.gz")
        if found is not None:
            self._remember(address, found)
        return found

    def fetch_plain(self, address: str, make: Callable[[], tuple[str, bytes]]) -> tuple[str, bytes]:
        """Return (address, bytes not compressed), made as by `fetch`; when heavy, answered at once, compressed and kept behind.

        Who waits for the same waits until they are kept; beyond a few that are being compressed, so does the caller.
        """
        found = self.get(address)
        if found is None:
            with contextlib.ExitStack() as held:
                turn = held.enter_context(self._turn(address))
                found = self.get(address)
                if found is None:
                    over = turn.over
                    made, body = turn.make_once(make)
                    if not over:
                        self._put_behind(made, body, held)
                    return made, body
        return address, inflate(found)

    def _put_behind(self, address: str, body: bytes, held: contextlib.ExitStack) -> None:
        """Compress and keep in a thread of its own, which ends the turn; here what is small, or when too many do."""
        if len(body) < _HEAVY or not self._behind.acquire(blocking=False):
            self.put(address, body)
            return
        rest = held.pop_all()

        def put() -> None:
            try:
                with rest:
                    self.put(address, body)
            finally:
                self._behind.release()

        threading.Thread(target=put, daemon=True).start()

    def fetch(self, address: str, make: Callable[[], tuple[str, bytes]]) -> tuple[str, bytes]:
        """Return (address, gzipped bytes), made by one caller while the others wait: a hundred on one tile cost one statement.

        `make` returns the address of what it read, which is another when the data changed meanwhile, and the bytes. What it raises is
        raised to those who wait too: each in turn would fail as long.
        """
        found = self.get(address)
        if found is not None:
            return address, found
        with self._turn(address) as turn:
            found = self.get(address)
            if found is not None:
                return address, found
            made, body = turn.make_once(make)
            return made, self.get(made) or self.put(made, body)

    def put(self, address: str, body: bytes) -> bytes:
        """Compress, keep when there is room to, and return the gzipped bytes. Raises ValueError for what is no address."""
        if not _ADDRESS.fullmatch(address) or ".." in address:
            raise ValueError(address)
        squeezed = squeeze(body)
        self._remember(address, squeezed)  # a closed layer is refused when it is read
        if not self.is_closed(address.partition("/")[0]):
            with contextlib.suppress(OSError), self._open_to_writes(address.partition("/")[0]):
                if not self.is_closed(address.partition("/")[0]):
                    self._write(address, squeezed)
        return squeezed

    def close(self, couche: str) -> None:
        """Remove all that is kept of a layer, and refuse what may still come of it, before returning. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._closed.mkdir(exist_ok=True)
        (self._closed / couche).touch()  # first: no write begins from here on, so the lock is soon free
        with locked(self.folder / _WRITING.format(couche), fcntl.LOCK_EX):
            # Again when another process removed a part of it meanwhile: it stops there.
            while (rest := self.folder / couche).exists():
                with contextlib.suppress(FileNotFoundError):
                    shutil.rmtree(rest)

    def open(self, couche: str) -> None:
        """Let a layer that was closed be kept again."""
        (self._closed / couche).unlink(missing_ok=True)

    def list_couches(self) -> list[str]:
        """Name what has bytes in the folder."""
        with contextlib.suppress(FileNotFoundError):
            return [path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
        return []

    def collect(self, current: dict[str, str]) -> int:
        """Remove every version of these layers but the current one; return how many. Nothing else, nor beyond a symbolic link."""
        removed = 0
        for couche, version in current.items():
            with contextlib.suppress(OSError):
                if (self.folder / couche).is_symlink():
                    continue
                for old in (self.folder / couche).iterdir():
                    if _VERSION.fullmatch(old.name) and old.name != version:
                        shutil.rmtree(old, ignore_errors=True)
                        removed += 1
        return removed

    def is_kept(self, address: str) -> bool:
        """Whether the folder has the bytes of an address, whatever this process has in memory."""
        return (self.folder / f"{address}.gz").is_file()

    def is_closed(self, couche: str) -> bool:
        """Whether a layer was closed, by this process or another."""
        return os.path.exists(f"{self._closed}/{couche}")  # noqa: PTH110 - at each hit: a Path costs more

    def _remember(self, address: str, squeezed: bytes) -> None:
        with self._guard:
            self._room -= len(squeezed) - len(self._memory.pop(address, b""))
            self._memory[address] = squeezed
            while self._room < 0 and self._memory:
                self._room += len(self._memory.popitem(last=False)[1])

    def _read(self, path: Path) -> bytes | None:
        try:
            found = path.read_bytes()
            inflate(found)  # its own checksum: a file torn by a crash is as if it were not there
        except TornError:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        except OSError:
            return None
        return found

    def _write(self, address: str, squeezed: bytes) -> None:
        path = self.folder / f"{address}.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.parent / f".{path.name}.{os.getpid()}.{threading.get_ident()}"
        try:
            if squeezed == NOTHING:
                self._link_empty(partial)
            else:
                partial.write_bytes(squeezed)
            partial.replace(path)
            partial.unlink(missing_ok=True)  # two names of one file: replacing one by the other does nothing
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        self._writes += 1
        if self._writes % _SWEEP_EVERY == 0:
            threading.Thread(target=self.sweep, daemon=True).start()

    def _link_empty(self, path: Path) -> None:
        empty = self.folder / _EMPTY
        try:
            path.hardlink_to(empty)
            whole = path.read_bytes() == NOTHING
        except OSError:
            whole = False
        if not whole:  # not there yet, torn, or it has all the names the disk allows it: another begins
            path.unlink(missing_ok=True)
            path.write_bytes(NOTHING)
            with contextlib.suppress(OSError):
                empty.unlink(missing_ok=True)
                empty.hardlink_to(path)

    def mend(self) -> None:
        """Remove what is torn of the last files written before a machine stopped short: nginx would send it for a year."""
        files = list(self._files())
        last = max((written for written, *_ in files), default=0.0)
        for written, _, path in files:
            if written >= last - _SETTLED:
                self._read(self.folder / path)

    def sweep(self) -> None:
        """Bring the folder back under its limit, oldest files first; one process at a time, the others leave it to it."""
        with contextlib.suppress(OSError), locked(self.folder / ".menage", fcntl.LOCK_EX | fcntl.LOCK_NB):
            files = sorted(self._files())
            total = sum(size for _, size, _ in files)
            if total <= self._limit:
                return
            for _, size, path in files:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)  # noqa: PTH108 - there may be a hundred thousand
                total -= size
                if total <= self._limit * _SWEPT_TO:
                    return

    def _files(self) -> Iterator[tuple[float, int, str]]:
        """(date of writing, room taken in bytes, path) of every kept file."""
        folders = [os.fspath(self.folder)]
        while folders:
            with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif ".gz" in entry.name and entry.name != _EMPTY:  # what a crash left half-written too
                        found = entry.stat(follow_symlinks=False)
                        yield found.st_mtime, _NAME if found.st_nlink > 1 else found.st_blocks * 512, entry.path

    @contextlib.contextmanager
    def _turn(self, address: str) -> Iterator[Making]:
        """Hold the making of an address, in this process and in the others that share the folder."""
        with self._guard:
            turn = self._making.setdefault(address, Making())
        with turn.lock, contextlib.nullcontext() if turn.over else self._among_processes(address):
            try:
                yield turn
            finally:
                with self._guard:
                    if self._making.get(address) is turn:  # who comes from now on asks anew
                        del self._making[address]

    @contextlib.contextmanager
    def _among_processes(self, address: str) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            rank = zlib.crc32(address.encode()) % _LOCKS
            with contextlib.suppress(OSError):  # no folder, or another has it for too long: made here too, with no harm
                stack.enter_context(locked(self.folder / f".verrou-{rank}", fcntl.LOCK_EX | fcntl.LOCK_NB, _PATIENCE))
            yield

    def _open_to_writes(self, couche: str) -> contextlib.AbstractContextManager[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        return locked(self.folder / _WRITING.format(couche), fcntl.LOCK_SH)
