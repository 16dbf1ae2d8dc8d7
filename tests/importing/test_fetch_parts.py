"""A download that stops, and goes on: parts, versions, processes killed, a full disk, several at once."""

from __future__ import annotations

import fcntl
import gzip
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.importing.downloads import CSV, Time, fetched, files, make_zip, remote
from tests.importing.official_server import Answer, OfficialServer
from webmap.importing import part
from webmap.importing.fetch import Fetched, SourceError, fetch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("chunked", [False, True])
def test_a_cut_body_is_resumed(server: OfficialServer, tmp_path: Path, instant: Time, *, chunked: bool) -> None:
    whole = Answer(CSV, etag='"v1"', chunked=chunked)
    url = server.serve("/x.csv", replace(whole, cut=2000), whole)
    fetched(fetch(remote(url), tmp_path, pace=instant.pace()), CSV)
    assert (server.seen[1].headers["range"], server.seen[1].headers["if-range"]) == ("bytes=2000-", '"v1"')


def test_a_long_file_on_a_bad_line_arrives_by_pieces(server: OfficialServer, tmp_path: Path, instant: Time) -> None:
    body = make_zip(10 * part.BLOCK)
    cut = Answer(body, etag='"v1"', cut=part.BLOCK + 10)
    url = server.serve("/qpv.zip", *[cut] * 9, replace(cut, cut=None))
    fetched(fetch(remote(url, "qpv/qp2024.zip"), tmp_path, pace=instant.pace(attempts=3)), body)
    assert instant.slept == [1.0] * 9


@pytest.mark.parametrize(
    "second",
    [
        Answer(CSV, etag='"v1"', ranges=False),
        Answer(CSV, etag='"v2"'),
        Answer(b"y" * 4900, 206, {"Content-Range": "bytes 7-4906/5000"}, etag='"v1"'),
        Answer(b"y" * 4900, 206, {"Content-Range": "bytes 100-4999/5000"}, etag='"v2"'),
        Answer(b"y" * 4900, 206, {"Content-Range": "bytes 100-4999/5000", "Content-Encoding": "gzip"}, etag='"v1"'),
        Answer(status=416),
    ],
    ids=["ignores Range", "changed", "another place", "another version", "another encoding", "416"],
)
def test_what_cannot_be_continued_starts_again(
    server: OfficialServer, tmp_path: Path, instant: Time, second: Answer
) -> None:
    url = server.serve("/x.csv", Answer(b"z" * 5000, etag='"v1"', cut=100), second, Answer(CSV, etag='"v3"'))
    fetched(fetch(remote(url), tmp_path, pace=instant.pace()), CSV)


def test_a_part_of_another_address_is_not_continued(server: OfficialServer, tmp_path: Path, instant: Time) -> None:
    first = server.serve("/2024.csv", Answer(b"z" * 5000, etag='"v1"', cut=100))
    with pytest.raises(SourceError):
        fetch(remote(first), tmp_path, pace=instant.pace(attempts=1))
    fetched(fetch(remote(server.serve("/2026.csv", Answer(CSV, etag='"v1"'))), tmp_path), CSV)
    assert "range" not in server.seen[-1].headers


def test_a_weak_etag_is_not_for_ranges(server: OfficialServer, tmp_path: Path, instant: Time) -> None:
    weak = Answer(CSV, etag='W/"v1"')
    fetched(fetch(remote(server.serve("/x.csv", replace(weak, cut=9), weak)), tmp_path, pace=instant.pace()), CSV)
    assert "range" not in server.seen[1].headers


CHILD = """
import sys
from pathlib import Path
from webmap.importing.fetch import Remote, SourceError, fetch
if sys.argv[3:]:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    fetch(Remote(sys.argv[1], "irve/irve.csv", 10**9), Path(sys.argv[2]))
except SourceError as error:
    print(error)
"""


