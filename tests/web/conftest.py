"""What the tests of the web share: clients on databases that nothing writes to, edited catalogues, and a reader of HTML."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import copied
from tests.web import export_layers
from tests.web.reports_made import add_grids
from webmap.app import create_app
from webmap.catalog.load import load_catalog
from webmap.importing.seeds import load_seeds
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

    Attributes = dict[str, str | None]

_UNSEEN = {"script", "style"}
_EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Page(HTMLParser):
    """A page as a person reads it: the elements, the text outside scripts and styles, the cells of each table row."""

    def __init__(self, source: str) -> None:
        """Read the whole of `source`."""
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, Attributes]] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self._texts: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element; open a row or a cell."""
        self.tags.append((tag, dict(attrs)))
        if tag not in _EMPTY:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and those left open inside it."""
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Keep what is seen."""
        if _UNSEEN & set(self._open):
            return
        self._texts.append(data)
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        """What is seen, blanks as one space; no-break spaces stay."""
        return re.sub(r"[ \n\t\r]+", " ", "".join(self._texts))

    def links(self) -> list[str]:
        """Return every `href`."""
        return [attributes["href"] or "" for _, attributes in self.tags if "href" in attributes]

    def count(self, tag: str) -> int:
        """Count the elements of this name."""
        return sum(name == tag for name, _ in self.tags)


@pytest.fixture
def unkept(reader: FlaskClient, settings: Settings, tmp_path: Path) -> FlaskClient:
    """Return a client of the reader's database for whom nothing was made yet."""
    own = settings.model_copy(update={"octets_folder": tmp_path})
    return create_app(own, reader.application.extensions["webmap"].database).test_client()


@pytest.fixture(scope="session")
def read_page() -> Callable[[str], Page]:
    """Return the reader of HTML."""
    return Page


@pytest.fixture(scope="session")
def reader(cluster: Cluster, filled: str, settings: Settings) -> Iterator[FlaskClient]:
    """Return a client for tests that only read: facts, no contour."""
    with copied(cluster, filled) as database:
        yield create_app(settings, database).test_client()


@pytest.fixture(scope="session")
def reader_with_contours(cluster: Cluster, contoured: str, settings: Settings) -> Iterator[FlaskClient]:
    """Return a client for tests that only read: facts, and contours of our own."""
    with copied(cluster, contoured) as database:
        yield create_app(settings, database).test_client()


@pytest.fixture(scope="session")
def with_statistics(cluster: Cluster, contoured: str, settings: Settings) -> Iterator[FlaskClient]:
    """Return a client for tests that only read, figures of our own among incomes: one commune in three masked, one in seven absent."""
    with copied(cluster, contoured) as database:
        with database.owner() as connection:
            connection.execute(
                "INSERT INTO pub.filosofi (code_insee, nbmenfisc21, med21, tp6021, secret, etat, source, millesime)"
                " SELECT code_insee, 500 + rang, CASE WHEN rang % 3 > 0 THEN 15000 + 200 * rang END,"
                " CASE WHEN rang % 3 > 0 THEN rang END, CASE WHEN rang % 3 > 0 THEN '{}'::text[] ELSE '{med21,tp6021}' END,"
                " 'existant', 's', '2021' FROM (SELECT code_insee, row_number() OVER (ORDER BY code_insee) AS rang"
                " FROM pub.commune) c WHERE rang % 7 > 0"
            )
        yield create_app(settings, database).test_client()


@pytest.fixture(scope="session")
def gridded(cluster: Cluster, contoured: str, settings: Settings) -> Iterator[FlaskClient]:
    """Return a client for tests that only read, of an atlas that has distributions."""
    with copied(cluster, contoured) as database:
        add_grids(database)
        yield create_app(settings, database).test_client()


@pytest.fixture(scope="session")
def atlas(
    cluster: Cluster, filled: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """Return a client for tests that only read, of an atlas with the layers of `export_layers`."""
    with export_layers.served(cluster, filled, settings, tmp_path_factory.mktemp("essais")) as (client, _):
        yield client


@pytest.fixture
def layers_folder(settings: Settings, tmp_path: Path) -> Path:
    """Return a copy of `layers/` that a test may edit."""
    return shutil.copytree(settings.layers_folder, tmp_path / "layers")


@pytest.fixture
def serve(settings: Settings, database: Database) -> Callable[[Path], FlaskClient]:
    """Return a function that brings this test's database to a folder of layers, as `make run` does, and serves it."""

    def start(folder: Path) -> FlaskClient:
        edited = settings.model_copy(update={"layers_folder": folder})
        catalog = load_catalog(folder)
        upgrade(database, catalog, edited)
        load_seeds(database, catalog, edited)
        return create_app(edited, database).test_client()

    return start


@pytest.fixture
def shared_file() -> Callable[[str], Path]:
    """Return a function that finds a real file of the team; a test that needs one is skipped where there is none."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data"

    def find(name: str) -> Path:
        if not (folder / name).is_file():
            pytest.skip(f"{name} is not on this machine")
        return folder / name

    return find
