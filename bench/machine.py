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
        },
    }


def _pip_version(name: str) -> str:
    found = sorted((PEERS / name).glob(f"lib/python3*/site-packages/{name}-*.dist-info"))
    return found[0].name.removesuffix(".dist-info").split("-")[1] if found else ""


def _apt_version(package: str) -> str:
    if not shutil.which("dpkg-query"):
        return ""
    said = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=False
    ).stdout
    return said.split("+")[0].split("-")[0].split(":")[-1]
