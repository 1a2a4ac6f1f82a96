"""The filing plan (Aktenplan): classes and their retention."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Record, id_column
from eakte.terms import now

ALWAYS = date.min
"""`valid_from` of a version that was always there."""

VERSIONED = (
    "title",
    "description",
    "unit_id",
    "files_allowed",
    "term",
    "anchor",
    "rounding",
    "legal_basis",
    "applies_to",
    "appraisal",
    "offer_by",
    "disposal_level",
    "transfer_grace",
    "fields",
)
"""What a class says and may say otherwise from a day on; number and place in the plan stay for ever."""


class PlanClass(Record):
    """A class of the plan. Unset retention values are inherited from the class above (`retention.inheritance.resolve`).

    `sort_key` puts numbers into reading order (632.10 after 632.9), compared bytewise (`COLLATE "C"`). The row shows
    what holds now; `PlanClassVersion` has what held and will hold, and terms are counted from those. `state` is open,
    closed, merged (then `successor_id` is where new files go) or divided (new files go below).
    """

    __tablename__ = "plan_class"

    id: Mapped[uuid.UUID] = id_column()
    number: Mapped[str] = mapped_column(unique=True)
    sort_key: Mapped[str] = mapped_column(Text(collation="C"), index=True)
    title: Mapped[str]
    description: Mapped[str | None]
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("plan_class.id"), index=True)
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"))
    files_allowed: Mapped[bool] = mapped_column(default=True)
    term: Mapped[str | None]
    anchor: Mapped[str | None]
    rounding: Mapped[str | None]
    legal_basis: Mapped[str | None]
    valid_from: Mapped[date | None]
    applies_to: Mapped[str | None]
    appraisal: Mapped[str | None]
    offer_by: Mapped[str | None]
    disposal_level: Mapped[str | None]
    transfer_grace: Mapped[str | None]
    fields: Mapped[list[Any]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    state: Mapped[str] = mapped_column(default="open", server_default="open")
    state_since: Mapped[date | None]
    successor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("plan_class.id"))
    revision: Mapped[int] = mapped_column(default=1)


class PlanClassVersion(Record):
    """What a class says from a day on, complete: the state of any day is the newest version that starts by then."""

    __tablename__ = "plan_class_version"
    __table_args__ = (UniqueConstraint("plan_class_id", "valid_from"),)

    id: Mapped[uuid.UUID] = id_column()
    plan_class_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_class.id"))
    valid_from: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(default=now)
    title: Mapped[str]
    description: Mapped[str | None]
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"))
    files_allowed: Mapped[bool]
    term: Mapped[str | None]
    anchor: Mapped[str | None]
    rounding: Mapped[str | None]
    legal_basis: Mapped[str | None]
    applies_to: Mapped[str | None]
    appraisal: Mapped[str | None]
    offer_by: Mapped[str | None]
    disposal_level: Mapped[str | None]
    transfer_grace: Mapped[str | None]
    fields: Mapped[list[Any]] = mapped_column(JSONB, default=list)
