"""Schemas, revisions, loads, memberships and schematic cells.

Revision ID: 0001
Revises:
Create Date: 2026-11-21 13:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create schemas `pub` and `raw` and the tables of `app` (`app` itself is made before Alembic's version table)."""
    op.execute("CREATE SCHEMA IF NOT EXISTS pub")
    op.execute("CREATE SCHEMA IF NOT EXISTS raw")
    op.create_table(
        "revision",
        sa.Column("couche", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("modifiee", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("couche", name="pk_revision"),
        schema="app",
        comment="One integer per layer, raised by a trigger in the transaction that writes the layer.",
    )
    op.create_table(
        "chargement",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("couche", sa.Text(), nullable=False),
        sa.Column("origine", sa.Text(), nullable=False, comment="seed | fichier"),
        sa.Column("nom", sa.Text(), nullable=False, comment="name of the file, without its folder"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("lignes", sa.Integer(), nullable=False),
        sa.Column("rapport", JSONB(), server_default="{}", nullable=False),
        sa.Column("charge", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chargement"),
        schema="app",
        comment="Every load of facts or of a file into a layer; nothing is removed from it.",
    )
    op.create_index("ix_chargement_couche_charge", "chargement", ["couche", "charge"], schema="app")
    op.create_table(
        "appartenance",
        sa.Column("decoupage", sa.Text(), nullable=False),
        sa.Column("code_insee", sa.Text(), nullable=False),
        sa.Column("unite", sa.Text(), nullable=False),
        sa.Column("statut", sa.Text(), comment="hypothese when the assignment is a working one"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_ligne", sa.Text()),
        sa.Column("millesime", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("decoupage", "code_insee", name="pk_appartenance"),
        schema="app",
        comment="Which unit of each découpage a commune belongs to; a commune without a row is in none.",
    )
    op.create_index("ix_appartenance_decoupage_unite", "appartenance", ["decoupage", "unite"], schema="app")
    op.create_table(
        "cellule",
        sa.Column("couche", sa.Text(), nullable=False),
        sa.Column("cle", sa.Text(), nullable=False),
        sa.Column("geom", Geometry("MULTIPOLYGON", srid=2154, spatial_index=False), nullable=False),
        sa.PrimaryKeyConstraint("couche", "cle", name="pk_cellule"),
        schema="app",
        comment="Schematic cells around commune centres: drawn and clicked until contours are loaded, never measured.",
    )
    op.create_index("ix_cellule_geom", "cellule", ["geom"], schema="app", postgresql_using="gist")


def downgrade() -> None:
    """Undo it. `pub` goes only when the builder's tables have been dropped by hand: no facts are lost by mistake."""
    for table in ("cellule", "appartenance", "chargement", "revision"):
        op.drop_table(table, schema="app")
    op.execute("DROP SCHEMA raw")
    op.execute("DROP SCHEMA pub")
