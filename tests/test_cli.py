"""The `webmap` command as a person meets it: a real server, real databases, and one sentence for what goes wrong."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest
from click.testing import CliRunner

from tests.conftest import throw_away_cluster
from webmap import cli, config
from webmap.cli import serving
from webmap.formats import pdf
from webmap.store import db, server_conf
from webmap.store.cluster import Cluster
from webmap.web import fichiers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from click.testing import Result

    Run = Callable[..., Result]

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-c", "from webmap.cli import main; main(prog_name='webmap')"]
LONG = 120  # seconds: only what hangs takes them
REVISIONS = b"SELECT json_agg(r ORDER BY couche)::text || (SELECT count(*) FROM app.chargement) FROM app.revision r"


@pytest.fixture
def project(short_folder: Path) -> Iterator[Path]:
    """Return a copy of the project, whose private cluster is its own."""
    for name in ("webmap", "layers", "migrations", "static/dist"):
        shutil.copytree(ROOT / name, short_folder / name)
    shutil.copy(ROOT / "webmap.toml", short_folder)
    yield short_folder
    Cluster(short_folder / ".webmap").destroy()


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command here, on that copy: a process of its own takes seconds to begin."""
    monkeypatch.setattr(config, "PROJECT", project)
    monkeypatch.setattr(cli, "load_printer", lambda: None)
    bare = dict.fromkeys(("DATABASE_URL", "PORT", "HOST", "WEBMAP_CONFIG"))
    bare |= {"WEBMAP_MIRROR": "/nulle-part", "WEBMAP_PRECHAUFFAGE": "non"}

    def invoke(*arguments: str, **changes: str) -> Result:
        return CliRunner().invoke(
            cli.main, list(arguments), env=bare | changes, prog_name="webmap", catch_exceptions=False
        )

    return invoke


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
    said, _ = process.communicate(timeout=LONG)
    assert process.returncode == 0, said
    return said


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=LONG) as response:
        return bytes(response.read())


def revisions(dsn: str) -> object:
    with psycopg.connect(dsn) as connection:
        return connection.execute(REVISIONS).fetchone()


def refused(result: Result, *words: str, code: int = 1) -> None:
    """Check a refusal: this exit code, these words, and nothing that looks like a program's entrails."""
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.stderr
    assert 1 <= len(result.stderr.strip().splitlines()) <= 2, result.stderr
    for word in words:
        assert word in result.stderr


@pytest.mark.timeout(480)  # five starts of a server, one of them the first
def test_a_server_from_its_first_start_to_the_removal_of_its_data(project: Path, run: Run) -> None:
    """One story, since a cluster is long to make: served twice, refused, stopped, killed, and its data dropped."""
    cluster = Cluster(project / ".webmap")
    assert "arrêtée" in run("db", "etat").output
    port = free_port()
    process, said = start(project, PORT=str(port))
    assert said.splitlines()[-1] == f"Atlas servi sur http://127.0.0.1:{port} (Ctrl+C pour arrêter)"
    assert "table créée" in said
    assert b"<html" in get(port, "/")
    nice = sorted(each.nice() for each in psutil.Process(process.pid).children())
    assert nice == [0] * min(len(os.sched_getaffinity(0)), 4) + [19], "workers, and what watches the revisions"
    before = revisions(cluster.dsn("webmap_proprietaire"))
    interrupt(process)
    assert not cluster.running()
    assert not list((project / ".webmap").glob("serve-*.pid"))

    process, said = start(project, PORT=str(port))
    assert "table" not in said.replace("Schéma et tables", "")
    assert revisions(cluster.dsn("webmap_proprietaire")) == before

    refused(run("serve", PORT=str(port)), f"processus {process.pid}", f"PORT={port + 1} make run")
    other, _ = start(project, PORT=str(free_port()))
    interrupt(other)
    assert cluster.running(), "the first server still uses it"
    check_only_the_named_port_is_stopped(run, port)

    stopped = run("stop")
    assert stopped.output.endswith("Tout est arrêté.\n")
    process.communicate(timeout=LONG)
    assert process.returncode == 0
    assert not cluster.running()

    check_no_worker_is_left_by_a_killed_server(project, port)
    assert run("stop").exit_code == 0
    check_the_database_is_started_told_and_dropped(cluster, run)


def check_only_the_named_port_is_stopped(run: Run, port: int) -> None:
    assert run("stop", PORT=str(free_port())).output == "La base privée sert encore un autre port.\n"
    assert get(port, "/healthz")


def check_no_worker_is_left_by_a_killed_server(project: Path, port: int) -> None:
    process, _ = start(project, PORT=str(port))
    process.kill()
    process.communicate(timeout=LONG)  # workers hold the other end: it closes with the last of them
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def check_the_database_is_started_told_and_dropped(cluster: Cluster, run: Run) -> None:
    assert run("db", "start").exit_code == 0
    assert run("db", "etat").output.splitlines() == [
        "Base privée : démarrée",
        f"Dossier : {cluster.base}",
        f"Journal : {cluster.log}",
        f"Connexion : {cluster.dsn('webmap_proprietaire')}",
    ]
    assert run("db", "stop").exit_code == 0
    assert not cluster.running()
    refused(run("db", "start", DATABASE_URL="postgresql://x/y"), "DATABASE_URL")
    assert run("db", "drop", "--confirmer").exit_code == 0
    assert not cluster.base.exists()


