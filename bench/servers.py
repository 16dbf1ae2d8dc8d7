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
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil
from dataset import DATABASE, DATASETS, PEERS, POINTS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dataset import Dataset

    from webmap.store.cluster import Cluster

TEMPLATES = Path(__file__).parent / "peers"
_PROCESSES = 2
_READY_SECONDS = 40
_STOP_SECONDS = 15


@dataclass(frozen=True)
class Server:
    """One server: the commands that make it, its environment, and its addresses.

    `items` is that of a page of features (`id`, `table`, `limit`), `tiles` that of a tile (`id`, `table`, `z`, `x`, `y`);
    empty when it has none.
    """

    name: str
    commands: tuple[tuple[str, ...], ...]
    items: str
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    tiles: str = ""
    ready: str = ""  # asked until it answers; a page of items where there is none

    def items_path(self, dataset: Dataset, limit: int) -> str:
        """Return the address, without the host, of the first `limit` features as GeoJSON."""
        return self.items.format(id=dataset.id, table=dataset.table, limit=limit)

    def tile_path(self, dataset: Dataset, zxy: tuple[int, int, int]) -> str:
        """Return the address, without the host, of one tile as MVT."""
        z, x, y = zxy
        return self.tiles.format(id=dataset.id, table=dataset.table, z=z, x=x, y=y)


