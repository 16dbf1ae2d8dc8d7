"""The peers, each as its documentation says to run it in production, two processes each, on the same database as ours.

A peer that is not installed is left out, and the report says so; Martin and pg_tileserv are taken where they are on the PATH,
with the tables they find. tipg runs under uvicorn, pygeoapi under gunicorn, MapServer and QGIS Server as FastCGI processes behind nginx.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from dataset import DATABASE, DATASETS, PEERS
from servers import TEMPLATES, Server, build_ours, fill_template, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dataset import Dataset

    from webmap.store.cluster import Cluster

_PROCESSES = 2


@dataclass(frozen=True)
class Data:
    """What a run of servers reads: tables of one database of a cluster, our deployment, and a folder to write in."""

    cluster: Cluster
    config: Path
    folder: Path
    database: str = DATABASE
    datasets: Sequence[Dataset] = DATASETS

    @property
    def host(self) -> str:
        """Return the folder of PostgreSQL's socket."""
        return str(self.cluster.base / "socket")

    @property
    def url(self) -> str:
        """Return the address of the database."""
        return f"postgresql://webmap_proprietaire@{quote(self.host, safe='')}:5432/{self.database}"


def build_servers(data: Data, *, tiles_alone: bool = False) -> list[Server]:
    """Return ours, then the peers installed here, or those of them that have tiles; their configuration is written."""
    found = [build_ours(data.cluster, data.config, data.database)]
    for name, make in _MAKERS.items():
        if is_installed(name) and not (tiles_alone and name == "qgis"):
            place = data.folder / name
            place.mkdir(parents=True)
            try:
                server = make(data, place)
            except (OSError, subprocess.SubprocessError) as error:  # the others are worth comparing with
                print(f"{name} est laissé de côté : {error}", flush=True)
            else:
                found.append(replace(server, ready=server.ready or server.items_path(data.datasets[0], 1)))
    return found


def is_installed(name: str) -> bool:
    """Say whether a peer is here: its environment, its program on the PATH, or its package."""
    if name in {"tipg", "pygeoapi"}:
        return (PEERS / name / "bin" / "python").exists()
    if name in {"martin", "pg_tileserv"}:
        return shutil.which(name) is not None
    program = {"mapserver": "mapserv", "qgis": "qgis_mapserv.fcgi"}[name]
    behind = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin") and shutil.which("spawn-fcgi")
    return bool(behind) and Path("/usr/lib/cgi-bin", program).exists()


def _tipg(data: Data, _: Path) -> Server:
    port = free_port()
    command = (str(PEERS / "tipg/bin/uvicorn"), "tipg.main:app", "--port", str(port), "--workers", str(_PROCESSES))
    environment = {
        "DATABASE_URL": data.url,
        "TIPG_DB_TABLES": str([f"public.{each.table}" for each in data.datasets]).replace("'", '"'),
        "TIPG_MAX_FEATURES_PER_QUERY": "200000",
        "TIPG_MAX_FEATURES_PER_TILE": "200000",  # it would cut tiles at 10 000 features, silently
        "TIPG_CATALOG_TTL": "0",  # it would read its catalogue again while it is measured
    }
    where = "/collections/public.{table}/items?limit={limit}&f=geojson"
    tiles = "/collections/public.{table}/tiles/WebMercatorQuad/{z}/{x}/{y}"
    return Server("tipg", ((*command, "--log-level", "warning"),), where, environment, port, tiles)


def _pygeoapi(data: Data, folder: Path) -> Server:
    port = free_port()
    config = folder / "config.yml"
    resources = "".join(_fill_for("pygeoapi-resource.yml", data, each) for each in data.datasets)
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


def _mapserver(data: Data, folder: Path) -> Server:
    layers = "".join(_fill_for("mapserver-layer.map", data, each) for each in data.datasets)
    (folder / "bench.map").write_text(fill_template("mapserver.map", layers=layers), encoding="utf-8")
    config = folder / "mapserver.conf"
    config.write_text(fill_template("mapserver.conf", folder=folder), encoding="utf-8")
    where = "/bench/ogcapi/collections/{id}/items?limit={limit}&f=json"
    tiles = "/?map=bench&mode=tile&tilemode=gmap&tile={x}+{y}+{z}&layers={id}&map.imagetype=mvt"
    return _behind_nginx("MapServer", "mapserv", folder, (where, tiles), {"MAPSERVER_CONFIG_FILE": str(config)})


_KINDS = {"point": "POINT", "line": "LINE", "polygon": "POLYGON"}


def _fill_for(template: str, data: Data, dataset: Dataset) -> str:
    kind = _KINDS[dataset.geometry]
    return fill_template(template, host=data.host, database=data.database, kind=kind, **vars(dataset))


def _martin(data: Data, _: Path) -> Server:
    port = free_port()
    where = ("--listen-addresses", f"127.0.0.1:{port}", "--workers", str(_PROCESSES), "--auto-bounds", "skip")
    tiles = "/{table}/{z}/{x}/{y}"
    return Server("Martin", (("martin", *where, data.url),), "", {}, port, tiles, "/health")


def _pg_tileserv(data: Data, folder: Path) -> Server:
    port = free_port()
    environment = {
        "DATABASE_URL": data.url,
        "TS_HTTPHOST": "127.0.0.1",
        "TS_HTTPPORT": str(port),
        "TS_MAXFEATURESPERTILE": "200000",  # it would cut tiles at 10 000 features
        "HOME": str(folder),
    }
    tiles = "/public.{table}/{z}/{x}/{y}.pbf"
    return Server("pg_tileserv", (("pg_tileserv", "--no-preview"),), "", environment, port, tiles, "/health")


def _qgis(data: Data, folder: Path) -> Server:
    project = folder / "bench.qgs"
    layers = [f"{each.id}:{each.table}" for each in data.datasets]
    environment = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(folder), "QGIS_PROJECT_FILE": str(project)}
    # Debian's Python, which has QGIS, and not ours.
    command = ["/usr/bin/python3", str(TEMPLATES / "qgis_project.py"), str(project), data.host, *layers]
    subprocess.run(command, env={"PATH": os.defpath, **environment}, check=True, capture_output=True)
    where = "/wfs3/collections/{id}/items.json?limit={limit}"
    environment["QGIS_SERVER_API_WFS3_MAX_LIMIT"] = "200000"
    return _behind_nginx("QGIS Server", "qgis_mapserv.fcgi", folder, (where, ""), environment)


_MAKERS: dict[str, Callable[[Data, Path], Server]] = {
    "tipg": _tipg,
    "pygeoapi": _pygeoapi,
    "mapserver": _mapserver,
    "martin": _martin,
    "pg_tileserv": _pg_tileserv,
    "qgis": _qgis,
}


def _behind_nginx(name: str, program: str, folder: Path, where: tuple[str, str], environment: dict[str, str]) -> Server:
    port = free_port()
    door = folder / "fcgi.sock"
    config = folder / "nginx.conf"
    config.write_text(fill_template("nginx.conf", folder=folder, port=port, door=door), encoding="utf-8")
    options = ["-n", "-s", str(door), "-M", "0666", "-F", str(_PROCESSES)]
    spawn = ("spawn-fcgi", *options, "--", f"/usr/lib/cgi-bin/{program}")
    nginx = ("/usr/sbin/nginx", "-c", str(config), "-p", str(folder), "-g", "daemon off;")
    return Server(name, (spawn, nginx), where[0], environment, port, where[1])
