"""What every test may use: a real PostgreSQL with PostGIS, of its own, thrown away at the end."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from webmap.store.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Return an empty folder with a short path, which the `postgres` user can enter (pytest's own are 0700)."""
    folder = Path(tempfile.mkdtemp(prefix="wm-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Start one private cluster for the whole session; make databases in it with `create_database`."""
    folder = Path(tempfile.mkdtemp(prefix="wm-", dir="/tmp"))
    folder.chmod(0o755)
    found = Cluster(folder, durable=False)
    try:
        found.start()
        yield found
    finally:
        found.destroy()
        shutil.rmtree(folder)
