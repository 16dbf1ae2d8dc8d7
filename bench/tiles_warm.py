"""A warm tile: requests a second by wrk, from our server and from nginx serving the same bytes, in turn."""

from __future__ import annotations

import contextlib
import json
import re
import statistics
import subprocess
import time
from typing import TYPE_CHECKING, Any

from dataset import POLYGONS
from servers import fill_template, free_port
from stage import say
from timing import connect, get, try_each

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPConnection

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
        with _nginx(stage, body) as port:
            pairs = [(_wrk(running.server.port, path), _wrk(port, "/tuile.mvt", _SECONDS)) for _ in range(_ROUNDS)]
    peers = {}
    for server in stage.servers[1:]:
        if server.tiles:
            say(f"  {server.name}")
            with stage.run(server) as peer:
                stage.warm(server)
                peers[server.name] = try_each(peer, ["rate"], lambda _, peer=peer: _rate(peer))["rate"]  # type: ignore[misc]
    ours, nginx = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    return {"ours": ours, "nginx": nginx, "size": len(body), "peers": peers}


def _current_path(connection: HTTPConnection) -> str:
    """Return the address our map asks: that of the version of today."""
    version = json.loads(get(connection, "/tuiles.json"))["versions"][POLYGONS.id]
    return "/tuiles/{}/{}/{}/{}/{}.mvt".format(POLYGONS.id, version, *_TILE)


def _rate(running: Running) -> dict[str, Any]:
    return {"rate": _wrk(running.server.port, running.server.tile_path(POLYGONS, _TILE), _PEER_SECONDS)}


def _wrk(port: int, path: str, seconds: int = _SECONDS) -> float:
    command = ["wrk", "-t2", f"-c{_CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s", "-H", _ACCEPT]
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None or "Non-2xx" in said:
        raise RuntimeError(said[-300:])
    return float(rate[1])


@contextlib.contextmanager
def _nginx(stage: Stage, body: bytes) -> Iterator[int]:
    """Serve these bytes by nginx, from a file, with as many processes as ours."""
    folder = stage.folder / "nginx"
    (folder / "www").mkdir(parents=True, exist_ok=True)
    (folder / "www").chmod(0o755)
    (folder / "www" / "tuile.mvt").write_bytes(body)
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(fill_template("nginx-file.conf", folder=folder, port=port), encoding="utf-8")
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", config, "-p", folder, "-g", "daemon off;"])
    try:
        time.sleep(1)
        yield port
    finally:
        process.terminate()
        process.wait()
