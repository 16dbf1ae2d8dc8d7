"""Ours and the peers, each as its documentation says to run it in production, two processes each, on the same database.

A peer that is not installed is left out, and the report says so. tipg runs under uvicorn, pygeoapi under gunicorn, MapServer
and QGIS Server as FastCGI processes behind nginx; ours is `webmap serve`, as `make run` starts it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil
from dataset import DATABASE, DATASETS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dataset import Dataset

    from webmap.store.cluster import Cluster

PEERS = ROOT / ".webmap" / "bench"
TEMPLATES = Path(__file__).parent / "peers"
_PROCESSES = 2
_READY_SECONDS = 40
_STOP_SECONDS = 15


@dataclass(frozen=True)
class Server:
    """One server: the commands that make it, its environment, and the address of a page of items (`id`, `table`, `limit`)."""

    name: str
    commands: tuple[tuple[str, ...], ...]
    items: str
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def items_path(self, dataset: Dataset, limit: int) -> str:
        """Return the address, without the host, of the first `limit` features as GeoJSON."""
        return self.items.format(id=dataset.id, table=dataset.table, limit=limit)


class Running:
    """A server that answers: what it used so far, and its processes, to be measured."""

    def __init__(self, server: Server, processes: list[subprocess.Popen[bytes]]) -> None:
        """Keep the processes it was started as."""
        self.server = server
        self._processes = processes

    def tree(self) -> list[psutil.Process]:
        """Return its processes of now, children included."""
        roots = [psutil.Process(process.pid) for process in self._processes]
        return [each for root in roots for each in (root, *root.children(recursive=True))]

    def cpu(self) -> float:
        """Return the seconds of processor its processes have used."""
        return cpu_seconds(self.tree())

    def memory(self) -> float:
        """Return the memory of its processes in MB, what they share counted once (PSS)."""
        return sum(each.memory_full_info().pss for each in self.tree()) / 1e6


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Add the processor time of processes; one that ended meanwhile counts for nothing."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            total += used.user + used.system
    return total


def database_processes(cluster: Cluster) -> list[psutil.Process]:
    """Return PostgreSQL and its backends."""
    pid = int((cluster.base / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    server = psutil.Process(pid)
    return [server, *server.children(recursive=True)]


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def build_servers(cluster: Cluster, config: Path, folder: Path) -> list[Server]:
    """Return ours, then the peers installed here, their configuration written in `folder`."""
    host = str(cluster.base / "socket")
    found = [_ours(cluster, config)]
    makers = {"tipg": _tipg, "pygeoapi": _pygeoapi, "mapserver": _mapserver, "qgis": _qgis}
    for name, make in makers.items():
        if is_installed(name):
            place = folder / name
            place.mkdir()
            found.append(make(host, place))
    return found


def is_installed(name: str) -> bool:
    """Say whether a peer is here."""
    if name in {"tipg", "pygeoapi"}:
        return (PEERS / name / "bin" / "python").exists()
    program = {"mapserver": "mapserv", "qgis": "qgis_mapserv.fcgi"}[name]
    behind = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin") and shutil.which("spawn-fcgi")
    return bool(behind) and Path("/usr/lib/cgi-bin", program).exists()


def _ours(cluster: Cluster, config: Path) -> Server:
    port = free_port()
    return Server(
        "webmap",
        ((str(ROOT / ".venv" / "bin" / "webmap"), "serve"),),
        "/ogc/collections/{id}/items?limit={limit}&f=json",
        {
            "WEBMAP_CONFIG": str(config),
            "DATABASE_URL": cluster.dsn("webmap_proprietaire", DATABASE),
            "PORT": str(port),
        },
        port,
    )


def _tipg(host: str, _: Path) -> Server:
    port = free_port()
    command = (str(PEERS / "tipg/bin/uvicorn"), "tipg.main:app", "--port", str(port), "--workers", str(_PROCESSES))
    environment = {
        "DATABASE_URL": f"postgresql://webmap_proprietaire@{quote(host, safe='')}:5432/{DATABASE}",
        "TIPG_DB_TABLES": str([f"public.{each.table}" for each in DATASETS]).replace("'", '"'),
        "TIPG_MAX_FEATURES_PER_QUERY": "200000",
        "TIPG_CATALOG_TTL": "0",  # it would read its catalogue again while it is measured
    }
    where = "/collections/public.{table}/items?limit={limit}&f=geojson"
    return Server("tipg", ((*command, "--log-level", "warning"),), where, environment, port)


def _pygeoapi(host: str, folder: Path) -> Server:
    port = free_port()
    config = folder / "config.yml"
    resources = "".join(_fill("pygeoapi-resource.yml", host=host, **vars(each)) for each in DATASETS)
    config.write_text(_fill("pygeoapi.yml", port=port) + resources, encoding="utf-8")
    environment = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(folder / "openapi.yml")}
    program = PEERS / "pygeoapi" / "bin"
    subprocess.run(
        [program / "pygeoapi", "openapi", "generate", config, "--output-file", environment["PYGEOAPI_OPENAPI"]],
        env={**os.environ, **environment}, check=True, capture_output=True,
    )  # fmt: skip
    command = (str(program / "gunicorn"), "pygeoapi.flask_app:APP", "--bind", f"127.0.0.1:{port}")
    where = "/collections/{id}/items?limit={limit}&f=json"
    return Server("pygeoapi", ((*command, "--workers", str(_PROCESSES), "--timeout", "300"),), where, environment, port)


def _mapserver(host: str, folder: Path) -> Server:
    layers = "".join(
        _fill("mapserver-layer.map", host=host, **vars(each), kind=_KINDS[each.geometry]) for each in DATASETS
    )
    (folder / "bench.map").write_text(_fill("mapserver.map", layers=layers), encoding="utf-8")
    config = folder / "mapserver.conf"
    config.write_text(_fill("mapserver.conf", folder=folder), encoding="utf-8")
    where = "/bench/ogcapi/collections/{id}/items?limit={limit}&f=json"
    return _behind_nginx("MapServer", "mapserv", folder, where, {"MAPSERVER_CONFIG_FILE": str(config)})


_KINDS = {"point": "POINT", "line": "LINE", "polygon": "POLYGON"}


def _qgis(host: str, folder: Path) -> Server:
    project = folder / "bench.qgs"
    layers = [f"{each.id}:{each.table}" for each in DATASETS]
    environment = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(folder), "QGIS_PROJECT_FILE": str(project)}
    # Debian's Python, which has QGIS, and not ours.
    command = ["/usr/bin/python3", str(TEMPLATES / "qgis_project.py"), str(project), host, *layers]
    subprocess.run(command, env={"PATH": os.defpath, **environment}, check=True, capture_output=True)
    where = "/wfs3/collections/{id}/items.json?limit={limit}"
    environment["QGIS_SERVER_API_WFS3_MAX_LIMIT"] = "200000"
    return _behind_nginx("QGIS Server", "qgis_mapserv.fcgi", folder, where, environment)


def _behind_nginx(name: str, program: str, folder: Path, where: str, environment: dict[str, str]) -> Server:
    port = free_port()
    door = folder / "fcgi.sock"
    config = folder / "nginx.conf"
    config.write_text(_fill("nginx.conf", folder=folder, port=port, door=door), encoding="utf-8")
    spawn = (
        "spawn-fcgi",
        "-n",
        "-s",
        str(door),
        "-M",
        "0666",
        "-F",
        str(_PROCESSES),
        "--",
        f"/usr/lib/cgi-bin/{program}",
    )
    nginx = ("/usr/sbin/nginx", "-c", str(config), "-p", str(folder), "-g", "daemon off;")
    return Server(name, (spawn, nginx), where, environment, port)


def _fill(template: str, **values: object) -> str:
    return Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)


@contextlib.contextmanager
def started(server: Server, dataset: Dataset, log: Path) -> Iterator[Running]:
    """Run a server for the block, from its first answer on."""
    environment = {**os.environ, **server.environment}
    with log.open("ab") as out:
        processes = [
            subprocess.Popen(
                command,
                env=environment,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                start_new_session=True,
            )
            for command in server.commands
        ]
        try:
            _wait(server, dataset, log)
            yield Running(server, processes)
        finally:
            for process in reversed(processes):
                _stop(process)


def _wait(server: Server, dataset: Dataset, log: Path) -> None:
    url = f"http://127.0.0.1:{server.port}{server.items_path(dataset, 1)}"
    last: Exception | None = None
    for _ in range(_READY_SECONDS * 5):
        try:
            urllib.request.urlopen(url, timeout=10).close()
        except (OSError, urllib.error.HTTPError) as error:
            last = error
            time.sleep(0.2)
        else:
            return
    sys.exit(f"{server.name} ne répond pas sur {url} ({last}) ; voir {log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask, then insist: spawn-fcgi's children are the servers themselves, in its session."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
