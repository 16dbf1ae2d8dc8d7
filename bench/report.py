"""What was measured, as `docs/benchmarks.md`: French, sober, with what it takes to measure it again."""

from __future__ import annotations

import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any

import psutil
from servers import PEERS

from webmap.web.french import nombre

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from webmap.store.cluster import Cluster

_HEAD = """# Mesures de vitesse et de mémoire

Écrit par `make bench` ; ne pas modifier à la main. Tous les serveurs ont été mesurés **dans la même exécution**, l'un après
l'autre, sur la même base et la même machine. **Seuls les rapports se comparent** d'une exécution à l'autre : la machine n'est pas
toujours au repos.

## Refaire

`make bench` installe les pairs dans `.webmap/bench/` (tipg et pygeoapi depuis PyPI ; MapServer, nginx, wrk, gdal-bin par apt ;
QGIS Server n'est mesuré que s'il est déjà là), charge les données de `../shared/bench/gen_data.py` dans un serveur
PostgreSQL jetable et réécrit ce fichier. Comptez un quart d'heure et 2 Go de disque.

Les données : 150 000 points, 35 000 surfaces d'environ 190 sommets, 80 024 lignes, en Lambert-93, indexées. Les pairs lisent les tables
brutes. Nous lisons les tables que webmap construit d'après des `layer.toml` ; nos réponses portent sept champs de plus que les leurs
(source, millésime, précision…), à notre désavantage. Chaque serveur a deux processus ; MapServer et QGIS Server sont en FastCGI
derrière nginx. Rien n'est mis en cache, ni compressé. « CPU » compte le serveur et PostgreSQL, par demande.
"""
_DATE = "%d/%m/%Y"


def write_report(path: Path, cluster: Cluster, measured: dict[str, Any]) -> None:
    """Write the whole file."""
    parts = [_HEAD, _machine(cluster, measured["load"]), _items(measured["items"]), _whole(measured)]
    parts += [_streams(measured["exports"]), _files(measured["files"]), _tiles(measured["tiles"])]
    path.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


def _machine(cluster: Cluster, load: Sequence[float]) -> str:
    with cluster.superuser("bench") as connection:
        row = connection.execute("SELECT current_setting('server_version'), postgis_lib_version()").fetchone()
    postgres, postgis = row or ("", "")
    memory = nombre(psutil.virtual_memory().total / 2**30, 0)
    versions = {
        "PostgreSQL": postgres.split()[0],
        "PostGIS": postgis,
        "Python": platform.python_version(),
        "granian": metadata.version("granian"),
        **{name: _pip_version(name) for name in ("tipg", "pygeoapi")},
        "MapServer": _apt_version("cgi-mapserver"),
        "QGIS Server": _apt_version("qgis-server"),
        "GDAL (ogr2ogr)": _apt_version("gdal-bin"),
        "nginx": _apt_version("nginx-light") or _apt_version("nginx"),
    }
    told = ", ".join(f"{name} {version or 'absent'}" for name, version in versions.items())
    return (
        f"## Machine\n\n{datetime.now(UTC).strftime(_DATE)} ; {psutil.cpu_count()} cœurs, {memory} Gio ;"
        f" {told}.\nCharge moyenne de la machine au début et à la fin de l'exécution : {nombre(load[0], 1)} et {nombre(load[1], 1)}"
        f" (au-delà de {psutil.cpu_count()}, d'autres programmes tournaient en même temps).\n"
    )


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


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _ms(seconds: float) -> str:
    return f"{nombre(seconds * 1_000, 1)} ms"


def _s(seconds: float) -> str:
    return f"{nombre(seconds, 2)} s"


def _times(ratio: float) -> str:
    return f"× {nombre(ratio, 2)}"


