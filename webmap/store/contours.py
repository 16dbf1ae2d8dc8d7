"""The real contours of communes: what is known before they come, and writing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from webmap.errors import ImportRefusedError
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    Connection = psycopg.Connection[dict[str, Any]]

# Neighbours digitised apart overlap, or part, by slivers; more than this share of the smaller one is ground lost or taken.
_TOLERANCE = 0.02


class Shape(Protocol):
    """What is written: a `code_insee` and a WGS84 surface as hexadecimal EWKB."""

    @property
    def code_insee(self) -> str:
        """Code of the commune."""

    @property
    def ewkb(self) -> str:
        """Its surface."""


@dataclass(frozen=True)
class KnownCommune:
    """What the atlas knows of a commune before its contour: its name, and its centre (WGS84) when the facts give one."""

    nom: str
    centre: tuple[float, float] | None
    population: int | None = None


def fetch_centres(connection: Connection) -> dict[str, KnownCommune]:
    """`code_insee` -> name and centre of every commune of the territory."""
    rows = connection.execute(
        "SELECT code_insee, nom, centre_lon, centre_lat, population_municipale FROM pub.commune"
    ).fetchall()
    return {
        row["code_insee"]: KnownCommune(
            row["nom"],
            None if None in (row["centre_lon"], row["centre_lat"]) else (row["centre_lon"], row["centre_lat"]),
            row["population_municipale"],
        )
        for row in rows
    }


_TABLE = (
    "DROP TABLE IF EXISTS pg_temp.contour;"
    " CREATE TEMPORARY TABLE contour (code_insee text PRIMARY KEY, geom geometry) ON COMMIT DROP"
)


def check_coverage(connection: Connection, shapes: Sequence[Shape], name: str, *, accept: bool = False) -> None:
    """Stage the contours and refuse them when they do not pave the territory. Raises ImportRefusedError.

    Two that overlap by more than 2 % of the smaller are refused; so is a hole of more than 2 % of the smallest commune
    around it, unless `accept`: it may be a commune of another agglomeration.
    """
    connection.execute(_TABLE)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO pg_temp.contour SELECT %s, ST_Multi(ST_Transform(ST_SetSRID(%s::geometry, 4326), 2154))",
            [(shape.code_insee, shape.ewkb) for shape in shapes],
        )
    _check(connection, name, accept=accept)


def check_staged_coverage(connection: Connection, name: str, *, accept: bool = False) -> None:
    """Check in the same way the communes that an official source staged as rows."""
    connection.execute(_TABLE)
    connection.execute(
        "INSERT INTO pg_temp.contour SELECT code_insee, brute FROM pg_temp.stage WHERE brute IS NOT NULL"
    )
    _check(connection, name, accept=accept)


def _check(connection: Connection, name: str, *, accept: bool) -> None:
    problems = [
        f"{row['a']} et {row['b']} se recouvrent sur {100 * row['part']:.0f} % de la plus petite"
        for row in connection.execute(load_sql("overlaps"), {"part": _TOLERANCE})
    ]
    if not accept:
        problems += [
            f"un trou de {row['km2']:.2f} km² entre {', '.join(row['voisines'])}".replace(".", ",")
            + " ; si une commune d'une autre agglomération s'y trouve, ajoutez --accepter"
            for row in connection.execute(load_sql("gaps"), {"part": _TOLERANCE})
        ]
    if problems:
        raise ImportRefusedError(f"{name} est refusé, les contours en place sont inchangés.", problems)


def update_contours(connection: Connection) -> int:
    """Write the staged contours; returns how many differ from those in place. Same file twice: none."""
    cursor = connection.execute(
        "UPDATE pub.commune c SET geom = k.geom, precision = 'exacte' FROM pg_temp.contour k"
        " WHERE k.code_insee = c.code_insee AND c.geom IS DISTINCT FROM k.geom"
    )
    return cursor.rowcount


def fetch_footprint(connection: Connection) -> str:
    """Hash of the communes and of their contours: what decides which rows of a source are the territory's."""
    row = connection.execute(
        "SELECT md5(string_agg(code_insee || COALESCE(md5(ST_AsEWKB(geom)), ''), ',' ORDER BY code_insee)) AS md5"
        " FROM pub.commune"
    ).fetchone()
    return str(row["md5"]) if row else ""
