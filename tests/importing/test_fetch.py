"""Downloading from a server of this machine that fails in every way the official ones do. No other network is used."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.importing.downloads import CSV, HTML, Time, fetched, files, remote
from tests.importing.official_server import Answer, OfficialServer, official_server
from webmap.errors import WebmapError
from webmap.importing.fetch import Fetched, NotModified, Previous, Remote, SourceError, fetch
from webmap.importing.remote import mask
from webmap.importing.transport import MAX_REDIRECTS

if TYPE_CHECKING:
    from pathlib import Path


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
    assert time.monotonic() - started < 40, "a tenth of a second and the load of the machine; whole, it lasts fifty"
    assert "irve.csv" not in files(tmp_path)


def test_a_name_that_is_slow_to_resolve_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: release.wait(120) and [])
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(SourceError, match="arrêté au délai"):
        fetch(remote("http://lent.invalid/x.csv"), tmp_path, deadline=0.05)
    release.set()


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
