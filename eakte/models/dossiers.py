"""Dossiers (Akten) and cases (Vorgänge), their numbers and events."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from eakte.models.base import Base, Operational, Record, id_column
from eakte.models.plan import PlanClass
from eakte.models.units import AccessScope, Unit
from eakte.terms import now

container_number = Sequence("container_number", metadata=Base.metadata)
"""One number sequence for dossiers and cases: search rights name both by small integers."""


class Dossier(Record):
    """All records of one matter.

    `scope_number` says unit and level: the responsible unit stands in the scope alone, so that a unit that is merged
    into another hands over all its dossiers by a few rows (docs/adr/0014); `unit_id` reads it there. `state` is open or
    closed; what follows by the calendar alone (transfer grace over, term over) is derived from `grace_end`,
    `retention_end` and `retention_offer_by` on the day of reading. `keep_until` is a day beyond the class's term until
    which it is kept at least. `former_references` are the numbers it had before (`DossierReference` has all numbers);
    `lent_to` says who has the paper now, `DossierLoan` who had it.
    """

    __tablename__ = "dossier"
    __table_args__ = (
        CheckConstraint("(state = 'open') = (closed_on IS NULL)", name="closed_has_day"),
        UniqueConstraint("external_system", "external_id"),
        Index("ix_dossier_class_sort", "plan_class_id", "reference_sort", "id"),
        Index("ix_dossier_sort", "reference_sort", "id"),
        # What is over by the calendar is counted without a look at the other rows.
        Index("ix_dossier_retention_end", "retention_end", postgresql_where=text("closed_on IS NOT NULL")),
        Index("ix_dossier_offer_by", "retention_offer_by", postgresql_where=text("closed_on IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = id_column()
    number: Mapped[int] = mapped_column(Integer, container_number, unique=True)
    reference_number: Mapped[str] = mapped_column(unique=True)
    reference_key: Mapped[str] = mapped_column(unique=True)
    reference_sort: Mapped[str] = mapped_column(Text(collation="C"))
    plan_class_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_class.id"))
    title: Mapped[str]
    confidentiality: Mapped[int] = mapped_column(SmallInteger)
    scope_number: Mapped[int] = mapped_column(ForeignKey("access_scope.number"), index=True)
    medium: Mapped[str]
    former_references: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    location: Mapped[str | None]
    lent_to: Mapped[str | None]
    lent_on: Mapped[date | None]
    lent_until: Mapped[date | None]
    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    fields: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    state: Mapped[str]
    closed_on: Mapped[date | None]
    opened_on: Mapped[date]
    retention_state: Mapped[str]
    retention_end: Mapped[date | None]
    retention_offer_by: Mapped[date | None]
    grace_end: Mapped[date | None]
    retention_rule: Mapped[str | None]
    retention_basis: Mapped[str | None]
    keep_until: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    revision: Mapped[int] = mapped_column(default=1)

    plan_class: Mapped[PlanClass] = relationship(lazy="raise")
    unit_id: Mapped[uuid.UUID] = column_property(
        select(AccessScope.unit_id)
        .where(AccessScope.number == scope_number)
        .correlate_except(AccessScope)
        .scalar_subquery()
    )
    unit: Mapped[Unit] = relationship(
        secondary=lambda: AccessScope.__table__,
        primaryjoin=lambda: Dossier.scope_number == AccessScope.number,
        secondaryjoin=lambda: AccessScope.unit_id == Unit.id,
        viewonly=True,
        lazy="raise",
    )


class Case(Record):
    """One transaction inside a dossier; with a parent a sub-case (Teilvorgang), which has none below it."""

    __tablename__ = "case_file"
    __table_args__ = (
        UniqueConstraint("dossier_id", "ordinal"),
        UniqueConstraint("external_system", "external_id"),
    )

    id: Mapped[uuid.UUID] = id_column()
    number: Mapped[int] = mapped_column(Integer, container_number, unique=True)
    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    ordinal: Mapped[int]
    title: Mapped[str]
    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    state: Mapped[str]
    closed_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    revision: Mapped[int] = mapped_column(default=1)


class DossierReference(Record):
    """Every reference number that was ever given, under its spelling for finding: none is given a second time."""

    __tablename__ = "dossier_reference"

    key: Mapped[str] = mapped_column(primary_key=True)
    reference_number: Mapped[str]
    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    given_at: Mapped[datetime] = mapped_column(default=now)


class Volume(Record):
    """A volume (Band) of a dossier: what is filed while it is the last one belongs to it."""

    __tablename__ = "volume"
    __table_args__ = (UniqueConstraint("dossier_id", "ordinal"),)

    id: Mapped[uuid.UUID] = id_column()
    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"))
    ordinal: Mapped[int]
    title: Mapped[str | None]
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]


class DossierLoan(Record):
    """Who had the paper of a dossier, written when it comes back."""

    __tablename__ = "dossier_loan"

    id: Mapped[uuid.UUID] = id_column()
    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    lent_to: Mapped[str]
    lent_on: Mapped[date]
    lent_until: Mapped[date | None]
    returned_on: Mapped[date]


class CrossReference(Record):
    """A reference from a dossier (or one of its cases) to another, seen from both sides by who may know the other."""

    __tablename__ = "cross_reference"
    __table_args__ = (
        UniqueConstraint(
            "source_dossier_id",
            "source_case_id",
            "target_dossier_id",
            "target_case_id",
            name="one_for_a_pair",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[uuid.UUID] = id_column()
    source_dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"))
    source_case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_file.id"))
    target_dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    target_case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_file.id"))
    note: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Party(Record):
    """A person or firm with its role at a dossier or one of its cases. `name_key` is for finding."""

    __tablename__ = "party"
    __table_args__ = (Index("ix_party_name_key", "name_key", "id"),)

    id: Mapped[uuid.UUID] = id_column()
    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    role: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Text(collation="C"))
    street: Mapped[str | None]
    postcode: Mapped[str | None]
    city: Mapped[str | None]
    country: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    revision: Mapped[int] = mapped_column(default=1)


class DossierEvent(Record):
    """A named event with its day, from which a term may be counted (anchor `event:NAME`)."""

    __tablename__ = "dossier_event"
    __table_args__ = (UniqueConstraint("dossier_id", "name"),)

    id: Mapped[uuid.UUID] = id_column()
    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"))
    name: Mapped[str]
    on: Mapped[date] = mapped_column("on_day")


class ReferenceCounter(Operational):
    """The last running number given in a class and year. Numbers are never given twice; gaps are allowed."""

    __tablename__ = "reference_counter"

    plan_class_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_class.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class ExternalSystem(Operational):
    """Whose keys a system's name stands for: the account that used it first. Others may not read or set its keys."""

    __tablename__ = "external_system"

    name: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
