"""Comparing a store with what the service knows: are all blobs there and whole, and is there nothing else?"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from storage.blobs import BlobStat, BlobStore, Digests
from storage.errors import BlobDamaged, BlobMissing, InvalidBlobName, StorageUnavailable
from storage.verified import read_verified


class Kind(StrEnum):
    """What was found of a blob that should be there."""

    OK = "ok"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result for one blob.

    Attributes:
        name: the blob.
        kind: ok, missing or damaged.
        detail: what exactly was found; empty when ok.
    """

    name: str
    kind: Kind
    detail: str = ""


def _go_on() -> None:
    """Between two blocks nothing happens."""


def verify(
    store: BlobStore, expected: Iterable[tuple[str, Digests]], *, between: Callable[[], None] = _go_on
) -> Iterator[Finding]:
    """Read every expected blob in full and compare it with its digests; one finding each, in the order given.

    Constant memory. A bad blob does not end it: one that alone cannot be read, twice, while the store works
    otherwise (a bad sector) counts as damaged.

    Args:
        store: the store.
        expected: names with the digests that `put` returned.
        between: called after each block; what it raises ends the check, for who must stop within a large blob.

    Raises:
        StorageUnavailable: the store as a whole cannot be used, so a finding would accuse sound blobs.
    """
    for name, digests in expected:
        try:
            yield _examine(store, name, digests, between)
        except StorageUnavailable:
            store.check()
            yield _examine_again(store, name, digests, between)


def orphans(
    store: BlobStore,
    known: Callable[[Sequence[str]], set[str]],
    *,
    grace: timedelta,
    now: datetime,
    batch: int = 500,
    prefix: str = "",
) -> Iterator[BlobStat]:
    """List the blobs that are in the store, that nobody knows, and that are older than the grace period.

    Bytes come before their row: a blob is unknown until its transaction commits. The grace period must be longer
    than the longest time between the two; `known` is asked after the listing, so a row that came meanwhile counts.
    Constant memory.

    Args:
        store: the store.
        known: of these names (at most `batch`), those that the service knows.
        grace: how old an unknown blob must be, by the store's clock.
        now: the current time, aware.
        batch: names a question.
        prefix: only names that start with it.

    Raises:
        StorageUnavailable: may pass.
        ValueError: `grace` is negative, which would make orphans of uploads under way, or `batch` is not positive.
    """
    if grace < timedelta(0) or batch < 1:
        raise ValueError("the grace period must not be negative, the batch must hold a name at least")
    candidates = (blob for blob in store.names(prefix) if blob.modified_at < now - grace)
    while page := list(islice(candidates, batch)):
        names = known([blob.name for blob in page])
        yield from (blob for blob in page if blob.name not in names)


def _examine(store: BlobStore, name: str, digests: Digests, between: Callable[[], None]) -> Finding:
    try:
        for _ in read_verified(store, name, digests):
            between()
    except (BlobMissing, InvalidBlobName) as error:
        return Finding(name, Kind.MISSING, str(error))
    except BlobDamaged as error:
        return Finding(name, Kind.DAMAGED, str(error))
    return Finding(name, Kind.OK)


def _examine_again(store: BlobStore, name: str, digests: Digests, between: Callable[[], None]) -> Finding:
    try:
        return _examine(store, name, digests, between)
    except StorageUnavailable as error:
        return Finding(name, Kind.DAMAGED, str(error))
