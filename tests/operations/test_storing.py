"""Blobs and rows against each other: leftovers go after their grace, what is missing or damaged is named."""

from __future__ import annotations

import os
import uuid
from datetime import timedelta
from typing import Any, cast

import pytest

from eakte.operations.auditing import sequence
from eakte.operations.storing import GRACE, Fixity, Reconciled, reconcile, verify_blobs
from eakte.terms import now
from storage.blobs import BlobStore
from storage.errors import BlobLocked
from tests.operations.office import Office


def fixity(office: Office) -> Fixity:
    found = Fixity()
    for finding in verify_blobs(office.backends.transactions, office.backends.blobs):
        found.note(finding)
    return found


def aged(office: Office, name: str, age: timedelta) -> None:
    at = (now() - age).timestamp()
    os.utime(office.blob_file(name), (at, at))


def orphan(office: Office, age: timedelta) -> str:
    name = f"{uuid.uuid4()}/1/original.x"
    office.backends.blobs.put(name, iter([b"leftover"]))
    aged(office, name, age)
    return name


@pytest.fixture
def document(office: Office) -> uuid.UUID:
    filed = office.file(dossier=office.dossier())
    office.read(filed, "Bescheid")
    return filed


@pytest.mark.usefixtures("document")
def test_everything_in_its_place(office: Office) -> None:
    sequence(office.backends.transactions, office.backends.blobs)
    found = fixity(office)
    assert (found.checked, found.ok, found.missing, found.damaged) == (4, 4, [], [])
    assert reconcile(office.backends.transactions, office.backends.blobs, delete=False) == Reconciled([], [], [])


def test_leftovers_are_found_after_their_grace_and_removed_only_when_asked(office: Office, document: uuid.UUID) -> None:
    old, young = orphan(office, GRACE * 2), orphan(office, GRACE / 2)
    aged(office, office.version(document).original, GRACE * 9)
    assert reconcile(office.backends.transactions, office.backends.blobs, delete=False) == Reconciled([old], [], [])
    assert reconcile(office.backends.transactions, office.backends.blobs, delete=True) == Reconciled([old], [], [])
    assert reconcile(office.backends.transactions, office.backends.blobs, delete=True) == Reconciled([], [], [])
    names = {stat.name for stat in office.backends.blobs.names()}
    assert young in names
    assert office.version(document).original in names
    assert fixity(office).ok == 4


def test_heads_of_the_log_are_no_leftovers(office: Office) -> None:
    """They are exactly what must outlive a database that was emptied."""
    sequence(office.backends.transactions, office.backends.blobs)
    (head,) = [stat.name for stat in office.backends.blobs.names("audit/")]
    aged(office, head, GRACE * 9)
    office.sql("TRUNCATE audit_head")
    assert reconcile(office.backends.transactions, office.backends.blobs, delete=True) == Reconciled([], [], [])
    assert [stat.name for stat in office.backends.blobs.names("audit/")] == [head]


def test_missing_and_damaged_blobs_are_named_and_do_not_end_the_check(office: Office, document: uuid.UUID) -> None:
    version = office.version(document)
    office.blob_file(version.original).unlink()
    damaged = office.blob_file(str(version.words))
    damaged.chmod(0o600)
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\xff")
    found = fixity(office)
    assert (found.checked, found.ok) == (4, 2)
    assert (found.missing, found.damaged) == ([version.original], [version.words])
    after = reconcile(office.backends.transactions, office.backends.blobs, delete=True)
    assert after == Reconciled([], [version.original], [])
    assert office.count("blob") == 4, "a row without bytes is never repaired by deleting"


class OneLocked:
    """A store that keeps one blob under a lock, as S3 with Object Lock does."""

    def __init__(self, blobs: BlobStore, locked: str) -> None:
        self._blobs, self._locked = blobs, locked

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)

    def delete(self, name: str) -> None:
        if name == self._locked:
            raise BlobLocked(name, "retention")
        self._blobs.delete(name)


def test_a_locked_leftover_is_told_and_stops_no_other(office: Office) -> None:
    first, second = sorted(orphan(office, GRACE * 2) for _ in range(2))
    blobs = cast("BlobStore", OneLocked(office.backends.blobs, first))
    found = reconcile(office.backends.transactions, blobs, delete=True)
    assert (sorted(found.orphans), found.locked) == ([first, second], [first])
    assert first in {stat.name for stat in office.backends.blobs.names()}
    assert second not in {stat.name for stat in office.backends.blobs.names()}