def _items(items: dict[str, dict[str, Any]]) -> str:
    ours = items["webmap"]
    text = "\n## Pages d'éléments (OGC API - Features, GeoJSON)\n\n"
    text += "Le rapport est la médiane du pair divisée par la nôtre. Visé, pour les points :"
    text += " tipg et pygeoapi × 10 (100 points) et × 5 (1 000) au moins, QGIS Server plus de × 1.\n"
    for case, mine in ours.items():
        if case == "memory":
            continue
        title = {"points": "points", "surfaces": "surfaces"}[case.split()[0]]
        text += f"\n### {nombre(int(case.split()[1]))} {title}\n\n"
        rows = [
            [
                name,
                str(lines[case]["features"]),
                _ms(lines[case]["median"]),
                _ms(lines[case]["p99"]),
                _ms(lines[case]["cpu"]),
                f"{nombre(lines['memory'], 0)} Mo",
                "" if name == "webmap" else _times(lines[case]["median"] / mine["median"]),
                "" if name == "webmap" else _times(lines[case]["cpu"] / mine["cpu"]),
            ]
            for name, lines in items.items()
            if case in lines
        ]
        titles = ("serveur", "éléments", "médiane", "p99", "CPU", "mémoire", "rapport", "rapport CPU")
        text += _table(titles, rows)
    return text


def _whole(measured: dict[str, Any]) -> str:
    rows = []
    for name, lines in measured["whole"].items():
        for dataset, line in lines.items():
            size = f"{nombre(line['size'] / 1e6, 0)} Mo" if "size" in line else ""
            rows.append([name, dataset, _s(line["total"]), size, f"{nombre(line['growth'], 0)} Mo"])
    titles = ("serveur", "données", "durée", "taille", "mémoire en plus")
    return (
        "\n## Un jeu entier en GeoJSON\n\nUne fois chacun ; le nôtre par `/exports/`, ceux des pairs par une page sans fin.\n\n"
        + _table(titles, rows)
    )


def _streams(exports: dict[str, dict[str, Any]]) -> str:
    rows = [
        [
            name,
            _s(line["total"]),
            _s(line["copy"]),
            _times(line["total"] / line["copy"]),
            _ms(line["first"]),
            f"{nombre(line['size'] / 1e6, 0)} Mo",
            f"{nombre(line['growth'], 0)} Mo",
        ]
        for name, line in exports.items()
    ]
    titles = ("export", "durée", "COPY", "rapport", "premier octet", "taille", "mémoire en plus")
    return (
        "\n## Exports au fil de l'eau\n\n"
        "« COPY » : la même requête, écrite par PostgreSQL dans `/dev/null`. Visé : × 1,3 au plus, premier octet"
        " sous 50 ms, mémoire sous 40 Mo.\n\n" + _table(titles, rows)
    )


def _files(files: dict[str, dict[str, Any]]) -> str:
    rows = [
        [
            name,
            _s(line["total"]),
            _s(line["ogr2ogr"]),
            _times(line["total"] / line["ogr2ogr"]),
            f"{nombre(line['growth'], 0)} Mo",
        ]
        for name, line in files.items()
    ]
    return (
        "\n## Fichiers finis\n\nLes mêmes lignes, colonnes et coordonnées par `ogr2ogr` depuis la même table. Visé : × 1 au plus.\n\n"
        + _table(("fichier", "durée", "ogr2ogr", "rapport", "mémoire en plus"), rows)
    )


def _tiles(tiles: dict[str, Any]) -> str:
    alone, busy = tiles["alone"], tiles["busy"]
    rows = [
        ["seule", _ms(alone["median"]), _ms(alone["p99"]), ""],
        ["pendant dix exports", _ms(busy["median"]), _ms(busy["p99"]), _times(busy["median"] / alone["median"])],
    ]
    return (
        "\n## Une tuile pendant dix exports de 150 000 points\n\n"
        "Tuiles de surfaces au zoom 10, jamais demandées avant. Visé : × 1,5 au plus."
        f" Chaque export a pris {_s(tiles['export'])} (médiane de {tiles['exports']}).\n\n"
        + _table(("tuile", "médiane", "p99", "rapport"), rows)
    )
