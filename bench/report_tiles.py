"""The part of the report that is about tiles, freshness, figures and memory (see `report.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tables import held, missing, mo, ms, percent, s, table, times

from webmap.web.french import nombre

if TYPE_CHECKING:
    from collections.abc import Callable

_TARGETS = {"surfaces z6": 12, "surfaces z8": 4, "surfaces z10": 2, "lignes z6": 20, "lignes z10": 3}
_MOST_DIFFERENT = 0.01
_MOST_RATE, _SHARE = 25_000, 0.35
_NGINX = 0.9  # of what it serves from a plain file: the rest is its expression, its alias and its headers
_MOST_GROWTH = 1.5
_MOST_IDLE = 300
_MOST_WARM, _MOST_COLD = 0.001, 0.05


def _cold(found: dict[str, Any]) -> str:
    servers, pictures = found["servers"], found["pictures"]
    text = (
        "Les mêmes tuiles à tous, jamais demandées avant au nôtre, que chaque passe trouve vide. Médiane des tuiles. Le rapport"
        " est celui du pair le plus rapide. « Pixels » : part de ceux qui diffèrent de plus de 32 sur 255 entre notre première tuile et"
        " celle que PostGIS fait de la table brute, dessinées toutes deux par le même programme, chaque surface remplie de sa couleur."
        " Visé : 1 % au plus, pour les surfaces ; pour les lignes, épaisses de deux pixels, la part est donnée sans objectif.\n\n"
    )
    rows = []
    for case, target in _TARGETS.items():
        lines = {name: each[case] for name, each in servers.items()}
        best = min(
            (line["median"] for name, line in lines.items() if name != "webmap" and not missing(line)), default=None
        )
        mine, differ = lines["webmap"], pictures[case]["differ"]
        ratio = best / mine["median"] if best and not missing(mine) else None
        alike = differ <= _MOST_DIFFERENT or case.startswith("lignes")
        ok = ratio is not None and ratio >= target and alike
        rows.append(
            [
                case,
                *(missing(line) or ms(line["median"]) for line in lines.values()),
                times(ratio) if ratio else "",
                f"× {target}",
                percent(differ),
                held(ok=ok),
            ]
        )
    text += table(("tuile", *servers, "rapport", "visé au moins", "pixels", ""), rows)
    rows = [
        [
            case,
            name,
            missing(line) or ms(line["slowest"]),
            ms(line["cpu"]) if not missing(line) else "",
            f"{nombre(line['size'] / 1e3, 0)} ko" if not missing(line) else "",
            str(line.get("requests", "")),
        ]
        for case in _TARGETS
        for name, line in ((name, each[case]) for name, each in servers.items())
    ]
    counts = ", ".join(
        f"{case} {nombre(each['features'], 0)} sur {nombre(each['reference'], 0)}" for case, each in pictures.items()
    )
    text += "\n" + table(("tuile", "serveur", "la plus lente", "CPU", "la plus grosse", "demandes"), rows)
    return text + f"\nÉléments de notre première tuile, sur ceux de la table brute : {counts}.\n"


def _france(found: dict[str, Any]) -> str:
    servers = found["servers"]
    rows, details = [], []
    for case, mine in servers["webmap"].items():
        lines = {name: each[case] for name, each in servers.items()}
        others = [line["median"] for name, line in lines.items() if name != "webmap" and not missing(line)]
        ratio = times(min(others) / mine["median"]) if others and not missing(mine) else ""
        rows.append([case, *(missing(line) or ms(line["median"]) for line in lines.values()), ratio])
        details += [
            [
                case,
                name,
                ms(line["slowest"]),
                ms(line["cpu"]),
                f"{nombre(line['size'] / 1e3, 0)} ko",
                str(line["requests"]),
            ]
            for name, line in lines.items()
            if not missing(line)
        ]
    return (
        f"Les {nombre(found['rows'], 0)} communes de métropole, contours de 2018, dans une base à elles : les mêmes règles que pour les"
        " tuiles froides. Le rapport est celui du pair le plus rapide.\n\n"
        + table(("tuile", *servers, "rapport"), rows)
        + "\n"
        + table(("tuile", "serveur", "la plus lente", "CPU", "la plus grosse", "demandes"), details)
    )


def _warm(found: dict[str, Any]) -> str:
    ours, nginx = found["ours"], found["nginx"]
    wanted = min(_MOST_RATE, _SHARE * nginx)
    rows = [
        ["nginx, les mêmes octets dans un fichier", nombre(nginx, 0), ""],
        ["webmap", nombre(ours, 0), percent(ours / nginx)],
        [
            "nginx, de notre dossier (`docs/nginx.conf.example`)",
            nombre(found["through"], 0),
            percent(found["through"] / nginx),
        ],
        *(
            [name, missing(line) or nombre(line["rate"], 0), "" if missing(line) else percent(line["rate"] / nginx)]
            for name, line in found["peers"].items()
        ),
    ]
    return (
        f"La même tuile de surfaces au zoom 10 ({nombre(found['size'] / 1e3, 0)} ko compressée), par `wrk` (deux fils, 32 connexions),"
        " qui partage les cœurs avec le serveur. Visé : 25 000 demandes par seconde, ou 35 % de nginx si c'est moins"
        f" (ici {nombre(wanted, 0)}) : {held(ok=ours >= wanted)}. Derrière nginx, qui envoie lui-même ce que l’atlas a gardé, visé : autant"
        f" que nginx ({percent(_NGINX)} au moins) : {held(ok=found['through'] >= _NGINX * nginx)}.\n\n"
        + table(("serveur", "demandes par seconde", "part de nginx"), rows)
    )


def _edits(found: dict[str, Any]) -> str:
    told = (
        f"Un élément renommé {nombre(found['edits'], 0)} fois, sa tuile et sa fiche lues {nombre(found['reads'], 0)} fois"
        f" en même temps par quatre lecteurs, avec et sans ETag, en {s(found['seconds'])}. Réponses périmées (une lecture commencée"
        f" après une écriture, et qui répond ce qui était avant) : **{nombre(found['stale'], 0)}** ; en échec :"
        f" {nombre(found['failed'], 0)}. Visé : 200 écritures, 20 000 lectures, aucune périmée.\n"
    )
    return told + "".join(f"\n- {example}" for example in found["examples"]) + ("\n" if found["examples"] else "")


def _territory(found: dict[str, Any]) -> str:
    bassin, commune = found["bassin"], found["commune"]
    asked = (
        ("bassin, déjà demandé", bassin["warm"], _MOST_WARM),
        ("bassin, après une écriture", bassin["cold"], _MOST_COLD),
        ("commune, avec les couches du banc, déjà demandée", commune["warm"], _MOST_WARM),
        ("commune, avec les couches du banc, après une écriture", commune["cold"], _MOST_COLD),
    )
    rows = [[name, ms(taken), ms(most), held(ok=taken <= most)] for name, taken, most in asked]
    return (
        "Les chiffres d'une unité en JSON, dans l'atlas livré avec les contours de 2018 ; puis dans le même atlas, auquel s'ajoutent les"
        " 265 000 lignes du banc. Médianes, trajet par le réseau local compris.\n\n"
        + table(("chiffres", "durée", "visé au plus", ""), rows)
    )


def _growth(found: dict[str, Any]) -> str:
    (small, few), (large, many) = found["rows"].items()
    rows = []
    for z, base in found["times"][small].items():
        grown = found["times"][large][z]
        rows.append([f"tuile z{z}", ms(base), ms(grown), times(grown / base), held(ok=grown < _MOST_GROWTH * base)])
    base, grown = (found["memory"][name] for name in (small, large))
    rows.append(
        ["mémoire du service ensuite", mo(base), mo(grown), times(grown / base), held(ok=grown < _MOST_GROWTH * base)]
    )
    return (
        f"Les mêmes tuiles froides d'une couche de {nombre(few, 0)} surfaces, puis d'une de {nombre(many, 0)}, aussi denses, sur une"
        f" étendue {nombre(many / few, 1)} fois plus grande. Visé : moins de × 1,5.\n\n"
        + table(("", nombre(few, 0), nombre(many, 0), "rapport", "visé"), rows)
    )


def _idle(found: dict[str, Any]) -> str:
    rows = [
        ["au repos, quelques secondes après le démarrage", mo(found["fresh"]), held(ok=found["fresh"] < _MOST_IDLE)],
        ["après quatre demandes de chaque sorte, export GeoPackage compris", mo(found["used"]), ""],
    ]
    return (
        f"Les {found['processes']} processus du service, sans PostgreSQL. Visé au repos : moins de 300 Mo.\n\n"
        + table(("mémoire", "", "visé"), rows)
    )


SECTIONS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "tuiles": ("Tuiles froides", _cold),
    "france": ("Tuiles froides des communes de France", _france),
    "chaude": ("Tuile chaude", _warm),
    "modifications": ("Une tuile après une écriture", _edits),
    "territoire": ("Chiffres d'un territoire", _territory),
    "etendue": ("Dix fois l'étendue, à densité égale", _growth),
    "repos": ("Mémoire du service au repos", _idle),
}
