"""Time and memory of `webmap sources refresh irve` on a generated 160 MB consolidation, beside `ogr2ogr` on the same file.

    .venv/bin/python bench/irve_csv.py [rows]

Both keep the rows of the territory and write them to the same PostGIS. webmap also checks every row against the schema,
puts positions right, compares with what is there and places what has none. Nothing is read from the network.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.importing.published import IRVE
from webmap.catalog.load import load_catalog
from webmap.config import load_settings
from webmap.importing.mirror import add_file
from webmap.importing.refresh import build_url
from webmap.importing.remote import Remote
from webmap.importing.seeds import load_seeds
from webmap.store.cluster import Cluster
from webmap.store.db import Database
from webmap.store.schema import upgrade

ROWS = 232_000
CHILD = """
import json, resource, sys, time
from pathlib import Path
from webmap.catalog.load import load_catalog
from webmap.config import load_settings
from webmap.importing.refresh import Options, refresh
from webmap.store.db import Database

settings = load_settings({})
catalog = load_catalog(settings.layers_folder)
start = time.perf_counter()
database = Database(sys.argv[1], sys.argv[1])
run = refresh(database, catalog, settings, ["irve"], Options(Path(sys.argv[2])))
outcomes = [[o.status, o.sentence] for o in run]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": time.perf_counter() - start, "peak_mb": peak, "outcomes": outcomes}))
"""


def write_consolidation(path: Path, rows: int, extent: tuple[float, float, float, float], seed: int = 7) -> None:
    """Write a national file: one row in a hundred near the territory, one in fifty swapped, as wide as the real one."""
    chosen = random.Random(seed)  # noqa: S311 - the same file each time
    west, south, east, north = extent
    filler = "Observations de l'aménageur, répétées pour la largeur du fichier réel. " * 5
    names = [*IRVE, "consolidated_longitude", "consolidated_latitude"]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for number in range(rows):
            if number % 100:
                lon, lat = chosen.uniform(-1, 6), chosen.uniform(43, 50.2)
            else:
                lon, lat = chosen.uniform(west, east), chosen.uniform(south, north)
            pair = f"[{lat}, {lon}]" if number % 50 == 0 else f"[{lon}, {lat}]"
            row = {
                **IRVE,
                "id_pdc_itinerance": f"FRABCE{number}",
                "id_station_itinerance": f"FRABCP{number // 2}",
                "code_insee_commune": "",
                "coordonneesXY": f'"{pair}"',
                "observations": f'"{filler}"',
                "consolidated_longitude": str(lon),
                "consolidated_latitude": str(lat),
            }
            file.write(",".join(row[name] for name in names) + "\n")


def run_webmap(dsn: str, mirror: Path) -> dict[str, object]:
    """Refresh from a mirror in a process of its own; return seconds, peak_mb and outcomes."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, dsn, str(mirror)], capture_output=True, text=True, check=True
    )  # fmt: skip
    found: dict[str, object] = json.loads(done.stdout)
    return found


def run_ogr2ogr(dsn: str, path: Path, extent: tuple[float, float, float, float]) -> float:
    """Load the same file with ogr2ogr, kept to the territory's box; return seconds."""
    box = [str(value) for value in extent]
    command = [
        "ogr2ogr",
        "-f",
        "PostgreSQL",
        f"PG:{dsn}",
        str(path),
        "-nln",
        "irve_ogr",
        "-overwrite",
        "-t_srs",
        "EPSG:2154",
    ]
    command += ["-s_srs", "EPSG:4326", "-spat", *box, "-oo", "X_POSSIBLE_NAMES=consolidated_longitude"]
    command += ["-oo", "Y_POSSIBLE_NAMES=consolidated_latitude", "--config", "PG_USE_COPY", "YES"]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def prepare(folder: Path, cluster: Cluster, rows: int) -> tuple[str, Path, Path]:
    """Fill a database, write the file and its mirror; return the DSN, the file, the mirror."""
    settings = load_settings({})
    catalog = load_catalog(settings.layers_folder)
    cluster.start()
    dsn = cluster.dsn("webmap_proprietaire")
    database = Database(dsn, cluster.dsn("webmap_lecture"))
    upgrade(database, catalog, settings)
    load_seeds(database, catalog, settings)
    database.close()
    path, mirror = folder / "irve.csv", folder / "miroir"
    write_consolidation(path, rows, settings.territoire.etendue)
    connector = catalog.by_id["irve"].connectors[0]
    mirror.mkdir()
    add_file(mirror, Remote(build_url(connector, settings), connector.file, connector.max_bytes), path)
    return dsn, path, mirror


def main() -> None:
    """Print both times, their ratio, and the peak of memory."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    folder = Path(tempfile.mkdtemp(prefix="wm-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "base", durable=False)
    try:
        dsn, path, mirror = prepare(folder, cluster, rows)
        print(f"{rows} rows, {path.stat().st_size / 1e6:.0f} MB")
        other = [run_ogr2ogr(dsn, path, load_settings({}).territoire.etendue) for _ in range(2)]
        ours = run_webmap(dsn, mirror)
        print(f"ogr2ogr: {min(other):.1f} s ({', '.join(f'{t:.1f}' for t in other)})")
        print(f"webmap: {ours['seconds']:.1f} s, peak {ours['peak_mb']:.0f} MB ; {ours['outcomes']}")
        print(f"webmap / ogr2ogr = {float(str(ours['seconds'])) / min(other):.2f}")
    finally:
        cluster.destroy()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
