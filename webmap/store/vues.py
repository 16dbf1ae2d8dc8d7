"""Named views of the map: a short address that opens it on layers, filters and a place. They keep no data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.errors import BadParameterError

if TYPE_CHECKING:
    import datetime as dt

    import psycopg

    from webmap.store.db import Database

    Connection = psycopg.Connection[dict[str, Any]]

MAX_VUES = 500  # a list a person reads; more is a mistake, and the page of all of them stays small


@dataclass(frozen=True)
class Vue:
    """One view. `fragment` follows the # in the address of the map; `rang` is its place in the list, from 1."""

    code: str
    titre: str
    fragment: str
    rang: int
    creee: dt.datetime


def record_vue(connection: Connection, code: str, titre: str, fragment: str, rang: int | None) -> bool:
    """Write a view, at the end of the list unless `rang` says where; return whether it is new.

    One of the same code is replaced, and keeps its place unless `rang` moves it. Raises BadParameterError when the list is full.
    """
    known = connection.execute("SELECT rang FROM app.vue WHERE code = %s FOR UPDATE", [code]).fetchone()
    count = connection.execute("SELECT count(*) AS nombre FROM app.vue").fetchone()
    if known is None and count and count["nombre"] >= MAX_VUES:
        raise BadParameterError(f"Il y a déjà {MAX_VUES} vues : supprimez-en avec « webmap vues supprimer ».")
    if rang is not None and (known is None or known["rang"] != rang):
        connection.execute("UPDATE app.vue SET rang = rang + 1 WHERE rang >= %s AND code <> %s", [rang, code])
    connection.execute(
        "INSERT INTO app.vue AS v (code, titre, fragment, rang) VALUES (%(code)s, %(titre)s, %(fragment)s,"
        " coalesce(%(rang)s, (SELECT coalesce(max(rang), 0) + 1 FROM app.vue)))"
        " ON CONFLICT (code) DO UPDATE SET titre = excluded.titre, fragment = excluded.fragment,"
        " rang = coalesce(%(rang)s, v.rang)",
        {"code": code, "titre": titre, "fragment": fragment, "rang": rang},
    )
    return known is None


def delete_vue(connection: Connection, code: str) -> None:
    """Remove a view. Raises BadParameterError when there is none of this code."""
    if connection.execute("DELETE FROM app.vue WHERE code = %s", [code]).rowcount == 0:
        raise BadParameterError(f"Aucune vue ne s'appelle « {code[:60]} ». La liste : webmap vues lister.")


def fetch_vues(database: Database) -> list[Vue]:
    """List the views in the order they are shown."""
    statement = sql.SQL("SELECT code, titre, fragment, rang, creee FROM app.vue ORDER BY rang, code")
    return [Vue(**row) for row in database.read(statement, {})]


def fetch_vue(database: Database, code: str) -> Vue | None:
    """Return the view of this code, or None."""
    statement = sql.SQL("SELECT code, titre, fragment, rang, creee FROM app.vue WHERE code = %(code)s")
    rows = database.read(statement, {"code": code})
    return Vue(**rows[0]) if rows else None
