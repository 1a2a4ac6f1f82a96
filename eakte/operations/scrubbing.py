"""Every blob is read again by the worker itself, round after round: nobody has to think of it.

A round goes through the names in their order; how far it is stands in one row, so that it outlives whoever reads.
Bytes are read outside of transactions; what is found is noted at once, blob by blob, and only then does the round move
on: who is killed in between has a few blobs read twice, and what is known already is no news.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Update, func, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from eakte.models import Blob, BlobFinding, FixityRound
from eakte.operations.documents import all_digests
from eakte.operations.fixity import Round, note, note_verified, round_of
from eakte.operations.storing import examine, expected_after, verify_blobs
from eakte.terms import SYSTEM, Actor, now
from eakte.transaction import Transaction, Transactions
from storage.blobs import BlobStore, Digests
from storage.errors import StorageUnavailable
from storage.scrub import Finding, Kind

logger = logging.getLogger(__name__)

AIM = 0.9
"""The part of its time in which a round should be done: the rest is for outages, and for what comes meanwhile."""

YOUNG = 10_000
"""Blobs up to which a store is read again as soon as it has doubled: a new one grows past its first round in a day."""

LOOK_AGAIN = timedelta(hours=1)
"""After so long what was not whole is read again: perhaps somebody has put it back from a backup."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn does.

    Attributes:
        least: blobs that it reads where there are as many.
        seconds: after which it begins no other blob. A large one is read to its end: a round must get past it.
        save_blobs: blobs after which the round's place is saved.
        save_seconds: seconds after which it is saved, however few they were.
    """

    least: int = 100
    seconds: float = 20.0
    save_blobs: int = 50
    save_seconds: float = 2.0


def due(planned: int, done: int, elapsed: timedelta, period: timedelta, *, least: int) -> int:
    """How many blobs a turn should read: what a steady pace would have read by now and was not, and `least` at least.

    Counted from the beginning of the round, so what an outage has cost is made up for. It goes on behind `planned`:
    what came since the beginning is read as well.
    """
    steady = math.ceil(planned * (elapsed / (period * AIM)))
    return max(least, steady - done)


def read_on(
    transactions: Transactions,
    blobs: BlobStore,
    *,
    period: timedelta,
    stopping: threading.Event,
    turn: Turn | None = None,
) -> None:
    """One turn: look again at what was not whole, then read on in the round, or begin the next when its time has come.

    Idempotent: it goes on behind the last name that was saved, and of two at once one stops. A store that does not
    answer accuses nobody; the next turn goes on at the same place.
    """
    turn = turn or Turn()
    reader = _Reader(transactions, blobs, stopping, turn)
    _look_again(transactions, reader, turn)
    at = _running(transactions, period)
    left = due(at.planned, at.done, now() - at.begun_at, period, least=turn.least) if at else 0
    while at is not None and left > 0 and not reader.over:
        with transactions.read() as session:
            expected = expected_after(session, at.last_name, limit=min(left, turn.save_blobs))
            names = [name for name, _digests in expected]
            known = set(session.scalars(select(BlobFinding.name).where(BlobFinding.name.in_(names))))
        if not expected:
            _end(transactions, at)
            return
        found = reader.read(expected, seconds=turn.save_seconds)
        _tell(transactions, [each for each in found if each.kind is not Kind.OK or each.name in known])
        if found:
            at = _move(transactions, at, found[-1].name, len(found))
            left -= len(found)


def read_all(transactions: Transactions, blobs: BlobStore, actor: Actor) -> Iterator[Finding]:
    """Read all blobs at one go. It counts as a round: the next begins a whole period after this one began.

    Raises StorageUnavailable: then nothing is said of the whole.
    """
    begun_at, checked = now(), 0
    for finding in verify_blobs(transactions, blobs):
        checked += 1
        if finding.kind is not Kind.OK:
            with transactions.begin(actor) as tx:
                note(tx, finding)
        yield finding
    # What was known before and was not found again now has been read whole.
    while whole := _not_looked_at(transactions, since=begun_at, limit=500):
        for name in whole:
            with transactions.begin(actor) as tx:
                note(tx, Finding(name, Kind.OK))
    with transactions.begin(actor) as tx:
        if checked:
            row = FixityRound(
                single=True, begun_at=begun_at, ended_at=now(), last_name="", planned=checked, done=checked
            )
            tx.session.merge(row)
        note_verified(tx, checked)


class _Stopped(Exception):
    """The worker is being stopped."""


class _Reader:
    """Reads blobs until the turn's time is over, the worker is being stopped, or the store does not answer."""

    def __init__(self, transactions: Transactions, blobs: BlobStore, stopping: threading.Event, turn: Turn) -> None:
        self._transactions = transactions
        self._blobs = blobs
        self._stopping = stopping
        self._until = time.monotonic() + turn.seconds
        self._silent = False

    @property
    def over(self) -> bool:
        """Whether no other blob should be begun."""
        return self._silent or self._stopping.is_set() or time.monotonic() >= self._until

    def read(self, expected: Sequence[tuple[str, Digests]], *, seconds: float) -> list[Finding]:
        """What was found, in order: of the first at least, then for so many seconds."""
        found: list[Finding] = []
        until = time.monotonic() + seconds
        try:
            for finding in examine(self._transactions, self._blobs, expected, between=self._between):
                found.append(finding)
                if self.over or time.monotonic() >= until:
                    break
        except StorageUnavailable as error:
            self._silent = True
            logger.warning("the check of all files waits for the storage", extra={"reason": str(error)})
        except _Stopped:
            pass
        return found

    def _between(self) -> None:
        if self._stopping.is_set():
            raise _Stopped


