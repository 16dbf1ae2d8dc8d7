"""What every test may use: a real PostgreSQL with PostGIS, migrated and filled, of its own, thrown away at the end."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from flask import Flask
from jinja2.bccache import BytecodeCache

from webmap.app import create_app
from webmap.catalog.load import load_catalog
from webmap.config import load_settings
from webmap.importing.run import load_source
from webmap.importing.seeds import load_seeds
from webmap.store.cluster import Cluster
from webmap.store.db import Database
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.templating import Environment
    from flask.testing import FlaskClient
    from jinja2.bccache import Bucket

    from webmap.catalog.load import Catalog
    from webmap.config import Settings

# Real files, for those who have them; a test that needs one says so and has a twin that does not.
SHARED = Path(__file__).resolve().parents[2] / "shared"
_names = count()
_MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own there
_ROOM = 4_000_000_000  # bytes: ten times a cluster, for those of other workers


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Return an empty folder with a short path, which the `postgres` user can enter (pytest's own are 0700)."""
    folder = Path(tempfile.mkdtemp(prefix="wm-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextlib.contextmanager
def throw_away_cluster() -> Iterator[Cluster]:
    """Start a private cluster that is deleted at the end, in a folder `postgres` can enter."""
    # In memory where there is room: a copy of a template is hundreds of files, at a third of the disk's cost.
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    folder = Path(tempfile.mkdtemp(prefix="wm-", dir=_MEMORY if roomy else Path("/tmp")))  # noqa: S108 - mkdtemp's own
    folder.chmod(0o755)
    found = Cluster(folder, durable=False)
    try:
        found.start()
        yield found
    finally:
        found.destroy()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Start one private cluster for the whole session; make databases in it with `create_database`."""
    with throw_away_cluster() as found:
        yield found


class _Compiled(BytecodeCache):
    """Templates compiled once a worker, though each test has an application, and each application compiles its own."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what another application compiled; jinja sees by itself whether the source has changed."""
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it for the others."""
        self._known[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def compiled() -> Iterator[None]:
    """Compile the templates once for all the applications."""
    cache, make = _Compiled(), Flask.create_jinja_environment

    def make_with_cache(app: Flask) -> Environment:
        environment = make(app)
        environment.bytecode_cache = cache
        return environment

    with patch.object(Flask, "create_jinja_environment", make_with_cache):
        yield


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of this repository, whatever the developer's environment says; nothing is asked of the network."""
    octets = tmp_path_factory.mktemp("octets")  # never the atlas's; all the tests share one, as territories never do
    return load_settings({}).model_copy(update={"geocodage": None, "octets_folder": octets})


@pytest.fixture(scope="session")
def catalog(settings: Settings) -> Catalog:
    """Return the shipped catalogue."""
    return load_catalog(settings.layers_folder)


def connect(cluster: Cluster, name: str) -> Database:
    """Return the database of this name, with both roles."""
    return Database(
        f"{cluster.dsn('webmap_proprietaire')} dbname={name}", f"{cluster.dsn('webmap_lecture')} dbname={name}"
    )


def fill(database: Database, catalog: Catalog, settings: Settings) -> None:
    """Bring an empty database to what an atlas starts with: migrated, built, filled with the facts."""
    upgrade(database, catalog, settings)
    load_seeds(database, catalog, settings)
    database.close()


@pytest.fixture(scope="session")
def filled(cluster: Cluster, catalog: Catalog, settings: Settings) -> str:
    """Make the template all tests copy. Returns its name."""
    cluster.create_database("filled")
    fill(connect(cluster, "filled"), catalog, settings)
    return "filled"


@pytest.fixture(scope="session")
def contours_file(cluster: Cluster, filled: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write contours of our own (`code`, `nom`): the schematic cells stand in for the official file, which is not ours."""
    with connect(cluster, filled).owner() as connection:
        rows = connection.execute(
            "SELECT cle, nom, ST_AsGeoJSON(ST_Transform(k.geom, 4326), 15) AS geometry"
            " FROM app.cellule k JOIN pub.commune c ON c.code_insee = k.cle WHERE couche = 'commune' ORDER BY cle"
        ).fetchall()
    features = [
        {"type": "Feature", "properties": {"code": r["cle"], "nom": r["nom"]}, "geometry": json.loads(r["geometry"])}
        for r in rows
    ]
    path = tmp_path_factory.mktemp("contours") / "contours.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def contoured(cluster: Cluster, filled: str, catalog: Catalog, settings: Settings, contours_file: Path) -> str:
    """Make a second template, with contours loaded. Returns its name."""
    cluster.create_database("contoured", template=filled)
    database = connect(cluster, "contoured")
    load_source(database, catalog, settings, "commune", contours_file)
    database.close()
    return "contoured"


@contextlib.contextmanager
def copied(cluster: Cluster, template: str | None) -> Iterator[Database]:
    """Copy a template (None: empty) into a database that lasts as long as the block."""
    name = f"test_{next(_names)}"
    cluster.create_database(name, template=template)
    database = connect(cluster, name)
    try:
        yield database
    finally:
        database.close()
        cluster.drop_database(name)


@pytest.fixture
def make_database(cluster: Cluster) -> Iterator[Callable[[str | None], Database]]:
    """Return a function that copies a template (None: empty) into a database of this test alone."""
    with contextlib.ExitStack() as made:
        yield lambda template: made.enter_context(copied(cluster, template))


@pytest.fixture
def database(make_database: Callable[[str | None], Database], filled: str) -> Database:
    """Return a database of this test alone, with the facts and no contour."""
    return make_database(filled)


@pytest.fixture
def database_with_contours(make_database: Callable[[str | None], Database], contoured: str) -> Database:
    """Return a database of this test alone, with the facts and our own contours."""
    return make_database(contoured)


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    """Return the application on this test's database."""
    return create_app(settings, database)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client of `app`."""
    return app.test_client()


@pytest.fixture
def client_with_contours(settings: Settings, database_with_contours: Database) -> FlaskClient:
    """Return a client of an application whose communes have contours."""
    return create_app(settings, database_with_contours).test_client()
