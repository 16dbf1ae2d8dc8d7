"""What the tests of downloads share: files to send, a clock that only moves when someone sleeps, and what must be left."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from webmap.importing.fetch import Fetched, NotModified, Pace, Remote

if TYPE_CHECKING:
    from pathlib import Path


CSV = b"id_pdc_itinerance,nbre_pdc\n" + b"FRS59E1,2\n" * 500
JSON = json.dumps({"type": "FeatureCollection", "features": [{"nom": "Raismes"}] * 200}).encode()
HTML = b"\n<!DOCTYPE html><html><title>Maintenance</title></html>"
MANY = 200_000_000


@dataclass
class Time:
    """A clock that only moves when someone sleeps, or by `step` at each look."""

    now: float = 0.0
    step: float = 0.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        """Return the time."""
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the time on."""
        self.slept.append(seconds)
        self.now += seconds

    def pace(self, **changes: Any) -> Pace:  # noqa: ANN401 - fields of Pace
        """Return a pace that follows this clock."""
        return replace(Pace(clock=self.clock, sleep=self.sleep, jitter=lambda: 1.0), **changes)


def remote(url: str, name: str = "irve/irve.csv", max_bytes: int = MANY) -> Remote:
    return Remote(url, name, max_bytes)


def fetched(found: Fetched | NotModified, body: bytes) -> Fetched:
    """Check that a file is there, whole, and that nothing lies beside it."""
    assert isinstance(found, Fetched)
    assert found.path.read_bytes() == body
    assert (found.size, found.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert [path.name for path in found.path.parent.iterdir()] == [found.path.name]
    return found


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def make_zip(size: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("GEOJSON/QP2024.geojson", random.Random(1).randbytes(size))  # noqa: S311 - bytes that do not compress
    return content.getvalue()
