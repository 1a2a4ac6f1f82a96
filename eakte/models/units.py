"""Organisation units (Organisationseinheiten) and the scopes made of them."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Record, id_column


class Unit(Record):
    """A unit of the municipality. Rights are inherited downwards: who works in a unit works in those below it.

    `head_id` is the mark of its head, who gives roles and excludes persons there. A unit that was merged into another
    (`successor_id`) is closed and stays for what once named it.
    """

    __tablename__ = "unit"
    __table_args__ = (CheckConstraint("(successor_id IS NULL) = (closed_on IS NULL)", name="closed_by_merging"),)

    id: Mapped[uuid.UUID] = id_column()
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"), index=True)
    head_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id", use_alter=True))
    closed_on: Mapped[date | None]
    successor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"))
    revision: Mapped[int] = mapped_column(default=1)


class AccessScope(Record):
    """A pair of unit and confidentiality level under one small number, as dossiers and the search index know rights.

    The number is the same for ever. It was made for `founded_for_id`; `unit_id` is the unit that has it now: merging
    units moves scopes, and what carries their numbers stays untouched.
    """

    __tablename__ = "access_scope"
    __table_args__ = (UniqueConstraint("founded_for_id", "level"),)

    number: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    founded_for_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    level: Mapped[int] = mapped_column(SmallInteger)
