"""Two refreshes at once, and a database that stops: one writes while the other waits, and the old state or the new stays."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.importing.published import (
    HASTE,
    ONES,
    collection,
    feature,
    irve_csv,
    perimeters,
    points,
    publish_contours,
    publish_irve,
    publish_qpv,
)
from webmap.importing import bringing
from webmap.importing import refresh as refreshing
from webmap.store import placement, staging, writing

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg
    from shapely.geometry.base import BaseGeometry

    from tests.importing.published import Desk

    Contours = dict[str, BaseGeometry]


def test_two_refreshes_at_once_end_the_same(desk: Desk, contours: Contours) -> None:
    publish_irve(desk, *ONES)
    publish_contours(desk, contours)
    publish_qpv(desk, perimeters(desk, contours))
    found: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda ids=ids: found.append(desk.refresh(*ids)))
        for ids in (("commune", "qpv", "irve"), ("irve",), ("qpv", "irve"), ("commune",))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    statuses = [outcome.status for outcomes in found for outcome in outcomes.values()]
    assert "echec" not in statuses, [o.sentence for outcomes in found for o in outcomes.values()]
    assert len(desk.keys("irve")) == 10
    assert {o.status for o in desk.refresh("qpv", "irve").values()} <= {"inchangee"}


def test_one_writes_while_the_other_waits(desk: Desk, contours: Contours, monkeypatch: pytest.MonkeyPatch) -> None:
    point = contours["59172"].representative_point()
    told = {"libelle": "Gare", "voyageurs": "O", "fret": "N", "code_ligne": "1"}
    desk.publish("gare", "gares", collection([feature(point, code_uic="2", **told)]))
    publish_irve(desk, *ONES)
    writing_now, most = [0], [0]
    replace, place = staging.replace_rows, placement.refresh

    def enter(*args: Any) -> Any:  # noqa: ANN401 - as replace_rows
        writing_now[0] += 1
        most[0] = max(most[0], writing_now[0])
        time.sleep(0.3)
        return replace(*args)

    def leave(*args: Any) -> None:  # noqa: ANN401 - as placement.refresh
        place(*args)
        writing_now[0] -= 1

    monkeypatch.setattr(staging, "replace_rows", enter)
    monkeypatch.setattr(placement, "refresh", leave)
    threads = [threading.Thread(target=desk.refresh, args=[name]) for name in ("irve", "gare")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, len(desk.keys("irve")), len(desk.keys("gare"))) == ([1], 10, 1)


def test_an_older_download_never_replaces_a_newer_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_irve(desk, *ONES)
    desk.refresh("irve")
    real = writing.take_turn
    done: list[int] = []

    def late(connection: psycopg.Connection[Any]) -> None:
        if not done:
            done.append(1)
            publish_irve(desk, *[{**row, "nom_station": "Le plus récent"} for row in ONES])
            assert desk.refresh("irve")["consolidation"].status == "changee"
        real(connection)

    monkeypatch.setattr(bringing, "take_turn", late)
    publish_irve(desk, *[{**row, "nom_station": "Le plus ancien"} for row in ONES])
    outcome = desk.refresh("irve")["consolidation"]
    assert (outcome.status, "une autre commande vient de mettre cette source à jour" in outcome.sentence) == (
        "inchangee",
        True,
    )
    assert {r["nom_station"] for r in desk.rows("SELECT nom_station FROM pub.irve")} == {"Le plus récent"}


def test_one_download_at_a_time_in_a_kept_folder(desk: Desk, tmp_path: Path) -> None:
    gate = threading.Event()
    body = irve_csv(*ONES).encode()
    desk.publish("irve", "consolidation", body, stop_at=100, gate=gate)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(desk.refresh("irve", downloads=tmp_path)["consolidation"]))
    thread.start()
    while not list(tmp_path.rglob("*.part")):
        time.sleep(0.01)
    second = desk.refresh("irve", downloads=tmp_path)["consolidation"]
    assert (second.status, second.sentence) == ("inchangee", "une autre commande met cette source à jour en ce moment")
    gate.set()
    thread.join()
    assert found[0].status == "changee"
    assert [p.name for p in tmp_path.rglob("*.csv")] == []


def test_a_download_that_was_stopped_goes_on(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = irve_csv(*points(*[{}] * 2000)).encode()
    desk.publish("irve", "consolidation", body, etag='"v1"', cut=200_000)
    with monkeypatch.context() as patched:
        patched.setattr(refreshing, "PACE", dataclasses.replace(HASTE, attempts=1))
        assert desk.refresh("irve", downloads=tmp_path)["consolidation"].status == "echec"
    (part,) = tmp_path.rglob("*.part")
    assert part.stat().st_size == 200_000
    desk.publish("irve", "consolidation", body, etag='"v1"')
    assert desk.refresh("irve", downloads=tmp_path)["consolidation"].status == "changee"
    assert desk.server.seen[-1].headers["range"] == "bytes=200000-"
    assert len(desk.keys("irve")) == 2000


STEPS = ["stage", "build_geometries", "keep_territory", "replace_rows", "placement"]


@pytest.mark.parametrize("step", STEPS)
def test_a_connection_cut_at_any_step_leaves_the_old_state(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    publish_irve(desk, *ONES)
    desk.refresh("irve")
    state = desk.content("irve")
    module, name = (placement, "refresh") if step == "placement" else (staging, step)
    real = getattr(module, name)
    cut: list[Any] = []

    def then_cut(connection: psycopg.Connection[Any], *args: Any) -> Any:  # noqa: ANN401 - whatever the step takes
        answer = real(connection, *args)
        if not cut:
            cut.append(desk.rows("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid]))
        return answer

    monkeypatch.setattr(module, name, then_cut)
    publish_irve(desk, *[{**row, "nom_station": "Nouveau"} for row in ONES])
    outcome = desk.refresh("irve")["consolidation"]
    assert outcome.status == "echec"
    assert "La base s'est interrompue pendant l'écriture, rien n'a changé" in outcome.sentence
    assert desk.content("irve") == state
    assert desk.refresh("irve")["consolidation"].status == "changee"
