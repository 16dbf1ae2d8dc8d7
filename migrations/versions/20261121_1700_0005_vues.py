"""Named views of the map: a title, a short address, and the fragment that opens them.

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-21 17:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; bounded here too, since an address is written by hand."""
    op.create_table(
        "vue",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("titre", sa.Text(), nullable=False),
        sa.Column("fragment", sa.Text(), nullable=False, comment="what follows the # in the address of the map"),
        sa.Column("rang", sa.Integer(), nullable=False, comment="place in the list, and in a projection"),
        sa.Column("creee", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_vue"),
        sa.CheckConstraint("length(fragment) <= 8000 AND length(titre) <= 200", name="ck_vue_taille"),
        schema="app",
        comment="Named views of the map, made by `webmap vues`; they keep no data, only how to show it.",
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("vue", schema="app")
