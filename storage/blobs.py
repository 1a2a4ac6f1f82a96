"""Blobs: immutable sequences of bytes under a name, and the protocol that every driver fulfils.

`put` returns `Digests`. The service keeps them in its database, apart from the bytes: whoever changes the store
is found by whoever reads through `storage.verified`. Only the scrubber and the contract
suite have reason to call a driver's raw `read`.
"""

import hashlib
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from storage.errors import InvalidBlobName

BLOCK_SIZE = 4 * 2**20
"""Bytes a block: what is read and hashed before its first byte is handed out, so also the price of a small range."""

_NAME_LENGTH = 512
_SEGMENT_LENGTH = 255
_ALPHABET = re.compile(r"[a-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Digests:
    """What a blob's bytes were when they were put.

    Attributes:
        size: number of bytes.
        sha256: SHA-256 of all bytes.
        blocks: the 32-byte SHA-256 of each `BLOCK_SIZE` bytes, joined; empty for an empty blob.
    """

    size: int
    sha256: bytes
    blocks: bytes


@dataclass(frozen=True, slots=True)
class BlobStat:
    """What the store itself says about a blob; none of it is proof.

    Attributes:
        name: its name.
        size: number of bytes.
        modified_at: when its bytes were written, UTC, by the store's clock.
    """

    name: str
    size: int
    modified_at: datetime


class Hasher:
    """Makes `Digests` of a stream, piece by piece, in constant memory."""

    def __init__(self) -> None:
        self.size = 0
        self._whole = hashlib.sha256()
        self._block = hashlib.sha256()
        self._blocks = bytearray()

    def update(self, chunk: bytes) -> None:
        """Take the next bytes of the stream; pieces of any size, also empty ones."""
        self._whole.update(chunk)
        view = memoryview(chunk)
        while view:
            piece = view[: BLOCK_SIZE - self.size % BLOCK_SIZE]
            self._block.update(piece)
            self.size += len(piece)
            if self.size % BLOCK_SIZE == 0:
                self._blocks += self._block.digest()
                self._block = hashlib.sha256()
            view = view[len(piece) :]

    def digests(self) -> Digests:
        """Digests of everything taken so far; more may follow."""
        unfinished = self._block.digest() if self.size % BLOCK_SIZE else b""
        return Digests(self.size, self._whole.digest(), bytes(self._blocks) + unfinished)


class BlobStore(Protocol):
    """A place for blobs. Every method may be called from many threads and processes at once.

    Any method may raise `StorageUnavailable` (may pass: repeat the call as it was), and those that take a name
    `InvalidBlobName` (permanent, before anything is touched). A driver raises nothing else but what its methods
    state here; exceptions of the caller's own iterator come through unchanged.

    `a` and `a/b` are not stored side by side: some stores keep folders. A driver holds both or refuses the later
    one with `BlobConflict`; either way the earlier one stays.
    """

    def put(self, name: str, chunks: Iterable[bytes], *, limit: int | None = None) -> Digests:
        """Store the bytes under the name, for good, and return what they were.

        When it returns, the blob is complete, visible and survives a power failure. When it raises, the blob is
        complete or absent, never partial, and the call may be repeated with the same bytes. A name is written once:
        the same bytes again succeed, so a retry needs no question. If two put the same name at the same time, one
        stores and the other compares.

        Args:
            name: see `validate_name`.
            chunks: the bytes, in pieces of any size; consumed once, in constant memory.
            limit: the most bytes allowed.

        Raises:
            BlobConflict: other bytes are there; permanent, the first stay.
            BlobTooLarge: more than `limit` bytes; permanent, nothing is left.
            StorageFull: passes when room is made, nothing is visible.
        """

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Generator[bytes, None, None]:
        """Yield the stored bytes, unverified, from `offset`, at most `length` of them, fewer when the blob ends.

        Nothing happens before the first piece is asked for. Closing the generator lets go of file or connection.

        Raises:
            BlobMissing: permanent.
            RangeNotSatisfiable: `offset` is negative or behind the end, or `length` is negative; permanent.
        """

    def stat(self, name: str) -> BlobStat:
        """Size and time of a blob.

        Raises:
            BlobMissing: permanent.
        """

    def delete(self, name: str) -> None:
        """Remove a blob for good; one that is absent is fine, so it may be called twice.

        When it returns, the blob is gone and stays gone after a power failure. When it raises, the blob is complete
        or gone, and the call may be repeated. A reader that is under way may finish or fail. Where a store keeps
        former versions, they go too.

        Raises:
            BlobLocked: the store's own lock or hold forbids it; the blob stays whole.
        """

    def names(self, prefix: str = "") -> Iterator[BlobStat]:
        """List the blobs whose name starts with `prefix`, sorted by name (by character code), in constant memory.

        Unfinished uploads never appear. A blob that exists throughout the listing appears exactly once; one that
        comes or goes meanwhile may appear or not.

        Raises:
            InvalidBlobName: no name can start with `prefix`.
        """

    def sweep(self, older_than: timedelta) -> int:
        """Remove what interrupted uploads left behind and return how many; may be called at any time, twice too.

        An upload under way that has written nothing for `older_than` is taken for interrupted: its `put` then raises
        `StorageUnavailable` and may be repeated. Choose hours, not minutes.
        """

    def check(self) -> None:
        """Write, read and delete a probe under `check/`.

        Raises:
            StorageUnavailable: whatever the reason, with a sentence for the administrator.
        """

    def free_bytes(self) -> int | None:
        """Room that is left, in bytes; None when the store cannot know."""

    def close(self) -> None:
        """Let go of connections; may be called twice. The store is not used afterwards."""


def validate_name(name: str) -> None:
    """Refuse a name that some driver could not hold, or that could lead out of the store.

    Raises:
        InvalidBlobName: its detail says which rule is broken.
    """
    if len(name) > _NAME_LENGTH:
        # S3 allows 1,024 bytes a key; a driver may need room for a prefix of its own.
        raise InvalidBlobName(name[:40] + "…", f"more than {_NAME_LENGTH} characters")
    for segment in name.split("/"):
        _validate_segment(name, segment)


def validate_prefix(prefix: str) -> None:
    """Refuse a prefix that no name can start with; the last segment may be incomplete or empty.

    Raises:
        InvalidBlobName: its detail says which rule is broken.
    """
    *folders, start = prefix.split("/")
    for segment in folders:
        _validate_segment(prefix, segment)
    if not _ALPHABET.fullmatch(start):
        raise InvalidBlobName(prefix, "only a-z, 0-9, '.', '_' and '-' are allowed between slashes")


def _validate_segment(name: str, segment: str) -> None:
    if not segment:
        # A file system takes a//b and /a and a/ for other names than S3 does.
        raise InvalidBlobName(name, "a segment is empty")
    if segment in {".", ".."}:
        # It would lead out of the store, or give one blob two names.
        raise InvalidBlobName(name, "'.' and '..' are not allowed as segments")
    if not _ALPHABET.fullmatch(segment):
        # Capitals meet each other on file systems that ignore case; others need escaping in URLs and shells.
        raise InvalidBlobName(name, "only a-z, 0-9, '.', '_' and '-' are allowed between slashes")
    if len(segment) > _SEGMENT_LENGTH:
        # The longest file name of the usual file systems (NAME_MAX).
        raise InvalidBlobName(name[:40] + "…", f"a segment has more than {_SEGMENT_LENGTH} characters")
