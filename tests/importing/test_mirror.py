"""A mirror is written from a server of this machine, carried elsewhere, and read without any network."""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.importing.official_server import Answer, OfficialServer
from webmap.importing import mirror as mirrors
from webmap.importing.fetch import Fetched, NotModified, Pace, Previous, Remote, SourceError, fetch
from webmap.importing.mirror import add_file, open_mirror, read_index, write_mirror

if TYPE_CHECKING:
    from pathlib import Path

CSV = b"id_pdc_itinerance,nbre_pdc\n" + b"FRS59E1,2\n" * 500
JSON = json.dumps({"type": "FeatureCollection", "features": []}).encode()
LARGE = 10_000_000
QUICK = Pace(attempts=1)


@pytest.fixture
def remotes(server: OfficialServer) -> list[Remote]:
    irve = server.serve_resource("eb76d20a", "irve.csv", Answer(CSV, etag='"i1"', headers={"Content-Type": "text/csv"}))
    communes = server.serve("/communes", Answer(JSON)) + "?token=SECRET"
    return [Remote(irve, "irve/irve.csv", LARGE), Remote(communes, "communes.geojson", LARGE)]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def index(folder: Path) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads((folder / "miroir.json").read_text())["fichiers"]
    return content


def edit(folder: Path, **changes: object) -> None:
    """Change the first entry of the index by hand."""
    entries = index(folder)
    entries[0] |= changes
    (folder / "miroir.json").write_text(json.dumps({"fichiers": entries}))


def test_written_here_and_read_elsewhere(server: OfficialServer, remotes: list[Remote], tmp_path: Path) -> None:
    seen: list[str] = []
    written = write_mirror(remotes, tmp_path / "a", progress=lambda remote, _done, _total: seen.append(remote.name))
    assert {name: type(found) for name, found in written.items()} == dict.fromkeys(
        ("irve/irve.csv", "communes.geojson"), Fetched
    )
    assert set(seen) == set(written)
    shutil.move(tmp_path / "a", tmp_path / "b")
    assert files(tmp_path / "b") == ["communes.geojson", "irve/irve.csv", "miroir.json"]
    assert set(open_mirror(tmp_path / "b")) == set(written)
    requests = len(server.seen)
    found = fetch(remotes[0], tmp_path / "nowhere", mirror=tmp_path / "b")
    first = written["irve/irve.csv"]
    assert isinstance(found, Fetched)
    assert isinstance(first, Fetched)
    assert first.path == tmp_path / "a/irve/irve.csv"
    assert found.path == tmp_path / "b/irve/irve.csv"
    assert found.path.read_bytes() == CSV
    assert (found.url, found.size, found.sha256, found.etag) == (first.url, first.size, first.sha256, '"i1"')
    assert (found.date, found.content_type) == (first.date, "text/csv")
    assert len(server.seen) == requests
    assert not (tmp_path / "nowhere").exists()


def test_the_index_says_what_each_file_is_and_no_secret(remotes: list[Remote], tmp_path: Path) -> None:
    write_mirror(remotes, tmp_path)
    entry = index(tmp_path)[0]
    assert entry["name"] == "communes.geojson"
    assert entry["url"].endswith("/communes?token=***")
    assert (entry["size"], entry["sha256"]) == (len(JSON), hashlib.sha256(JSON).hexdigest())
    assert set(entry) >= {"name", "url", "size", "sha256", "etag", "last_modified", "date"}
    assert "SECRET" not in (tmp_path / "miroir.json").read_text()


def test_the_same_content_is_not_modified(remotes: list[Remote], tmp_path: Path) -> None:
    write_mirror(remotes, tmp_path)
    same = Previous(None, None, hashlib.sha256(CSV).hexdigest())
    found = fetch(remotes[0], tmp_path, mirror=tmp_path, previous=same)
    assert isinstance(found, NotModified)
    assert found.etag == '"i1"'
    other = Previous('"i1"', None, "0" * 64)
    assert isinstance(fetch(remotes[0], tmp_path, mirror=tmp_path, previous=other), Fetched)


