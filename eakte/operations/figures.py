"""How the service is doing, in numbers, for those who keep it running. Nothing here tells what lies in the files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from eakte.models import Document, Dossier
from eakte.operations.fixity import Standing, standing
from eakte.operations.waiting import require_administrator
from eakte.terms import Actor, DocumentState, now, today

LONG = timedelta(days=365)
"""Disposal is done about once a year: what waits for longer was left lying."""


@dataclass(frozen=True, slots=True)
class Work:
    """Jobs that wait and run, workers that gave a sign of life, documents that are not read yet."""

    waiting: int
    running: int
    workers: int
    unread: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """Closed dossiers whose time is over and which nobody has disposed of yet.

    `ended` are those whose term is over, `to_offer` permanent ones that the archive should have been offered by now (no
    dossier is both); `long` of them have waited for more than a year, the oldest since the day `since`.
    """

    ended: int
    to_offer: int
    long: int
    since: date | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of one moment. `index_waiting` are documents that search does not show as they are yet."""

    work: Work
    failed: int
    storage: Standing
    index_waiting: int
    database_bytes: int
    backlog: Backlog


def figures(session: Session, actor: Actor, *, stalled_seconds: float, fixity: timedelta) -> Figures:
    """All numbers at once; a worker counts while its sign of life is younger than `stalled_seconds`.

    `fixity` is the time within which all files are read again.

    Raises NotAllowed for everybody but IT.
    """
    require_administrator(actor)
    by_state = {row[0]: row[1] for row in session.execute(_documents_by_state())}
    behind = select(func.count()).where(
        Document.indexed_revision < Document.revision,
        Document.state.in_((DocumentState.READY.value, DocumentState.FAILED.value)),
    )
    return Figures(
        work=_work(session, stalled_seconds, by_state),
        failed=by_state.get(DocumentState.FAILED.value, 0),
        storage=standing(session, fixity),
        index_waiting=session.scalar(behind) or 0,
        database_bytes=session.scalar(text("SELECT pg_database_size(current_database())")) or 0,
        backlog=disposal_backlog(session),
    )


def disposal_backlog(session: Session) -> Backlog:
    """How many dossiers wait for their disposal today, and how long: two ranges of two indexes."""
    day = today()
    ended, ended_long, ended_since = session.execute(_waiting(Dossier.retention_end, day - timedelta(days=1))).one()
    offered, offered_long, offered_since = session.execute(_waiting(Dossier.retention_offer_by, day)).one()
    # A term is over the day after its last one.
    first = [ended_since + timedelta(days=1)] if ended_since else []
    since = min([*first, *([offered_since] if offered_since else [])], default=None)
    return Backlog(ended, offered, ended_long + offered_long, since)


def _waiting(due: InstrumentedAttribute[date | None], until: date) -> Select[int, int, date | None]:
    """Closed dossiers due by a day, how many of them a year before, and the first day (`listing` has the same rule)."""
    long = func.count().filter(due <= until - LONG)
    return select(func.count(), long, func.min(due)).where(Dossier.closed_on.is_not(None), due <= until)


def _documents_by_state() -> Select[str, int]:
    asked = (Document.cancelled_at.is_(None), Document.state != DocumentState.READY.value)
    return select(Document.state, func.count()).where(*asked).group_by(Document.state)


def _work(session: Session, stalled_seconds: float, by_state: dict[str, int]) -> Work:
    jobs = session.execute(text("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY 1"))
    counts = {row[0]: row[1] for row in jobs}
    alive = text("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > :since")
    since = now() - timedelta(seconds=stalled_seconds)
    return Work(
        waiting=counts.get("todo", 0),
        running=counts.get("doing", 0),
        workers=session.scalar(alive, {"since": since}) or 0,
        unread=by_state.get(DocumentState.RECEIVED.value, 0) + by_state.get(DocumentState.PROCESSING.value, 0),
    )
