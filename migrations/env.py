"""Runs the migrations of schema `app` on the connection that `webmap.store.schema` hands over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import text

from webmap.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import MutableMapping

# The tables of `pub` are the builder's (`webmap/store/schema.py`); Alembic must neither see nor drop them.
SCHEMAS = {"app"}


def include_name(name: str | None, type_: str, parent_names: MutableMapping[Any, str | None]) -> bool:
    """Keep Alembic's comparison inside our own schema."""
    del parent_names
    return type_ != "schema" or name in SCHEMAS


connection = context.config.attributes["connection"]
connection.execute(text("SET lock_timeout = '4s'"))
connection.execute(text("SET statement_timeout = '30s'"))
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_schemas=True,
    include_name=include_name,
    include_object=alembic_helpers.include_object,
    process_revision_directives=alembic_helpers.writer,
    render_item=alembic_helpers.render_item,
    version_table_schema="app",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
