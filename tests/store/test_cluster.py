"""The private cluster: made, started twice, killed, moved, and put where it can live."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from webmap.errors import DatabaseError
from webmap.store import hosting
from webmap.store.cluster import ROLES, Cluster, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="what root meets")


@pytest.fixture
def own(short_folder: Path) -> Cluster:
    return Cluster(short_folder / ".webmap", durable=False)


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """Return the root of a cluster made once and stopped, for the tests that put it back as it was: making one is long."""
    folder = Path(tempfile.mkdtemp(prefix="wm-", dir="/tmp"))
    folder.chmod(0o755)
    found = Cluster(folder / ".webmap", durable=False)
    found.start()
    found.stop()
    yield found.root
    found.destroy()
    shutil.rmtree(folder)


@pytest.fixture
def stopped(made: Path) -> Cluster:
    return Cluster(made, durable=False)


def ask(cluster: Cluster, statement: bytes, role: Role = "webmap_proprietaire", database: str = "webmap") -> object:
    with psycopg.connect(cluster.dsn(role, database)) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def server_pid(cluster: Cluster) -> int:
    return int((cluster.base / "data" / "postmaster.pid").read_text().split()[0])


@pytest.mark.parametrize("role", ROLES)
def test_both_roles_use_postgis_and_are_nothing_more(cluster: Cluster, role: Role) -> None:
    assert ask(cluster, b"SELECT ST_AsText(ST_Transform(ST_Point(3.2, 50.4, 4326), 2154)) LIKE 'POINT(7%'", role)
    assert ask(cluster, "SELECT unaccent('Hérin')".encode(), role) == "Herin"
    powers = "rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls"
    statement = f"SELECT {powers} FROM pg_roles WHERE rolname = current_user".encode()
    assert ask(cluster, statement, role) is False


def test_the_reader_creates_nothing(cluster: Cluster) -> None:
    for statement in (b"CREATE TABLE public.x ()", b"CREATE SCHEMA x", b"CREATE TEMP TABLE x ()"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(cluster, statement, "webmap_lecture")


def test_postgis_is_loaded_once_for_all_connections(cluster: Cluster) -> None:
    with cluster.superuser("webmap") as connection:
        connection.execute("LOAD 'postgis-3'")
        (loaded,) = connection.execute("SHOW shared_preload_libraries").fetchall()
    assert "postgis-3" in loaded


def test_settings(cluster: Cluster) -> None:
    wanted = {"listen_addresses": "", "jit": "off", "TimeZone": "Europe/Paris", "server_encoding": "UTF8"}
    for name, value in wanted.items():
        assert ask(cluster, f"SHOW {name}".encode()) == value
    assert ask(cluster, b"SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C.UTF-8"


def test_only_mapped_users_enter_and_nobody_is_trusted(cluster: Cluster) -> None:
    hba = (cluster.base / "conf" / "pg_hba.conf").read_text()
    assert hba.split() == ["local", "all", "all", "peer", "map=webmap"]
    socket = Path(cluster.dsn("webmap_lecture").split("host=")[1].split()[0])
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE((cluster.base / "data").stat().st_mode) == 0o700
    with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
        psycopg.connect(cluster.dsn("webmap_lecture").replace("webmap_lecture", "quelqu_un"))


def test_a_template_is_copied_with_its_rights(cluster: Cluster) -> None:
    cluster.create_database("modele")
    with psycopg.connect(cluster.dsn("webmap_proprietaire", "modele")) as connection:
        connection.execute("CREATE SCHEMA pub; CREATE TABLE pub.x AS SELECT 1 AS a")
    cluster.create_database("copie", template="modele")
    assert ask(cluster, b"SELECT a FROM pub.x", database="copie") == 1
    public = b"SELECT has_database_privilege('public', 'copie', 'CONNECT')"
    with cluster.superuser("copie") as connection:
        assert connection.execute(public).fetchone() == (False,)
    cluster.drop_database("copie")
    cluster.drop_database("modele")
    cluster.drop_database("modele")


def test_three_starts_at_once_make_one_server_whose_data_are_kept(own: Cluster) -> None:
    assert not own.running()
    failures: list[DatabaseError] = []

    def start() -> None:
        try:
            Cluster(own.root, durable=False).start()
        except DatabaseError as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert own.running()
    with psycopg.connect(own.dsn("webmap_proprietaire")) as connection:
        connection.execute("CREATE TABLE garde AS SELECT 7 AS a")
    own.stop()
    assert not own.running()
    own.stop()
    own.start()
    own.start()
    assert ask(own, b"SELECT a FROM garde") == 7
    own.destroy()
    assert not own.base.exists()


def test_a_killed_server_recovers(made: Path) -> None:
    own = Cluster(made, durable=True)
    own.start()
    killed = server_pid(own)
    with psycopg.connect(own.dsn("webmap_proprietaire")) as connection:
        connection.execute("CREATE TABLE garde AS SELECT 7 AS a")
    os.kill(killed, signal.SIGKILL)
    while own.running():
        time.sleep(0.02)
    own.start()
    assert server_pid(own) != killed
    assert ask(own, b"SELECT a FROM garde") == 7
    own.stop()


def test_a_stale_pid_of_a_living_program_does_not_fool_it(stopped: Cluster) -> None:
    own = stopped
    stranger = hosting.find_user(own.base)
    with subprocess.Popen(["sleep", "600"], cwd="/", user=stranger.uid if os.geteuid() == 0 else None) as sleeping:
        lines = [str(sleeping.pid), str(own.base / "data"), "1", "5432", str(own.base / "socket"), "", "", "ready"]
        (own.base / "data" / "postmaster.pid").write_text("\n".join(lines))
        assert not own.running()
        own.start()
        assert own.running()
        sleeping.terminate()
    own.stop()


def test_an_interrupted_first_start_is_begun_again(own: Cluster) -> None:
    (own.base / "data.new" / "base").mkdir(parents=True)
    own.start()
    (own.base / "ready").unlink()
    own.start()
    assert ask(own, b"SELECT 1") == 1
    own.destroy()


def test_a_long_or_odd_path_gets_a_short_socket_folder(short_folder: Path) -> None:
    for name in ("é" * 70, "a b,c'\"$(touch x)`"):
        found = Cluster(short_folder / name / ".webmap", durable=False)
        found.start()
        host = Path(found.dsn("webmap_lecture").split("host=")[1].split()[0])
        assert ask(found, b"SELECT 1") == 1
        assert len(os.fsencode(host / hosting.SOCKET_NAME)) <= 107
        assert stat.S_IMODE(host.stat().st_mode) == 0o700
        found.destroy()
        assert not host.exists()


def test_a_short_folder_that_is_a_trap_is_refused(short_folder: Path) -> None:
    trap = short_folder / "trap"
    trap.symlink_to(short_folder)
    user = hosting.ServerUser("moi", os.geteuid(), os.getegid())
    with pytest.raises(DatabaseError, match="supprimez-le"):
        hosting.make_private_folder(trap, user)


@as_root
def test_a_folder_postgres_cannot_enter_sends_the_cluster_elsewhere(short_folder: Path) -> None:
    closed = short_folder / "closed"
    closed.mkdir(mode=0o700)
    found = Cluster(closed / ".webmap", durable=False)
    found.start()
    assert found.base.parent == hosting.OUTSIDE
    assert Path((closed / ".webmap" / "cluster.location").read_text().strip()) == found.base
    assert ask(found, b"SELECT 1") == 1

    moved = short_folder / "moved"
    closed.rename(moved)
    assert Cluster(moved / ".webmap").base == found.base, "a moved project keeps its data"
    found.stop()
    again = Cluster(moved / ".webmap", durable=False)
    again.start()
    copied = short_folder / "copied"
    shutil.copytree(moved, copied)
    assert Cluster(copied / ".webmap").base != found.base, "a copied project does not take the other's data"
    again.destroy()
    assert not found.base.exists()


@as_root
def test_a_folder_closed_later_is_told(stopped: Cluster) -> None:
    stopped.root.parent.chmod(0o700)
    with pytest.raises(DatabaseError, match=r"ne peut pas entrer.*chmod"):
        stopped.start()
    stopped.root.parent.chmod(0o755)


def test_data_of_an_absent_version_are_told(stopped: Cluster) -> None:
    version = stopped.base / "data" / "PG_VERSION"
    written = version.read_text()
    version.write_text("14\n")
    with pytest.raises(DatabaseError, match="PostgreSQL 14, absent"):
        stopped.start()
    version.write_text(written)


def test_without_postgis_it_says_what_to_do(own: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hosting, "BINARIES", tmp_path)
    with pytest.raises(DatabaseError, match="make run"):
        own.start()


def test_a_refused_start_gives_the_servers_reason(stopped: Cluster) -> None:
    (stopped.base / "data" / "postgresql.auto.conf").write_text("shared_buffers = 'beaucoup'\n")
    with pytest.raises(DatabaseError, match="n'a pas démarré"):
        stopped.start()
    (stopped.base / "data" / "postgresql.auto.conf").write_text("")
