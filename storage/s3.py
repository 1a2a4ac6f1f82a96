"""Blobs as objects of a bucket, on any server that speaks S3 and honours conditional writes.

A blob gets its name by a write with `If-None-Match: *`, which creates and never replaces. The digests are made here
while the bytes stream; what a server confirms is asked for again, and what it sends is compared with what it announced.
"""

import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from typing import Final

from storage.blobs import BlobStat, Digests, Hasher, validate_name, validate_prefix
from storage.errors import (
    BlobConflict,
    BlobLocked,
    BlobMissing,
    InvalidBlobName,
    RangeNotSatisfiable,
    StorageUnavailable,
)
from storage.s3_client import S3Bucket
from storage.s3_upload import Upload, parts_of
from storage.s3_words import (
    AlreadyThere,
    AnswerBroken,
    Found,
    NameBlocked,
    OutsideOfBlob,
    Patience,
    S3Location,
    UploadGone,
    WriteDenied,
)
from storage.verified import probe

_ATTEMPTS: Final = 20
_BLOCKED_ATTEMPTS: Final = 4
_PATIENT: Final = Patience()


class S3BlobStore:
    """A `BlobStore` in a bucket. Safe for threads; each process makes its own.

    Nothing is asked of the server before the first call, so a service can start while its storage is away. The first
    call makes the bucket if it may, and proves that the server does not replace what is there.

    Args:
        location: where.
        create: make a bucket that is absent. False says that it must be there, since it held blobs before: its absence
            is then `StorageUnavailable`, not an empty store.
        patience: how long to wait for the server and how often to ask again.
    """

    def __init__(self, location: S3Location, *, create: bool = True, patience: Patience = _PATIENT) -> None:
        self._bucket = S3Bucket(location, patience)
        self._patience = patience
        self._create = create
        self._proving = Lock()
        self._proven = Event()

    def put(self, name: str, chunks: Iterable[bytes], *, limit: int | None = None) -> Digests:
        """See `BlobStore.put`. More than `s3_upload.PART_SIZE` x 10,000 bytes are `BlobTooLarge` too."""
        validate_name(name)
        self._prove()
        hasher = Hasher()
        upload = Upload(self._bucket, name)
        try:
            # The caller's iterator runs outside of everything that translates errors: its own are not the store's.
            for part in parts_of(name, chunks, hasher, limit):
                upload.add(part)
            digests = hasher.digests()
            self._publish(name, digests, upload.publish)
        finally:
            upload.close()
        return digests

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Generator[bytes, None, None]:
        """See `BlobStore.read`; pieces of at most 1 MiB. A broken answer is asked for again from where it broke."""
        validate_name(name)
        return self._read(name, offset, length)

    def stat(self, name: str) -> BlobStat:
        """See `BlobStore.stat`."""
        validate_name(name)
        self._prove()
        return _blob_stat(self._bucket.head(name))

    def delete(self, name: str) -> None:
        """See `BlobStore.delete`; all versions and delete markers of the name go."""
        validate_name(name)
        self._prove()
        self._delete(name)

    def names(self, prefix: str = "") -> Iterator[BlobStat]:
        """See `BlobStore.names`. Objects that no valid name leads to are passed over."""
        validate_prefix(prefix)
        return self._names(prefix)

    def sweep(self, older_than: timedelta) -> int:
        """See `BlobStore.sweep`. Some servers list only uploads of their present run and remove others themselves."""
        self._prove()
        oldest = datetime.now(UTC) - older_than
        removed = 0
        for upload in self._bucket.uploads():
            if upload.active_at <= oldest:
                self._bucket.abort(upload.key, upload.upload)
                removed += 1
        return removed

    def check(self) -> None:
        """See `BlobStore.check`."""
        probe(self)

    def free_bytes(self) -> None:
        """None: S3 does not tell."""

    def close(self) -> None:
        """See `BlobStore.close`."""
        self._bucket.close()

    # ---------------------------------------------------------------------------------------------- proof of the server

    def _prove(self) -> None:
        """Once a process: the bucket is there, and a conditional write is refused where a blob is.

        Without it a server would replace originals silently.
        """
        if not self._proven.is_set():
            with self._proving:
                if not self._proven.is_set():
                    self._open_bucket()
                    self._prove_create_once()
                    self._proven.set()

    def _open_bucket(self) -> None:
        if self._bucket.exists():
            return
        if not self._create:
            raise StorageUnavailable(detail=f"there is no bucket {self._bucket.name}, and there was one before")
        self._bucket.create()

    def _prove_create_once(self) -> None:
        name = f"check/{uuid.uuid4().hex}"
        self._bucket.put(name, b"first")
        try:
            self._bucket.put(name, b"second")
        except AlreadyThere:
            return
        finally:
            # What a lock keeps does no harm; `check` reports it.
            with suppress(BlobLocked):
                self._delete(name)
        raise StorageUnavailable(detail="the server replaces what is there in spite of If-None-Match")

    # ------------------------------------------------------------------------------------------------- steps of a put

    def _publish(self, name: str, digests: Digests, write: Callable[[], str]) -> None:
        """Give the uploaded bytes their name, for good, or find the same bytes there."""
        blocked = 0
        for _ in range(_ATTEMPTS):
            try:
                etag = write()
            except AlreadyThere:
                if self._holds(name, digests):
                    return
                continue  # it was deleted between the two questions
            except (NameBlocked, WriteDenied) as error:
                # A server that keeps folders may stumble over one that goes just now; a blob in the way stays, and so
                # does a refusal that is meant.
                blocked += 1
                if blocked == _BLOCKED_ATTEMPTS:
                    if isinstance(error, WriteDenied):
                        raise
                    raise BlobConflict(
                        name, "a blob stands where a folder is needed, or a folder in its place"
                    ) from error
                time.sleep(0.02 * 2**blocked)
                continue
            except UploadGone as error:
                # Swept, or completed by a request whose answer was lost.
                if self._holds(name, digests):
                    return
                raise StorageUnavailable(name, "the upload was swept before it was complete") from error
            found = self._bucket.head(name)
            if (found.size, found.etag) != (digests.size, etag) and not self._holds(name, digests):
                raise StorageUnavailable(name, "the server confirmed a blob that it does not have")
            return
        raise StorageUnavailable(name, "the blob comes and goes")

    def _holds(self, name: str, digests: Digests) -> bool:
        """Whether the same bytes are there; False when nothing is. Raises BlobConflict for others."""
        hasher = Hasher()
        try:
            if self._bucket.head(name).size != digests.size:
                raise BlobConflict(name)
            for piece in self._read(name, 0, None):
                hasher.update(piece)
        except BlobMissing:
            return False
        if hasher.digests() != digests:
            raise BlobConflict(name)
        return True

    # ---------------------------------------------------------------------------------------------- steps of the others

    def _read(self, name: str, offset: int, length: int | None) -> Generator[bytes, None, None]:
        self._prove()
        if offset < 0 or (length is not None and length <= 0):
            _require_range(self._bucket.head(name), offset, length)
            return
        reading = _Reading(self._bucket, name, offset, None if length is None else offset + length)
        failures = 0
        while not reading.done:
            before = reading.position
            try:
                yield from reading.attempt()
            except OutsideOfBlob:
                _require_range(self._bucket.head(name), offset, length)
                return
            except AnswerBroken:
                failures = 1 if reading.position > before else failures + 1
                if failures >= self._patience.attempts:
                    raise
                time.sleep(0.1 * 2**failures)

    def _delete(self, name: str) -> None:
        for _ in range(_ATTEMPTS):
            versions = self._bucket.versions(name)
            if not versions:
                return
            # The oldest first: a lock that stops us midway then leaves what was readable before, and nothing older.
            for version in reversed(versions):
                self._bucket.remove(name, version.version)
        raise StorageUnavailable(name, "the server says it removed the blob and still lists it")

    def _names(self, prefix: str) -> Iterator[BlobStat]:
        self._prove()
        before = ""
        # Some servers take a prefix that ends in "." or ".." for a path; it is the beginning of names such as "..a".
        start = prefix.rpartition("/")[2]
        asked = prefix if start not in {".", ".."} else prefix.removesuffix(start)
        for found in self._bucket.objects(asked):
            if not found.key > before or not found.key.startswith(asked):
                raise StorageUnavailable(found.key, "the server's listing is out of order")
            before = found.key
            if not found.key.startswith(prefix):
                continue
            with suppress(InvalidBlobName):
                validate_name(found.key)
                yield _blob_stat(found)


