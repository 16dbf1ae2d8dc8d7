"""One making at a time: of an address in a process, and among processes that share a folder."""

from __future__ import annotations

import contextlib
import fcntl
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_POLL = 0.005  # seconds: a lock on a file cannot be waited for with a deadline


class Making:
    """One making of an address, and what came of it, for those who wait meanwhile."""

    def __init__(self) -> None:
        """Begin nothing: whoever holds `lock` makes."""
        self.lock = threading.Lock()
        self.over = False
        self._failure: Exception | None = None
        self._outcome = ("", b"")

    def make_once(self, make: Callable[[], tuple[str, bytes]]) -> tuple[str, bytes]:
        """Make, or return what whoever held this before made. Raises what it raised."""
        if not self.over:
            self.over = True
            try:
                self._outcome = make()
            except Exception as failure:
                self._failure = failure
                raise
        if self._failure is not None:
            raise self._failure
        return self._outcome


@contextlib.contextmanager
def locked(path: Path, how: int, patience: float = 0.0) -> Iterator[None]:
    """Hold a lock on a file. Raises OSError when there is no folder, or another holds it longer than `patience` seconds."""
    deadline = time.monotonic() + patience
    with path.open("ab") as file:
        while True:
            try:
                fcntl.flock(file, how)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_POLL)
        yield
