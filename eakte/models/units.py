"""Organisation units (Organisationseinheiten) and the scopes made of them."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, Identity, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Operational, Record, id_column


class Unit(Record):
    """A unit of the municipality. Rights are inherited downwards: who works in a unit works in those below it."""

    __tablename__ = "unit"

    id: Mapped[uuid.UUID] = id_column()
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"), index=True)
    revision: Mapped[int] = mapped_column(default=1)


class AccessScope(Operational):
    """A pair of unit and confidentiality level under one small number, as the search index knows rights.

    Rows are only ever added: the number of a pair is the same for ever.
    """

    __tablename__ = "access_scope"
    __table_args__ = (UniqueConstraint("unit_id", "level"),)

    number: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("unit.id"))
    level: Mapped[int] = mapped_column(SmallInteger)