class Running:
    """A server that answers: what it used so far, and its processes, to be measured."""

    def __init__(self, server: Server, log: Path) -> None:
        """Start it. Raises RuntimeError when it does not answer."""
        self.server = server
        self._log = log
        self._start()

    def _start(self) -> None:
        environment = {**os.environ, **self.server.environment}
        with self._log.open("ab") as out:
            self._processes = [
                subprocess.Popen(
                    command,
                    env=environment,
                    stdout=out,
                    stderr=out,
                    stdin=subprocess.DEVNULL,
                    cwd=ROOT,
                    start_new_session=True,
                )
                for command in self.server.commands
            ]
        try:
            _wait(self.server, self._log)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it and all its processes."""
        for process in reversed(self._processes):
            _stop(process)

    def restart(self) -> None:
        """Stop it, whatever it is doing, and start it again."""
        self.stop()
        self._start()

    def tree(self) -> list[psutil.Process]:
        """Return its processes of now, children included."""
        roots = [psutil.Process(process.pid) for process in self._processes]
        return [each for root in roots for each in (root, *root.children(recursive=True))]

    def memory(self) -> float:
        """Return the memory of its processes in MB, what they share counted once (PSS)."""
        return sum(each.memory_full_info().pss for each in self.tree()) / 1e6


def cpu_by_process(processes: list[psutil.Process]) -> dict[int, float]:
    """Return the processor seconds of each process, by number; one that has ended is left out."""
    found = {}
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            found[process.pid] = used.user + used.system
    return found


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
    found = [build_ours(cluster, config)]
    makers = {"tipg": _tipg, "pygeoapi": _pygeoapi, "mapserver": _mapserver, "qgis": _qgis}
    for name, make in makers.items():
        if is_installed(name):
            place = folder / name
            place.mkdir()
            try:
                found.append(make(host, place))
            except (OSError, subprocess.SubprocessError) as error:  # the others are worth comparing with
                print(f"{name} est laissé de côté : {error}", flush=True)
    return found


def is_installed(name: str) -> bool:
    """Say whether a peer is here."""
    if name in {"tipg", "pygeoapi"}:
        return (PEERS / name / "bin" / "python").exists()
    program = {"mapserver": "mapserv", "qgis": "qgis_mapserv.fcgi"}[name]
    behind = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin") and shutil.which("spawn-fcgi")
    return bool(behind) and Path("/usr/lib/cgi-bin", program).exists()


def build_ours(cluster: Cluster, config: Path, database: str = DATABASE) -> Server:
    """Return our server of a deployment, as `make run` starts it."""
    port = free_port()
    return Server(
        "webmap",
        ((str(ROOT / ".venv" / "bin" / "webmap"), "serve"),),
        "/ogc/collections/{id}/items?limit={limit}&f=json",
        {
            "WEBMAP_CONFIG": str(config),
            "DATABASE_URL": cluster.dsn("webmap_proprietaire", database),
            "PORT": str(port),
            "WEBMAP_PRECHAUFFAGE": "non",  # a cold tile is one that nobody made
        },
        port,
        "/tuiles/{id}/{z}/{x}/{y}.mvt",
        "/healthz",
    )


def _tipg(host: str, _: Path) -> Server:
    port = free_port()
    command = (str(PEERS / "tipg/bin/uvicorn"), "tipg.main:app", "--port", str(port), "--workers", str(_PROCESSES))
    environment = {
        "DATABASE_URL": f"postgresql://webmap_proprietaire@{quote(host, safe='')}:5432/{DATABASE}",
        "TIPG_DB_TABLES": str([f"public.{each.table}" for each in DATASETS]).replace("'", '"'),
        "TIPG_MAX_FEATURES_PER_QUERY": "200000",
        "TIPG_MAX_FEATURES_PER_TILE": "200000",  # it would cut tiles at 10 000 features, silently
        "TIPG_CATALOG_TTL": "0",  # it would read its catalogue again while it is measured
    }
    where = "/collections/public.{table}/items?limit={limit}&f=geojson"
    tiles = "/collections/public.{table}/tiles/WebMercatorQuad/{z}/{x}/{y}"
    return Server("tipg", ((*command, "--log-level", "warning"),), where, environment, port, tiles)


def _pygeoapi(host: str, folder: Path) -> Server:
    port = free_port()
    config = folder / "config.yml"
    resources = "".join(fill_template("pygeoapi-resource.yml", host=host, **vars(each)) for each in DATASETS)
    config.write_text(fill_template("pygeoapi.yml", port=port) + resources, encoding="utf-8")
    environment = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(folder / "openapi.yml")}
    program = PEERS / "pygeoapi" / "bin"
    subprocess.run(
        [program / "pygeoapi", "openapi", "generate", config, "--output-file", environment["PYGEOAPI_OPENAPI"]],
        env={**os.environ, **environment}, check=True, capture_output=True,
    )  # fmt: skip
    command = (str(program / "gunicorn"), "pygeoapi.flask_app:APP", "--bind", f"127.0.0.1:{port}")
    where = "/collections/{id}/items?limit={limit}&f=json"
    tiles = "/collections/{id}/tiles/WebMercatorQuad/{z}/{y}/{x}?f=mvt"
    command = (*command, "--workers", str(_PROCESSES), "--timeout", "300")
    return Server("pygeoapi", (command,), where, environment, port, tiles)


def _mapserver(host: str, folder: Path) -> Server:
    layers = "".join(
        fill_template("mapserver-layer.map", host=host, **vars(each), kind=_KINDS[each.geometry]) for each in DATASETS
    )
    (folder / "bench.map").write_text(fill_template("mapserver.map", layers=layers), encoding="utf-8")
    config = folder / "mapserver.conf"
    config.write_text(fill_template("mapserver.conf", folder=folder), encoding="utf-8")
    where = "/bench/ogcapi/collections/{id}/items?limit={limit}&f=json"
    tiles = "/?map=bench&mode=tile&tilemode=gmap&tile={x}+{y}+{z}&layers={id}&map.imagetype=mvt"
    return _behind_nginx("MapServer", "mapserv", folder, (where, tiles), {"MAPSERVER_CONFIG_FILE": str(config)})


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
    return _behind_nginx("QGIS Server", "qgis_mapserv.fcgi", folder, (where, ""), environment)


def _behind_nginx(name: str, program: str, folder: Path, where: tuple[str, str], environment: dict[str, str]) -> Server:
    port = free_port()
    door = folder / "fcgi.sock"
    config = folder / "nginx.conf"
    config.write_text(fill_template("nginx.conf", folder=folder, port=port, door=door), encoding="utf-8")
    options = ["-n", "-s", str(door), "-M", "0666", "-F", str(_PROCESSES)]
    spawn = ("spawn-fcgi", *options, "--", f"/usr/lib/cgi-bin/{program}")
    nginx = ("/usr/sbin/nginx", "-c", str(config), "-p", str(folder), "-g", "daemon off;")
    return Server(name, (spawn, nginx), where[0], environment, port, where[1])


def fill_template(template: str, **values: object) -> str:
    """Return a file of `peers/` with its values in place."""
    return Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)


@contextlib.contextmanager
def started(server: Server, log: Path) -> Iterator[Running]:
    """Run a server for the block, from its first answer on."""
    running = Running(server, log)
    try:
        yield running
    finally:
        running.stop()


def _wait(server: Server, log: Path) -> None:
    url = f"http://127.0.0.1:{server.port}{server.ready or server.items_path(POINTS, 1)}"
    last: Exception | None = None
    for _ in range(_READY_SECONDS * 5):
        try:
            urllib.request.urlopen(url, timeout=10).close()
        except (OSError, urllib.error.HTTPError) as error:
            last = error
            time.sleep(0.2)
        else:
            return
    said = log.read_text(encoding="utf-8", errors="replace")[-500:]
    raise RuntimeError(f"{server.name} ne répond pas sur {url} ({last}) : {said}")


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
