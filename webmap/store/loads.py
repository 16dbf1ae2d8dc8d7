"""Writing rows into a layer, in the caller's transaction, without overwriting what a person changed by hand."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Jsonb

from webmap.store.assignments import DECIDED
from webmap.store.naming import SCHEMA, SRID
from webmap.store.statements import load_sql
from webmap.wording import agree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import psycopg

    from webmap.catalog.definition import LayerDefinition

    Connection = psycopg.Connection[dict[str, Any]]
    Row = dict[str, Any]

_WRAPPERS = {"point": "{}", "line": "ST_Multi({})", "polygon": "ST_Multi({})", "none": "{}"}


@dataclass
class LoadReport:
    """What a load did, by key. `kept` are rows changed by hand since the last load, left as they are."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)

    def sentence(self) -> str:
        """One French line for the person who ran the load."""
        parts = [
            agree(len(self.created), "ligne(s) créée(s)"),
            agree(len(self.updated), "modifiée(s)"),
            agree(len(self.removed), "retirée(s)"),
        ]
        if self.kept:
            parts.append(
                f"{agree(len(self.kept), 'changée(s) à la main et conservée(s)')} ({', '.join(self.kept[:5])})"
            )
        return ", ".join(parts)


def fetch_seed_hashes(connection: Connection) -> dict[str, str]:
    """Layer id -> sha256 of the seed it was last loaded from."""
    rows = connection.execute(
        "SELECT DISTINCT ON (couche) couche, sha256 FROM app.chargement WHERE origine = 'seed' ORDER BY couche, id DESC"
    ).fetchall()
    return {row["couche"]: row["sha256"] for row in rows}


@dataclass(frozen=True)
class Load:
    """What was loaded: into which layer, from a `seed` or a `fichier`, which bytes (SHA-256), how many rows."""

    layer_id: str
    origin: str
    name: str
    sha256: str
    rows: int


def record_load(connection: Connection, load: Load, report: LoadReport | dict[str, Any]) -> None:
    """Write one line of `app.chargement`."""
    content = asdict(report) if isinstance(report, LoadReport) else report
    connection.execute(
        "INSERT INTO app.chargement (couche, origine, nom, sha256, lignes, rapport) VALUES (%s, %s, %s, %s, %s, %s)",
        [load.layer_id, load.origin, load.name, load.sha256, load.rows, Jsonb(content)],
    )


