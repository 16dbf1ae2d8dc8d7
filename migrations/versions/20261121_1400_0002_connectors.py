"""What a load from an official source must remember, and when each source was last asked.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-21 14:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = ("connecteur", "url", "etag", "modifiee_amont", "licence")


def upgrade() -> None:
    """Add nullable columns: no lock is held longer than a catalogue change."""
    for name in _COLUMNS:
        op.add_column("chargement", sa.Column(name, sa.Text()), schema="app")
    op.alter_column("chargement", "origine", comment="seed | fichier | source", schema="app")
    op.add_column("chargement", sa.Column("taille", sa.BigInteger(), comment="bytes"), schema="app")
    op.create_table(
        "verification",
        sa.Column("couche", sa.Text(), nullable=False),
        sa.Column("connecteur", sa.Text(), nullable=False),
        sa.Column("resultat", sa.Text(), nullable=False, comment="changee | inchangee | echec"),
        sa.Column("phrase", sa.Text(), nullable=False),
        sa.Column("verifiee", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("couche", "connecteur", name="pk_verification"),
        schema="app",
        comment="The last time each official source was asked, and what came of it.",
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("verification", schema="app")
    op.alter_column("chargement", "origine", comment="seed | fichier", schema="app")
    for name in ("taille", *_COLUMNS):
        op.drop_column("chargement", name, schema="app")
