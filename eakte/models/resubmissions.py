"""Resubmissions (Wiedervorlagen): who is reminded of what, and when."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Record, id_column
from eakte.terms import now

_OPEN = text("done_at IS NULL")


class Resubmission(Record):
    """A reminder of a dossier, a case or a document, for one person or one unit; seen by who may read its object.

    A document may move, so its dossier is not repeated here.
    """

    __tablename__ = "resubmission"
    __table_args__ = (
        CheckConstraint("num_nonnulls(dossier_id, case_id, document_id) = 1", name="one_object"),
        CheckConstraint("num_nonnulls(user_id, unit_id) = 1", name="one_addressee"),
        Index("ix_resubmission_user_due", "user_id", "due_on", "id", postgresql_where=_OPEN),
        Index("ix_resubmission_unit_due", "unit_id", "due_on", "id", postgresql_where=_OPEN),
    )

    id: Mapped[uuid.UUID] = id_column()
    dossier_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("dossier.id"), index=True)
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    document_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("document.id"), index=True)
    due_on: Mapped[date]
    note: Mapped[str]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    done_at: Mapped[datetime | None]
    done_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    revision: Mapped[int] = mapped_column(default=1)
