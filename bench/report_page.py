"""The part of the report that is about the page and about the WSGI server (see `report.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tables import held, mo, table

from webmap.web.french import nombre

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_REQUESTS, _MOST_BUNDLE, _LEAST_FRAMES, _MOST_HEAP_GROWTH = 3, 200_000, 45, 1.1


def _page(found: dict[str, Any]) -> str:
    first, looks = found["first"], found["memory"]
    scripts = sum(each["bytes"] for each in first if each["path"].endswith((".js", ".css")))
    heaps = [look["heap"] for look in looks]
    growth = heaps[-1] / heaps[0]
    rows = [
        ["demandes avant la première tuile", str(len(first)), f"{_MOST_REQUESTS} au plus", held(ok=len(first) <= _MOST_REQUESTS)],
        ["script et style, compressés", f"{nombre(scripts / 1e3, 0)} ko", "200 ko au plus", held(ok=scripts <= _MOST_BUNDLE)],
        [
            "images par seconde, médiane", nombre(found["fps_median"], 1), f"{_LEAST_FRAMES} au moins",
            held(ok=found["fps_median"] >= _LEAST_FRAMES),
        ],
        ["images par seconde, moyenne", nombre(found["fps_mean"], 1), "", ""],
        ["95 % des images en moins de", f"{nombre(found['frame_ms_p95'], 1)} ms", "", ""],
        [
            f"mémoire de la page après {nombre(looks[-1]['minutes'], 1)} minute(s)", f"{mo(heaps[0])}, puis {mo(heaps[-1])}",
            "constante (10 % près)", held(ok=growth <= _MOST_HEAP_GROWTH),
        ],
        ["mémoire des processus du navigateur", " à ".join(mo(bound) for bound in _bounds(looks)), "", ""],
    ]  # fmt: skip
    return (
        f"{nombre(found['polygons'], 0)} hexagones en vue sur {nombre(found['asked'], 0)}, 1280×720, sans carte graphique ; la souris tire"
        " la carte 20 secondes, puis le temps donné par `MINUTES` (une par défaut ; l’objectif parle de dix).\n\n"
        + table(("page", "", "visé", ""), rows)
    )


def _bounds(looks: list[dict[str, float]]) -> tuple[float, float]:
    held_by_browser = [look["browser"] for look in looks]
    return min(held_by_browser), max(held_by_browser)


def _servers(found: dict[str, Any]) -> str:
    rows = []
    for name, line in found.items():
        tile, waiting, beside = line["tuile"], line["calcul"], line["tuile pendant dix exports"]
        rows.append(
            [
                name,
                *(nombre(each["par seconde"], 0) for each in (tile, waiting, beside)),
                f"{nombre(tile['µs de processeur'], 0)} µs",
                f"{nombre(beside['p99 ms'], 0)} ms" if beside["par seconde"] else "aucune réponse",
                "oui" if line["export entier malgré l'arrêt"] else "non",
            ]
        )
    titles = (
        "serveur", "26 ko, par seconde", "après 10 ms d’attente", "26 ko pendant dix exports", "processeur par demande", "p99 pendant",
        "export fini malgré l’arrêt",
    )  # fmt: skip
    return (
        "Une même application sans base sous chacun, chargée par `wrk` (32 connexions) : ce que coûte le serveur, et ce que des"
        " exports lents font aux tuiles. Le premier est celui de `make run`.\n\n" + table(titles, rows)
    )


SECTIONS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "page": ("La page sur 50 000 surfaces", _page),
    "serveurs": ("Le serveur WSGI", _servers),
}
