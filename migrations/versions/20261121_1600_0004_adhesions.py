"""When each commune was a member of the agglomeration, and the row of one that left.

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-21 16:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; a commune without a line has been a member as far back as the atlas knows."""
    op.create_table(
        "adhesion",
        sa.Column("code_insee", sa.Text(), nullable=False),
        sa.Column(
            "depuis", sa.Text(), server_default="", nullable=False, comment="AAAA or AAAA-MM-JJ; empty: not known"
        ),
        sa.Column("nom", sa.Text(), nullable=False),
        sa.Column("jusque", sa.Text(), comment="first day it is no longer a member; NULL: still one"),
        sa.Column("motif", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("commune", JSONB(), comment="its row of pub.commune when it left, to put back"),
        sa.PrimaryKeyConstraint("code_insee", "depuis", name="pk_adhesion"),
        schema="app",
        comment="Periods of membership of the agglomeration; a commune without a line is a member.",
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("adhesion", schema="app")
