"""One export at a time makes PostgreSQL work, whichever worker serves it, so that tiles keep the rest of the machine.

The turn is a lock on a file: all the workers of a folder see it, and the kernel frees it when the one that holds it dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from psycopg.abc import Buffer

_PATIENCE = 5.0  # seconds waited for one turn; others give theirs back after a quarter of one, or one row
_MOST_WAITED = (
    60.0  # seconds waited in all: half of what a statement may take, so that a crowd does not cut exports short
)
# Bytes read in a turn and passed on at once. Many times what PostgreSQL writes ahead of a reader that waits (200 kB, the
# buffer of the socket): less, and every export would find its block ready, and ten backends would work at once.
_BLOCK = 1_000_000
_TURN = 0.25  # seconds: rows that are slow to come are passed on as they are, and the turn with them
_POLL = 0.002  # seconds: a lock on a file cannot be waited for with a deadline


class Turns:
    """The turns of one export: its own opening of the file, since a lock belongs to an opening, not to a process."""

    def __init__(self, file: int) -> None:
        """Keep an open file descriptor, which is whoever opened it's to close."""
        self._file = file
        self._vain = False
        self._left = _MOST_WAITED

    @contextlib.contextmanager
    def take(self) -> Iterator[None]:
        """Run the block in this export's turn, or out of turn when the turn is too long to come.

        Who waited in vain does not wait again until the turn is free: an export whose next row is long to find holds it
        meanwhile, and must not hold the others at each of their blocks.
        """
        start = time.monotonic()
        mine = self._wait(start + (0 if self._vain else min(_PATIENCE, self._left)))
        self._left = max(0, self._left - (time.monotonic() - start))
        self._vain = not mine
        try:
            yield
        finally:
            if mine:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _wait(self, deadline: float) -> bool:
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(_POLL)
            else:
                return True


@contextlib.contextmanager
def queue_up(path: Path) -> Iterator[Turns]:
    """Open the file of turns for one export. It holds nothing, and is never removed."""
    path.parent.mkdir(exist_ok=True)
    # Opened for reading: a file that root made must not stop the folder's owner.
    file = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield Turns(file)
    finally:
        os.close(file)


def read_block(rows: Iterator[Buffer], turns: Turns) -> bytes:
    """Return the next rows, in their turn: PostgreSQL works for an export only while it is read."""
    # Not a list: thousands of rows kept alive wake the garbage collector at each few, for more time than reading takes.
    block = io.BytesIO()
    with turns.take():
        over = time.monotonic() + _TURN
        for row in rows:
            block.write(row)
            if block.tell() >= _BLOCK or time.monotonic() > over:
                break
    return block.getvalue()
