"""Blobs are read again, round after round: how far, and what was not as it should be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "fixity_round",
        sa.Column("single", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_fixity_round_single")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_fixity_round")),
    )
    op.create_table(
        "blob_finding",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["blob.name"], name=op.f("fk_blob_finding_name"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_blob_finding")),
    )
    op.create_index(op.f("ix_blob_finding_looked_at"), "blob_finding", ["looked_at"])
