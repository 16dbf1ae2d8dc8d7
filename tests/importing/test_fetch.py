"""Downloading from a server of this machine that fails in every way the official ones do. No other network is used."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import json
import random
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.importing.official_server import Answer, OfficialServer, official_server
from webmap.errors import WebmapError
from webmap.importing import part
from webmap.importing.fetch import Fetched, NotModified, Pace, Previous, Remote, SourceError, fetch
from webmap.importing.remote import mask
from webmap.importing.transport import MAX_REDIRECTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CSV = b"id_pdc_itinerance,nbre_pdc\n" + b"FRS59E1,2\n" * 500
JSON = json.dumps({"type": "FeatureCollection", "features": [{"nom": "Raismes"}] * 200}).encode()
HTML = b"\n<!DOCTYPE html><html><title>Maintenance</title></html>"
MANY = 200_000_000


@dataclass
class Time:
    """A clock that only moves when someone sleeps, or by `step` at each look."""

    now: float = 0.0
    step: float = 0.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        """Return the time."""
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the time on."""
        self.slept.append(seconds)
        self.now += seconds

    def pace(self, **changes: Any) -> Pace:  # noqa: ANN401 - fields of Pace
        """Return a pace that follows this clock."""
        return replace(Pace(clock=self.clock, sleep=self.sleep, jitter=lambda: 1.0), **changes)


@pytest.fixture
def server() -> Iterator[OfficialServer]:
    with official_server() as started:
        yield started


@pytest.fixture
def instant() -> Time:
    return Time()


def remote(url: str, name: str = "irve/irve.csv", max_bytes: int = MANY) -> Remote:
    return Remote(url, name, max_bytes)


