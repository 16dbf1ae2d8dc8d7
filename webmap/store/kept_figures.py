"""Summaries under the version of all that they read: a report costs one statement a layer, and is asked for again and again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from webmap.store.revisions import build_version, fetch_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from webmap.store.db import Database
    from webmap.store.versioned import VersionedBytes

FIGURES = "syntheses"  # beside the layers in the folder; never the name of one, which is singular


class KeptFigures:
    """A summary reads every public layer, so all have one version: any write makes another."""

    def __init__(self, database: Database, couches: Iterable[str], octets: VersionedBytes, code: str) -> None:
        """Keep what is made of the public layers; `code` tells apart the bytes of another code or other definitions."""
        self._database = database
        self._couches = tuple(couches)
        self._octets = octets
        self._code = code
        self._current = ""

    def fetch_version(self) -> str:
        """Return the version of today, and collect the others when it changed: one indexed read. Raises DatabaseError."""
        version = build_version(self._code, fetch_state(self._database, self._couches), self._couches)
        if version != self._current:
            self._current = version
            self._octets.collect({FIGURES: version})
        return version

    def find(self, version: str, name: str) -> bytes | None:
        """Return the gzipped bytes of what has this name in a version, None when they were not made yet."""
        return self._octets.get(_address(version, name))

    def fetch(self, version: str, name: str, make: Callable[[], bytes]) -> bytes:
        """Return the gzipped bytes of what has this name, made once.

        Made by many statements, they are kept only when no write came between the first and the last.
        """
        address = _address(version, name)

        def make_apart() -> tuple[str, bytes]:
            body = make()
            return (address if self.fetch_version() == version else ""), body

        return self._octets.fetch(address, make_apart)[1]


def _address(version: str, name: str) -> str:
    return f"{FIGURES}/{version}/{hashlib.sha256(name.encode()).hexdigest()[:32]}"
