"""Bringing a database to the shape this version needs: Alembic for `app`, the builder for `pub`, then views and rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from webmap.config import PROJECT
from webmap.errors import DatabaseError
from webmap.store import drawn
from webmap.store.naming import SCHEMA
from webmap.store.statements import error_line, load_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config

    from webmap.catalog.load import Catalog
    from webmap.config import Settings
    from webmap.store.db import Database

    Connection = psycopg.Connection[dict[str, Any]]

_MIGRATIONS = PROJECT / "migrations"
_EXTENSIONS = ("postgis", "unaccent", "pg_trgm")
_UPGRADE_LOCK = 7_401_118  # any number, the same in every process: two servers starting together upgrade one by one


def upgrade(database: Database, catalog: Catalog, settings: Settings) -> list[str]:
    """Create or upgrade everything, or nothing of `pub`. Returns French sentences of what changed.

    Raises DatabaseError when the login may not create what is missing, CatalogError when a table cannot follow its
    definition.
    """
    from webmap.store.builder import build_layers  # noqa: PLC0415 - SQLAlchemy: a second, and only for this

    with database.owner() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_UPGRADE_LOCK])
        changes = _prepare(connection, reads_as_owner=database.reader_dsn is None)
        connection.commit()
        changes += _migrate(database)
        for path in sorted((_MIGRATIONS / "objects").glob("*.sql")):
            connection.execute(path.read_bytes())
        readable = _fetch_readable(connection)
        changes += build_layers(connection, catalog.layers)
        withdrawn = {couche for couche, _ in readable - _fetch_readable(connection)}
        # A server that still has the old definitions may keep pages made of them: it is not to find them current any more.
        connection.execute(
            "UPDATE app.revision SET revision = revision + 1, modifiee = now() WHERE couche = ANY(%s)",
            [list(withdrawn)],
        )
        _build_views(connection, catalog, settings)
        drawn.build_drawn(connection, catalog.layers)
        drawn.refresh(connection, catalog.layers, drawn.FEW)
        _grant(connection)
    return changes


def _prepare(connection: Connection, *, reads_as_owner: bool) -> list[str]:
    """Create extensions, role and schema `app`, each only if missing: most servers let only an administrator do it."""
    changes = []
    for extension in _EXTENSIONS:
        if connection.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [extension]).fetchone():
            continue
        _try(
            connection,
            sql.SQL("CREATE EXTENSION {} SCHEMA public").format(sql.Identifier(extension)),
            f"CREATE EXTENSION {extension};",
        )
        changes.append(f"extension {extension} créée")
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'webmap_lecture'").fetchone():
        _try(connection, sql.SQL("CREATE ROLE webmap_lecture NOLOGIN"), "CREATE ROLE webmap_lecture;")
        changes.append("rôle webmap_lecture créé")
    member = connection.execute("SELECT pg_has_role(current_user, 'webmap_lecture', 'MEMBER') AS oui").fetchone()
    if reads_as_owner and not (member and member["oui"]):
        remedy = "GRANT webmap_lecture TO le compte de DATABASE_URL;"
        _try(connection, sql.SQL("GRANT webmap_lecture TO CURRENT_USER"), remedy)
    if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'app'").fetchone():
        _try(connection, sql.SQL("CREATE SCHEMA app"), "GRANT CREATE ON DATABASE … TO le compte de DATABASE_URL;")
    return changes


def _try(connection: Connection, statement: sql.Composed | sql.SQL, remedy: str) -> None:
    try:
        with connection.transaction():
            connection.execute(statement)
    except (
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.FeatureNotSupported,
        psycopg.errors.UndefinedFile,
    ) as error:
        msg = (
            f"Le compte de DATABASE_URL n'a pas le droit de préparer la base ({error_line(error)}). "
            f"Demandez à l'administrateur du serveur d'y exécuter : {remedy}"
        )
        raise DatabaseError(msg) from error


def _fetch_readable(connection: Connection) -> set[tuple[str, str]]:
    """(table, column) of the layers that the web's role may read."""
    rows = connection.execute(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE n.nspname = %s AND c.relkind = 'r' AND has_column_privilege('webmap_lecture', c.oid, a.attnum, 'SELECT')",
        [SCHEMA],
    )
    return {(row["relname"], row["attname"]) for row in rows}


def alembic_config(connection: Any) -> Config:  # noqa: ANN401 - an SQLAlchemy connection, which only Alembic touches
    """Return Alembic's configuration bound to an open SQLAlchemy connection."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _migrate(database: Database) -> list[str]:
    from alembic import command  # noqa: PLC0415 - as above
    from sqlalchemy import create_engine  # noqa: PLC0415 - as above
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - as above

    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(database.owner_dsn), poolclass=NullPool
    )
    with engine.connect() as connection:
        before = _version(connection)
        command.upgrade(alembic_config(connection), "head")
        connection.commit()
        after = _version(connection)
    return [] if before == after else [f"schéma de la base : version {after}"]


def _version(connection: Any) -> str | None:  # noqa: ANN401 - as above
    known = connection.exec_driver_sql("SELECT to_regclass('app.alembic_version') IS NOT NULL").scalar()
    return connection.exec_driver_sql("SELECT version_num FROM app.alembic_version").scalar() if known else None


def _build_views(connection: Connection, catalog: Catalog, settings: Settings) -> None:
    """Make `app.unite` and `app.membre`: every découpage and its communes, whatever layers the catalogue has."""
    units = [_sql_units(layer.id) for layer in catalog.decoupages]
    code, nom = sql.Literal(settings.territoire.code), sql.Literal(settings.territoire.nom)
    statement = load_sql("views").format(units=sql.SQL("").join(units), code=code, nom=nom)
    connection.execute(statement)


def _sql_units(layer_id: str) -> sql.Composed:
    return sql.SQL("UNION ALL SELECT {}, code, nom FROM {}\n").format(
        sql.Literal(layer_id), sql.Identifier(SCHEMA, layer_id)
    )


def _grant(connection: Connection) -> None:
    """`webmap_lecture` reads what the web shows; the staging schema and the loads' reports are not among it."""
    for statement in _reader_rights():
        connection.execute(statement)


def _reader_rights() -> Iterator[sql.SQL]:
    yield sql.SQL("GRANT USAGE ON SCHEMA app, pub TO webmap_lecture")
    yield sql.SQL("REVOKE ALL ON SCHEMA raw FROM PUBLIC, webmap_lecture")
    yield sql.SQL(
        "GRANT SELECT ON app.revision, app.appartenance, app.cellule, app.vue TO webmap_lecture;"
        " GRANT SELECT ON app.unite, app.membre, app.fraicheur, app.etat_source, app.adhesion TO webmap_lecture"
    )
