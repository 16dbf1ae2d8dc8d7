"""The whole PostgreSQL server restarted in the middle of a refresh: old or new, one sentence, and everything goes on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

from tests.commands import command_of
from tests.conftest import connect, fill, throw_away_cluster
from tests.importing.published import Desk, irve_csv, points
from webmap.importing import bringing, refresh
from webmap.importing.fetch import fetch
from webmap.importing.reading import build_rows
from webmap.importing.run import load_source
from webmap.store import history, placement, staging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    from tests.commands import Run
    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.cluster import Cluster
    from webmap.store.db import Database

ROWS = points(*[{}] * 400)
INTERRUPTED = (
    "✗ irve, consolidation : La base s'est interrompue pendant l'écriture, rien n'a changé :"
    " relancez la commande (s"  # « son serveur s'est arrêté », or « sa connexion s'est coupée » when that came first
)
FAILED = "1 source n'a pas répondu comme attendu ; sa couche reste comme elle était."
UNREACHABLE = "✗ irve, consolidation : La base de données ne répond pas. Démarrez-la par `webmap db start`"


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """Start a cluster that these tests alone may stop."""
    with throw_away_cluster() as found:
        yield found


@pytest.fixture(scope="module")
def database(server: Cluster, catalog: Catalog, settings: Settings, contours_file: Path) -> Iterator[Database]:
    """Return its database: migrated, filled, with contours."""
    found = connect(server, "webmap")
    fill(found, catalog, settings)
    load_source(found, catalog, settings, "commune", contours_file)
    found = connect(server, "webmap")
    yield found
    found.close()


@pytest.fixture
def desk(server: Cluster, database: Database, catalog: Catalog, settings: Settings) -> Iterator[Desk]:
    """Return official sources over that database, its layer of points loaded with the old rows."""
    server.start()
    with Desk.open(database, catalog, settings) as found:
        publish(found, "Ancien")
        assert found.refresh("irve")["consolidation"].status != "echec"
        assert names(found) == {"Ancien"}
        yield found


@pytest.fixture
def run(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return the command, on that database."""
    return command_of(desk, monkeypatch, tmp_path / "arrivees")


def publish(desk: Desk, name: str, **how: object) -> None:
    desk.publish("irve", "consolidation", irve_csv(*[{**row, "nom_station": name} for row in ROWS]).encode(), **how)


def names(desk: Desk) -> set[str]:
    return {row["nom_station"] for row in desk.rows("SELECT nom_station FROM pub.irve")}


def read_names(desk: Desk) -> set[str]:
    """Read as the web does, through its pool."""
    rows = desk.database.read(sql.SQL("SELECT DISTINCT nom_station FROM pub.irve"))
    return {row["nom_station"] for row in rows}


def restart(server: Cluster) -> None:
    server.stop()
    assert not server.running()
    server.start()


def check_all_goes_on(desk: Desk, run: Run) -> None:
    """Check that the web reads again, that a stream does, and that the next refresh brings the new rows."""
    assert len(read_names(desk)) == 1
    lines = b"".join(desk.database.stream(sql.SQL("SELECT nom_station FROM pub.irve")))
    assert len(lines.splitlines()) == len(ROWS)
    publish(desk, "Suivant")
    done = run("sources", "refresh", "irve")
    assert done.exit_code == 0, done.output
    assert read_names(desk) == names(desk) == {"Suivant"}
    assert len(desk.keys("irve")) == len(ROWS)
    assert desk.rows("SELECT resultat FROM app.verification WHERE couche = 'irve'") == [{"resultat": "changee"}]


