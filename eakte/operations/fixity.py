"""What is known of the blobs by reading them again: which are not whole, and how far the round is.

What is found of a blob changes what is known and the log in one act. `eakte.operations.scrubbing` reads.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.language import ngettext
from eakte.models import AuditEntry, Blob, BlobFinding, FixityRound
from eakte.operations.waiting import require_administrator
from eakte.terms import Actor, now
from eakte.transaction import Transaction
from storage.scrub import Finding, Kind

LATE = timedelta(days=1)
"""So long after its time a round that has not begun is overdue."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The last time every file of the storage was read and compared: how many, and how many were not as they should."""

    at: datetime
    checked: int
    missing: int
    damaged: int


@dataclass(frozen=True, slots=True)
class Round:
    """How far a round is: blobs read, of how many that were there when it began; and the last of them by name."""

    begun_at: datetime
    last_name: str
    planned: int
    done: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How the blobs are: how many are missing and damaged now, what the last complete check found, the round that runs.

    `overdue`: a round takes longer than its time, or should have begun.
    """

    missing: int
    damaged: int
    verified: Verified | None
    running: Round | None
    overdue: bool


def standing(session: Session, period: timedelta) -> Standing:
    """How the blobs are, where a round has `period` for itself."""
    missing, damaged = wrong(session)
    row = session.get(FixityRound, True)
    running = round_of(row) if row is not None and row.ended_at is None else None
    grace = timedelta(0) if running else LATE
    overdue = row is not None and now() > row.begun_at + period + grace
    return Standing(missing, damaged, last_verified(session), running, overdue)


def wrong(session: Session) -> tuple[int, int]:
    """How many blobs are missing and how many damaged, as far as is known."""
    rows = session.execute(select(BlobFinding.kind, func.count()).group_by(BlobFinding.kind))
    counts = {row[0]: row[1] for row in rows}
    return counts.get(Kind.MISSING.value, 0), counts.get(Kind.DAMAGED.value, 0)


def wrong_words(missing: int, damaged: int) -> str:
    """What is wrong, for people; of what there is none nothing is said."""
    said = []
    if missing:
        said.append(ngettext("%(num)s Datei fehlt", "%(num)s Dateien fehlen", missing))
    if damaged:
        said.append(ngettext("%(num)s Datei ist beschädigt", "%(num)s Dateien sind beschädigt", damaged))
    return ", ".join(said)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A blob that is not whole, as IT may see it: its name is made of ids."""

    name: str
    kind: str
    found_at: datetime


def list_wrong(session: Session, actor: Actor) -> Iterator[Wrong]:
    """The blobs that are not whole, in the order of names. Raises NotAllowed for everybody but IT."""
    require_administrator(actor)
    rows = session.scalars(select(BlobFinding).order_by(BlobFinding.name).execution_options(yield_per=500))
    yield from (Wrong(row.name, row.kind, row.found_at) for row in rows)


def note(tx: Transaction, finding: Finding) -> bool:
    """Keep what was found of one blob, and write into the log what is new; returns whether it is.

    The entry's subject is the document, so that its history tells it too.
    """
    # Two who find the same follow one another. A blob without its row was deleted rightly.
    if tx.session.get(Blob, finding.name, with_for_update=True) is None:
        return False
    known = tx.session.get(BlobFinding, finding.name)
    if finding.kind is Kind.OK:
        if known is None:
            return False
        tx.session.delete(known)
        tx.record(Tag.FILE_RECOVER, _document_of(finding.name), {"file": finding.name})
        return True
    at = now()
    if known is None:
        tx.session.add(BlobFinding(name=finding.name, kind=finding.kind.value, found_at=at, looked_at=at))
    else:
        known.looked_at = at
        if known.kind == finding.kind.value:
            return False
        known.kind = finding.kind.value
    tx.record(Tag.FILE_LOSE, _document_of(finding.name), {"file": finding.name, "found": finding.kind.value})
    return True


def note_verified(tx: Transaction, checked: int) -> None:
    """Write into the log that all blobs were read and compared, and how many are not whole: those have entries each."""
    missing, damaged = wrong(tx.session)
    tx.record(Tag.STORAGE_VERIFY, None, {"checked": checked, "missing": missing, "damaged": damaged})


def last_verified(session: Session) -> Verified | None:
    """What the last complete check of the storage found, from the log; None where there was none."""
    checks = select(AuditEntry).where(AuditEntry.tag == Tag.STORAGE_VERIFY.value)
    # A check that is not numbered yet is the newest: NULLs come first in a descending order.
    row = session.scalar(checks.order_by(AuditEntry.number.desc()).limit(1))
    if row is None:
        return None
    return Verified(row.at, row.details["checked"], row.details["missing"], row.details["damaged"])


def round_of(row: FixityRound) -> Round:
    """The row as it stands."""
    return Round(row.begun_at, row.last_name, row.planned, row.done)


def _document_of(name: str) -> uuid.UUID | None:
    """The document whose file this is: its id is the first part of all names (`eakte.operations.filing`)."""
    try:
        return uuid.UUID(name.partition("/")[0])
    except ValueError:
        return None
