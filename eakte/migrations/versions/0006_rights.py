"""Rights: shares with an end, exclusions that are lifted, deputies, mandates, offered looks, heads, merged units."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    _units()
    _shares()
    _exclusions()
    _deputations()
    _mandates()
    op.add_column("user_account", sa.Column("administered", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("UPDATE user_account SET administered = true WHERE 'admin' = ANY (roles)")
    op.execute(
        "UPDATE user_account SET administered = true FROM external_identity"
        " WHERE external_identity.user_id = user_account.id AND external_identity.administered"
    )
    op.drop_column("external_identity", "administered")


def _units() -> None:
    op.add_column("unit", sa.Column("head_id", sa.Uuid(), nullable=True))
    op.add_column("unit", sa.Column("closed_on", sa.Date(), nullable=True))
    op.add_column("unit", sa.Column("successor_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_unit_head_id"), "unit", "user_account", ["head_id"], ["id"])
    op.create_foreign_key(op.f("fk_unit_successor_id"), "unit", "unit", ["successor_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_unit_closed_by_merging"), "unit", "(successor_id IS NULL) = (closed_on IS NULL)"
    )
    op.add_column("access_scope", sa.Column("founded_for_id", sa.Uuid(), nullable=True))
    op.execute("UPDATE access_scope SET founded_for_id = unit_id")
    op.alter_column("access_scope", "founded_for_id", nullable=False)
    op.create_foreign_key(op.f("fk_access_scope_founded_for_id"), "access_scope", "unit", ["founded_for_id"], ["id"])
    op.drop_constraint(op.f("uq_access_scope_unit_id_level"), "access_scope", type_="unique")
    op.create_unique_constraint(
        op.f("uq_access_scope_founded_for_id_level"), "access_scope", ["founded_for_id", "level"]
    )
    op.create_index(op.f("ix_access_scope_unit_id"), "access_scope", ["unit_id"], unique=False)
    # The scope says the unit: one place, a few rows, whatever a unit holds.
    op.drop_index(op.f("ix_dossier_unit_id"), "dossier")
    op.drop_column("dossier", "unit_id")


def _shares() -> None:
    # Shares had no acts until now; one without a last day was a promise that nobody could keep an eye on.
    op.execute("UPDATE dossier_share SET until = CURRENT_DATE + 365 WHERE until IS NULL")
    op.alter_column("dossier_share", "until", nullable=False)
    op.alter_column("dossier_share", "user_id", nullable=True)
    op.add_column("dossier_share", sa.Column("unit_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_dossier_share_unit_id"), "dossier_share", "unit", ["unit_id"], ["id"])
    op.add_column("dossier_share", sa.Column("reason", sa.Text(), nullable=True))
    _given_and_ended("dossier_share", "ended")
    for name, rule in (
        ("one_grantee", "num_nonnulls(user_id, unit_id) = 1"),
        ("ended_whole", "ended_by IS NULL OR ended_at IS NOT NULL"),
    ):
        op.create_check_constraint(op.f(f"ck_dossier_share_{name}"), "dossier_share", rule)
    op.drop_index("ix_dossier_share_user", "dossier_share")
    for name in ("dossier", "case"):
        op.create_index(f"ix_dossier_share_user_{name}", "dossier_share", ["user_id", f"{name}_id"], unique=False)
    op.create_index(
        "ix_dossier_share_unit",
        "dossier_share",
        ["unit_id"],
        unique=False,
        postgresql_where=sa.text("unit_id IS NOT NULL"),
    )
    op.create_table(
        "share_stamp",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("stamp", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_share_stamp_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_share_stamp")),
    )
    # A trigger, not an operation: whatever writes shares, nobody can forget it. A value that never comes again, not a
    # counter: one that was rolled back would be given a second time, for other shares.
    op.execute(
        "CREATE FUNCTION note_shares_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO share_stamp (user_id, stamp)"
        " SELECT user_id, gen_random_uuid() FROM changed WHERE user_id IS NOT NULL GROUP BY user_id ORDER BY user_id"
        " ON CONFLICT (user_id) DO UPDATE SET stamp = EXCLUDED.stamp;"
        " RETURN NULL; END $$"
    )
    for act, rows in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER note_{act.lower()} AFTER {act} ON dossier_share REFERENCING {rows} TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION note_shares_changed()"
        )


def _exclusions() -> None:
    op.add_column("dossier_exclusion", sa.Column("ground", sa.Text(), server_default="vwvfg-20", nullable=False))
    op.alter_column("dossier_exclusion", "ground", server_default=None)
    _given_and_ended("dossier_exclusion", "lifted")
    op.add_column("dossier_exclusion", sa.Column("lift_reason", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_dossier_exclusion_lifted_has_reason"),
        "dossier_exclusion",
        "num_nonnulls(lifted_at, lift_reason) IN (0, 2)",
    )
    op.drop_constraint(op.f("uq_dossier_exclusion_user_id_dossier_id"), "dossier_exclusion", type_="unique")
    op.create_index(
        "uq_dossier_exclusion_standing",
        "dossier_exclusion",
        ["user_id", "dossier_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def _given_and_ended(table: str, ended: str) -> None:
    op.add_column(
        table, sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
    )
    op.alter_column(table, "given_at", server_default=None)
    op.add_column(table, sa.Column("given_by", sa.Uuid(), nullable=True))
    op.add_column(table, sa.Column(f"{ended}_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(table, sa.Column(f"{ended}_by", sa.Uuid(), nullable=True))
    for name in ("given_by", f"{ended}_by"):
        op.create_foreign_key(op.f(f"fk_{table}_{name}"), table, "user_account", [name], ["id"])


def _row_of_an_act(table: str) -> list[Any]:
    """The columns of a right that was given and may be ended."""
    return [
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        *(
            sa.ForeignKeyConstraint([name], ["user_account.id"], name=op.f(f"fk_{table}_{name}"))
            for name in ("given_by", "ended_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _deputations() -> None:
    op.create_table(
        "deputation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.CheckConstraint("person_id <> deputy_id", name=op.f("ck_deputation_two_persons")),
        sa.CheckConstraint("from_day <= until_day", name=op.f("ck_deputation_from_before_until")),
        *(
            sa.ForeignKeyConstraint([name], ["user_account.id"], name=op.f(f"fk_deputation_{name}"))
            for name in ("person_id", "deputy_id")
        ),
        *_row_of_an_act("deputation"),
    )
    for name in ("person_id", "deputy_id"):
        op.create_index(op.f(f"ix_deputation_{name}"), "deputation", [name], unique=False)


def _mandates() -> None:
    op.create_table(
        "audit_mandate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("auditor_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["auditor_id"], ["user_account.id"], name=op.f("fk_audit_mandate_auditor_id")),
        *_row_of_an_act("audit_mandate"),
    )
    op.create_index(op.f("ix_audit_mandate_auditor_id"), "audit_mandate", ["auditor_id"], unique=False)
    for name in ("unit", "dossier"):
        table = f"audit_mandate_{name}"
        op.create_table(
            table,
            sa.Column("mandate_id", sa.Uuid(), nullable=False),
            sa.Column(f"{name}_id", sa.Uuid(), nullable=False),
            sa.ForeignKeyConstraint(["mandate_id"], ["audit_mandate.id"], name=op.f(f"fk_{table}_mandate_id")),
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{name}.id"], name=op.f(f"fk_{table}_{name}_id")),
            sa.PrimaryKeyConstraint("mandate_id", f"{name}_id", name=op.f(f"pk_{table}")),
        )
    op.create_table(
        "offered_look",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("fk_offered_look_dossier_id")),
        sa.PrimaryKeyConstraint("dossier_id", name=op.f("pk_offered_look")),
    )
