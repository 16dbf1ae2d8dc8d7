"""The one builder of layer tables: from a definition to a table of `pub`, shipped layer or uploaded, no Python per layer.

It adds tables and nullable columns, and keeps constraints on listed values up to date. It refuses a change of type or
the loss of a column with a sentence: data is never dropped behind the GIS officer's back.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from geoalchemy2 import Geometry
from psycopg import sql
from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, Date, Double, Index, MetaData, Table, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable, conv

from webmap.catalog.definition import ETATS, PRECISIONS
from webmap.errors import CatalogError
from webmap.store.indexes import build_indexes
from webmap.store.naming import SCHEMA, SRID, readable_columns
from webmap.store.tables import NAMING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from webmap.catalog.definition import LayerDefinition

    Connection = psycopg.Connection[dict[str, Any]]

_TYPES: dict[str, Any] = {
    "text": Text,
    "integer": BigInteger,
    "number": Double,
    "date": Date,
    "boolean": Boolean,
    "list": lambda: ARRAY(Text),
}
GEOMETRIES = {"point": "POINT", "line": "MULTILINESTRING", "polygon": "MULTIPOLYGON", "none": "POINT"}
_NAME_LENGTH = 63  # PostgreSQL cuts longer identifiers
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's
# Fired once a statement, and only when a row really changed: transition tables tell.
_TRIGGERS = {
    "insert": "AFTER INSERT ON {table} REFERENCING NEW TABLE AS lignes FOR EACH STATEMENT",
    "update": "AFTER UPDATE ON {table} REFERENCING NEW TABLE AS lignes FOR EACH STATEMENT",
    "delete": "AFTER DELETE ON {table} REFERENCING OLD TABLE AS lignes FOR EACH STATEMENT",
    "truncate": "AFTER TRUNCATE ON {table} FOR EACH STATEMENT",
}


def build_table(layer: LayerDefinition) -> Table:
    """Return the SQLAlchemy table of a layer, EPSG:2154, geometry valid by CHECK, indexed by GiST.

    A layer without geometry keeps the column, always NULL, so that every layer answers the same questions.
    """
    own = [
        Column(
            field.id,
            _TYPES[field.type](),
            nullable=not field.required,
            primary_key=field.id == layer.key,
            comment=field.label,
        )
        for field in layer.fields
    ]
    common = [
        Column("geom", Geometry(GEOMETRIES[layer.geometry], srid=SRID, spatial_index=False)),
        Column("precision", Text, comment="exacte | quartier | commune | schematique; empty: the place is not known"),
        Column("code_insee", Text, primary_key=layer.key == "code_insee", nullable=layer.key != "code_insee"),
        Column("etat", Text, nullable=False, comment=" | ".join(ETATS)),
        Column("source", Text, nullable=False, comment="short name of the document, see layers/documents.toml"),
        Column("source_ligne", Text),
        Column("source_url", Text),
        Column("millesime", Text, nullable=False, comment="date of the source, not of the load"),
    ]
    checks = [
        CheckConstraint("ST_IsValid(geom)", name="geom_valide"),
        CheckConstraint("geom IS NULL OR precision IS NOT NULL", name="geom_sans_precision"),
        CheckConstraint("code_insee ~ '^([013-9]\\d|2[AB1-9])\\d{3}$'", name="code_insee"),
        *(
            CheckConstraint(_one_of(column, values), name=conv(_enum_name(layer, column)))
            for column, values in _enums(layer).items()
        ),
    ]
    if layer.geometry == "none":
        checks.append(CheckConstraint("geom IS NULL", name="sans_geometrie"))
    index = Index(None, "geom", postgresql_using="gist")
    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING)
    return Table(layer.id, metadata, *own, *common, *checks, index, comment=layer.title)


def _enums(layer: LayerDefinition) -> dict[str, list[str]]:
    enums = {"precision": list(PRECISIONS), "etat": list(ETATS)}
    return enums | {field.id: list(field.enum) for field in layer.fields if field.enum}


def _enum_name(layer: LayerDefinition, column: str) -> str:
    """Name of the CHECK on a listed field, short enough for PostgreSQL not to cut it."""
    name = f"ck_{layer.id}_{column}_enum"
    return name if len(name) <= _NAME_LENGTH else f"ck_{hashlib.sha256(name.encode()).hexdigest()[:32]}_enum"


def _one_of(column: str, values: Iterable[str]) -> str:
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f'"{column}" IN ({listed})'


def expected_columns(layer: LayerDefinition) -> dict[str, str]:
    """Column -> type as PostgreSQL's `format_type` prints it, lower case."""
    return {column.name: column.type.compile(_DIALECT).lower() for column in build_table(layer).columns}


