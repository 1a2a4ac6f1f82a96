"""Sign-in: second factor, directory, known browsers, when a key or session was last used, who answers for a machine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply. Sessions end and failed tries are forgotten: both live for hours only."""
    op.execute("DELETE FROM web_session")
    op.add_column("web_session", sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False))
    op.add_column("web_session", sa.Column("method", sa.Text(), nullable=False))
    op.add_column("web_session", sa.Column("address", sa.Text(), nullable=False))
    op.add_column("web_session", sa.Column("browser", sa.Text(), nullable=False))
    op.add_column("token", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("user_account", sa.Column("operator", sa.Text(), nullable=True))
    op.drop_table("sign_in_throttle")
    op.create_table(
        "sign_in_throttle",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_sign_in_throttle")),
    )
    op.create_index(op.f("ix_sign_in_throttle_failed_at"), "sign_in_throttle", ["failed_at"], unique=False)
    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_second_factor_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"], unique=False)
    op.create_table(
        "external_identity",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("founded", sa.Boolean(), nullable=False),
        sa.Column("administered", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_external_identity_user_id")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_external_identity")),
    )
    op.create_index(op.f("ix_external_identity_user_id"), "external_identity", ["user_id"], unique=False)
    op.create_table(
        "pending_step",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_pending_step_user_id")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_pending_step")),
    )
    op.create_index(op.f("ix_pending_step_expires_at"), "pending_step", ["expires_at"], unique=False)
    op.create_index(op.f("ix_pending_step_user_id"), "pending_step", ["user_id"], unique=False)
    op.create_table(
        "known_device",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_known_device_user_id")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_known_device")),
    )
    op.create_index(op.f("ix_known_device_used_at"), "known_device", ["used_at"], unique=False)
    op.create_index(op.f("ix_known_device_user_id"), "known_device", ["user_id"], unique=False)
