"""The `webmap` command as a person meets it: a real server, real databases, and one sentence for what goes wrong."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from tests.conftest import throw_away_cluster
from webmap.cli import serving
from webmap.formats import pdf
from webmap.store import cluster, db
from webmap.store.cluster import Cluster
from webmap.web import fichiers

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-c", "from webmap.cli import main; main(prog_name='webmap')"]
REVISIONS = b"SELECT json_agg(r ORDER BY couche)::text || (SELECT count(*) FROM app.chargement) FROM app.revision r"


@pytest.fixture
def project(short_folder: Path) -> Iterator[Path]:
    """Return a copy of the project, whose private cluster is its own."""
    for name in ("webmap", "layers", "migrations", "static/dist"):
        shutil.copytree(ROOT / name, short_folder / name)
    shutil.copy(ROOT / "webmap.toml", short_folder)
    yield short_folder
    Cluster(short_folder / ".webmap").destroy()


@pytest.fixture(scope="module")
def foreign() -> Iterator[Cluster]:
    """Return a server that stands for someone else's, reached by DATABASE_URL."""
    with throw_away_cluster() as found:
        yield found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**changes: str) -> dict[str, str]:
    dropped = {"DATABASE_URL", "PORT", "HOST", "WEBMAP_CONFIG"}
    return (
        {key: value for key, value in os.environ.items() if key not in dropped}
        | {"WEBMAP_MIRROR": "/nulle-part", "WEBMAP_PRECHAUFFAGE": "non"}
        | changes
    )


def webmap(project: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=project,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def start(project: Path, **changes: str) -> tuple[subprocess.Popen[str], str]:
    """Serve, and return the process and what it said up to the address."""
    process = subprocess.Popen(
        [*COMMAND, "serve"], cwd=project, env=environment(**changes), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if "Atlas servi" in line:
            return process, said
    process.wait()
    process.stdout.close()
    pytest.fail(said)


def interrupt(process: subprocess.Popen[str]) -> str:
    """Press Ctrl+C, which reaches the whole group, and return the last words."""
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=15)
    assert process.returncode == 0, said
    return said


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
        return bytes(response.read())


def revisions(dsn: str) -> object:
    with psycopg.connect(dsn) as connection:
        return connection.execute(REVISIONS).fetchone()


def refused(result: subprocess.CompletedProcess[str], *words: str, code: int = 1) -> None:
    """Check a refusal: this exit code, these words, and nothing that looks like a program's entrails."""
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert 1 <= len(result.stderr.strip().splitlines()) <= 2, result.stderr
    for word in words:
        assert word in result.stderr


def test_serves_twice_changes_nothing_and_leaves_nothing(project: Path) -> None:
    port = free_port()
    cluster = Cluster(project / ".webmap")
    process, said = start(project, PORT=str(port))
    assert said.splitlines()[-1] == f"Atlas servi sur http://127.0.0.1:{port} (Ctrl+C pour arrêter)"
    assert b"<html" in get(port, "/")
    nice = sorted(each.nice() for each in psutil.Process(process.pid).children())
    assert nice == [0] * min(len(os.sched_getaffinity(0)), 4) + [19], "workers, and what watches the revisions"
    before = revisions(cluster.dsn("webmap_proprietaire"))
    interrupt(process)
    assert not cluster.running()
    assert not list((project / ".webmap").glob("serve-*.pid"))

    began = time.monotonic()
    process, said = start(project, PORT=str(port))
    assert time.monotonic() - began < 30  # not a download nor a build
    assert "table" not in said.replace("Schéma et tables", "")
    assert revisions(cluster.dsn("webmap_proprietaire")) == before

    refused(webmap(project, "serve", PORT=str(port)), f"processus {process.pid}", f"PORT={port + 1} make run")
    other, _ = start(project, PORT=str(free_port()))
    interrupt(other)
    assert cluster.running(), "the first server still uses it"
    assert get(port, "/healthz")

    stopped = webmap(project, "stop")
    assert stopped.stdout.endswith("Tout est arrêté.\n")
    process.communicate(timeout=15)
    assert process.returncode == 0
    assert not cluster.running()


def test_killed_server_leaves_no_worker(project: Path) -> None:
    port = free_port()
    process, _ = start(project, PORT=str(port))
    process.kill()
    process.communicate(timeout=15)  # workers hold the other end: it closes with the last of them
    deadline = time.monotonic() + 10
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)) == 0 and time.monotonic() < deadline:
            time.sleep(0.1)
            probe.close()
            probe = socket.socket()  # noqa: PLW2901 - one try, one socket
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert webmap(project, "stop").returncode == 0


def test_worker_whose_parent_is_already_gone_leaves() -> None:
    orphan = [sys.executable, "-c", "from webmap.cli.serving import _start_worker; _start_worker(None, 1)"]
    left = subprocess.run(orphan, cwd=ROOT, check=False, timeout=30, capture_output=True)
    assert (left.returncode, left.stderr) == (1, b"")


def test_port_taken_by_another_is_told_before_the_long_steps(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(webmap(project, "serve", PORT=str(port)), f"Le port {port} est pris par un autre programme", "make run")
    assert not (project / ".webmap" / "cluster").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="what root may not do")
def test_root_does_not_listen_beyond_this_machine(project: Path) -> None:
    refused(webmap(project, "serve", HOST="0.0.0.0"), "refuse d'écouter", "HOST=127.0.0.1")  # noqa: S104 - refused