def fetched(found: Fetched | NotModified, body: bytes) -> Fetched:
    """Check that a file is there, whole, and that nothing lies beside it."""
    assert isinstance(found, Fetched)
    assert found.path.read_bytes() == body
    assert (found.size, found.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert [path.name for path in found.path.parent.iterdir()] == [found.path.name]
    return found


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def make_zip(size: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("GEOJSON/QP2024.geojson", random.Random(1).randbytes(size))  # noqa: S311 - bytes that do not compress
    return content.getvalue()


def test_a_file_comes_with_its_record(server: OfficialServer, tmp_path: Path) -> None:
    headers = {"Content-Type": "text/csv; charset=utf-8"}
    date = "Wed, 29 Jul 2026 10:15:00 GMT"
    url = server.serve_resource("eb76d20a", "irve.csv", Answer(CSV, headers=headers, etag='"v1"', last_modified=date))
    seen: list[tuple[int, int | None]] = []
    found = fetched(fetch(remote(url), tmp_path, progress=lambda done, total: seen.append((done, total))), CSV)
    assert (found.etag, found.last_modified, found.content_type) == ('"v1"', date, "text/csv; charset=utf-8")
    assert found.url == url
    assert found.date.utcoffset() is not None
    assert seen[-1] == (len(CSV), len(CSV))
    assert found.path == tmp_path / "irve/irve.csv"


@pytest.mark.parametrize("known", [Previous('"v1"', None, None), Previous(None, "Wed, 29 Jul 2026 10:15:00 GMT", None)])
def test_what_has_not_changed_is_not_sent(server: OfficialServer, tmp_path: Path, known: Previous) -> None:
    url = server.serve("/x.csv", Answer(CSV, etag='"v1"', last_modified="Wed, 29 Jul 2026 10:15:00 GMT"))
    found = fetch(remote(url), tmp_path, previous=known)
    assert isinstance(found, NotModified)
    assert (found.etag, found.last_modified) == ('"v1"', "Wed, 29 Jul 2026 10:15:00 GMT")
    assert files(tmp_path) == []
    fetched(fetch(remote(url), tmp_path, previous=Previous('"v0"', None, None)), CSV)


def test_the_same_bytes_from_a_server_without_memory_are_not_a_change(server: OfficialServer, tmp_path: Path) -> None:
    known = Previous(None, None, hashlib.sha256(CSV).hexdigest())
    assert isinstance(fetch(remote(server.serve("/x.csv", Answer(CSV))), tmp_path, previous=known), NotModified)


def test_a_304_that_was_not_asked_for_is_refused(server: OfficialServer, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="a répondu 304"):
        fetch(remote(server.serve("/x.csv", Answer(status=304))), tmp_path)


@pytest.mark.parametrize(
    ("asked", "waited"), [({"Retry-After": "7"}, 7.0), ({}, 1.0), ({"Retry-After": "bientôt"}, 1.0)]
)
def test_429_then_200(
    server: OfficialServer, tmp_path: Path, instant: Time, asked: dict[str, str], waited: float
) -> None:
    url = server.serve("/x.csv", Answer(status=429, headers=asked), Answer(CSV))
    fetched(fetch(remote(url), tmp_path, pace=instant.pace()), CSV)
    assert instant.slept == [waited]


def test_retry_after_may_be_a_date_and_is_bounded(server: OfficialServer, tmp_path: Path, instant: Time) -> None:
    past, future = "Wed, 29 Jul 2020 10:15:00 GMT", "Wed, 29 Jul 2099 10:15:00 GMT"
    url = server.serve("/x.csv", Answer(status=503, headers={"Retry-After": past}), Answer(CSV))
    fetched(fetch(remote(url), tmp_path, pace=instant.pace()), CSV)
    url = server.serve("/y.csv", Answer(status=429, headers={"Retry-After": future}), Answer(CSV))
    with pytest.raises(
        SourceError, match=r"127\.0\.0\.1:\d+ reçoit trop de demandes \(429\) et demande d'attendre \d+ s"
    ):
        fetch(remote(url), tmp_path, pace=instant.pace())
    assert instant.slept == [1.0]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_down_then_up(server: OfficialServer, tmp_path: Path, instant: Time, status: int) -> None:
    url = server.serve("/x.csv", Answer(HTML, status=status), Answer(status=status), Answer(CSV))
    fetched(fetch(remote(url), tmp_path, pace=instant.pace()), CSV)
    assert instant.slept == [1.0, 2.0]


def test_down_for_ever_ends_within_the_deadline(server: OfficialServer, tmp_path: Path, instant: Time) -> None:
    url = server.serve("/x.csv", Answer(status=503))
    with pytest.raises(SourceError, match=r"en panne ou en maintenance \(503\) \(arrêté au délai de 10 s\)"):
        fetch(remote(url), tmp_path, deadline=10, pace=instant.pace())
    assert sum(instant.slept) < 10
    with pytest.raises(SourceError, match=r"\(6 essais\)\. Relancez plus tard\."):
        fetch(remote(url), tmp_path, pace=instant.pace())
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("status", "sentence"), [(404, "corrigez-la"), (403, "vérifiez la clé"), (400, "a répondu 400"), (204, "204")]
)
def test_no_is_not_asked_twice(server: OfficialServer, tmp_path: Path, status: int, sentence: str) -> None:
    url = server.serve("/x.csv", Answer(status=status)) + "?apikey=SECRET&typename=a&token=SECRET"
    with pytest.raises(SourceError, match=sentence) as caught:
        fetch(remote(url), tmp_path)
    assert len(server.seen) == 1
    assert "SECRET" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    assert (caught.value.status, caught.value.code) == (502, "source")
    assert isinstance(caught.value, WebmapError)


def test_a_slow_drip_is_cut_and_what_came_is_kept(server: OfficialServer, tmp_path: Path) -> None:
    url = server.serve("/x.csv", Answer(CSV, etag='"v1"', drip=1, pause=0.001))
    ticking = Time(step=1.0)
    with pytest.raises(SourceError, match=r"trop lent \(\d+ octets par seconde\) \(3 essais\).*reprendra où il en est"):
        fetch(remote(url), tmp_path, pace=ticking.pace(attempts=3))
    assert files(tmp_path) == ["irve.csv.part", "irve.csv.part.json"]
    assert [seen.headers.get("range") is not None for seen in server.seen] == [False, True, True]


@pytest.mark.parametrize("slow", [Answer(drip_headers=True), Answer(CSV, drip=1), Answer(CSV, drip=1, bare=True)])
def test_nothing_outlives_the_deadline(server: OfficialServer, tmp_path: Path, slow: Answer) -> None:
    started = time.monotonic()
    with pytest.raises(SourceError, match=r"n'a pas fini d'envoyer irve/irve\.csv \(arrêté au délai de 0\.1 s\)"):
        fetch(remote(server.serve("/x.csv", slow)), tmp_path, deadline=0.1)
    assert time.monotonic() - started < 1
    assert "irve.csv" not in files(tmp_path)


def test_a_name_that_is_slow_to_resolve_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: release.wait(5) and [])
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(SourceError, match="arrêté au délai"):
        fetch(remote("http://lent.invalid/x.csv"), tmp_path, deadline=0.05)
    release.set()


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


def test_redirects_are_followed_five_times(server: OfficialServer, tmp_path: Path) -> None:
    for step in range(MAX_REDIRECTS):
        server.serve(f"/{step}", Answer(status=307, headers={"Location": f"/{step + 1}"}))
    server.serve(f"/{MAX_REDIRECTS}", Answer(CSV))
    fetched(fetch(remote(f"{server.url}/0"), tmp_path), CSV)
    url = server.serve("/loop", Answer(status=302, headers={"Location": "/loop"}))
    with pytest.raises(SourceError, match="renvoie sans fin"):
        fetch(remote(url), tmp_path)
    assert len(server.seen) == 2 * (MAX_REDIRECTS + 1)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "FILE:/etc/passwd", "data:text/csv,a"])
def test_a_redirect_never_leaves_http(server: OfficialServer, tmp_path: Path, target: str) -> None:
    with pytest.raises(SourceError, match="refusée : seul https"):
        fetch(remote(server.serve("/x.csv", Answer(status=302, headers={"Location": target}))), tmp_path)
    with pytest.raises(SourceError, match="n'est pas une adresse http"):
        fetch(remote(target), tmp_path)


