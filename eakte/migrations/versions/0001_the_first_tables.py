"""The first tables."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE SEQUENCE container_number AS integer")
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("number", name=op.f("uq_audit_entry_number")),
    )
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor", "number"], unique=False)
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject", "number"], unique=False)
    op.create_index("ix_audit_entry_tag", "audit_entry", ["tag", "number"], unique=False)
    op.create_index(
        "ix_audit_entry_unsequenced", "audit_entry", ["id"], unique=False, postgresql_where=sa.text("number IS NULL")
    )
    op.create_table(
        "audit_head",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "blob",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("blocks", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_blob")),
    )
    op.create_table(
        "document_look",
        sa.Column("access_key", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("access_key", "document_id", name=op.f("pk_document_look")),
    )
    op.create_table(
        "sign_in_throttle",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_sign_in_throttle")),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("number", name=op.f("uq_unit_number")),
    )
    op.create_index(op.f("ix_unit_parent_id"), "unit", ["parent_id"], unique=False)
    op.create_table(
        "access_scope",
        sa.Column("number", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_access_scope_unit_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_access_scope")),
        sa.UniqueConstraint("unit_id", "level", name=op.f("uq_access_scope_unit_id_level")),
    )
    op.create_table(
        "audit_subject",
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entry.id"], name=op.f("fk_audit_subject_entry_id")),
        sa.PrimaryKeyConstraint("subject", "entry_id", name=op.f("pk_audit_subject")),
    )
    op.create_table(
        "former_value",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entry.id"], name=op.f("fk_former_value_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "object_id", "field", name=op.f("pk_former_value")),
    )
    op.create_index(op.f("ix_former_value_object_id"), "former_value", ["object_id"], unique=False)
    op.create_table(
        "plan_class",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("files_allowed", sa.Boolean(), nullable=False),
        sa.Column("term", sa.Text(), nullable=True),
        sa.Column("anchor", sa.Text(), nullable=True),
        sa.Column("rounding", sa.Text(), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("applies_to", sa.Text(), nullable=True),
        sa.Column("appraisal", sa.Text(), nullable=True),
        sa.Column("offer_by", sa.Text(), nullable=True),
        sa.Column("disposal_level", sa.Text(), nullable=True),
        sa.Column("transfer_grace", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["plan_class.id"], name=op.f("fk_plan_class_parent_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_plan_class_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_class")),
        sa.UniqueConstraint("number", name=op.f("uq_plan_class_number")),
    )
    op.create_index(op.f("ix_plan_class_parent_id"), "plan_class", ["parent_id"], unique=False)
    op.create_index(op.f("ix_plan_class_sort_key"), "plan_class", ["sort_key"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("machine", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_user_account_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("login", name=op.f("uq_user_account_login")),
    )
    op.create_index(op.f("ix_user_account_unit_id"), "user_account", ["unit_id"], unique=False)
    op.create_table(
        "audit_pseudonym",
        sa.Column("pseudonym", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_audit_pseudonym_user_id")),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_audit_pseudonym")),
    )
    op.create_index(op.f("ix_audit_pseudonym_user_id"), "audit_pseudonym", ["user_id"], unique=False)
    op.create_table(
        "dossier",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reference_number", sa.Text(), nullable=False),
        sa.Column("reference_key", sa.Text(), nullable=False),
        sa.Column("reference_sort", sa.Text(collation="C"), nullable=False),
        sa.Column("plan_class_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("confidentiality", sa.SmallInteger(), nullable=False),
        sa.Column("scope_number", sa.Integer(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("external_system", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("retention_state", sa.Text(), nullable=False),
        sa.Column("retention_end", sa.Date(), nullable=True),
        sa.Column("retention_offer_by", sa.Date(), nullable=True),
        sa.Column("grace_end", sa.Date(), nullable=True),
        sa.Column("retention_rule", sa.Text(), nullable=True),
        sa.Column("retention_basis", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'open') = (closed_on IS NULL)", name=op.f("ck_dossier_closed_has_day")),
        sa.ForeignKeyConstraint(["plan_class_id"], ["plan_class.id"], name=op.f("fk_dossier_plan_class_id")),
        sa.ForeignKeyConstraint(["scope_number"], ["access_scope.number"], name=op.f("fk_dossier_scope_number")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_dossier_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier")),
        sa.UniqueConstraint("external_system", "external_id", name=op.f("uq_dossier_external_system_external_id")),
        sa.UniqueConstraint("number", name=op.f("uq_dossier_number")),
        sa.UniqueConstraint("reference_key", name=op.f("uq_dossier_reference_key")),
        sa.UniqueConstraint("reference_number", name=op.f("uq_dossier_reference_number")),
    )
    op.create_index("ix_dossier_class_sort", "dossier", ["plan_class_id", "reference_sort", "id"], unique=False)
    op.create_index(op.f("ix_dossier_scope_number"), "dossier", ["scope_number"], unique=False)
    op.create_index("ix_dossier_sort", "dossier", ["reference_sort", "id"], unique=False)
    op.create_index(op.f("ix_dossier_unit_id"), "dossier", ["unit_id"], unique=False)
    op.create_table(
        "external_system",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_external_system_user_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_external_system")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_idempotency_key_user_id")),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "reference_counter",
        sa.Column("plan_class_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["plan_class_id"], ["plan_class.id"], name=op.f("fk_reference_counter_plan_class_id")),
        sa.PrimaryKeyConstraint("plan_class_id", "year", name=op.f("pk_reference_counter")),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("sha256", name=op.f("uq_token_sha256")),
    )
    op.create_index(op.f("ix_token_user_id"), "token", ["user_id"], unique=False)
    op.create_table(
        "user_preference",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("density", sa.Text(), nullable=False),
        sa.Column("single_keys", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_preference_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_preference")),
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_web_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("sha256", name=op.f("uq_web_session_sha256")),
    )
    op.create_index(op.f("ix_web_session_expires_at"), "web_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_web_session_user_id"), "web_session", ["user_id"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_case_file_dossier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("dossier_id", "ordinal", name=op.f("uq_case_file_dossier_id_ordinal")),
        sa.UniqueConstraint("number", name=op.f("uq_case_file_number")),
    )
    op.create_index(op.f("ix_case_file_dossier_id"), "case_file", ["dossier_id"], unique=False)
    op.create_table(
        "dossier_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_event_dossier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_event")),
        sa.UniqueConstraint("dossier_id", "name", name=op.f("uq_dossier_event_dossier_id_name")),
    )
    op.create_table(
        "dossier_exclusion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_exclusion_dossier_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_dossier_exclusion_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_exclusion")),
        sa.UniqueConstraint("user_id", "dossier_id", name=op.f("uq_dossier_exclusion_user_id_dossier_id")),
    )
    op.create_index(op.f("ix_dossier_exclusion_dossier_id"), "dossier_exclusion", ["dossier_id"], unique=False)
    op.create_table(
        "recent_dossier",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_recent_dossier_dossier_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_recent_dossier_user_id")),
        sa.PrimaryKeyConstraint("user_id", "dossier_id", name=op.f("pk_recent_dossier")),
    )
    op.create_index("ix_recent_dossier_user_at", "recent_dossier", ["user_id", "at"], unique=False)
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("inbox_unit_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("written_on", sa.Date(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("addressee", sa.Text(), nullable=True),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("indexed_revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("case_id IS NULL OR dossier_id IS NOT NULL", name=op.f("ck_document_case_in_dossier")),
        sa.CheckConstraint("num_nonnulls(dossier_id, inbox_unit_id) = 1", name=op.f("ck_document_one_place")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_document_case_id")),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name=op.f("fk_document_created_by")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_document_dossier_id")),
        sa.ForeignKeyConstraint(["inbox_unit_id"], ["unit.id"], name=op.f("fk_document_inbox_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index("ix_document_case", "document", ["case_id", "id"], unique=False)
    op.create_index("ix_document_dossier", "document", ["dossier_id", "id"], unique=False)
    op.create_index(
        "ix_document_failed", "document", ["id"], unique=False, postgresql_where=sa.text("state = 'failed'")
    )
    op.create_index(
        "ix_document_inbox",
        "document",
        ["inbox_unit_id", "id"],
        unique=False,
        postgresql_where=sa.text("inbox_unit_id IS NOT NULL"),
    )
    op.create_index(
        "ix_document_unindexed",
        "document",
        ["id"],
        unique=False,
        postgresql_where=sa.text("indexed_revision < revision"),
    )
    op.create_table(
        "dossier_share",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("num_nonnulls(dossier_id, case_id) = 1", name=op.f("ck_dossier_share_one_object")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_dossier_share_case_id")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_share_dossier_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_dossier_share_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_share")),
    )
    op.create_index(op.f("ix_dossier_share_case_id"), "dossier_share", ["case_id"], unique=False)
    op.create_index(op.f("ix_dossier_share_dossier_id"), "dossier_share", ["dossier_id"], unique=False)
    op.create_index("ix_dossier_share_user", "dossier_share", ["user_id", "until"], unique=False)
    op.create_table(
        "document_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("page_sizes", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("text_state", sa.Text(), nullable=False),
        sa.Column("text_reason", sa.Text(), nullable=True),
        sa.Column("rendition_state", sa.Text(), nullable=False),
        sa.Column("rendition_flavour", sa.Text(), nullable=True),
        sa.Column("rendition_reason", sa.Text(), nullable=True),
        sa.Column("rendition", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("images", sa.Text(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("warnings", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name=op.f("fk_document_version_created_by")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_document_version_document_id")),
        sa.ForeignKeyConstraint(["images"], ["blob.name"], name=op.f("fk_document_version_images")),
        sa.ForeignKeyConstraint(["original"], ["blob.name"], name=op.f("fk_document_version_original")),
        sa.ForeignKeyConstraint(["rendition"], ["blob.name"], name=op.f("fk_document_version_rendition")),
        sa.ForeignKeyConstraint(["terms"], ["blob.name"], name=op.f("fk_document_version_terms")),
        sa.ForeignKeyConstraint(["words"], ["blob.name"], name=op.f("fk_document_version_words")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_version")),
        sa.UniqueConstraint("document_id", "number", name=op.f("uq_document_version_document_id_number")),
    )
    op.create_table(
        "processing_progress",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["document_version.id"], name=op.f("fk_processing_progress_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_processing_progress")),
    )
    op.get_bind().exec_driver_sql((Path(__file__).parent / "procrastinate_3_10.sql").read_text().replace("%", "%%"))
