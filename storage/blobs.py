"""Blobs: immutable sequences of bytes under a name, and the protocol that every driver fulfils.

`put` returns `Digests`. The service keeps them in its database, apart from the bytes: whoever changes the store
is found by whoever reads through `read_verified`, `VerifiedReader` or `fetch`. Only the scrubber and the contract
suite have reason to call a driver's raw `read`.
"""

import errno
import hashlib
import io
import re
import uuid
from collections import OrderedDict
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from storage.errors import BlobDamaged, InvalidBlobName, RangeNotSatisfiable, StorageError, StorageUnavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_SIZE = 4 * 2**20
"""Bytes a block: what is read and hashed before its first byte is handed out, so also the price of a small range."""

_DIGEST_SIZE = 32
_NAME_LENGTH = 512
_SEGMENT_LENGTH = 255
_CACHED_BLOCKS = 4
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


def read_verified(
    store: BlobStore, name: str, digests: Digests, offset: int = 0, length: int | None = None
) -> Generator[bytes, None, None]:
    """Yield the bytes of a range, each block compared with its digest before the first of its bytes is handed out.

    Size and existence are looked up at once, in the call, so that an answer need not begin; the bytes are read when
    they are asked for. Who reads the whole blob also gets the digest of the whole compared, before the last block.

    Args:
        store: where it is.
        name: the blob.
        digests: what `put` returned.
        offset: first byte, 0 to `digests.size`.
        length: number of bytes; None means to the end.

    Raises:
        RangeNotSatisfiable: the range does not lie within the blob; in the call.
        BlobMissing: in the call (or later, when it is deleted meanwhile).
        BlobDamaged: size or bytes differ from the digests. The bytes yielded so far were right; none follow.
        StorageUnavailable: may pass.
    """
    end = digests.size if length is None else offset + length
    if not 0 <= offset <= end <= digests.size:
        raise RangeNotSatisfiable(name, f"bytes {offset} to {end} of {digests.size}")
    _compare_size(store, name, digests)
    return _verified_range(store, name, digests, offset, end)


