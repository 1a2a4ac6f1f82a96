"""What is new in a kept search, and how much is over by the calendar."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply."""
    op.add_column("saved_search", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE saved_search SET seen_at = created_at")
    op.alter_column("saved_search", "seen_at", nullable=False)
    for name, column in (("ix_dossier_retention_end", "retention_end"), ("ix_dossier_offer_by", "retention_offer_by")):
        op.create_index(name, "dossier", [column], postgresql_where=sa.text("closed_on IS NOT NULL"))