def fetch_columns(connection: Connection, layer_id: str) -> dict[str, str]:
    """Return the columns of a table of `pub` as they are in the database; empty when there is no such table."""
    rows = connection.execute(
        """
        SELECT a.attname AS nom, lower(format_type(a.atttypid, a.atttypmod)) AS type
        FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = %s AND t.relname = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        """,
        [SCHEMA, layer_id],
    ).fetchall()
    return {
        row["nom"]: row["type"].replace(" ", "") if row["type"].startswith("geometry") else row["type"] for row in rows
    }


def check_table(layer: LayerDefinition, present: dict[str, str]) -> list[str]:
    """List what the builder refuses to do to an existing table, one French sentence each."""
    expected = expected_columns(layer)
    where = f"layers/{layer.id}/layer.toml"
    problems = [
        f"{where} : le champ « {name} » est de type {present[name]} dans la base et {kind} dans la définition. "
        "Le changement de type ne se fait pas seul : créez un nouveau champ, ou faites une migration."
        for name, kind in expected.items()
        if name in present and present[name] != kind
    ]
    problems += [
        f"{where} : le champ « {name} » existe dans la base mais plus dans la définition. "
        "Aucune donnée n'est supprimée sans demande : remettez-le, ou faites une migration."
        for name in present
        if name not in expected
    ]
    problems += [
        f"{where} : le nouveau champ « {field.id} » est obligatoire, or la table a déjà des lignes à qui il manquerait. "
        "Déclarez-le facultatif."
        for field in layer.fields
        if field.required and field.id not in present
    ]
    return problems


def build_layers(connection: Connection, layers: Iterable[LayerDefinition]) -> list[str]:
    """Create or extend the tables of all the layers. Returns French sentences of what changed.

    Raises CatalogError with every refusal; then nothing was changed.
    """
    present = {layer.id: (layer, fetch_columns(connection, layer.id)) for layer in layers}
    problems = [line for layer, columns in present.values() if columns for line in check_table(layer, columns)]
    if problems:
        raise CatalogError(problems)
    changes: list[str] = []
    for layer, columns in present.values():
        changes += _extend(connection, layer, columns) if columns else _create(connection, layer)
        changes += _refresh_enums(connection, layer)
        build_indexes(connection, layer)
        _grant(connection, layer)
    return changes


def _create(connection: Connection, layer: LayerDefinition) -> list[str]:
    table = build_table(layer)
    connection.execute(_ddl(CreateTable(table)))
    for index in table.indexes:
        connection.execute(_ddl(CreateIndex(index)))
    name = sql.Identifier(SCHEMA, layer.id)
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(name, sql.Literal(layer.title)))
    for column in table.columns:
        if column.comment:
            target = sql.Identifier(SCHEMA, layer.id, column.name)
            connection.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(target, sql.Literal(column.comment)))
    for event, clause in _TRIGGERS.items():
        connection.execute(
            sql.SQL("CREATE TRIGGER {} " + clause + " EXECUTE FUNCTION app.monter_revision({})").format(
                sql.Identifier(f"revision_{event}"), sql.Literal(layer.id), table=name
            )
        )
    connection.execute("INSERT INTO app.revision (couche) VALUES (%s) ON CONFLICT DO NOTHING", [layer.id])
    return [f"couche {layer.id} : table créée"]


