"""A put on its way to a bucket: bytes cut into parts, each sent while the next one comes in."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from storage.blobs import Hasher
from storage.errors import BlobConflict, BlobTooLarge, StorageError, StorageUnavailable
from storage.s3_client import S3Bucket
from storage.s3_words import NameBlocked, UploadGone

PART_SIZE: Final = 8 * 2**20
"""Bytes of a part: a blob up to this size is written at once, a larger one in parts. Up to three are in memory."""

_MOST_PARTS: Final = 10_000


class Upload:
    """The parts of a put on their way: each is sent while the next one comes in."""

    def __init__(self, bucket: S3Bucket, name: str) -> None:
        self._bucket = bucket
        self._name = name
        self._waiting: bytes | None = None
        self._id = ""
        self._etags: list[str] = []
        self._sender: ThreadPoolExecutor | None = None
        self._sending: Future[str] | None = None
        self._published = False

    def add(self, part: bytes) -> None:
        """Take the next part. The first waits until a second one shows that it is not the only one."""
        if self._waiting is not None:
            self._send(self._waiting)
        self._waiting = part

    def publish(self) -> str:
        """Make a blob of the parts and return its ETag; may be called again after AlreadyThere."""
        if not self._id:
            return self._bucket.put(self._name, self._waiting or b"")
        if self._waiting is not None:
            self._send(self._waiting)
            self._waiting = None
        self._wait()
        etag = self._bucket.complete(self._name, self._id, self._etags)
        self._published = True
        return etag

    def close(self) -> None:
        """Leave nothing unfinished. What the server does not let us remove now goes with the next sweep."""
        if self._sender is not None:
            self._sender.shutdown()
        if self._id and not self._published:
            with suppress(StorageError):
                self._bucket.abort(self._name, self._id)

    def _send(self, part: bytes) -> None:
        if self._sender is None:
            try:
                self._id = self._bucket.begin(self._name)
            except NameBlocked as error:
                raise BlobConflict(self._name, "a blob stands where a folder is needed") from error
            self._sender = ThreadPoolExecutor(1)
        self._wait()
        if len(self._etags) == _MOST_PARTS:
            raise BlobTooLarge(self._name, f"more than {_MOST_PARTS * PART_SIZE} bytes")
        self._sending = self._sender.submit(self._bucket.put_part, self._name, self._id, len(self._etags) + 1, part)

    def _wait(self) -> None:
        if self._sending is not None:
            sending, self._sending = self._sending, None
            try:
                self._etags.append(sending.result())
            except UploadGone as error:
                raise StorageUnavailable(self._name, "the upload was swept before it was complete") from error


def parts_of(name: str, chunks: Iterable[bytes], hasher: Hasher, limit: int | None) -> Iterator[bytes]:
    """The bytes in parts of exactly `PART_SIZE` but for the last one, hashed and counted on the way."""
    gathered: list[bytes] = []
    size = 0
    for chunk in chunks:
        hasher.update(chunk)
        if limit is not None and hasher.size > limit:
            raise BlobTooLarge(name, f"more than {limit} bytes")
        view = memoryview(chunk)
        while size + len(view) >= PART_SIZE:
            room = PART_SIZE - size
            yield b"".join((*gathered, view[:room]))
            gathered, size, view = [], 0, view[room:]
        if view:
            gathered.append(bytes(view))
            size += len(view)
    if size:
        yield b"".join(gathered)
