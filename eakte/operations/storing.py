"""Keeping the blobs true: every byte checked against the database, orphans found and swept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

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
    yield from verify(blobs, _expected(transactions))


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
            rows = session.scalars(select(Blob).where(Blob.name > after).order_by(Blob.name).limit(500)).all()
        if not rows:
            return
        for row in rows:
            yield row.name, Digests(size=row.size, sha256=row.sha256, blocks=row.blocks)
        after = rows[-1].name