def _ddl(statement: CreateTable | CreateIndex) -> bytes:
    # psycopg takes bytes as a ready statement; the text comes from our definitions, never from a request.
    return str(statement.compile(dialect=_DIALECT)).replace("%%", "%").encode()


def _extend(connection: Connection, layer: LayerDefinition, present: dict[str, str]) -> list[str]:
    added = [(name, kind) for name, kind in expected_columns(layer).items() if name not in present]
    for name, kind in added:
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD COLUMN {} {}").format(
                sql.Identifier(SCHEMA, layer.id),
                sql.Identifier(name),
                sql.SQL(kind),
            )
        )
        connection.execute(
            sql.SQL("COMMENT ON COLUMN {} IS {}").format(
                sql.Identifier(SCHEMA, layer.id, name), sql.Literal(layer.field(name).label)
            )
        )
    return [f"couche {layer.id} : champ {name} ajouté" for name, _ in added] + _relax(connection, layer)


def _relax(connection: Connection, layer: LayerDefinition) -> list[str]:
    """Let a field be empty that the definition no longer requires; the reverse is left to the check of rows."""
    rows = connection.execute(
        "SELECT attname AS nom FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attnotnull",
        [f'{SCHEMA}."{layer.id}"'],
    ).fetchall()
    bound = {row["nom"] for row in rows}
    free = [field.id for field in layer.fields if not field.required and field.id in bound]
    for name in free:
        connection.execute(
            sql.SQL("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL").format(
                sql.Identifier(SCHEMA, layer.id), sql.Identifier(name)
            )
        )
    return [f"couche {layer.id} : champ {name} devenu facultatif" for name in free]


def _refresh_enums(connection: Connection, layer: LayerDefinition) -> list[str]:
    """Make the CHECK on each listed field say the list of today; the list it was made from is in its comment."""
    rows = connection.execute(
        """
        SELECT c.conname AS nom, obj_description(c.oid, 'pg_constraint') AS valeurs FROM pg_constraint c
        WHERE c.conrelid = %s::regclass AND c.contype = 'c' AND c.conname LIKE %s
        """,
        [f'{SCHEMA}."{layer.id}"', "ck\\_%\\_enum"],
    ).fetchall()
    present = {row["nom"]: row["valeurs"] for row in rows}
    changed = []
    table = sql.Identifier(SCHEMA, layer.id)
    for column, values in _enums(layer).items():
        name = _enum_name(layer, column)
        if present.get(name) == json.dumps(values):
            continue
        if present.get(name):
            changed.append(f"couche {layer.id} : valeurs de {column} mises à jour")
        connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}").format(table, sql.Identifier(name)))
        check = sql.SQL(_one_of(column, values))
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({})").format(table, sql.Identifier(name), check)
        )
        connection.execute(
            sql.SQL("COMMENT ON CONSTRAINT {} ON {} IS {}").format(
                sql.Identifier(name), table, sql.Literal(json.dumps(values))
            )
        )
    stale = present.keys() - {_enum_name(layer, column) for column in _enums(layer)}
    for name in sorted(stale):
        connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table, sql.Identifier(name)))
        changed.append(f"couche {layer.id} : liste de valeurs {name} retirée")
    return changed


def _grant(connection: Connection, layer: LayerDefinition) -> None:
    """Let the web's role read public columns of public layers only: the rest is out of its reach, not just hidden."""
    table = sql.Identifier(SCHEMA, layer.id)
    if not layer.public or layer.published.withheld:
        connection.execute(sql.SQL("REVOKE ALL ON {} FROM webmap_lecture").format(table))  # takes back columns too
    if layer.public:
        columns = sql.SQL(", ").join(map(sql.Identifier, readable_columns(layer)))
        what = sql.SQL(" ({})").format(columns) if layer.published.withheld else sql.SQL("")
        connection.execute(sql.SQL("GRANT SELECT{} ON {} TO webmap_lecture").format(what, table))
