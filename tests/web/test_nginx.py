"""docs/nginx.conf.example, served by a real nginx: the kept tiles leave without the atlas, and nothing internal does."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.listening import listen
from webmap.app import create_app
from webmap.catalog.load import load_catalog
from webmap.cli.tuiles import settle_octets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from webmap.config import Settings
    from webmap.store.db import Database

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "nginx.conf.example"
NGINX = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin")
HERE = "8/130/86.mvt"
# `nobody` reads the folder, as www-data will: only a process of root may become another.
WRAPPER = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; {user}
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/corps; proxy_temp_path {folder}/relais;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  include {folder}/site.conf;
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def nginx(folder: Path, octets: Path, behind: int) -> Iterator[int]:
    """Serve the example on a free port, over the atlas that listens on `behind`."""
    port, text = free_port(), EXAMPLE.read_text(encoding="utf-8")
    for written, here in (
        ("127.0.0.1:8000", f"127.0.0.1:{behind}"),
        ("/srv/webmap/.webmap/octets/200042190", str(octets)),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    ):
        assert text.count(written) == 1
        text = text.replace(written, here)
    (folder / "site.conf").write_text(text, encoding="utf-8")
    user = "user nobody nogroup;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(WRAPPER.format(folder=folder, user=user), encoding="utf-8")
    process = subprocess.Popen(
        [str(NGINX), "-c", str(folder / "nginx.conf"), "-p", str(folder)], stderr=subprocess.PIPE
    )
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=60):
                break
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.communicate()


class Answer:
    """What nginx answered, and whether it asked the atlas."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes, *, asked: bool) -> None:
        """Keep it all."""
        self.status, self.headers, self.body, self.asked = status, headers, body, asked


@pytest.fixture
def get(settings: Settings, database: Database, short_folder: Path) -> Iterator[Callable[..., Answer]]:
    """Return what asks nginx for a path, nginx and the atlas sharing a folder."""
    if NGINX is None:
        pytest.skip("nginx is not on this machine: bin/prepare --tests installs it")
    octets, asked = short_folder / "octets", []
    app = create_app(settings.model_copy(update={"octets_folder": octets}), database)

    def counted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        return app(environ, start_response)

    with listen(counted) as own, nginx(short_folder, octets, own) as port:

        def fetch(path: str, **headers: str) -> Answer:
            before = len(asked)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})
            response = connection.getresponse()
            body = response.read()
            connection.close()
            return Answer(response.status, dict(response.getheaders()), body, asked=len(asked) > before)

        yield fetch


def test_kept_tiles_leave_without_the_atlas_and_a_layer_made_internal_leaves_no_more(
    get: Callable[..., Answer], settings: Settings, database: Database, short_folder: Path
) -> None:
    named = json.loads(get("/tuiles.json").body)["versions"]
    path = f"/tuiles/poche_pauvrete/{named['poche_pauvrete']}/{HERE}"
    first, kept, plain = get(path), get(path, Accept_Encoding="gzip"), get(path)
    assert [(each.status, each.asked) for each in (first, kept, plain)] == [(200, True), (200, False), (200, False)]
    assert gzip.decompress(kept.body) == plain.body == first.body != b""
    assert kept.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    for name in ("Content-Type", "Cache-Control", "Vary", "Access-Control-Allow-Origin", "X-Content-Type-Options",
                 "Referrer-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy"):  # fmt: skip
        assert kept.headers[name] == first.headers[name], name
    assert kept.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    seen = get(path, Accept_Encoding="gzip", If_None_Match=kept.headers["ETag"])
    assert (seen.status, seen.asked) == (304, False)
    empty = f"/tuiles/halle/{named['halle']}/{HERE}"
    assert (get(empty).status, get(empty).asked, get(empty, Accept_Encoding="gzip").status) == (204, False, 200)

    # What is not a kept version of one layer is the atlas's to answer.
    old = get(f"/tuiles/poche_pauvrete/{'0' * 16}/{HERE}")
    assert (old.status, old.headers["Location"]) == (307, path)
    both = f"/tuiles/commune,poche_pauvrete/{named['commune']},{named['poche_pauvrete']}/{HERE}"
    assert (get(both).status, get(f"{path}?bassin=ostrevent").status, get(f"{path}?").status) == (200, 400, 200)
    fresh = get(f"/tuiles/poche_pauvrete/{HERE}")
    assert (fresh.status, fresh.headers["Cache-Control"], fresh.body) == (200, "no-cache", plain.body)
    for hostile in (
        "/tuiles/../octets/.vide.gz",
        "/octets/.fermees/x",
        f"{path}.gz",
        path.replace("8/130", "8/../8/130"),
    ):
        assert not get(hostile).body.startswith(b"\x1f\x8b")

    layers = shutil.copytree(settings.layers_folder, short_folder / "layers")
    definition = layers / "poche_pauvrete" / "layer.toml"
    definition.write_text('visibility = "interne"\n' + definition.read_text(encoding="utf-8"), encoding="utf-8")
    own = settings.model_copy(update={"octets_folder": short_folder / "octets"})
    settle_octets(own, load_catalog(layers), database)  # what `webmap db upgrade` ends with
    assert [get(each).status for each in (path, both, f"/tuiles/poche_pauvrete/{HERE}")] == [404] * 3
    assert get(path, Accept_Encoding="gzip").status == 404
