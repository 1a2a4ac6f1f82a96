"""A document names the one it was inside of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.add_column("document", sa.Column("source_id", sa.Uuid(), nullable=True))
    op.add_column("document", sa.Column("source_version", sa.Integer(), nullable=True))
    op.add_column("document", sa.Column("source_position", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_document_source_id"), "document", "document", ["source_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_document_source_whole"),
        "document",
        "num_nonnulls(source_id, source_version, source_position) IN (0, 3)",
    )
    op.create_unique_constraint(
        op.f("uq_document_source_id"), "document", ["source_id", "source_version", "source_position"]
    )