class _Reading:
    """A read that goes on where an answer broke, and only within the same blob."""

    def __init__(self, bucket: S3Bucket, name: str, position: int, end: int | None) -> None:
        self._bucket = bucket
        self._name = name
        self._end = end
        self._etag: str | None = None
        self.position = position
        self.done = False

    def attempt(self) -> Generator[bytes, None, None]:
        """Yield the bytes from the position on. Raises OutsideOfBlob, BlobMissing, AnswerBroken, StorageUnavailable."""
        answer = self._bucket.get(self._name, self.position, self._end, self._etag)
        whole = False
        try:
            self._etag = answer.etag or None
            end = answer.size if self._end is None else min(self._end, answer.size)
            for piece in answer.pieces(end - self.position):
                self.position += len(piece)
                yield piece
            if self.position < end:
                raise AnswerBroken(self._name, "the server sent less than was asked for")
            whole = self.done = True
        finally:
            answer.close(whole=whole)


def _require_range(found: Found, offset: int, length: int | None) -> None:
    if not 0 <= offset <= found.size or (length is not None and length < 0):
        raise RangeNotSatisfiable(found.key, f"{length} bytes from {offset} of {found.size}")


def _blob_stat(found: Found) -> BlobStat:
    return BlobStat(found.key, found.size, found.modified_at)