def test_written_again_it_asks_only_for_changes(server: OfficialServer, remotes: list[Remote], tmp_path: Path) -> None:
    write_mirror(remotes, tmp_path)
    before = index(tmp_path)
    again = write_mirror(remotes, tmp_path)
    assert all(isinstance(found, NotModified) for found in again.values())
    assert any("if-none-match" in seen.headers for seen in server.seen)
    assert index(tmp_path) == before
    assert files(tmp_path) == ["communes.geojson", "irve/irve.csv", "miroir.json"]
    server.serve("/communes", Answer(JSON + b" ", etag='"c2"'))
    assert isinstance(write_mirror(remotes, tmp_path)["communes.geojson"], Fetched)
    assert open_mirror(tmp_path)["communes.geojson"].etag == '"c2"'
    server.serve("/communes", Answer(JSON + b" ", etag='"c3"'))
    assert isinstance(write_mirror(remotes, tmp_path)["communes.geojson"], NotModified)
    assert open_mirror(tmp_path)["communes.geojson"].etag == '"c3"'


def test_a_new_address_is_asked_in_full(server: OfficialServer, remotes: list[Remote], tmp_path: Path) -> None:
    write_mirror(remotes, tmp_path)
    moved = Remote(server.serve("/2026.csv", Answer(CSV, etag='"i1"')), "irve/irve.csv", LARGE)
    assert isinstance(write_mirror([moved], tmp_path)["irve/irve.csv"], Fetched)
    assert open_mirror(tmp_path)["irve/irve.csv"].url == moved.url


def test_a_source_that_fails_keeps_what_the_mirror_had(
    server: OfficialServer, remotes: list[Remote], tmp_path: Path
) -> None:
    write_mirror(remotes, tmp_path)
    server.serve("/resources/20260729-101500/irve.csv", Answer(CSV * 2, etag='"i2"', cut=6000))
    server.serve("/communes", Answer(JSON + b"\n"))
    told = write_mirror(remotes, tmp_path, pace=QUICK)
    assert isinstance(told["irve/irve.csv"], SourceError)
    assert isinstance(told["communes.geojson"], Fetched)
    assert open_mirror(tmp_path)["irve/irve.csv"].size == len(CSV)
    server.serve("/resources/20260729-101500/irve.csv", Answer(CSV * 2, etag='"i2"'))
    assert isinstance(write_mirror(remotes, tmp_path)["irve/irve.csv"], Fetched)
    assert server.seen[-2].headers["range"] == "bytes=6000-"
    assert open_mirror(tmp_path)["irve/irve.csv"].size == 2 * len(CSV)


