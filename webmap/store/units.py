"""Names of the units of découpages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webmap.store.db import Database


def unit_exists(database: Database, decoupage: str, code: str) -> bool:
    """Whether a découpage has a unit of this code."""
    statement = sql.SQL("SELECT 1 FROM app.unite WHERE decoupage = %(decoupage)s AND code = %(code)s")
    return bool(database.read(statement, {"decoupage": decoupage, "code": code}))


def fetch_unit_codes(database: Database, decoupages: Sequence[str]) -> list[tuple[str, str]]:
    """Return (découpage, code) of every unit of these découpages."""
    statement = sql.SQL(
        "SELECT decoupage, code FROM app.unite WHERE decoupage = ANY(%(decoupages)s) ORDER BY decoupage, code"
    )
    return [(row["decoupage"], row["code"]) for row in database.read(statement, {"decoupages": list(decoupages)})]


def find_unit(database: Database, decoupages: Sequence[str], code: str) -> tuple[str, str] | None:
    """Return (découpage, code) of the first découpage, in the order given, that has a unit of this code; None if none has."""
    statement = sql.SQL(
        "SELECT decoupage FROM app.unite WHERE code = %(code)s AND decoupage = ANY(%(decoupages)s)"
        " ORDER BY array_position(%(decoupages)s::text[], decoupage) LIMIT 1"
    )
    rows = database.read(statement, {"code": code, "decoupages": list(decoupages)})
    return (rows[0]["decoupage"], code) if rows else None


def fetch_assignments(database: Database, decoupage: str) -> dict[str, dict[str, str | None]]:
    """`code_insee` -> the commune's assignment: statut (hypothese | decidee), source (the reason, when decided), millesime."""
    statement = sql.SQL(
        "SELECT code_insee, statut, source, millesime FROM app.appartenance WHERE decoupage = %(decoupage)s"
    )
    return {row["code_insee"]: row for row in database.read(statement, {"decoupage": decoupage})}


def fetch_decided(database: Database) -> frozenset[str]:
    """Return the découpages whose every assignment of a commune was decided: none is a hypothesis, or as a file gave it."""
    statement = sql.SQL(
        "SELECT a.decoupage FROM app.appartenance a JOIN pub.commune USING (code_insee)"
        " GROUP BY a.decoupage HAVING bool_and(a.statut IS NOT DISTINCT FROM 'decidee')"
    )
    return frozenset(row["decoupage"] for row in database.read(statement))
