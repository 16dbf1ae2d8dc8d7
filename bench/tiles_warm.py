"""A warm tile: requests a second by wrk, from our server, from nginx over our store, and from nginx over a file, in turn."""

from __future__ import annotations

import contextlib
import json
import os
import re
import statistics
import subprocess
import time
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from dataset import POLYGONS, ROOT
from servers import fill_template, free_port
from stage import say
from timing import connect, get, try_each

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPConnection
    from pathlib import Path

    from servers import Running
    from stage import Stage

_TILE = (10, 518, 352)
_ROUNDS, _SECONDS = 3, 4
_PEER_SECONDS = 4
_CONNECTIONS = 32
_ACCEPT = "Accept-Encoding: gzip"


def measure_warm(stage: Stage) -> dict[str, Any]:
    """Ask for one tile as often as possible, compressed, from 32 connections. Peers, who keep nothing, once each."""
    with stage.run(stage.ours) as running:
        connection = connect(running.server.port)
        path = _current_path(connection)
        for _ in range(8):  # both processes
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            body = connection.getresponse().read()
            connection.close()
        with _nginx(stage, body) as port, _nginx_of_store(stage, running) as front:
            _check_front(front, path)
            rounds = [
                (_wrk(running.server.port, path), _wrk(front, path), _wrk(port, "/tuile.mvt")) for _ in range(_ROUNDS)
            ]
    peers = {}
    for server in stage.servers[1:]:
        if server.tiles:
            say(f"  {server.name}")
            with stage.run(server) as peer:
                stage.warm(server)
                peers[server.name] = try_each(peer, ["rate"], partial(_rate, peer))["rate"]
    ours, through, nginx = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    return {"ours": ours, "through": through, "nginx": nginx, "size": len(body), "peers": peers}


def _current_path(connection: HTTPConnection) -> str:
    """Return the address our map asks: that of the version of today."""
    version = json.loads(get(connection, "/tuiles.json"))["versions"][POLYGONS.id]
    return "/tuiles/{}/{}/{}/{}/{}.mvt".format(POLYGONS.id, version, *_TILE)


def _rate(running: Running, figure: str) -> dict[str, Any]:
    return {figure: _wrk(running.server.port, running.server.tile_path(POLYGONS, _TILE), _PEER_SECONDS)}


def _wrk(port: int, path: str, seconds: int = _SECONDS) -> float:
    command = ["wrk", "-t2", f"-c{_CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s", "-H", _ACCEPT]
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None or "Non-2xx" in said:
        raise RuntimeError(said[-300:])
    return float(rate[1])


def _check_front(port: int, path: str) -> None:
    """Refuse to measure an nginx that would ask our server: it alone gives a date to what it sends."""
    connection = connect(port)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    response = connection.getresponse()
    response.read()
    connection.close()
    if response.status != HTTPStatus.OK or not response.headers.get("Last-Modified"):
        raise RuntimeError(f"nginx ne sert pas {path} du dossier : {response.status}")


@contextlib.contextmanager
def _nginx_of_store(stage: Stage, running: Running) -> Iterator[int]:
    """Serve our store by nginx, as docs/nginx.conf.example says, before our server."""
    port = free_port()
    site = (ROOT / "docs" / "nginx.conf.example").read_text(encoding="utf-8")
    for written, here in (
        ("127.0.0.1:8000", f"127.0.0.1:{running.server.port}"),
        ("/srv/webmap/.webmap/octets/200042190", str(stage.settings.octets_folder)),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    ):
        site = site.replace(written, here)
    folder = stage.folder / "nginx-devant"
    folder.mkdir(exist_ok=True)
    whole = fill_template("nginx-file.conf", folder=folder, port=port)
    before = whole[: whole.index("  server {")]
    with _running_nginx(folder, before + site + "}\n"):
        yield port


@contextlib.contextmanager
def _nginx(stage: Stage, body: bytes) -> Iterator[int]:
    """Serve these bytes by nginx, from a file, with as many processes as ours."""
    folder = stage.folder / "nginx"
    (folder / "www").mkdir(parents=True, exist_ok=True)
    (folder / "www").chmod(0o755)
    (folder / "www" / "tuile.mvt").write_bytes(body)
    port = free_port()
    with _running_nginx(folder, fill_template("nginx-file.conf", folder=folder, port=port)):
        yield port


@contextlib.contextmanager
def _running_nginx(folder: Path, text: str) -> Iterator[None]:
    config = folder / "nginx.conf"
    config.write_text(text, encoding="utf-8")
    # Where root runs it, as root: the folder of a clone may be closed to others.
    options = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", config, "-p", folder, "-g", options])
    try:
        time.sleep(1)
        yield
    finally:
        process.terminate()
        process.wait()
