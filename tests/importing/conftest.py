"""A copy of `layers/` a test may change, loaded again into its own database."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.importing.downloads import Time
from tests.importing.official_server import OfficialServer, official_server
from tests.importing.published import Desk, read_contours
from webmap.catalog.load import load_catalog
from webmap.importing.seeds import load_seeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database


@dataclass(frozen=True)
class Workshop:
    """A copied `layers/`, and the database its facts go to."""

    folder: Path
    database: Database
    settings: Settings

    def change(self, name: str, old: str, new: str) -> None:
        """Replace the first `old` of a file of the folder."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old} is not in {path}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def drop_line(self, name: str, start: str) -> None:
        """Remove the lines of a file that start so."""
        path = self.folder / name
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        left = [line for line in lines if not line.startswith(start)]
        assert len(left) < len(lines)
        path.write_text("".join(left), encoding="utf-8")

    def load(self) -> list[str]:
        """Load the changed seeds."""
        return load_seeds(self.database, load_catalog(self.folder), self.settings)

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement as the owner and return its rows."""
        with self.database.owner() as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Return every row of every table that a load may write."""
        names = self.rows("SELECT relname FROM pg_class WHERE relnamespace = 'pub'::regnamespace AND relkind = 'r'")
        tables = [f"pub.{row['relname']}" for row in names]
        tables += ["app.revision", "app.chargement", "app.appartenance", "app.cellule"]
        return {name: self.rows(f"SELECT * FROM {name} t ORDER BY t::text") for name in tables}


@pytest.fixture
def workshop(settings: Settings, database: Database, tmp_path: Path) -> Workshop:
    """Return a copy of `layers/` over a database that already holds its facts."""
    return Workshop(shutil.copytree(settings.layers_folder, tmp_path / "layers"), database, settings)


@pytest.fixture
def desk(database_with_contours: Database, catalog: Catalog, settings: Settings) -> Iterator[Desk]:
    """Return official sources on this machine, over a database that has contours."""
    with Desk.open(database_with_contours, catalog, settings) as found:
        yield found


@pytest.fixture
def bare_desk(database: Database, catalog: Catalog, settings: Settings) -> Iterator[Desk]:
    """Return official sources on this machine, over a database without contours."""
    with Desk.open(database, catalog, settings) as found:
        yield found


@pytest.fixture(scope="session")
def contours(contours_file: Path) -> dict[str, BaseGeometry]:
    """Return the contours of the tests, by `code_insee`."""
    return read_contours(contours_file)


@pytest.fixture
def server() -> Iterator[OfficialServer]:
    """Return an official server on this machine, with nothing to give yet."""
    with official_server() as started:
        yield started


@pytest.fixture
def instant() -> Time:
    """Return a clock that only moves when someone sleeps."""
    return Time()
