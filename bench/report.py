"""What was measured, as `docs/benchmarks.md`: French, sober, with what it takes to measure it again.

Every sentence is written here, and says of a figure only what the figure shows.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import report_page
import report_tiles
from tables import held, missing, mo, ms, s, table, times

from webmap.web.french import nombre

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_HEAD = """# Mesures de vitesse et de mémoire

Écrit par `make bench` ; ne pas modifier à la main. Les serveurs d'un même tableau ont été mesurés **dans la même exécution**, l'un
après l'autre, sur la même base et la même machine. **Seuls les rapports se comparent** d'une exécution à l'autre : la machine n'est
pas toujours au repos.

## Refaire

`make bench` installe les pairs dans `.webmap/bench/` (tipg, pygeoapi et gunicorn depuis PyPI ; MapServer, nginx, wrk, gdal-bin par
apt ; QGIS Server n'est mesuré que s'il est déjà là, Martin et pg_tileserv que s'ils sont dans le PATH), charge les données de
`../shared/bench/gen_data.py`, et les communes de France de `../shared/data/benchmark/` quand elles y sont, dans un serveur PostgreSQL
jetable, et réécrit ce fichier. Comptez vingt minutes et 2 Go de disque ; la première fois, quelques minutes de plus pour produire les
données, gardées ensuite. `make bench ONLY=tuiles,chaude` ne refait que ces parties ; `make bench ONLY=page MINUTES=10` déplace la carte
dix minutes. Tout ce qui a été relevé est dans `.webmap/bench/mesures.json`.

Les données : 150 000 points, 35 000 surfaces d'environ 190 sommets, 80 024 lignes, en Lambert-93, indexées. Les pairs lisent les tables
brutes. Nous lisons les tables que webmap construit d'après des `layer.toml` ; nos éléments portent sept champs de plus que les leurs
(source, millésime, précision…), à notre désavantage. Chaque serveur a deux processus ; MapServer et QGIS Server sont en FastCGI
derrière nginx. Sauf pour la tuile chaude, rien n'est compressé, et nous n'avons rien en réserve. « CPU » compte le serveur et
PostgreSQL, par demande ; la mémoire (PSS) compte une fois ce que des processus partagent. Une réponse attendue plus d'une minute est
abandonnée, et dite telle.
"""
_DATE = "%d/%m/%Y à %H h %M"


def write_report(path: Path, measured: dict[str, Any]) -> None:
    """Write the whole file from what was measured."""
    sections = {**_SECTIONS, **report_tiles.SECTIONS, **report_page.SECTIONS}
    parts = [_HEAD, _machine(measured)]
    for name, (title, told) in sections.items():
        part = measured["parts"].get(name)
        if part is None:
            body = "Pas encore mesuré.\n"
        elif "error" in part:
            body = f"N'a pas pu être mesuré : {part['error']}\n"
        else:
            try:
                body = told(part["found"])
            except KeyError:  # what is told grew since
                body = "Mesuré par une version antérieure du banc : à refaire.\n"
        parts.append(f"## {title}\n\n{body}")
    path.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


def _machine(measured: dict[str, Any]) -> str:
    machine, cores = measured["machine"], measured["machine"]["cores"]
    told = ", ".join(f"{name} {version or 'absent'}" for name, version in machine["versions"].items())
    rows = [
        [
            name,
            datetime.fromisoformat(part["at"]).strftime(_DATE),
            s(part["seconds"]),
            " et ".join(nombre(load, 1) for load in part["load"]),
        ]
        for name, part in measured["parts"].items()
    ]
    busy = [row[0] for row, part in zip(rows, measured["parts"].values(), strict=True) if part["load"][0] > cores]
    warning = (
        f"\nParties commencées alors que la machine était occupée par autre chose (charge de plus de {cores}) : {', '.join(busy)}."
        " Leurs durées sont grossies, les nôtres et celles des pairs, sans qu'on puisse dire de combien chacune.\n"
        if busy
        else ""
    )
    return (
        f"## Machine\n\n{cores} cœurs, {nombre(machine['memory'], 0)} Gio ; {told}.\n\n"
        + table(("partie", "terminée le (UTC)", "durée", "charge au début et à la fin"), rows)
        + warning
    )


def _items(found: dict[str, Any]) -> str:
    ours = found["webmap"]
    text = "Le rapport est la médiane du pair divisée par la nôtre. Visé, pour les points :"
    text += " tipg et pygeoapi × 10 (100 points) et × 5 (1 000) au moins, QGIS Server plus de × 1.\n"
    for case, mine in ours.items():
        if case == "memory" or missing(mine):
            continue
        text += f"\n### {nombre(int(case.split()[1]))} {case.split()[0]}\n\n"
        rows = [_item_row(name, lines[case], lines["memory"], mine) for name, lines in found.items()]
        titles = ("serveur", "éléments", "médiane", "p99", "demandes", "CPU", "mémoire", "rapport", "rapport CPU")
        text += table(titles, rows)
    return text


def _item_row(name: str, line: dict[str, Any], memory: float, mine: dict[str, Any]) -> list[str]:
    if missing(line):
        return [name, "", missing(line), "", "", "", mo(memory), "", ""]
    apart = line is not mine
    return [
        name,
        str(line["features"]),
        ms(line["median"]),
        ms(line["p99"]),
        str(line["requests"]),
        ms(line["cpu"]),
        mo(memory),
        times(line["median"] / mine["median"]) if apart else "",
        times(line["cpu"] / mine["cpu"]) if apart and mine["cpu"] else "",
    ]


def _wholes(found: dict[str, Any]) -> str:
    rows = []
    for name, lines in found.items():
        for dataset, line in lines.items():
            told = missing(line)
            rows.append(
                [name, dataset, told, "", ""]
                if told
                else [name, dataset, s(line["total"]), mo(line["size"] / 1e6), mo(line["growth"])]
            )
    titles = ("serveur", "données", "durée", "taille", "mémoire en plus")
    return "Une fois chacun ; le nôtre par `/exports/`, ceux des pairs par une page sans fin.\n\n" + table(titles, rows)


def _streams(found: dict[str, Any]) -> str:
    most_ratio, most_first, most_growth = 1.3, 0.05, 40
    rows = [
        [
            name,
            s(line["total"]),
            s(line["copy"]),
            times(line["total"] / line["copy"]),
            ms(line["first"]),
            mo(line["size"] / 1e6),
            mo(line["growth"]),
            held(
                ok=line["total"] <= most_ratio * line["copy"]
                and line["first"] < most_first
                and line["growth"] < most_growth
            ),
        ]
        for name, line in found["exports"].items()
    ]
    titles = ("export", "durée", "COPY", "rapport", "premier octet", "taille", "mémoire en plus", "visé")
    first = found["first"]
    return (
        "« COPY » : la même requête, écrite par PostgreSQL dans `/dev/null`, tour à tour avec l'export. Médianes de trois, mémoire"
        " la plus haute des trois. Visé : × 1,3 au plus, premier octet sous 50 ms, mémoire sous 40 Mo.\n\n"
        + table(titles, rows)
        + f"\nLe tout premier export d'un serveur qui vient de démarrer (points geojson) : premier octet {ms(first['first'])},"
        f" mémoire en plus {mo(first['growth'])}.\n"
    )


def _files(found: dict[str, Any]) -> str:
    rows = [
        [
            name,
            s(line["total"]),
            s(line["ogr2ogr"]),
            times(line["total"] / line["ogr2ogr"]),
            mo(line["growth"]),
            held(ok=line["total"] <= line["ogr2ogr"]),
        ]
        for name, line in found.items()
    ]
    return (
        "Les mêmes lignes, colonnes et coordonnées par `ogr2ogr` depuis la même table. Visé : × 1 au plus.\n\n"
        + table(("fichier", "durée", "ogr2ogr", "rapport", "mémoire en plus", "visé"), rows)
    )


def _sharing(found: dict[str, Any]) -> str:
    alone, busy, most = found["alone"], found["busy"], 1.5
    ratio = busy["median"] / alone["median"]
    rows = [
        ["seule", ms(alone["median"]), ms(alone["p99"]), "", ""],
        ["pendant dix exports", ms(busy["median"]), ms(busy["p99"]), times(ratio), held(ok=ratio <= most)],
    ]
    return (
        "Tuiles de surfaces au zoom 10, jamais demandées avant. Visé : × 1,5 au plus."
        f" Chaque export a pris {s(found['export'])} (médiane de {found['exports']}).\n\n"
        + table(("tuile", "médiane", "p99", "rapport", "visé"), rows)
    )


_SECTIONS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "items": ("Pages d'éléments (OGC API - Features, GeoJSON)", _items),
    "jeux": ("Un jeu entier en GeoJSON", _wholes),
    "exports": ("Exports au fil de l'eau", _streams),
    "fichiers": ("Fichiers finis", _files),
    "partage": ("Une tuile pendant dix exports de 150 000 points", _sharing),
}
