"""Pages by key: the next page starts after the last row seen, so page 1,000 costs what page 1 costs."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from eakte.errors import FieldError, InvalidInput
from eakte.language import _

T = TypeVar("T")
MAX_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows and the mark of the next page; None on the last."""

    items: Sequence[T]
    next: str | None


def by_id(
    session: Session,
    statement: Select[Any],
    column: InstrumentedAttribute[uuid.UUID],
    *,
    after: str | None,
    limit: int,
    newest_first: bool = False,
) -> Page[Any]:
    """One page of rows in the order of their ids, which is that of their making."""
    if after:
        (last,) = read_mark(after, 1)
        with bad_mark():
            statement = statement.where(column < uuid.UUID(last) if newest_first else column > uuid.UUID(last))
    statement = statement.order_by(column.desc() if newest_first else column)
    rows, more = cut(session.scalars(statement.limit(page_size(limit) + 1)).all(), limit)
    return Page(rows, make_mark(str(getattr(rows[-1], column.key))) if more else None)


def by_day(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    day: InstrumentedAttribute[date],
    column: InstrumentedAttribute[uuid.UUID],
    *,
    after: str | None,
    limit: int,
) -> Page[Any]:
    """One page of tuples in the order of a day and, on one day, of their making. The first of a tuple is the row."""
    if after:
        last_day, last = read_mark(after, 2)
        with bad_mark():
            statement = statement.where(tuple_(day, column) > (date.fromisoformat(last_day), uuid.UUID(last)))
    rows, more = cut(session.execute(statement.order_by(day, column).limit(page_size(limit) + 1)).all(), limit)
    if not more:
        return Page(rows, None)
    row = rows[-1][0]
    return Page(rows, make_mark(getattr(row, day.key).isoformat(), str(getattr(row, column.key))))


def page_size(limit: int) -> int:
    """How many rows a page has that asks for so many."""
    return max(1, min(limit, MAX_LIMIT))


def cut(rows: Sequence[T], limit: int) -> tuple[Sequence[T], bool]:
    """The rows of the page, of one more than it has, and whether there are more."""
    size = page_size(limit)
    return rows[:size], len(rows) > size


def make_mark(*parts: str) -> str:
    """The mark of the row after which the next page begins."""
    return base64.urlsafe_b64encode(json.dumps(parts, ensure_ascii=False).encode()).decode().rstrip("=")


def read_mark(mark: str, count: int) -> list[str]:
    """The parts of a mark. Raises InvalidInput for anything that this module did not make."""
    with bad_mark():
        parts = json.loads(base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
        if not isinstance(parts, list) or len(parts) != count or not all(isinstance(part, str) for part in parts):
            raise ValueError("not a mark")
        for part in parts:
            part.encode()  # no halves of surrogate pairs: the database takes none
    return parts


@contextmanager
def bad_mark() -> Iterator[None]:
    """Raise InvalidInput naming `after` for what a mark's parts turn out not to be."""
    try:
        yield
    except (ValueError, RecursionError):
        raise InvalidInput(errors=[FieldError("after", _("Diese Seite der Liste gibt es nicht."))]) from None
