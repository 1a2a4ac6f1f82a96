"""Versions of the plan, all reference numbers, volumes, loans, cross references, parties, templates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

JSON = postgresql.JSONB(astext_type=sa.Text())
SAID = (
    "title, description, unit_id, files_allowed, term, anchor, rounding, legal_basis, applies_to, appraisal, offer_by, "
    "disposal_level, transfer_grace, fields"
)


def upgrade() -> None:
    """Apply."""
    _plan()
    _dossiers()
    _beside()


def _plan() -> None:
    op.add_column("plan_class", sa.Column("description", sa.Text(), nullable=True))
    op.add_column("plan_class", sa.Column("fields", JSON, server_default=sa.text("'[]'"), nullable=False))
    op.add_column("plan_class", sa.Column("state", sa.Text(), server_default="open", nullable=False))
    op.add_column("plan_class", sa.Column("state_since", sa.Date(), nullable=True))
    op.add_column("plan_class", sa.Column("successor_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_plan_class_successor_id"), "plan_class", "plan_class", ["successor_id"], ["id"])
    op.create_table(
        "plan_class_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_class_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("files_allowed", sa.Boolean(), nullable=False),
        sa.Column("term", sa.Text(), nullable=True),
        sa.Column("anchor", sa.Text(), nullable=True),
        sa.Column("rounding", sa.Text(), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("applies_to", sa.Text(), nullable=True),
        sa.Column("appraisal", sa.Text(), nullable=True),
        sa.Column("offer_by", sa.Text(), nullable=True),
        sa.Column("disposal_level", sa.Text(), nullable=True),
        sa.Column("transfer_grace", sa.Text(), nullable=True),
        sa.Column("fields", JSON, nullable=False),
        sa.ForeignKeyConstraint(["plan_class_id"], ["plan_class.id"], name=op.f("fk_plan_class_version_plan_class_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_plan_class_version_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_class_version")),
        sa.UniqueConstraint("plan_class_id", "valid_from", name=op.f("uq_plan_class_version_plan_class_id_valid_from")),
    )
    # What is there has been so as far back as anybody can ask; a class keeps its id as that of its first version.
    op.execute(
        f"INSERT INTO plan_class_version (id, plan_class_id, valid_from, recorded_at, {SAID}) "  # noqa: S608 - constants
        f"SELECT id, id, coalesce(valid_from, date '0001-01-01'), now(), {SAID} FROM plan_class"
    )


def _dossiers() -> None:
    op.add_column(
        "dossier", sa.Column("former_references", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    for name, kind in (("location", sa.Text()), ("lent_to", sa.Text()), ("lent_on", sa.Date())):
        op.add_column("dossier", sa.Column(name, kind, nullable=True))
    op.add_column("dossier", sa.Column("lent_until", sa.Date(), nullable=True))
    op.create_table(
        "dossier_reference",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reference_number", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_reference_dossier_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_dossier_reference")),
    )
    op.create_index(op.f("ix_dossier_reference_dossier_id"), "dossier_reference", ["dossier_id"])
    op.execute(
        "INSERT INTO dossier_reference (key, reference_number, dossier_id, given_at) "
        "SELECT reference_key, reference_number, id, created_at FROM dossier"
    )
    op.create_table(
        "volume",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_volume_dossier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volume")),
        sa.UniqueConstraint("dossier_id", "ordinal", name=op.f("uq_volume_dossier_id_ordinal")),
    )
    op.create_table(
        "dossier_loan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("lent_to", sa.Text(), nullable=False),
        sa.Column("lent_on", sa.Date(), nullable=False),
        sa.Column("lent_until", sa.Date(), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_dossier_loan_dossier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_loan")),
    )
    op.create_index(op.f("ix_dossier_loan_dossier_id"), "dossier_loan", ["dossier_id"])
    op.add_column("case_file", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_case_file_parent_id"), "case_file", "case_file", ["parent_id"], ["id"])
    op.create_index(op.f("ix_case_file_parent_id"), "case_file", ["parent_id"])
    op.add_column("case_file", sa.Column("fields", JSON, server_default=sa.text("'{}'"), nullable=False))
    op.add_column("document", sa.Column("volume_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_document_volume_id"), "document", "volume", ["volume_id"], ["id"])
    for table in ("case_file", "document"):
        op.add_column(table, sa.Column("external_system", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("external_id", sa.Text(), nullable=True))
        op.create_unique_constraint(
            op.f(f"uq_{table}_external_system_external_id"), table, ["external_system", "external_id"]
        )


def _beside() -> None:
    op.create_table(
        "cross_reference",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_dossier_id", sa.Uuid(), nullable=False),
        sa.Column("source_case_id", sa.Uuid(), nullable=True),
        sa.Column("target_dossier_id", sa.Uuid(), nullable=False),
        sa.Column("target_case_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [f"{side}_{noun}_id"], [f"{table}.id"], name=op.f(f"fk_cross_reference_{side}_{noun}_id")
            )
            for side in ("source", "target")
            for noun, table in (("dossier", "dossier"), ("case", "case_file"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cross_reference")),
        sa.UniqueConstraint(
            "source_dossier_id",
            "source_case_id",
            "target_dossier_id",
            "target_case_id",
            name=op.f("one_for_a_pair"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_cross_reference_target_dossier_id"), "cross_reference", ["target_dossier_id"])
    op.create_table(
        "party",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=True)
            for name in ("street", "postcode", "city", "country", "email", "phone")
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_party_dossier_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_party_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
    )
    op.create_index(op.f("ix_party_dossier_id"), "party", ["dossier_id"])
    op.create_index(op.f("ix_party_case_id"), "party", ["case_id"])
    op.create_index("ix_party_name_key", "party", ["name_key", "id"])
    op.create_table(
        "template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template")),
        sa.UniqueConstraint("name", name=op.f("uq_template_name")),
    )