@pytest.mark.parametrize("url", ["http://[", "http://", "http://h:99999/", "", "http://a..b/x"])
def test_an_address_that_is_none_is_a_sentence(tmp_path: Path, instant: Time, url: str) -> None:
    with pytest.raises(SourceError):
        fetch(remote(url), tmp_path, pace=instant.pace(attempts=1))


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


def test_connection_refused(tmp_path: Path, instant: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # taken and not listening: nobody else answers there
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/x.csv"
        with pytest.raises(SourceError, match=r"127\.0\.0\.1:\d+ refuse la connexion \(6 essais\)"):
            fetch(remote(url), tmp_path, pace=instant.pace())
    assert instant.slept == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_an_unknown_host_is_a_sentence(tmp_path: Path, instant: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(SourceError, match=r"www\.data\.invalid est introuvable : vérifiez le réseau"):
        fetch(remote("https://www.data.invalid/x.csv?key=SECRET"), tmp_path, pace=instant.pace())


def test_the_proxy_of_the_machine_is_used(
    server: OfficialServer, tmp_path: Path, instant: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("http_proxy", server.url.replace("//", "//agent:mot%20de%20passe@"))
    monkeypatch.setenv("https_proxy", server.url)
    server.serve("/x.csv", Answer(CSV))
    fetched(fetch(remote("http://www.data.invalid/x.csv"), tmp_path), CSV)
    assert server.seen[0].headers["host"] == "www.data.invalid"
    assert server.seen[0].headers["proxy-authorization"] == "Basic YWdlbnQ6bW90IGRlIHBhc3Nl"
    with pytest.raises(SourceError, match="refusé par le proxy"):  # this one has no CONNECT
        fetch(remote("https://www.data.invalid/x.csv"), tmp_path, pace=instant.pace(attempts=1))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
def test_certificates_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with official_server(context) as server:
        url = server.serve("/x.csv", Answer(CSV))
        with pytest.raises(SourceError, match=r"certificat de 127\.0\.0\.1:\d+ n'est pas reconnu"):
            fetch(remote(url), tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        fetched(fetch(remote(url), tmp_path), CSV)
        slow = server.serve("/y.csv", Answer(drip_headers=True))
        with pytest.raises(SourceError, match="n'a pas fini"):
            fetch(remote(slow), tmp_path, deadline=0.1)
        down = server.serve("/z.csv", Answer(status=302, headers={"Location": url.replace("https", "http")}))
        with pytest.raises(SourceError, match="refusée : seul https"):
            fetch(remote(down), tmp_path)


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
        give_up = time.monotonic() + 30
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
        said, _ = process.communicate(timeout=30)
    assert said.startswith(f"Le disque de {tmp_path / 'irve'} est plein : libérez de la place")
    assert files(tmp_path) == []
    packed = Answer(gzip.compress(CSV * 100), headers={"Content-Encoding": "gzip"})
    with child(server.serve("/y.csv", packed), tmp_path, "100000") as process:
        said, _ = process.communicate(timeout=30)
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

    def finish_first(file: Any, operation: int) -> None:  # noqa: ANN401 - as fcntl
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


@pytest.mark.parametrize(
    "name", ["../x.csv", "/etc/x", "a/../x", "a//b", ".x", "a\\b", "é.csv", "a\n", "", "x.part", "c/miroir.json"]
)
def test_a_name_never_leaves_its_folder(name: str) -> None:
    with pytest.raises(SourceError, match="nom de fichier"):
        Remote("http://127.0.0.1/", name, 1)


def test_secrets_are_masked() -> None:
    url = (
        "https://moi:motdepasse@data.geopf.fr/private/wmts?apikey=a1&LAYER=SCAN25&Token=b2&access_token=c3&key=d4&cle=e"
    )
    assert (
        mask(url)
        == "https://data.geopf.fr/private/wmts?apikey=***&LAYER=SCAN25&Token=***&access_token=***&key=***&cle=e"
    )
    assert mask("https://h/x?monkey=1#key=2") == "https://h/x?monkey=1#key=2"


def test_the_official_shapes(server: OfficialServer, tmp_path: Path) -> None:
    """The fixture itself, as the connectors will use it."""
    features: list[dict[str, Any]] = [
        {"type": "Feature", "id": f"znieff1.{n}", "properties": {}, "geometry": None} for n in range(7)
    ]
    url = server.serve_wfs({"patrinat_znieff1:znieff1": features}, cap=5)
    query = "?SERVICE=WFS&VERSION=2.0.0&REQUEST=GetFeature&TYPENAMES=patrinat_znieff1:znieff1&startIndex=5"
    found = fetch(remote(url + query, "z.json"), tmp_path)
    assert isinstance(found, Fetched)
    page = json.loads(found.path.read_bytes())
    assert (page["numberMatched"], page["numberReturned"], page["features"]) == (7, 2, features[5:])
    with pytest.raises(SourceError, match="a répondu 400"):
        fetch(remote(url + query.replace("znieff1&", "inconnu&"), "z.json"), tmp_path)
    communes = fetch(remote(server.serve_communes("200042190", features), "c.geojson"), tmp_path)
    assert isinstance(communes, Fetched)
    assert len(json.loads(communes.path.read_bytes())["features"]) == 7
