"""The very first `make run`: the sources are asked for once, the first is a probe, and nobody waits for a closed network."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
from typing import TYPE_CHECKING

import pytest

from tests.commands import command_of, sources_commands
from tests.importing.official_server import Answer
from tests.importing.published import collection, feature, irve_csv, points
from webmap.importing import refresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from tests.importing.published import Desk

    Start = Callable[[], str]

GONE_ON = "Certaines sources n'ont pas répondu : l'atlas démarre avec ce qu'il a."


@pytest.fixture
def start(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Start:
    """Return a function that does what a start does with the sources, and returns what it said."""
    command_of(desk, monkeypatch, tmp_path / "arrivees")
    monkeypatch.setattr(sources_commands, "_FIRST_SECONDS", 600)  # whatever the machine: fifteen is for people

    def run() -> str:
        sources_commands.refresh_once(desk.database, desk.catalog, desk.settings)
        return capsys.readouterr().out

    return run


@contextlib.contextmanager
def closed_door(*, silent: bool) -> Iterator[str]:
    """Give an address nobody answers at: refused, or silent as behind a firewall (a queue that is full)."""
    with contextlib.ExitStack() as stack:
        door = stack.enter_context(socket.socket())
        door.bind(("127.0.0.1", 0))
        if silent:
            door.listen(0)
            for _ in range(3):
                one = stack.enter_context(socket.socket())
                one.setblocking(False)  # noqa: FBT003 - the socket's own
                one.connect_ex(door.getsockname())
        yield f"http://127.0.0.1:{door.getsockname()[1]}/communes"


def test_the_sources_are_asked_for_once_and_the_first_tells_for_all(desk: Desk, start: Start) -> None:
    assert GONE_ON in start()
    assert {s.path for s in desk.server.seen} == {"/epcis/200042190/communes"}  # the probe, and no other
    seen = len(desk.server.seen)
    assert start() == ""
    assert len(desk.server.seen) == seen


@pytest.mark.parametrize("silent", [False, True])
def test_a_closed_network_is_given_up_in_one_attempt(
    desk: Desk, start: Start, monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> None:
    assert 3 * refresh._PROBE.connect <= 6  # seconds in all, as `Pace` says and test_fetch.py shows
    monkeypatch.setattr(refresh, "_PROBE", dataclasses.replace(refresh._PROBE, connect=0.1))
    with closed_door(silent=silent) as address:
        desk.change_connector("commune", "contours", url=address)
        assert GONE_ON in start()
    assert desk.server.seen == []
    [check] = desk.rows("SELECT phrase FROM app.verification")
    assert check["phrase"].endswith("(1 essai). Relancez plus tard.")


def test_a_source_out_of_order_is_not_asked_again_by_the_probe(desk: Desk, start: Start) -> None:
    desk.publish("commune", "contours", b"", status=503)
    assert GONE_ON in start()
    assert len(desk.server.seen) == 1


def test_past_the_probe_a_source_is_tried_again(desk: Desk, start: Start, contours: dict[str, BaseGeometry]) -> None:
    features = [feature(c, code=code, nom="", population=1) for code, c in contours.items()]
    desk.publish("commune", "contours", collection(features))
    connector = desk.catalog.by_id["irve"].connectors[0]
    found = Answer(irve_csv(*points(*[{}] * 3)).encode())
    desk.server.serve_resource(connector.url.rpartition("/")[2], "irve.csv", Answer(status=503), found)
    start()
    assert len(desk.keys("irve")) == 3
