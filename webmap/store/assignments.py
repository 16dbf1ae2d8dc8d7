"""Moving a commune from one unit of a découpage to another: a decision, dated, with its reason, that seeds never undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webmap.errors import BadParameterError

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[dict[str, Any]]

DECIDED = "decidee"


def assign(connection: Connection, decoupage: str, code_insee: str, unit: str, reason: str) -> str | None:
    """Put a commune in a unit, in the caller's transaction; return the unit it was in, or None.

    Raises BadParameterError naming what is known when the commune or the unit is not.
    """
    _require(connection, "commune", code_insee, "commune")
    _require(connection, decoupage, unit, "unité")
    row = connection.execute(
        "SELECT unite FROM app.appartenance WHERE decoupage = %s AND code_insee = %s FOR UPDATE",
        [decoupage, code_insee],
    ).fetchone()
    before = row["unite"] if row else None
    connection.execute(
        "INSERT INTO app.affectation (decoupage, code_insee, avant, apres, motif) VALUES (%s, %s, %s, %s, %s)",
        [decoupage, code_insee, before, unit, reason],
    )
    connection.execute(
        "INSERT INTO app.appartenance (decoupage, code_insee, unite, statut, source, source_ligne, millesime)"
        " VALUES (%s, %s, %s, %s, %s, NULL, current_date::text) ON CONFLICT (decoupage, code_insee) DO UPDATE"
        " SET unite = excluded.unite, statut = excluded.statut, source = excluded.source, source_ligne = NULL,"
        " millesime = excluded.millesime",
        [decoupage, code_insee, unit, DECIDED, f"Décision : {reason}"],
    )
    connection.execute(
        "UPDATE app.revision SET revision = revision + 1, modifiee = now() WHERE couche = ANY(%s)",
        [["commune", decoupage]],
    )
    return before


def _require(connection: Connection, decoupage: str, code: str, what: str) -> None:
    rows = connection.execute(
        "SELECT code, nom FROM app.unite WHERE decoupage = %s ORDER BY nom", [decoupage]
    ).fetchall()
    if code not in {row["code"] for row in rows}:
        known = ", ".join(f"{row['code']} ({row['nom']})" for row in rows[:60])
        raise BadParameterError(f"Il n'y a pas de {what} « {code[:60]} ». Codes connus : {known}.")