def start_refresh(desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Result]:
    """Run the command while its source drips; return once bytes came, with what waits for its end."""
    coming = threading.Event()

    def progress(done: int, _total: int | None) -> None:
        if done:
            coming.set()

    def told(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever it takes
        return fetch(*args, **{**kwargs, "progress": progress})

    monkeypatch.setattr(refresh, "fetch", told)
    gate = threading.Event()
    publish(desk, "Nouveau", stop_at=20_000, gate=gate)
    found: list[Result] = []
    thread = threading.Thread(target=lambda: found.append(run("sources", "refresh", "irve")))
    thread.start()
    assert coming.wait(60)

    def wait() -> Result:
        gate.set()
        thread.join()
        return found[0]

    return wait


def test_a_restart_during_the_download_is_not_even_seen(
    server: Cluster, desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_names(desk) == {"Ancien"}
    finish = start_refresh(desk, run, monkeypatch)
    restart(server)
    assert read_names(desk) == names(desk) == {"Ancien"}
    done = finish()
    assert (done.exit_code, done.output.count("\n")) == (0, 2), done.output
    assert done.output.startswith("✓ irve, consolidation : 400 lignes lues près du territoire ; 0 créée, 400 modifiées")
    assert read_names(desk) == names(desk) == {"Nouveau"}
    check_all_goes_on(desk, run)


def test_a_server_down_when_the_download_ends_is_told(
    server: Cluster, desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = start_refresh(desk, run, monkeypatch)
    server.stop()
    done = finish()
    server.start()
    check_refused(done, UNREACHABLE)
    assert read_names(desk) == names(desk) == {"Ancien"}
    check_all_goes_on(desk, run)


def check_refused(done: Result, sentence: str) -> None:
    """Check what the command said: one line for the source, one for the end, and nothing of a program's entrails."""
    assert done.exit_code == 1
    said = done.output.splitlines()
    assert len(said) == 2, done.output
    assert said[0].startswith(sentence), said[0]
    assert said[1] == FAILED
    assert said[0].endswith(("(son serveur s'est arrêté).", "(sa connexion s'est coupée).")) or sentence is UNREACHABLE
    assert "Traceback" not in done.output


STEPS: list[tuple[object, str]] = [
    (staging, "stage"),
    (bringing, "take_turn"),
    (staging, "replace_rows"),
    (history, "record_source"),
    (placement, "refresh"),
]


@pytest.mark.parametrize(("module", "name"), STEPS, ids=[name for _, name in STEPS])
def test_a_restart_during_the_writing_leaves_the_old_state(
    server: Cluster, desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch, *, module: object, name: str
) -> None:
    assert read_names(desk) == {"Ancien"}
    state = desk.content("irve")
    real = getattr(module, name)

    def then_restart(*args: Any) -> Any:  # noqa: ANN401 - whatever the step takes
        answer = real(*args)
        restart(server)
        return answer

    publish(desk, "Nouveau")
    with monkeypatch.context() as patched:
        patched.setattr(module, name, then_restart)
        done = run("sources", "refresh", "irve")
    check_refused(done, INTERRUPTED)
    assert desk.content("irve") == state
    check_all_goes_on(desk, run)


def test_a_restart_while_rows_are_sent_leaves_the_old_state(
    server: Cluster, desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    state = desk.content("irve")

    def half_then_restart(*args: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever it takes
        for number, row in enumerate(build_rows(*args)):
            if number == len(ROWS) // 2:
                restart(server)
            yield row

    publish(desk, "Nouveau")
    with monkeypatch.context() as patched:
        patched.setattr(refresh, "build_rows", half_then_restart)
        done = run("sources", "refresh", "irve")
    check_refused(done, INTERRUPTED)
    assert caplog.records == []  # they would be lines of English in the terminal
    assert desk.content("irve") == state
    check_all_goes_on(desk, run)


def test_a_restart_at_any_moment_shows_one_state_or_the_other(server: Cluster, desk: Desk, run: Run) -> None:
    found: list[Any] = []
    for delay in (0.02, 0.1, 0.2, 0.35):
        publish(desk, f"Nouveau {delay}")
        before = frozenset(names(desk))
        found.clear()
        thread = threading.Thread(target=lambda: found.append(run("sources", "refresh", "irve")))
        thread.start()
        time.sleep(delay)
        restart(server)
        thread.join()
        now = frozenset(read_names(desk))
        assert now in {before, frozenset({f"Nouveau {delay}"})}
        # What came of it, what was checked.
        assert len(found[0].output.splitlines()) == 2, found[0].output
        assert "Traceback" not in found[0].output
    check_all_goes_on(desk, run)
