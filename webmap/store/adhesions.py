"""Which communes are members of the agglomeration, and since when: `pub.commune` is today's list, `app.adhesion` its history.

Dates are text, `AAAA` or `AAAA-MM-JJ`, compared as text: a year alone counts from its first day. An empty `depuis` is not
known.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from webmap.errors import BadParameterError
from webmap.store.statements import load_sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from webmap.store.db import Database

    Connection = psycopg.Connection[dict[str, Any]]
    Row = dict[str, Any]


@dataclass(frozen=True)
class Adhesion:
    """One period of membership; `jusque` None while it lasts."""

    code_insee: str
    nom: str
    depuis: str
    jusque: str | None
    motif: str
    source: str


def record_adhesions(connection: Connection, adhesions: Iterable[Adhesion]) -> None:
    """Write periods that are not known yet; one that is keeps what a person made of it since."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO app.adhesion (code_insee, nom, depuis, jusque, motif, source) VALUES (%(code_insee)s, %(nom)s,"
            " %(depuis)s, %(jusque)s, %(motif)s, %(source)s) ON CONFLICT DO NOTHING",
            [asdict(adhesion) for adhesion in adhesions],
        )


def leave(connection: Connection, code_insee: str, date: str, reason: str) -> str:
    """Take a commune out of the agglomeration at a date, in the caller's transaction; return its name.

    Its row is kept aside, its assignments stay, and every summary follows. Raises BadParameterError.
    """
    row = connection.execute("SELECT nom FROM pub.commune WHERE code_insee = %s FOR UPDATE", [code_insee]).fetchone()
    if row is None:
        raise BadParameterError(
            f"« {code_insee[:20]} » n'est pas une commune du territoire. La liste : webmap communes membres."
        )
    last = _fetch_open(connection, code_insee)
    if last is not None and date <= last:
        raise BadParameterError(f"{row['nom']} est membre depuis {last} : la date de départ doit venir après.")
    connection.execute(
        "INSERT INTO app.adhesion AS a (code_insee, nom, depuis, jusque, motif, source, commune)"
        " SELECT code_insee, nom, %(depuis)s, %(date)s, %(motif)s, 'décision', to_jsonb(c) - 'geom' - 'precision'"
        " FROM pub.commune c WHERE code_insee = %(code)s"
        " ON CONFLICT (code_insee, depuis) DO UPDATE"
        " SET jusque = excluded.jusque, motif = excluded.motif, commune = excluded.commune",
        {"depuis": last or "", "date": date, "motif": reason, "code": code_insee},
    )
    connection.execute("DELETE FROM pub.commune WHERE code_insee = %s", [code_insee])
    return str(row["nom"])


def join(connection: Connection, code_insee: str, name: str, date: str, reason: str) -> None:
    """Bring a commune in (again) at a date. What was known of it comes back, but its contour, which a refresh brings.

    Raises BadParameterError when it is a member already, or was one after that date.
    """
    if connection.execute("SELECT 1 FROM pub.commune WHERE code_insee = %s", [code_insee]).fetchone():
        raise BadParameterError(f"« {code_insee[:20]} » est déjà une commune du territoire.")
    last = connection.execute(
        "SELECT max(jusque) AS jusque FROM app.adhesion WHERE code_insee = %s", [code_insee]
    ).fetchone()
    if last and last["jusque"] and date < last["jusque"]:
        raise BadParameterError(
            f"« {code_insee[:20]} » était membre jusqu'au {last['jusque']} : la date d'arrivée doit venir après."
        )
    record_adhesions(connection, [Adhesion(code_insee, name, date, None, reason, "décision")])
    connection.execute(load_sql("commune_back"), {"code": code_insee, "nom": name, "motif": reason, "date": date})


def _fetch_open(connection: Connection, code_insee: str) -> str | None:
    row = connection.execute(
        "SELECT depuis FROM app.adhesion WHERE code_insee = %s AND jusque IS NULL", [code_insee]
    ).fetchone()
    return row["depuis"] if row else None


def fetch_departed(connection: Connection) -> set[str]:
    """Codes of the communes that left and did not come back: their seed does not bring them in again."""
    rows = connection.execute(
        "SELECT code_insee FROM app.adhesion GROUP BY code_insee HAVING bool_and(jusque IS NOT NULL)"
    )
    return {row["code_insee"] for row in rows}


def fetch_members(database: Database, date: str) -> list[Row]:
    """List (code_insee, nom, depuis) of the members at a date; `depuis` is empty where the atlas does not know it."""
    return database.read(load_sql("members_at"), {"date": date})


def fetch_adhesions(database: Database, code_insee: str) -> list[Row]:
    """List the periods of one commune, oldest first; empty when it has been a member as far back as the atlas knows."""
    statement = sql.SQL(
        "SELECT depuis, jusque, motif, source FROM app.adhesion WHERE code_insee = %(code)s ORDER BY depuis"
    )
    return database.read(statement, {"code": code_insee})
