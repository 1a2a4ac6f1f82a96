"""Rights beside unit and level: shares, exclusions, deputies, audit mandates, what the archive may look at.

No row copies a right that follows from another one. What was ended stays as a row: who could read when is answerable.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Operational, Record, id_column
from eakte.terms import now


class DossierShare(Record):
    """Reading one dossier or one case, given to a person or to those who work in a unit, up to a last day."""

    __tablename__ = "dossier_share"
    __table_args__ = (
        CheckConstraint("num_nonnulls(dossier_id, case_id) = 1", name="one_object"),
        CheckConstraint("num_nonnulls(user_id, unit_id) = 1", name="one_grantee"),
        CheckConstraint("ended_by IS NULL OR ended_at IS NOT NULL", name="ended_whole"),
        # The predicate asks for each row of a list whether its dossier (or case) is shared with this person.
        Index("ix_dossier_share_user_dossier", "user_id", "dossier_id"),
        Index("ix_dossier_share_user_case", "user_id", "case_id"),
        Index("ix_dossier_share_unit", "unit_id", postgresql_where=text("unit_id IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = id_column()
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"))
    dossier_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("dossier.id"), index=True)
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    until: Mapped[date]
    reason: Mapped[str | None]
    given_at: Mapped[datetime] = mapped_column(default=now)
    given_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))


class ShareStamp(Operational):
    """A value that is another one after each change of a person's shares, set by a trigger of the database.

    So a process may keep the numbers of what is shared with a person, and still never uses old ones.
    """

    __tablename__ = "share_stamp"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    stamp: Mapped[uuid.UUID]


class DossierExclusion(Record):
    """A person shut out of a dossier (§§ 20, 21 VwVfG): while it stands it beats every grant."""

    __tablename__ = "dossier_exclusion"
    __table_args__ = (
        CheckConstraint("num_nonnulls(lifted_at, lift_reason) IN (0, 2)", name="lifted_has_reason"),
        Index(
            "uq_dossier_exclusion_standing",
            "user_id",
            "dossier_id",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = id_column()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    ground: Mapped[str]
    reason: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=now)
    given_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    lift_reason: Mapped[str | None]


class Deputation(Record):
    """`deputy_id` works in the units of `person_id` from a day until another; `protected` only where it is said."""

    __tablename__ = "deputation"
    __table_args__ = (
        CheckConstraint("person_id <> deputy_id", name="two_persons"),
        CheckConstraint("from_day <= until_day", name="from_before_until"),
    )

    id: Mapped[uuid.UUID] = id_column()
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    deputy_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    from_on: Mapped[date] = mapped_column("from_day")
    until: Mapped[date] = mapped_column("until_day")
    protected: Mapped[bool]
    given_at: Mapped[datetime] = mapped_column(default=now)
    given_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))


class AuditMandate(Record):
    """A Prüfauftrag: an auditor reads the dossiers of some units up to a level, and some single ones, until a day."""

    __tablename__ = "audit_mandate"

    id: Mapped[uuid.UUID] = id_column()
    auditor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    until: Mapped[date]
    reason: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=now)
    given_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))


class MandateUnit(Record):
    """A unit whose dossiers, and those of the units below, a mandate opens."""

    __tablename__ = "audit_mandate_unit"

    mandate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("audit_mandate.id"), primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), primary_key=True)


class MandateDossier(Record):
    """A single dossier that a mandate opens, whatever its level."""

    __tablename__ = "audit_mandate_dossier"

    mandate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("audit_mandate.id"), primary_key=True)
    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)


class OfferedLook(Record):
    """A dossier that the archive may read, from the offer until it is withdrawn, whatever its unit or level."""

    __tablename__ = "offered_look"

    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    offered_at: Mapped[datetime] = mapped_column(default=now)
