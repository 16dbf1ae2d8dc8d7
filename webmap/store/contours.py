"""The real contours of communes: what is known before they come, and writing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from webmap.errors import ImportRefusedError
from webmap.store.db import load_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    Connection = psycopg.Connection[dict[str, Any]]

# Neighbours digitised apart overlap by slivers; more than this share of the smaller one is another commune's ground.
_MAX_OVERLAP = 0.02


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


def fetch_centres(connection: Connection) -> dict[str, KnownCommune]:
    """`code_insee` -> name and centre of every commune of the territory."""
    rows = connection.execute("SELECT code_insee, nom, centre_lon, centre_lat FROM pub.commune").fetchall()
    return {
        row["code_insee"]: KnownCommune(
            row["nom"],
            None if None in (row["centre_lon"], row["centre_lat"]) else (row["centre_lon"], row["centre_lat"]),
        )
        for row in rows
    }


def check_coverage(connection: Connection, shapes: Sequence[Shape], name: str) -> None:
    """Stage the contours and refuse them when two overlap by more than 2 % of the smaller. Raises ImportRefusedError."""
    connection.execute("DROP TABLE IF EXISTS pg_temp.contour")
    connection.execute("CREATE TEMPORARY TABLE contour (code_insee text PRIMARY KEY, geom geometry) ON COMMIT DROP")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO pg_temp.contour SELECT %s, ST_Multi(ST_Transform(ST_SetSRID(%s::geometry, 4326), 2154))",
            [(shape.code_insee, shape.ewkb) for shape in shapes],
        )
    rows = connection.execute(load_sql("overlaps"), {"part": _MAX_OVERLAP}).fetchall()
    if rows:
        problems = [
            f"{row['a']} et {row['b']} se recouvrent sur {100 * row['part']:.0f} % de la plus petite" for row in rows
        ]
        raise ImportRefusedError(f"{name} est refusé, les contours en place sont inchangés.", problems)


def update_contours(connection: Connection) -> int:
    """Write the staged contours; returns how many differ from those in place. Same file twice: none."""
    cursor = connection.execute(
        "UPDATE pub.commune c SET geom = k.geom, precision = 'exacte' FROM pg_temp.contour k"
        " WHERE k.code_insee = c.code_insee AND c.geom IS DISTINCT FROM k.geom"
    )
    return cursor.rowcount
