"""What is around a place: rows of other layers that hold it, cross it, or are the nearest. Exact places only, on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from webmap.store.attachment import sql_name, sql_table
from webmap.store.cursors import sql_keyed
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webmap.catalog.definition import LayerDefinition
    from webmap.store.db import Database

REACH = 1_000  # metres on the ellipsoid
_WITHIN_MS = 1_500  # two very detailed outlines may take longer: a sheet does not wait for them
_TOUCHING = 0.5  # metres: what is under is the same place


@dataclass(frozen=True)
class Voisin:
    """A row around a place: `metres` on the ellipsoid (GRS80, to the nearest edge), `dedans` when it holds the whole place."""

    couche: str
    cle: str
    nom: str
    metres: float
    dedans: bool

    @property
    def touching(self) -> bool:
        """Whether it meets the place."""
        return self.metres < _TOUCHING


def fetch_voisinage(
    database: Database, layer: LayerDefinition, key: str, others: Iterable[LayerDefinition]
) -> list[Voisin] | None:
    """Return what meets an exact place and the nearest row of each other layer, those that hold it first; None: no time."""
    parts = [
        load_sql("voisinage").format(
            layer=sql.Literal(other.id), key=sql.Identifier(other.key), name=sql_name(other), table=sql_table(other)
        )
        for other in others
    ]
    if not parts:
        return []
    statement = sql.SQL(
        "WITH lieu AS MATERIALIZED (SELECT t.geom FROM {table} t WHERE {keyed} AND t.precision = 'exacte')"
        " SELECT * FROM ({parts}) v ORDER BY NOT v.dedans, v.metres, v.couche, v.cle"
    ).format(table=sql_table(layer), keyed=sql_keyed(layer), parts=sql.SQL(" UNION ALL ").join(parts))
    rows = database.read_within(_WITHIN_MS, statement, {"cle": key, "portee": REACH})
    if rows is None:
        return None
    found = [Voisin(row["couche"], row["cle"], row["nom"] or row["cle"], row["metres"], row["dedans"]) for row in rows]
    told: set[str] = set()
    kept = []
    for voisin in found:  # the nearest of a layer, and all that meet the place
        if voisin.touching or voisin.couche not in told:
            kept.append(voisin)
        told.add(voisin.couche)
    return kept