def _look_again(transactions: Transactions, reader: _Reader, turn: Turn) -> None:
    """Read what was not whole once more, each after an hour; for a quarter of the turn, so that the round goes on."""
    names = _not_looked_at(transactions, since=now() - LOOK_AGAIN, limit=turn.least)
    if names and not reader.over:
        with transactions.read() as session:
            expected = sorted(all_digests(session, names).items())
        _tell(transactions, reader.read(expected, seconds=turn.seconds / 4))


def _not_looked_at(transactions: Transactions, *, since: datetime, limit: int) -> Sequence[str]:
    waiting = select(BlobFinding.name).where(BlobFinding.looked_at < since).order_by(BlobFinding.looked_at)
    with transactions.read() as session:
        return session.scalars(waiting.limit(limit)).all()


def _tell(transactions: Transactions, found: Sequence[Finding]) -> None:
    """Note each, and say in the worker's own log what is new."""
    for finding in found:
        with transactions.begin(SYSTEM) as tx:
            news = note(tx, finding)
        about = {"blob": finding.name, "reason": f"{finding.kind.value}: {finding.detail}"}
        if news and finding.kind is Kind.OK:
            logger.warning("a file is whole again", extra=about)
        elif news:
            logger.error("a file is missing or damaged", extra=about)


def _running(transactions: Transactions, period: timedelta) -> Round | None:
    """The round that runs, or a new one where the time has come; None before, and where there is nothing to read."""
    with transactions.read() as session:
        last = session.get(FixityRound, True)
        if last is not None and last.ended_at is None:
            return round_of(last)
        if last is not None and now() < last.begun_at + period and not _doubled(session, last.done):
            return None
        planned = session.scalar(select(func.count()).select_from(Blob)) or 0
    if not planned:
        return None
    fresh = Round(now(), last_name="", planned=planned, done=0)
    values = {"begun_at": fresh.begun_at, "ended_at": None, "last_name": "", "planned": planned, "done": 0}
    # Where another one was faster, its round is no longer the last that was seen here.
    unchanged = FixityRound.begun_at == (last.begun_at if last else None)
    begin = insert(FixityRound).values(single=True, **values)
    with transactions.begin(SYSTEM) as tx:
        begun = _changes(tx, begin.on_conflict_do_update(index_elements=["single"], set_=values, where=unchanged))
    return fresh if begun else None


def _doubled(session: Session, done: int) -> bool:
    """Whether a young store has more than twice as many blobs as were read. Counts no further than that."""
    if done >= YOUNG:
        return False
    some = select(Blob.name).limit(2 * done + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > 2 * done


def _move(transactions: Transactions, at: Round, name: str, count: int) -> Round | None:
    """The round behind a name; None where somebody else has moved or ended it."""
    moved = Round(at.begun_at, name, at.planned, at.done + count)
    with transactions.begin(SYSTEM) as tx:
        done = _changes(tx, _of(at).values(last_name=moved.last_name, done=moved.done))
    return moved if done else None


def _end(transactions: Transactions, at: Round) -> None:
    with transactions.begin(SYSTEM) as tx:
        if _changes(tx, _of(at).values(ended_at=now())):
            note_verified(tx, at.done)


def _of(at: Round) -> Update:
    """A change of the round as it was seen: nobody else has moved it."""
    same = (FixityRound.begun_at == at.begun_at, FixityRound.last_name == at.last_name)
    return update(FixityRound).where(*same, FixityRound.ended_at.is_(None))


def _changes(tx: Transaction, statement: Insert | Update) -> bool:
    """Whether a statement changed the row."""
    return tx.session.execute(statement.returning(FixityRound.single)).first() is not None
