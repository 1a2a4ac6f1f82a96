"""Templates from which dossiers and cases are made."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Record, id_column
from eakte.terms import now


class Template(Record):
    """A pattern of a dossier or case that the registrar makes; `body` is what `operations.templates` has checked."""

    __tablename__ = "template"

    id: Mapped[uuid.UUID] = id_column()
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    body: Mapped[dict[str, Any]]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    revision: Mapped[int] = mapped_column(default=1)