def replace_members(connection: Connection, decoupage: str, members: Iterable[Row]) -> None:
    """Make `app.appartenance` say exactly these members for one découpage, but for what a person decided since."""
    connection.execute(
        "DELETE FROM app.appartenance WHERE decoupage = %s AND statut IS DISTINCT FROM %s", [decoupage, DECIDED]
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO app.appartenance (decoupage, code_insee, unite, statut, source, source_ligne, millesime)
            VALUES (%(decoupage)s, %(code_insee)s, %(unite)s, %(statut)s, %(source)s, %(source_ligne)s, %(millesime)s)
            ON CONFLICT (decoupage, code_insee) DO NOTHING
            """,
            [{**member, "decoupage": decoupage} for member in members],
        )
    # Every summary reads the memberships through the communes: theirs is the revision that must rise.
    connection.execute(
        "UPDATE app.revision SET revision = revision + 1, modifiee = now() WHERE couche = ANY(%s)",
        [["commune", decoupage]],
    )


def load_rows(connection: Connection, layer: LayerDefinition, rows: Sequence[Row]) -> LoadReport:
    """Bring a layer to the rows of its seed: new ones in, changed ones updated, missing ones out.

    `geom` of a row is EWKT in WGS84 or None. A row changed by hand since the last seed is kept, whatever the seed says.
    """
    report = LoadReport()
    loaded = _fetch_loaded_hashes(connection, layer.id)
    present = _fetch_hashes(connection, layer)
    edited = {key for key, digest in present.items() if key in loaded and loaded[key] != digest}
    foreign = present.keys() - loaded.keys()
    wanted = {str(row[layer.key]): row for row in rows}
    gone = [key for key in loaded if key in present and key not in wanted]
    report.kept = sorted((edited | foreign) & wanted.keys()) + [key for key in gone if key in edited]
    report.removed = [key for key in gone if key not in edited]
    report.created = [key for key in wanted if key not in present]
    _delete(connection, layer, report.removed)
    candidates = [key for key in wanted if key in present and key not in report.kept]
    _upsert(connection, layer, [wanted[key] for key in [*report.created, *candidates]])
    report.hashes = {
        key: digest
        for key, digest in _fetch_hashes(connection, layer).items()
        if key in wanted and key not in report.kept
    }
    report.hashes |= {key: loaded[key] for key in report.kept if key in loaded}
    report.updated = [key for key in candidates if report.hashes[key] != present[key]]
    return report


def _fetch_loaded_hashes(connection: Connection, layer_id: str) -> dict[str, str]:
    row = connection.execute(
        "SELECT rapport->'hashes' AS hashes FROM app.chargement WHERE couche = %s AND origine = 'seed' ORDER BY id DESC LIMIT 1",
        [layer_id],
    ).fetchone()
    return dict(row["hashes"] or {}) if row else {}


def _fetch_hashes(connection: Connection, layer: LayerDefinition) -> dict[str, str]:
    """Key -> hash of what the row says."""
    statement = load_sql("row_hashes").format(key=sql.Identifier(layer.key), table=sql.Identifier(SCHEMA, layer.id))
    rows = connection.execute(statement, {"derived": _shaped_elsewhere(layer)})
    return {row["cle"]: row["md5"] for row in rows}


def _shaped_elsewhere(layer: LayerDefinition) -> bool:
    """Whether the geometries of a layer, and their precision, never come from its seed."""
    named = layer.id == "commune" or layer.decoupage is not None
    return named or any(connector.mode == "geometry" for connector in layer.connectors)


def _delete(connection: Connection, layer: LayerDefinition, keys: list[str]) -> None:
    statement = sql.SQL("DELETE FROM {} WHERE {}::text = ANY(%s)").format(
        sql.Identifier(SCHEMA, layer.id), sql.Identifier(layer.key)
    )
    if keys:
        connection.execute(statement, [keys])


def _upsert(connection: Connection, layer: LayerDefinition, rows: Sequence[Row]) -> None:
    """Insert or update; a row that says the same is not rewritten, so it raises no revision."""
    if not rows:
        return
    columns = list(rows[0])
    # A contour, a union of contours or an official perimeter comes from elsewhere: the facts of a row do not erase it.
    kept = {"geom", "precision"} if _shaped_elsewhere(layer) else set()
    settable = [name for name in columns if name != layer.key and name not in kept]
    geometry = _WRAPPERS[layer.geometry].format(f"ST_Transform(%(geom)s::geometry, {SRID})")
    values = [sql.SQL(geometry) if name == "geom" else sql.Placeholder(name) for name in columns]
    pairs = [
        (sql.Identifier(name), sql.SQL("excluded.{}").format(sql.Identifier(name)))
        for name in settable
        if name != "geom"
    ]
    # Placed points: the stored place stays until `placement.refresh` says otherwise.
    new_geom = sql.SQL(
        "CASE WHEN excluded.precision <> 'exacte' AND t.precision <> 'exacte' THEN t.geom ELSE excluded.geom END"
    )
    assignments = [sql.SQL("{} = {}").format(*pair) for pair in pairs]
    if "geom" in settable:
        assignments.append(sql.SQL("geom = {}").format(new_geom))
    different = [sql.SQL("t.{0} IS DISTINCT FROM excluded.{0}").format(name) for name, _ in pairs]
    if "geom" in settable:
        different.append(sql.SQL("t.geom IS DISTINCT FROM {}").format(new_geom))
    statement = sql.SQL(
        "INSERT INTO {table} AS t ({columns}) VALUES ({values}) ON CONFLICT ({key}) DO UPDATE SET {sets} WHERE {different}"
    ).format(
        table=sql.Identifier(SCHEMA, layer.id),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(values),
        key=sql.Identifier(layer.key),
        sets=sql.SQL(", ").join(assignments),
        different=sql.SQL(" OR ").join(different),
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
