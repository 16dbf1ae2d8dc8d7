"""Install what the bench compares with: peers from PyPI in their own environments, the rest by apt. Nothing is committed.

    python bench/prepare.py

apt needs root or sudo. QGIS Server (1 GB with what it brings) is not installed here: it is measured where it already is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / ".webmap" / "bench"
GUNICORN = PEERS / "gunicorn"
PACKAGES = {
    "wrk": "wrk", "ogr2ogr": "gdal-bin", "spawn-fcgi": "spawn-fcgi", "/usr/sbin/nginx": "nginx-light",
    "/usr/lib/cgi-bin/mapserv": "cgi-mapserver",
}  # fmt: skip
# The generator of data runs in tipg's environment, which has no reason to be ours.
ENVIRONMENTS = {
    "tipg": [
        "tipg==1.6.1",
        "uvicorn==0.54.0",
        "scipy==1.17.1",
        "shapely>=2.2,<3",
        "pyproj>=3.7,<4",
        "psycopg[binary]>=3.3,<4",
    ],
    "pygeoapi": ["pygeoapi==0.21.0", "gunicorn==27.0.1", "psycopg2-binary==2.9.13", "geoalchemy2<0.21", "sqlalchemy<3"],
}


def main() -> None:
    """Install what is missing."""
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if missing:
        print("Paquets du système :", ", ".join(missing), flush=True)
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        subprocess.run(
            [*sudo, "apt-get", "install", "-y", "--no-install-recommends", *missing],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    # Beside our own packages, which do not depend on it: the same Python runs both servers.
    _install(GUNICORN, ["gunicorn==27.0.1"], [sys.executable, "-m", "pip", "install", "-q", "--target", GUNICORN])
    for name, packages in ENVIRONMENTS.items():
        folder = PEERS / name
        _install(folder, packages, [folder / "bin" / "python", "-m", "pip", "install", "-q"])


def _install(folder: Path, packages: list[str], pip: list[str | Path]) -> None:
    """Make a folder of packages, anew when it is not whole or not of these."""
    told = folder / "installe.txt"  # written last: an interrupted installation leaves none
    if told.exists() and told.read_text(encoding="utf-8").splitlines() == packages:
        return
    print("Paquets de Python :", folder.name, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    if folder != GUNICORN:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([*pip, *packages], check=True)
    told.write_text("\n".join(packages), encoding="utf-8")


if __name__ == "__main__":
    main()
