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
    if not GUNICORN.exists():  # beside our own packages, which do not depend on it: the same Python runs both servers
        print("gunicorn", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "-q", "--target", GUNICORN, "gunicorn==27.0.1"]
        subprocess.run(pip, check=True)
    for name, packages in ENVIRONMENTS.items():
        python = PEERS / name / "bin" / "python"
        if not python.exists():
            print("Environnement", name, flush=True)
            subprocess.run([sys.executable, "-m", "venv", PEERS / name], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True)


if __name__ == "__main__":
    main()
