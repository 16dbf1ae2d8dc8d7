"""Kept pages, CSV and JSON of `/territoires`: what a write, a definition or a host changes is told by the next answer, of any worker."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.conftest import connect
from webmap.app import create_app
from webmap.catalog.load import load_catalog
from webmap.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database
    from webmap.store.kept_figures import KeptFigures

PATHS = (
    "/territoires/bassin/amandinois",
    "/territoires/commune/59172",
    "/territoires/bassin",
    "/territoires/bassin.csv",
    "/territoires/commune/59172.csv",
    "/territoires/qpv",
    "/territoires/qpv/{qpv}",
    "/territoires/bassin/ostrevent.json",
)
# What is written, and which of the paths above must tell another thing afterwards.
WRITES = {
    "UPDATE pub.espace_nature SET nom = nom || ' (nouveau)'": {0},
    "DELETE FROM pub.espace_nature WHERE code > (SELECT min(code) FROM pub.espace_nature)": {0, 3, 7},
    "UPDATE app.appartenance SET unite = 'ostrevent' WHERE decoupage = 'bassin' AND code_insee = '59172'": {2, 3, 7},
    "INSERT INTO app.adhesion (code_insee, nom, depuis, motif, source) VALUES ('59172', 'Denain', '2001', 'essai', 'essai')": {
        1
    },
    "UPDATE app.adhesion SET motif = 'autre essai' WHERE code_insee = '59172'": {1},
    "UPDATE pub.commune SET population_municipale = 12 WHERE code_insee = '59172'": {1, 2, 4},
    "UPDATE pub.commune SET geom = ST_Multi(ST_Buffer(geom, -200)) WHERE code_insee = '59172'": {1, 3, 4},
    "UPDATE pub.qpv SET geom = ST_Multi(ST_Buffer(geom, 100)) WHERE geom IS NOT NULL": {5, 6},
    "UPDATE pub.bassin SET nom = 'Amandinois et Scarpe' WHERE code = 'amandinois'": {0, 2, 3},
}
_PLACED = (
    "UPDATE pub.qpv SET precision = 'exacte', geom = (SELECT ST_Multi(ST_Buffer(ST_Centroid(geom), 400))"
    " FROM pub.commune WHERE code_insee = '59172') WHERE code_qp = %s"
)


@pytest.fixture(scope="module")
def written(cluster: Cluster, contoured: str) -> Iterator[Database]:
    cluster.create_database("rapports", template=contoured)
    database = connect(cluster, "rapports")
    with database.owner() as connection:
        [row] = connection.execute("SELECT min(code_qp) AS code FROM pub.qpv").fetchall()
        connection.execute(_PLACED, [row["code"]])
    yield database
    database.close()
    cluster.drop_database("rapports")


@pytest.fixture(scope="module")
def paths(written: Database) -> list[str]:
    with written.owner() as connection:
        [row] = connection.execute("SELECT min(code_qp) AS code FROM pub.qpv").fetchall()
    return [path.format(qpv=row["code"]) for path in PATHS]


def serve(settings: Settings, database: Database, octets: Path) -> FlaskClient:
    """Return a worker of its own: nothing in memory, and only this folder shared with the others."""
    own = type(database)(database.owner_dsn, database.reader_dsn)
    return create_app(settings.model_copy(update={"octets_folder": octets}), own).test_client()


def read(client: FlaskClient, paths: list[str]) -> list[bytes]:
    answers = [client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.data for answer in answers]


def test_each_write_is_told_by_the_next_answer_of_each_worker(
    settings: Settings, written: Database, paths: list[str], tmp_path: Path
) -> None:
    workers = [serve(settings, written, tmp_path / "octets") for _ in range(2)]
    told = dict(zip(paths, read(workers[0], paths), strict=True))
    assert read(workers[1], paths) == list(told.values())
    for rank, (statement, changed) in enumerate(WRITES.items()):
        with written.owner() as connection:
            connection.execute(statement)
        asked = [paths[at] for at in sorted(changed)]
        first, second = (read(workers[(rank + each) % 2], asked) for each in range(2))
        assert first == second
        assert [path for path, body in zip(asked, first, strict=True) if body == told[path]] == [], statement
        told |= dict(zip(asked, first, strict=True))
    alone = serve(settings, written, tmp_path / "seul")
    assert read(alone, paths) == read(workers[0], paths) == read(workers[1], paths)
    for worker in (*workers, alone):
        worker.application.extensions["webmap"].database.close()


def test_another_host_or_front_is_another_page_and_the_same_figures(
    settings: Settings, written: Database, tmp_path: Path
) -> None:
    client = serve(settings, written, tmp_path)
    page, data = "/territoires/bassin/ostrevent", "/territoires/bassin/ostrevent.csv"
    for _ in range(2):
        for host in ("atlas.exemple.fr", "autre.exemple.fr"):
            answer = client.get(page, headers={"Host": host})
            assert answer.text.count(f"http://{host}{page}") > 1
            assert answer.text.count("exemple.fr") == answer.text.count(f"http://{host}/")
            client.get(data, headers={"Host": host})
    assert len(list((tmp_path / "syntheses").rglob("*.gz"))) == 3
    dist = shutil.copytree(settings.static_folder, tmp_path / "dist")
    with (dist / "unite.css").open("a", encoding="utf-8") as css:
        css.write("/* */")
    rebuilt = serve(settings.model_copy(update={"static_folder": dist}), written, tmp_path)
    links = [client.get(page).text.partition("unite.css?v=")[2][:12] for client in (client, rebuilt)]
    assert links[0] != links[1]
    for each in (client, rebuilt):
        each.application.extensions["webmap"].database.close()


def test_a_choice_is_answered_and_not_kept(settings: Settings, written: Database, tmp_path: Path) -> None:
    client = serve(settings, written, tmp_path)
    plain, sorted_by_name = (client.get(f"/territoires/bassin{query}") for query in ("", "?tri=nom"))
    assert plain.status_code == sorted_by_name.status_code == 200
    assert plain.data != sorted_by_name.data
    assert client.get("/territoires/bassin?tri=").status_code == 400
    assert len(list((tmp_path / "syntheses").rglob("*.gz"))) == 1
    client.application.extensions["webmap"].database.close()


def test_a_layer_turned_internal_leaves_the_kept_pages(
    settings: Settings, database_with_contours: Database, layers_folder: Path, tmp_path: Path
) -> None:
    octets, page = tmp_path / "octets", "/territoires/bassin/amandinois"
    own = settings.model_copy(update={"layers_folder": layers_folder})
    before = serve(own, database_with_contours, octets)
    assert before.get(page).text.count("/fiches/espace_nature/") > 1
    definition = layers_folder / "espace_nature" / "layer.toml"
    definition.write_text('visibility = "interne"\n' + definition.read_text(encoding="utf-8"), encoding="utf-8")
    upgrade(database_with_contours, load_catalog(layers_folder), own)
    after = serve(own, database_with_contours, octets)
    for client in (
        after,
        before,
    ):  # the second still has the old definitions: it is refused, not answered from what is kept
        answer = client.get(page)
        assert "/fiches/espace_nature/" not in answer.text
    for client in (before, after):
        client.application.extensions["webmap"].database.close()


def test_bytes_are_kept_under_what_was_read(settings: Settings, written: Database, tmp_path: Path) -> None:
    app = serve(settings, written, tmp_path).application
    atlas = app.extensions["webmap"]
    kept: KeptFigures = atlas.kept_figures

    def edit() -> str:
        with written.owner() as connection:
            connection.execute(
                "UPDATE pub.halle SET observation = 'x'; UPDATE app.revision SET revision = revision + 1"
            )
        return "lu"

    old = kept.fetch_version()
    edit()
    made, first = kept.fetch(old, "nom", lambda: "lu", str)
    assert made == kept.fetch_version() != old, (
        "written after the version was asked: it is of the version that was read"
    )
    made, second = kept.fetch(made, "autre", edit, str)
    assert kept.fetch_version() != made, "written while it was read: it is of what was there before"
    assert kept.find(kept.fetch_version(), "autre") is None
    assert kept.find(made, "autre") == first == second
    atlas.database.close()
