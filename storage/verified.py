"""Reading with proof: every block of a blob is compared with its digest before the first of its bytes is handed out."""

import errno
import hashlib
import io
import uuid
from collections import OrderedDict
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from storage.blobs import BLOCK_SIZE, BlobStore, Digests
from storage.errors import BlobDamaged, RangeNotSatisfiable, StorageError, StorageUnavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_DIGEST_SIZE = 32
_CACHED_BLOCKS = 4


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
