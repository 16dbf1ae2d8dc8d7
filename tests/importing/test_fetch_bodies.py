"""What a server sends is not what it says: lengths, kinds, sizes, compression; nothing wrong is kept, nothing fills the memory."""

from __future__ import annotations

import gzip
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.importing.downloads import CSV, HTML, JSON, Time, fetched, files, make_zip, remote
from tests.importing.official_server import Answer, OfficialServer
from webmap.importing import part
from webmap.importing.fetch import Fetched, SourceError, fetch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("lie", [len(JSON) + 50, len(JSON) - 50])
def test_a_wrong_length_is_never_believed(server: OfficialServer, tmp_path: Path, instant: Time, lie: int) -> None:
    url = server.serve("/c.json", Answer(JSON, length=lie, etag='"v1"'))
    with pytest.raises(SourceError, match=r"a coupé la réponse|un JSON interrompu|ne sait pas reprendre"):
        fetch(remote(url, "communes.json"), tmp_path, pace=instant.pace())
    assert "communes.json" not in files(tmp_path)


def test_a_truncated_zip_without_a_length_is_seen(server: OfficialServer, tmp_path: Path, instant: Time) -> None:
    body = make_zip(100_000)
    url = server.serve("/q.zip", Answer(body, bare=True, cut=50_000), Answer(body, bare=True))
    fetched(fetch(remote(url, "qpv/q.zip"), tmp_path, pace=instant.pace()), body)
    assert instant.slept == [1.0]


@pytest.mark.parametrize(
    ("name", "body", "kind", "found"),
    [
        ("c.json", HTML, "application/json", "une page web"),
        ("c.geojson", b"<?xml version='1.0'?><ows:ExceptionReport/>", "application/json", "un message XML"),
        ("c.json", b"erreur", "application/json", "autre chose que du JSON"),
        ("q.zip", HTML, "application/zip", "une page web"),
        ("q.zip", CSV, "application/zip", "autre chose qu'un fichier ZIP"),
        ("i.csv", HTML, "text/csv", "une page web"),
        ("i.csv", b"Service ferme", "text/html; charset=utf-8", "une page web"),
        ("i.csv", b'{"message": "not found"}', "application/json", "un message JSON"),
        ("i.csv", make_zip(10), "text/csv", "un fichier compressé"),
    ],
)
def test_something_else_than_asked_is_seen(
    server: OfficialServer, tmp_path: Path, name: str, body: bytes, kind: str, found: str
) -> None:
    (tmp_path / name).write_bytes(b"the one before")
    url = server.serve("/x", Answer(body, headers={"Content-Type": kind}))
    with pytest.raises(SourceError, match=f"127.0.0.1:[0-9]+ a répondu par {found}"):
        fetch(remote(url, name), tmp_path)
    assert len(server.seen) == 1
    assert files(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == b"the one before"


def test_an_empty_body_is_asked_again(server: OfficialServer, tmp_path: Path, instant: Time) -> None:
    url = server.serve("/x.csv", Answer(b""), Answer(CSV))
    fetched(fetch(remote(url), tmp_path, pace=instant.pace()), CSV)


@pytest.mark.parametrize(
    "answer", [Answer(CSV), Answer(CSV, chunked=True), Answer(gzip.compress(CSV), headers={"Content-Encoding": "gzip"})]
)
def test_too_large_is_refused_and_dropped(server: OfficialServer, tmp_path: Path, answer: Answer) -> None:
    url = server.serve("/x.csv", answer)
    with pytest.raises(SourceError, match=r"plus que les 0\.002 Mo admis pour irve/irve\.csv"):
        fetch(remote(url, max_bytes=2000), tmp_path)
    assert files(tmp_path) == []
    fetched(fetch(remote(url, max_bytes=len(CSV)), tmp_path), CSV)


def test_gzip_is_decoded_and_resumed(server: OfficialServer, tmp_path: Path, instant: Time) -> None:
    body = b"".join(b"%d,%d\n" % (n, n * n) for n in range(20_000))
    whole = Answer(gzip.compress(body), headers={"Content-Encoding": "gzip"}, etag='"v1"')
    url = server.serve("/x.csv", replace(whole, cut=20_000), whole)
    found = fetched(fetch(remote(url), tmp_path, pace=instant.pace()), body)
    assert found.etag == '"v1"'
    assert server.seen[1].headers["range"] == "bytes=20000-"
    assert server.seen[0].headers["accept-encoding"] == "gzip"


def test_a_broken_gzip_is_asked_again(server: OfficialServer, tmp_path: Path, instant: Time) -> None:
    headers, body = {"Content-Encoding": "gzip"}, gzip.compress(CSV)
    broken = [
        Answer(content, headers=headers) for content in (body[:-9], b"nothing", body[:20] + b"\xff" * 9 + body[29:])
    ]
    url = server.serve("/x.csv", *broken, Answer(body, headers=headers))
    fetched(fetch(remote(url), tmp_path, pace=instant.pace()), CSV)
    assert len(instant.slept) == 3
    url = server.serve("/y.csv", Answer(CSV, headers={"Content-Encoding": "br"}))
    with pytest.raises(SourceError, match="codage"):
        fetch(remote(url), tmp_path)


@pytest.mark.parametrize("packed", [False, True])
def test_memory_stays_flat(server: OfficialServer, tmp_path: Path, *, packed: bool) -> None:
    block = b"FRS59E1,2\n" * 100_000
    body, headers = (gzip.compress(block), {"Content-Encoding": "gzip"}) if packed else (block, {})
    url = server.serve("/x.csv", Answer(body, repeat=60, headers=headers))
    tracemalloc.start()
    try:
        found = fetch(remote(url), tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(found, Fetched)
    assert found.size == 60_000_000
    assert peak < 6 * part.BLOCK
    found.path.unlink()


def test_a_bomb_is_stopped(server: OfficialServer, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(1_000_000)) * 300
    url = server.serve("/x.csv", Answer(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(SourceError, match="plus que les 3 Mo"):
        fetch(remote(url, max_bytes=3_000_000), tmp_path)
    assert files(tmp_path) == []
