"""Decisions on which unit a commune belongs to, dated, with their reason.

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-21 15:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the record; nothing is ever removed from it."""
    op.create_table(
        "affectation",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("decoupage", sa.Text(), nullable=False),
        sa.Column("code_insee", sa.Text(), nullable=False),
        sa.Column("avant", sa.Text(), comment="unit before; empty when it was in none"),
        sa.Column("apres", sa.Text(), nullable=False),
        sa.Column("motif", sa.Text(), nullable=False),
        sa.Column("decidee", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_affectation"),
        schema="app",
        comment="Every decision that moved a commune from a unit to another, with its reason.",
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("affectation", schema="app")
