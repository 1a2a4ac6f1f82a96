"""The declarative base: naming of constraints, types, and which tables are records."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, LargeBinary, MetaData, Text, TypeDecorator, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from eakte.terms import new_id

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, always aware and in UTC: a naive one is a programming error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times (ValueError)."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError("a point in time needs its zone")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC whatever the session's time zone is."""
        del dialect
        return value.astimezone(UTC) if value is not None else None


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        bytes: LargeBinary,
        uuid.UUID: Uuid,
        datetime: UtcDateTime,
        dict[str, Any]: JSONB,
    }


class Record(Base):
    """A table whose rows are records: changing one without an audit event is refused (`eakte.transaction`).

    `derived` names columns that only mirror work that is logged elsewhere or can be made again (a state of processing,
    what the index shows); changing nothing but those needs no event.
    """

    __abstract__ = True
    derived: ClassVar[frozenset[str]] = frozenset()


class Operational(Base):
    """A table of the service's own bookkeeping: sessions, keys, progress, derived states. Exempt from the audit rule.

    What may be here is decided by this base class alone; there is no second list.
    """

    __abstract__ = True


def id_column() -> Mapped[uuid.UUID]:
    """A UUIDv7 primary key made by the program, so that a name for blobs is known before the row exists."""
    return mapped_column(primary_key=True, default=new_id)
