"""The filing plan (Aktenplan): classes and their retention."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Record, id_column


class PlanClass(Record):
    """A class of the plan. Unset retention values are inherited from the class above (`retention.periods.resolve`).

    `sort_key` puts numbers into reading order (632.10 after 632.9), compared bytewise (`COLLATE "C"`).
    """

    __tablename__ = "plan_class"

    id: Mapped[uuid.UUID] = id_column()
    number: Mapped[str] = mapped_column(unique=True)
    sort_key: Mapped[str] = mapped_column(Text(collation="C"), index=True)
    title: Mapped[str]
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
    revision: Mapped[int] = mapped_column(default=1)
