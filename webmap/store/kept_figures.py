"""Figures under the version of all that they read: a report costs one statement a layer, and is asked for again and again."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, TypeVar

from webmap.store.kept_rows import one_state
from webmap.store.revisions import build_version, fetch_state, read_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webmap.store.db import Database
    from webmap.store.versioned import VersionedBytes

FIGURES = "syntheses"  # beside the layers in the folder; never the name of one, which is singular

_Content = TypeVar("_Content")


class KeptFigures:
    """A summary reads every public layer, so all have one version: any write makes another."""

    def __init__(self, database: Database, couches: Iterable[str], octets: VersionedBytes, code: str) -> None:
        """Keep what is made of the public layers; `code` tells apart the bytes of another code or other definitions."""
        self._database = database
        self._couches = tuple(couches)
        self._octets = octets
        self._code = code
        self._current: tuple[list[str], str] = ([], "")

    def fetch_version(self) -> str:
        """Return the version of today, and collect the others, apart, when it changed: one indexed read. Raises DatabaseError."""
        state = fetch_state(self._database, self._couches)
        known, version = self._current
        if state != known:
            version = build_version(self._code, read_entries(state), self._couches)
            self._current = (state, version)
            threading.Thread(target=self._octets.collect, args=({FIGURES: version},), daemon=True).start()
        return version

    def settle(self) -> None:
        """Leave in the folder today's version and nothing else, before returning. Raises DatabaseError."""
        self._octets.collect({FIGURES: self.fetch_version()})

    def find(self, version: str, name: str) -> bytes | None:
        """Return the gzipped bytes of what has this name in a version, None when they were not made yet."""
        return self._octets.get(_address(version, name))

    def fetch(
        self, version: str, name: str, read: Callable[[], _Content], write: Callable[[_Content], str]
    ) -> tuple[str, bytes]:
        """Return the version of what was read, `version` unless the data changed since, and the gzipped bytes: made once.

        All that `read` reads is of one state, whose version they are kept under; `write` reads nothing, and holds no connection.
        """

        def make() -> tuple[str, bytes]:
            with one_state(self._database, self._couches) as told:
                content = read()
            return _address(build_version(self._code, told, self._couches), name), write(content).encode()

        made, squeezed = self._octets.fetch(_address(version, name), make)
        return made.split("/")[1], squeezed


def _address(version: str, name: str) -> str:
    return f"{FIGURES}/{version}/{hashlib.sha256(name.encode(errors='surrogateescape')).hexdigest()[:32]}"