class VerifiedReader(io.RawIOBase):
    """A blob as a read-only, seekable file whose every byte is verified: for zipfile, pikepdf and their like.

    Reads fill the buffer they are given, up to the end of the blob: libraries take a short read for the end. Keeps
    the last four blocks (16 MiB). Not for use by two threads at once. `io.BufferedReader(VerifiedReader(…))` is also
    a `BinaryIO` for type checkers, and faster for many small reads.

    Raises:
        BlobMissing: on construction.
        BlobDamaged: on construction (size) or on any read.
    """

    def __init__(self, store: BlobStore, name: str, digests: Digests) -> None:
        super().__init__()
        _compare_size(store, name, digests)
        self._store = store
        self._name = name
        self._digests = digests
        self._position = 0
        self._recent: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Position in bytes from the start."""
        self._require_open()
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; behind the end is allowed, as in files: nothing is read there.

        Raises:
            OSError: before the start, or `whence` unknown: as files do, and `zipfile` relies on it.
        """
        self._require_open()
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._digests.size}
        if whence not in bases or bases[whence] + offset < 0:
            raise OSError(errno.EINVAL, f"cannot seek to {offset} from {whence}")
        self._position = bases[whence] + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer from the position on; returns 0 at the end only."""
        self._require_open()
        target = memoryview(buffer).cast("B")
        wanted = max(0, min(len(target), self._digests.size - self._position))
        done = 0
        while done < wanted:
            index, start = divmod(self._position, BLOCK_SIZE)
            piece = memoryview(self._block(index))[start : start + wanted - done]
            target[done : done + len(piece)] = piece
            self._position += len(piece)
            done += len(piece)
        return done

    def _require_open(self) -> None:
        if self.closed:
            raise ValueError("the reader is closed")

    def _block(self, index: int) -> bytes:
        if index not in self._recent:
            with closing(_blocks(self._store, self._name, self._digests, index, index)) as blocks:
                self._recent[index] = next(blocks)
            if len(self._recent) > _CACHED_BLOCKS:
                self._recent.popitem(last=False)
        self._recent.move_to_end(index)
        return self._recent[index]


def fetch(store: BlobStore, name: str, digests: Digests, path: Path) -> None:
    """Copy a blob to a new file, verified. A working copy: it is not made to survive a power failure.

    Raises:
        BlobMissing: permanent; no file is left.
        BlobDamaged: permanent; no file is left.
        FileExistsError: `path` exists; it is not touched.
        OSError: the file cannot be written; none is left.
    """
    with path.open("xb") as file:
        try:
            for chunk in read_verified(store, name, digests):
                file.write(chunk)
            file.flush()
        except BaseException:
            path.unlink()
            raise


def probe(store: BlobStore) -> None:
    """What every driver's `check` does: put, read and delete a blob that nobody else knows.

    Raises:
        StorageUnavailable: whatever the reason.
    """
    name = f"check/{uuid.uuid4().hex}"
    content = name.encode()
    try:
        digests = store.put(name, [content])
        for _ in read_verified(store, name, digests):
            pass
        store.delete(name)
    except StorageError as error:
        with suppress(StorageError):
            store.delete(name)
        if isinstance(error, StorageUnavailable):
            raise
        raise StorageUnavailable(detail=str(error)) from error


def _compare_size(store: BlobStore, name: str, digests: Digests) -> None:
    if len(digests.blocks) != _DIGEST_SIZE * -(-digests.size // BLOCK_SIZE):
        raise BlobDamaged(name, "the recorded digests do not belong to the recorded size")
    size = store.stat(name).size
    if size != digests.size:
        raise BlobDamaged(name, f"{size} bytes instead of {digests.size}")


def _verified_range(
    store: BlobStore, name: str, digests: Digests, offset: int, end: int
) -> Generator[bytes, None, None]:
    if offset == end:
        if digests.size == 0:
            _compare_whole(name, hashlib.sha256().digest(), digests)
        return
    whole = hashlib.sha256() if (offset, end) == (0, digests.size) else None
    first, last = offset // BLOCK_SIZE, (end - 1) // BLOCK_SIZE
    with closing(_blocks(store, name, digests, first, last)) as blocks:
        for index, block in enumerate(blocks, first):
            if whole is not None:
                whole.update(block)
                if index == last:
                    _compare_whole(name, whole.digest(), digests)
            start = index * BLOCK_SIZE
            yield block[max(offset - start, 0) : end - start]


def _compare_whole(name: str, sha256: bytes, digests: Digests) -> None:
    if sha256 != digests.sha256:
        raise BlobDamaged(name, "the digest of the whole differs")


def _blocks(store: BlobStore, name: str, digests: Digests, first: int, last: int) -> Generator[bytes, None, None]:
    """Whole blocks from first to last, each compared with its digest."""
    start = first * BLOCK_SIZE
    buffer = bytearray()
    with closing(store.read(name, start, min((last + 1) * BLOCK_SIZE, digests.size) - start)) as chunks:
        for index in range(first, last + 1):
            wanted = min(BLOCK_SIZE, digests.size - index * BLOCK_SIZE)
            while len(buffer) < wanted:
                buffer += _next(chunks, name, index)
            block = bytes(memoryview(buffer)[:wanted])
            del buffer[:wanted]
            if hashlib.sha256(block).digest() != digests.blocks[_DIGEST_SIZE * index : _DIGEST_SIZE * (index + 1)]:
                raise BlobDamaged(name, f"block {index} differs")
            yield block


def _next(chunks: Iterator[bytes], name: str, index: int) -> bytes:
    try:
        return next(chunks)
    except (StopIteration, RangeNotSatisfiable) as error:
        raise BlobDamaged(name, f"ends within block {index}") from error
