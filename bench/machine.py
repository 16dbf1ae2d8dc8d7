"""What the measures were made on: cores, memory, and the version of everything that was compared."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib import metadata
from typing import TYPE_CHECKING, Any

import psutil
from dataset import DATABASE, PEERS

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.store.cluster import Cluster


def describe_machine(cluster: Cluster) -> dict[str, Any]:
    """Return the number of cores, the memory in GiB, and versions by name, empty for what is not here."""
    with cluster.superuser(DATABASE) as connection:
        row = connection.execute("SELECT current_setting('server_version'), postgis_lib_version()").fetchone()
    postgres, postgis = row or ("", "")
    return {
        "cores": psutil.cpu_count(),
        "memory": psutil.virtual_memory().total / 2**30,
        "versions": {
            "PostgreSQL": postgres.split()[0],
            "PostGIS": postgis,
            "Python": platform.python_version(),
            "granian": metadata.version("granian"),
            **{name: _pip_version(name) for name in ("tipg", "pygeoapi")},
            "MapServer": _apt_version("cgi-mapserver"),
            "QGIS Server": _apt_version("qgis-server"),
            "GDAL (ogr2ogr)": _apt_version("gdal-bin"),
            "nginx": _apt_version("nginx-light") or _apt_version("nginx"),
            "gunicorn": _dist_version(PEERS / "gunicorn", "gunicorn"),
            **{name: _told_version(name) for name in ("martin", "pg_tileserv")},
        },
    }


def _pip_version(name: str) -> str:
    folders = [*(PEERS / name).glob("lib/python3*/site-packages")]
    return _dist_version(folders[0], name) if folders else ""


def _dist_version(folder: Path, name: str) -> str:
    found = sorted(folder.glob(f"{name}-*.dist-info"))
    return found[0].name.removesuffix(".dist-info").split("-")[1] if found else ""


def _told_version(program: str) -> str:
    if not shutil.which(program):
        return ""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=10).stdout
    return said.split()[-1] if said.split() else "présent"


def _apt_version(package: str) -> str:
    if not shutil.which("dpkg-query"):
        return ""
    said = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False
    ).stdout
    return said.split("+")[0].split("-")[0].split(":")[-1]
