"""Keeping the blobs true: every byte checked against the database, orphans found and swept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.models import Blob
from eakte.operations.auditing import HEADS
from eakte.terms import now
from eakte.transaction import Transactions
from storage.blobs import BlobStore, Digests
from storage.errors import BlobLocked
from storage.scrub import Finding, Kind, orphans, verify

GRACE = timedelta(days=1)
"""An upload may take hours; younger blobs without a row are not orphans yet."""


@dataclass(slots=True)
class Fixity:
    """What a check of all blobs found."""

    checked: int = 0
    ok: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def note(self, finding: Finding) -> None:
        """Count one finding."""
        self.checked += 1
        if finding.kind is Kind.OK:
            self.ok += 1
        elif finding.kind is Kind.MISSING:
            self.missing.append(finding.name)
        else:
            self.damaged.append(finding.name)


def verify_blobs(transactions: Transactions, blobs: BlobStore) -> Iterator[Finding]:
    """Read every blob of the database and compare; one bad blob does not end the check."""
    yield from examine(transactions, blobs, _expected(transactions), between=lambda: None)


def examine(
    transactions: Transactions,
    blobs: BlobStore,
    expected: Iterable[tuple[str, Digests]],
    *,
    between: Callable[[], None],
) -> Iterator[Finding]:
    """Read these blobs and compare; a bad one is told only while it has its row, for it may have been deleted rightly.

    Bytes go after their row is committed away: who finds none asks the row again. Raises StorageUnavailable, and what
    `between` raises after a block.
    """
    for finding in verify(blobs, expected, between=between):
        if finding.kind is not Kind.OK:
            with transactions.read() as session:
                if session.get(Blob, finding.name) is None:
                    continue
        yield finding


def expected_after(session: Session, after: str, *, limit: int) -> list[tuple[str, Digests]]:
    """The blobs behind a name, in the order of names, with what their bytes were."""
    rows = session.scalars(select(Blob).where(Blob.name > after).order_by(Blob.name).limit(limit))
    return [(row.name, Digests(size=row.size, sha256=row.sha256, blocks=row.blocks)) for row in rows]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Names: without a row (older than the grace period), rows whose blob is gone, orphans that a lock keeps."""

    orphans: list[str]
    missing: list[str]
    locked: list[str]


def reconcile(transactions: Transactions, blobs: BlobStore, *, delete: bool, grace: timedelta = GRACE) -> Reconciled:
    """Compare store and database.

    Orphans are leftovers of interrupted uploads and runs that lost; with `delete` they are removed, and one that is
    locked stops no other. A row without blob is never repaired by deleting: it is reported.
    """

    def known(names: Sequence[str]) -> set[str]:
        with transactions.read() as session:
            rows = set(session.scalars(select(Blob.name).where(Blob.name.in_(names))))
        # Heads of the log stand for themselves: they are exactly what must outlive a change of the database.
        return rows | {name for name in names if name.startswith(f"{HEADS}/")}

    found = [stat.name for stat in orphans(blobs, known, grace=grace, now=now())]
    locked = []
    if delete:
        for name in found:
            try:
                blobs.delete(name)
            except BlobLocked:
                locked.append(name)
        blobs.sweep(grace)
    missing = [finding.name for finding in verify_blobs(transactions, blobs) if finding.kind is Kind.MISSING]
    return Reconciled(found, missing, locked)


def _expected(transactions: Transactions) -> Iterator[tuple[str, Digests]]:
    after = ""
    while True:
        with transactions.read() as session:
            page = expected_after(session, after, limit=500)
        if not page:
            return
        yield from page
        after = page[-1][0]