def child(url: str, folder: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", CHILD, url, folder, *more], stdout=subprocess.PIPE, text=True)


def test_killed_then_resumed(server: OfficialServer, tmp_path: Path) -> None:
    body = CSV * 100
    half = Answer(body, etag='"v1"', stop_at=len(body) // 2)
    url = server.serve("/x.csv", half, Answer(body, etag='"v1"'))
    waiting = tmp_path / "irve/irve.csv.part"
    with child(url, tmp_path) as process:
        give_up = time.monotonic() + 120
        while not (waiting.exists() and waiting.stat().st_size == len(body) // 2):
            assert time.monotonic() < give_up
            time.sleep(0.01)
        process.kill()
    half.gate.set()
    assert files(tmp_path) == ["irve.csv.part", "irve.csv.part.json"]
    fetched(fetch(remote(url), tmp_path), body)
    assert server.seen[1].headers["range"] == f"bytes={len(body) // 2}-"


def test_a_full_disk_is_a_sentence(server: OfficialServer, tmp_path: Path) -> None:
    with child(server.serve("/x.csv", Answer(CSV * 100, etag='"v1"')), tmp_path, "100000") as process:
        said, _ = process.communicate(timeout=120)
    assert said.startswith(f"Le disque de {tmp_path / 'irve'} est plein : libérez de la place")
    assert files(tmp_path) == []
    packed = Answer(gzip.compress(CSV * 100), headers={"Content-Encoding": "gzip"})
    with child(server.serve("/y.csv", packed), tmp_path, "100000") as process:
        said, _ = process.communicate(timeout=120)
    assert said.startswith(f"Le disque de {tmp_path / 'irve'} est plein")
    assert files(tmp_path) == []


def test_what_would_fill_the_disk_is_not_begun(
    server: OfficialServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(tmp_path))(10**9, 10**9 - part.MARGIN, part.MARGIN)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(SourceError, match=r"n'a plus assez de place : irve\.csv demande \d+ Mo"):
        fetch(remote(server.serve("/x.csv", Answer(CSV))), tmp_path)


def test_a_folder_that_cannot_be_written_is_a_sentence(server: OfficialServer, tmp_path: Path) -> None:
    (tmp_path / "irve").write_text("a file where a folder is needed")
    with pytest.raises(SourceError, match=r"est inaccessible \(.*\) : vérifiez les droits"):
        fetch(remote(server.serve("/x.csv", Answer(CSV))), tmp_path)


def test_several_at_once_never_tear_the_file(server: OfficialServer, tmp_path: Path) -> None:
    versions = [bytes([65 + n]) * 2_000_000 for n in range(6)]
    url = server.serve("/x.csv", *[Answer(body, etag=f'"{n}"') for n, body in enumerate(versions)])
    found: list[object] = []
    torn: list[int] = []
    over = threading.Event()

    def read() -> None:
        path = tmp_path / "irve/irve.csv"
        while not over.is_set():
            if path.exists() and (content := path.read_bytes()) not in versions:
                torn.append(len(content))

    reader = threading.Thread(target=read)
    threads = [threading.Thread(target=lambda: found.append(fetch(remote(url), tmp_path))) for _ in versions]
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    reader.join()
    assert torn == []
    assert all(isinstance(one, Fetched) for one in found)
    assert len(found) == len(versions)
    assert files(tmp_path) == ["irve.csv"]


def test_a_lock_won_on_a_file_already_published_is_not_used(
    server: OfficialServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, target = tmp_path / "irve/irve.csv.part", tmp_path / "irve/irve.csv"
    inodes: list[int] = []
    real = fcntl.flock

    def finish_first(file: int, operation: int) -> None:
        if not inodes:
            waiting.write_bytes(b"published")
            waiting.replace(target)
            inodes.append(target.stat().st_ino)
        real(file, operation)

    monkeypatch.setattr(fcntl, "flock", finish_first)
    found = fetched(fetch(remote(server.serve("/x.csv", Answer(CSV))), tmp_path), CSV)
    assert found.path.stat().st_ino != inodes[0]


def test_one_that_waits_too_long_says_so(server: OfficialServer, tmp_path: Path, instant: Time) -> None:
    url = server.serve("/x.csv", Answer(CSV))
    sentence = r"Un autre téléchargement de irve/irve\.csv est en cours"
    with part.open_part(tmp_path / "irve/irve.csv", lambda: None), pytest.raises(SourceError, match=sentence):
        fetch(remote(url), tmp_path, deadline=1, pace=instant.pace())
    assert server.seen == []
