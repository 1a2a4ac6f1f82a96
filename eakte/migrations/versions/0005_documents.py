"""Documents in full: further senders and addressees, check-out, final, cancelled, restored versions, resubmissions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    for name in ("further_senders", "further_addressees"):
        op.add_column("document", sa.Column(name, postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    for mark in ("checked_out", "final", "cancelled"):
        op.add_column("document", sa.Column(f"{mark}_at", sa.DateTime(timezone=True), nullable=True))
        op.add_column("document", sa.Column(f"{mark}_by", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_document_{mark}_by"), "document", "user_account", [f"{mark}_by"], ["id"])
    op.add_column("document", sa.Column("cancel_reason", sa.Text(), nullable=True))
    for name, rule in (
        ("check_out_whole", "num_nonnulls(checked_out_by, checked_out_at) IN (0, 2)"),
        ("cancelled_has_reason", "num_nonnulls(cancelled_at, cancel_reason) IN (0, 2)"),
        ("frozen_is_not_checked_out", "checked_out_by IS NULL OR (final_at IS NULL AND cancelled_at IS NULL)"),
    ):
        op.create_check_constraint(op.f(f"ck_document_{name}"), "document", rule)
    op.add_column("document_version", sa.Column("comment", sa.Text(), nullable=True))
    op.add_column("document_version", sa.Column("restored_from", sa.Integer(), nullable=True))
    _resubmissions()


def _resubmissions() -> None:
    op.create_table(
        "resubmission",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(dossier_id, case_id, document_id) = 1", name=op.f("ck_resubmission_one_object")
        ),
        sa.CheckConstraint("num_nonnulls(user_id, unit_id) = 1", name=op.f("ck_resubmission_one_addressee")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_resubmission_dossier_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_resubmission_case_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_resubmission_document_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_resubmission_user_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_resubmission_unit_id")),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name=op.f("fk_resubmission_created_by")),
        sa.ForeignKeyConstraint(["done_by"], ["user_account.id"], name=op.f("fk_resubmission_done_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resubmission")),
    )
    for name in ("dossier_id", "case_id", "document_id"):
        op.create_index(op.f(f"ix_resubmission_{name}"), "resubmission", [name], unique=False)
    for name in ("user", "unit"):
        op.create_index(
            f"ix_resubmission_{name}_due",
            "resubmission",
            [f"{name}_id", "due_on", "id"],
            unique=False,
            postgresql_where=sa.text("done_at IS NULL"),
        )