def test_an_address_of_elsewhere_is_told(project: Path) -> None:
    refused(webmap(project, "serve", HOST="nulle.part.invalid"), "HOST", "127.0.0.1")


def test_wrong_settings_exit_2(project: Path) -> None:
    refused(webmap(project, "serve", PORT="abc"), "PORT", code=2)
    definition = project / "layers" / "qpv" / "layer.toml"
    definition.write_text("surprise = 1\n" + definition.read_text(encoding="utf-8"), encoding="utf-8")
    result = webmap(project, "layers", "check")
    assert result.returncode == 2
    assert "qpv" in result.stderr
    assert "surprise" in result.stderr


def test_layers_check_counts_them(project: Path) -> None:
    folders = len([path for path in (project / "layers").iterdir() if (path / "layer.toml").exists()])
    assert webmap(project, "layers", "check").stdout.startswith(f"{folders} couches")


def test_database_commands(project: Path) -> None:
    assert "arrêtée" in webmap(project, "db", "etat").stdout
    assert webmap(project, "db", "start").returncode == 0
    assert webmap(project, "db", "etat").stdout.splitlines() == [
        "Base privée : démarrée",
        f"Dossier : {Cluster(project / '.webmap').base}",
        f"Journal : {Cluster(project / '.webmap').log}",
        f"Connexion : {Cluster(project / '.webmap').dsn('webmap_proprietaire')}",
    ]
    assert "table créée" in webmap(project, "db", "upgrade").stdout
    assert "table créée" not in webmap(project, "db", "upgrade").stdout
    assert webmap(project, "db", "stop").returncode == 0
    refused(webmap(project, "db", "start", DATABASE_URL="postgresql://x/y"), "DATABASE_URL")
    assert webmap(project, "db", "drop", "--confirmer").returncode == 0
    assert not (project / ".webmap" / "cluster").exists()


def test_help_is_french() -> None:
    said = webmap(ROOT, "--help").stdout
    assert said.startswith("Usage : webmap ")
    assert "Affiche cette aide." in said
    assert "Commandes :" in said


def test_unreachable_database(project: Path) -> None:
    url = f"postgresql://moi:motdepasse@127.0.0.1:{free_port()}/atlas"
    result = webmap(project, "serve", PORT=str(free_port()), DATABASE_URL=url)
    refused(result, "DATABASE_URL")
    assert "motdepasse" not in result.stdout + result.stderr


def test_the_state_of_a_server_of_ones_own_is_told_in_french(foreign: Cluster) -> None:
    url = foreign.dsn("webmap_proprietaire")
    told = webmap(ROOT, "db", "etat", DATABASE_URL=url).stdout
    assert told.startswith("Base de DATABASE_URL : « webmap », elle répond\nServeur : PostgreSQL ")
    assert told.endswith("port 5432\nCompte : webmap_proprietaire\n")
    assert "{" not in told
    refused(webmap(ROOT, "db", "etat", DATABASE_URL=url.replace("5432", "5433")), "La base de données ne répond pas")


def test_nonsense_database_url(project: Path) -> None:
    refused(webmap(project, "serve", PORT=str(free_port()), DATABASE_URL="n'importe quoi"), "DATABASE_URL")


def test_database_without_postgis_nor_the_right_to_create_it(project: Path, foreign: Cluster) -> None:
    foreign.create_database("nue", template="template0")
    url = foreign.dsn("webmap_proprietaire", "nue")
    refused(webmap(project, "serve", PORT=str(free_port()), DATABASE_URL=url), "CREATE EXTENSION postgis")


def test_database_whose_login_may_not_create_roles(project: Path, foreign: Cluster) -> None:
    with foreign.superuser("webmap") as connection:
        connection.execute("DROP OWNED BY webmap_lecture")
        for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datname = 'nue'").fetchall():
            foreign.drop_database(name)
        connection.execute("DROP ROLE webmap_lecture")
    url = foreign.dsn("webmap_proprietaire")
    refused(webmap(project, "serve", PORT=str(free_port()), DATABASE_URL=url), "CREATE ROLE webmap_lecture")

    with foreign.superuser("webmap") as connection:
        connection.execute("CREATE ROLE webmap_lecture")
    refused(webmap(project, "serve", PORT=str(free_port()), DATABASE_URL=url), "GRANT webmap_lecture TO")

    with foreign.superuser("webmap") as connection:
        connection.execute("GRANT webmap_lecture TO webmap_proprietaire")
        connection.execute("GRANT USAGE ON SCHEMA public TO webmap_lecture")
    port = free_port()
    process, said = start(project, PORT=str(port), DATABASE_URL=url)
    assert "Base privée" not in said
    assert b"<html" in get(port, "/")
    interrupt(process)
    assert foreign.running(), "someone else's server is left alone"
    assert not (project / ".webmap" / "cluster").exists()


def test_all_that_slow_clients_may_hold_leaves_tiles_threads_and_connections() -> None:
    bounded = db._STREAMS + fichiers._line._value + pdf._places._value  # free, in a process where nothing runs
    assert serving._THREADS - bounded >= 6
    assert db._STREAMS + fichiers._places._value < db._POOL_SIZE
    allowed = re.search(r"max_connections = (\d+)", Path(cluster.__file__).read_text(encoding="utf-8"))
    assert allowed
    assert int(allowed[1]) - 8 >= serving._MOST_WORKERS * db._POOL_SIZE