@pytest.mark.parametrize("step", ["_write_index", "_settle"])
def test_killed_between_two_steps_it_is_old_or_new(
    server: OfficialServer, remotes: list[Remote], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write_mirror(remotes[1:], tmp_path)
    server.serve("/communes", Answer(JSON + b"\n"))
    real = getattr(mirrors, step)

    def killed(folder: Path, what: object) -> object:
        if step == "_settle" and (folder / ".entrants/communes.geojson").exists() is False:
            return real(folder, what)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(mirrors, step, killed)
        with pytest.raises(KeyboardInterrupt):
            write_mirror(remotes[1:], tmp_path)
    expected = JSON if step == "_write_index" else JSON + b"\n"
    assert open_mirror(tmp_path)["communes.geojson"].size == len(expected)
    found = fetch(remotes[1], tmp_path, mirror=tmp_path)
    assert isinstance(found, Fetched)
    assert found.path.read_bytes() == expected
    write_mirror(remotes[1:], tmp_path)
    assert (tmp_path / "communes.geojson").read_bytes() == JSON + b"\n"
    assert files(tmp_path) == ["communes.geojson", "miroir.json"]


def test_a_damaged_file_is_seen_told_and_fetched_again(remotes: list[Remote], tmp_path: Path) -> None:
    write_mirror(remotes, tmp_path)
    (tmp_path / "irve/irve.csv").write_bytes(CSV[:-1])
    (tmp_path / "communes.geojson").write_bytes(JSON.replace(b"F", b"G"))
    with pytest.raises(SourceError) as caught:
        open_mirror(tmp_path)
    content, truncated = str(caught.value).splitlines()
    assert "communes.geojson" in content
    assert "SHA-256" in content
    assert "est tronqué ou a changé (5026 octets au lieu de 5027)" in truncated
    for remote in remotes:
        with pytest.raises(SourceError, match=r"webmap sources mirror"):
            fetch(remote, tmp_path, mirror=tmp_path)
    write_mirror(remotes, tmp_path)
    assert len(open_mirror(tmp_path)) == 2
    (tmp_path / "communes.geojson").unlink()
    with pytest.raises(SourceError, match=r"communes\.geojson, dans le miroir .*, manque"):
        fetch(remotes[1], tmp_path, mirror=tmp_path)
    (tmp_path / "communes.geojson").mkdir()
    with pytest.raises(SourceError, match=r"communes\.geojson"):
        fetch(remotes[1], tmp_path, mirror=tmp_path)


def test_what_a_mirror_lacks_is_told(remotes: list[Remote], tmp_path: Path) -> None:
    write_mirror(remotes[:1], tmp_path)
    with pytest.raises(SourceError, match=r"ne contient pas communes\.geojson"):
        fetch(remotes[1], tmp_path, mirror=tmp_path)
    with pytest.raises(SourceError, match=r"dépasse les 0\.001 Mo"):
        fetch(Remote(remotes[0].url, remotes[0].name, 1000), tmp_path, mirror=tmp_path)
    with pytest.raises(SourceError, match=r"n'est pas un miroir : miroir\.json y manque"):
        open_mirror(tmp_path / "irve")
    with pytest.raises(SourceError, match=r"n'est pas un miroir"):
        fetch(remotes[0], tmp_path, mirror=tmp_path / "missing")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../secret.csv"},
        {"name": "/etc/passwd"},
        {"name": "a/../../x"},
        {"name": "miroir.json"},
        {"name": 3},
        {"size": -1},
        {"size": True},
        {"size": "12"},
        {"sha256": "../x"},
        {"date": "hier"},
        {"date": "2026-07-29T10:15:00"},
        {"etag": 3},
        {"more": "?"},
    ],
    ids=str,
)
def test_an_index_written_by_another_hand_is_refused(
    remotes: list[Remote], tmp_path: Path, changes: dict[str, object]
) -> None:
    write_mirror(remotes, tmp_path)
    edit(tmp_path, **changes)
    with pytest.raises(SourceError, match=r"est abîmé|est refusé"):
        open_mirror(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"fichiers": 3}', '{"fichiers": [3]}', "[" * 100_000, "\xff"])
def test_an_index_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "miroir.json").write_text(text, encoding="latin-1")
    with pytest.raises(SourceError, match="est abîmé"):
        read_index(tmp_path)


def test_one_writer_at_a_time(remotes: list[Remote], tmp_path: Path) -> None:
    lock = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(SourceError, match="déjà en cours d'écriture"):
        write_mirror(remotes, tmp_path)
    os.close(lock)


def test_a_read_only_mirror_is_enough(remotes: list[Remote], tmp_path: Path) -> None:
    write_mirror(remotes, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    fetch(remotes[0], tmp_path, mirror=tmp_path)
    open_mirror(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_file_received_otherwise_joins_the_mirror(tmp_path: Path) -> None:
    given = tmp_path / "reçu.csv"
    given.write_bytes(CSV)
    remote = Remote("https://www.data.gouv.fr/api/1/datasets/r/eb76d20a?apikey=SECRET", "irve/irve.csv", LARGE)
    date = dt.datetime(2025, 6, 17, tzinfo=dt.UTC)
    added = add_file(tmp_path / "m", remote, given, date=date)
    found = fetch(remote, tmp_path, mirror=tmp_path / "m")
    assert found == added
    assert isinstance(found, Fetched)
    assert (found.date, found.url) == (date, "https://www.data.gouv.fr/api/1/datasets/r/eb76d20a?apikey=***")
    assert given.read_bytes() == CSV
    assert files(tmp_path / "m") == ["irve/irve.csv", "miroir.json"]
    given.write_bytes(b"<!doctype html>")
    with pytest.raises(SourceError, match="une page web"):
        add_file(tmp_path / "m", remote, given)
    given.write_bytes(b"")
    with pytest.raises(SourceError, match="n'entre pas dans le miroir : une réponse vide"):
        add_file(tmp_path / "m", remote, given)
    assert files(tmp_path / "m") == ["irve/irve.csv", "miroir.json"]
    with pytest.raises(SourceError, match="est inaccessible"):
        add_file(tmp_path / "m", remote, tmp_path / "missing")
    assert fetch(remote, tmp_path, mirror=tmp_path / "m") == added
