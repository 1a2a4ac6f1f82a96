"""Dossiers (Akten) and cases (Vorgänge), their numbers, events, shares and exclusions."""

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from eakte.models.base import Base, Operational, Record, id_column
from eakte.models.plan import PlanClass
from eakte.models.units import Unit
from eakte.terms import now

container_number = Sequence("container_number", metadata=Base.metadata)
"""One number sequence for dossiers and cases: search rights name both by small integers."""


class Dossier(Record):
    """All records of one matter.

    `scope_number` follows unit and level. `state` is open or closed; what follows by the calendar alone (transfer grace
    over, term over) is derived from `grace_end`, `retention_end` and `retention_offer_by` on the day of reading.
    """

    __tablename__ = "dossier"
    __table_args__ = (
        CheckConstraint("(state = 'open') = (closed_on IS NULL)", name="closed_has_day"),
        UniqueConstraint("external_system", "external_id"),
        Index("ix_dossier_class_sort", "plan_class_id", "reference_sort", "id"),
        Index("ix_dossier_sort", "reference_sort", "id"),
    )

    id: Mapped[uuid.UUID] = id_column()
    number: Mapped[int] = mapped_column(Integer, container_number, unique=True)
    reference_number: Mapped[str] = mapped_column(unique=True)
    reference_key: Mapped[str] = mapped_column(unique=True)
    reference_sort: Mapped[str] = mapped_column(Text(collation="C"))
    plan_class_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_class.id"))
    title: Mapped[str]
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    confidentiality: Mapped[int] = mapped_column(SmallInteger)
    scope_number: Mapped[int] = mapped_column(ForeignKey("access_scope.number"), index=True)
    medium: Mapped[str]
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
    created_at: Mapped[datetime] = mapped_column(default=now)
    revision: Mapped[int] = mapped_column(default=1)

    plan_class: Mapped[PlanClass] = relationship(lazy="raise")
    unit: Mapped[Unit] = relationship(lazy="raise")


class Case(Record):
    """One transaction inside a dossier."""

    __tablename__ = "case_file"
    __table_args__ = (UniqueConstraint("dossier_id", "ordinal"),)

    id: Mapped[uuid.UUID] = id_column()
    number: Mapped[int] = mapped_column(Integer, container_number, unique=True)
    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    ordinal: Mapped[int]
    title: Mapped[str]
    state: Mapped[str]
    closed_on: Mapped[date | None]
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


class DossierShare(Record):
    """Access given to one person for one dossier or one case, with an end."""

    __tablename__ = "dossier_share"
    __table_args__ = (
        CheckConstraint("num_nonnulls(dossier_id, case_id) = 1", name="one_object"),
        Index("ix_dossier_share_user", "user_id", "until"),
    )

    id: Mapped[uuid.UUID] = id_column()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    dossier_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("dossier.id"), index=True)
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    until: Mapped[date | None]


class DossierExclusion(Record):
    """A person shut out of a dossier (§§ 20, 21 VwVfG, own personnel file): it beats every grant."""

    __tablename__ = "dossier_exclusion"
    __table_args__ = (UniqueConstraint("user_id", "dossier_id"),)

    id: Mapped[uuid.UUID] = id_column()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"), index=True)
    reason: Mapped[str]