def test_the_command_is_a_process_that_speaks_french(project: Path) -> None:
    """As a person meets it, not as these tests run it for speed: the same words, the same exit code."""
    done = subprocess.run(
        [*COMMAND, "serve"], cwd=project, env=environment(PORT="abc"), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "PORT" in done.stderr
    assert "Traceback" not in done.stderr
    assert 1 <= len(done.stderr.strip().splitlines()) <= 2


def test_worker_whose_parent_is_already_gone_leaves() -> None:
    orphan = [sys.executable, "-c", "from webmap.cli.serving import _start_worker; _start_worker(None, 1)"]
    left = subprocess.run(orphan, cwd=ROOT, check=False, timeout=LONG, capture_output=True)
    assert (left.returncode, left.stderr) == (1, b"")


def test_port_taken_by_another_is_told_before_the_long_steps(project: Path, run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(run("serve", PORT=str(port)), f"Le port {port} est pris par un autre programme", "make run")
    assert not (project / ".webmap" / "cluster").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="what root may not do")
def test_root_does_not_listen_beyond_this_machine(run: Run) -> None:
    refused(run("serve", HOST="0.0.0.0"), "refuse d'écouter", "HOST=127.0.0.1")  # noqa: S104 - refused


def test_an_address_of_elsewhere_is_told(run: Run) -> None:
    refused(run("serve", HOST="nulle.part.invalid"), "HOST", "127.0.0.1")


def test_wrong_settings_exit_2(project: Path, run: Run) -> None:
    definition = project / "layers" / "qpv" / "layer.toml"
    definition.write_text("surprise = 1\n" + definition.read_text(encoding="utf-8"), encoding="utf-8")
    result = run("layers", "check")
    assert result.exit_code == 2
    assert "qpv" in result.stderr
    assert "surprise" in result.stderr


def test_layers_check_counts_them(project: Path, run: Run) -> None:
    folders = len([path for path in (project / "layers").iterdir() if (path / "layer.toml").exists()])
    assert run("layers", "check").output.startswith(f"{folders} couches")


def test_help_is_french(run: Run) -> None:
    said = run("--help").output
    assert said.startswith("Usage : webmap ")
    assert "Affiche cette aide." in said
    assert "Commandes :" in said


def test_unreachable_database(run: Run) -> None:
    url = f"postgresql://moi:motdepasse@127.0.0.1:{free_port()}/atlas"
    result = run("serve", PORT=str(free_port()), DATABASE_URL=url)
    refused(result, "DATABASE_URL")
    assert "motdepasse" not in result.output


def test_the_state_of_a_server_of_ones_own_is_told_in_french(run: Run, cluster: Cluster) -> None:
    url = cluster.dsn("webmap_proprietaire")
    told = run("db", "etat", DATABASE_URL=url).output
    assert told.startswith("Base de DATABASE_URL : « webmap », elle répond\nServeur : PostgreSQL ")
    assert told.endswith("port 5432\nCompte : webmap_proprietaire\n")
    assert "{" not in told
    refused(run("db", "etat", DATABASE_URL=url.replace("5432", "5433")), "La base de données ne répond pas")


def test_nonsense_database_url(run: Run) -> None:
    refused(run("serve", PORT=str(free_port()), DATABASE_URL="n'importe quoi"), "DATABASE_URL")


def test_a_database_of_someone_else_says_what_it_lacks_then_is_served_and_left_alone(project: Path, run: Run) -> None:
    with throw_away_cluster() as foreign:
        foreign.create_database("nue", template="template0")
        bare = foreign.dsn("webmap_proprietaire", "nue")
        refused(run("serve", PORT=str(free_port()), DATABASE_URL=bare), "CREATE EXTENSION postgis")

        url = foreign.dsn("webmap_proprietaire")
        foreign.drop_database("nue")
        with foreign.superuser("webmap") as connection:
            connection.execute("DROP OWNED BY webmap_lecture")
            connection.execute("DROP ROLE webmap_lecture")
        refused(run("serve", PORT=str(free_port()), DATABASE_URL=url), "CREATE ROLE webmap_lecture")

        with foreign.superuser("webmap") as connection:
            connection.execute("CREATE ROLE webmap_lecture")
        refused(run("serve", PORT=str(free_port()), DATABASE_URL=url), "GRANT webmap_lecture TO")

        with foreign.superuser("webmap") as connection:
            connection.execute("GRANT webmap_lecture TO webmap_proprietaire")
            connection.execute("GRANT USAGE ON SCHEMA public TO webmap_lecture")
        assert "table créée" in run("db", "upgrade", DATABASE_URL=url).output
        again = run("db", "upgrade", DATABASE_URL=url)
        assert (again.exit_code, "table créée" in again.output) == (0, False)
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
    allowed = re.search(r"max_connections = (\d+)", Path(server_conf.__file__).read_text(encoding="utf-8"))
    assert allowed
    assert int(allowed[1]) - 8 >= serving._MOST_WORKERS * db._POOL_SIZE
