"""Procedures: signatures under versions, and the day until which a dossier is kept at least."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply."""
    op.add_column("dossier", sa.Column("keep_until", sa.Date(), nullable=True))
    op.create_table(
        "document_signature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("certificate_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["document_version.id"], name=op.f("fk_document_signature_version_id")),
        sa.ForeignKeyConstraint(["content"], ["blob.name"], name=op.f("fk_document_signature_content")),
        sa.ForeignKeyConstraint(["signed_by"], ["user_account.id"], name=op.f("fk_document_signature_signed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_signature")),
        sa.UniqueConstraint("version_id", "signed_by", name=op.f("uq_document_signature_version_id_signed_by")),
    )
