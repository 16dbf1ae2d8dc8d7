"""What was loaded, when, from where: the memory of `webmap sources`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg import sql
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from webmap.store.db import Database
    from webmap.store.loads import Load

    Connection = psycopg.Connection[dict[str, Any]]


@dataclass(frozen=True)
class Origin:
    """Where the bytes of a load came from: connector, address without secret, and what the server says of their version."""

    connector_id: str
    url: str
    etag: str | None
    last_modified: str | None
    licence: str


class Known(NamedTuple):
    """What the last load from a connector recorded; `columns` are those of the source that it read."""

    load_id: int
    recipe: str | None
    etag: str | None
    last_modified: str | None
    sha256: str | None
    columns: frozenset[str]


def fetch_previous(connection: Connection, layer_id: str, connector_id: str) -> Known | None:
    """Return what the last load of a connector recorded, whatever recipe it was read by; None when there was none."""
    row = connection.execute(
        "SELECT id, rapport->>'recette' AS recette, etag, modifiee_amont, sha256, rapport->'colonnes' AS colonnes"
        " FROM app.chargement WHERE couche = %s AND connecteur = %s AND origine = 'source' ORDER BY id DESC LIMIT 1",
        [layer_id, connector_id],
    ).fetchone()
    if row is None:
        return None
    columns = frozenset(row["colonnes"] or ())
    return Known(row["id"], row["recette"], row["etag"], row["modifiee_amont"], row["sha256"], columns)


def record_source(connection: Connection, load: Load, origin: Origin, size: int, report: Mapping[str, object]) -> None:
    """Write one line of `app.chargement` for what a connector brought; `size` in bytes."""
    connection.execute(
        "INSERT INTO app.chargement (couche, origine, nom, sha256, lignes, rapport, connecteur, url, etag, modifiee_amont, licence, taille)"
        " VALUES (%(layer_id)s, %(origin)s, %(name)s, %(sha256)s, %(rows)s, %(report)s, %(connector_id)s, %(url)s, %(etag)s,"
        " %(last_modified)s, %(licence)s, %(size)s)",
        {**asdict(origin), **asdict(load), "report": Jsonb(dict(report)), "size": size},
    )
    # Every figure cites the last load of the contours and its date, even of one that moved nothing.
    if load.layer_id == "commune":
        connection.execute("UPDATE app.revision SET revision = revision + 1, modifiee = now() WHERE couche = 'commune'")


def record_check(connection: Connection, layer_id: str, connector_id: str, outcome: str, sentence: str) -> None:
    """Remember the last time a connector was asked, and what it answered."""
    connection.execute(
        "INSERT INTO app.verification AS v (couche, connecteur, resultat, phrase) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (couche, connecteur) DO UPDATE"
        " SET resultat = excluded.resultat, phrase = excluded.phrase, verifiee = now()",
        [layer_id, connector_id, outcome, sentence],
    )


def fetch_checks(database: Database) -> dict[tuple[str, str], dict[str, Any]]:
    """(layer, connector) -> last check (resultat, phrase, verifiee) and last load (charge, lignes, url, licence)."""
    rows = database.read(sql.SQL("SELECT * FROM app.etat_source"))
    return {(row["couche"], row["connecteur"]): row for row in rows}
