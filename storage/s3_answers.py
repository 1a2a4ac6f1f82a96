"""What the answers of an S3 server mean: bodies in pieces, lists in XML, errors in the store's words."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.response import BaseHTTPResponse

from storage.errors import BlobMissing, StorageError, StorageFull, StorageUnavailable
from storage.s3_words import AlreadyThere, AnswerBroken, Found, NameBlocked, UploadGone, WriteDenied

_PIECE: Final = 2**20
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_NO_ROOM: Final = {"XMinioStorageFull", "NoSpaceLeftOnDevice", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded"}
# Servers that keep files in folders: a blob stands where a folder is needed, or the other way round.
_NESTED: Final = {
    *("ObjectParentIsFile", "ExistingObjectIsDirectory", "ObjectExistsAsDirectory"),
    *("XMinioParentIsObject", "XMinioObjectExistsAsDirectory"),
}
ABSENT: Final = {"NoSuchKey", "NoSuchVersion", *_NESTED}
"""Codes that say: no such blob."""
_PRECONDITION: Final = {"PreconditionFailed", "ConditionalRequestConflict"}


class Answer:
    """The bytes of a blob on their way. Iterate once, then close.

    Attributes:
        etag: of the blob they belong to.
        size: of the whole blob.
    """

    def __init__(self, key: str, response: BaseHTTPResponse, begin: int, seconds: float) -> None:
        self._key = key
        self._response = response
        self._seconds = seconds
        self.etag = response.headers.get("ETag", "").strip('"')
        try:
            self.size, self._left = _extent(response, begin)
        except ValueError as error:
            response.close()
            raise AnswerBroken(key, str(error)) from error

    def pieces(self, most: int | None) -> Iterator[bytes]:
        """At most `most` bytes in pieces of at most 1 MiB.

        Raises AnswerBroken when it ends before its own length or comes too slowly.
        """
        left = self._left if most is None else min(self._left, most)
        while left:
            with reported(self._key, AnswerBroken):
                piece = self._piece(min(left, _PIECE))
            left -= len(piece)
            yield piece

    def _piece(self, wanted: int) -> bytes:
        # A server that sends a byte now and then keeps every time-out of the socket from firing.
        deadline = time.monotonic() + self._seconds
        piece = bytearray()
        while len(piece) < wanted:
            got = self._response.read1(wanted - len(piece))
            if not got:
                raise AnswerBroken(self._key, "the answer ended early")
            piece += got
            if time.monotonic() > deadline:
                raise AnswerBroken(self._key, "the answer comes too slowly")
        return bytes(piece)

    def close(self, *, whole: bool) -> None:
        """Give the connection back, or end it when there are bytes left on it."""
        if not whole:
            self._response.close()
        self._response.release_conn()


@contextmanager
def reported(key: str = "", kind: type[StorageUnavailable] = StorageUnavailable) -> Iterator[None]:
    """Say the errors of SDK, HTTP and XML in the store's words."""
    try:
        yield
    except S3Error as error:
        raise _translated(key, error) from error
    except MaxRetryError as error:
        raise kind(key, f"{type(error.reason).__name__}: {error.reason}") from error
    except (MinioException, HTTPError, OSError, ValueError, SyntaxError) as error:
        raise kind(key, f"{type(error).__name__}: {error}") from error


@contextmanager
def written(key: str) -> Iterator[None]:
    """As `reported`, and the refusals of a write in words of their own.

    Raises AlreadyThere, UploadGone, NameBlocked, WriteDenied.
    """
    with reported(key):
        try:
            yield
        except S3Error as error:
            if error.code in _PRECONDITION:
                raise AlreadyThere from error
            if error.code == "NoSuchUpload":
                raise UploadGone from error
            if error.code in _NESTED:
                raise NameBlocked from error
            if error.code == "AccessDenied":
                raise WriteDenied(key, f"{error.code}: {error.message}") from error
            raise


def _translated(key: str, error: S3Error) -> StorageError:
    detail = f"{error.code}: {error.message}"
    if error.code in ABSENT:
        return BlobMissing(key)
    if error.code in _NO_ROOM or error.response.status == 507:  # noqa: PLR2004 - Insufficient Storage
        return StorageFull(key, detail)
    return StorageUnavailable(key, detail)


def etag_of(answer: BaseHTTPResponse) -> str:
    """The tag of what was written. Raises ValueError where the server gave none."""
    etag = answer.headers.get("ETag", "").strip('"')
    if not etag:
        raise ValueError("the server's answer has no ETag")
    return etag


def version_of(answer: BaseHTTPResponse) -> str | None:
    """The version of what was written, None in a bucket without versions."""
    return answer.headers.get("x-amz-version-id")


def _extent(response: BaseHTTPResponse, begin: int) -> tuple[int, int]:
    """(size of the whole blob, bytes in this answer). Raises ValueError for an answer to another question."""
    if response.status == 200:  # noqa: PLR2004 - the whole, as some servers answer for all bytes
        size = int(response.headers.get("Content-Length", ""))
        if begin:
            raise ValueError("the server sent the whole blob instead of a range")
        return size, size
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None:
        raise ValueError("the server does not say which range it sent")
    first, last, size = (int(number) for number in found.groups())
    if first != begin or not first <= last < size:
        raise ValueError(f"the server sent another range: {found[0]}")
    return size, last + 1 - first


def xml_of(answer: BaseHTTPResponse) -> ET.Element:
    """The answer's document. Raises S3Error where it says 200 and means a failure."""
    root = ET.fromstring(answer.data)  # noqa: S314 - of the server we sign in to; expat limits entities by itself
    if root.tag.rpartition("}")[2] == "Error":
        # Completing an upload may answer 200 and tell its failure afterwards.
        raise S3Error(
            answer,
            root.findtext("{*}Code") or "InternalError",
            root.findtext("{*}Message"),
            None,
            None,
            None,
        )
    return root


def text_of(element: ET.Element, tag: str) -> str:
    """What an element must say. Raises ValueError where it does not."""
    text = element.findtext(f"{{*}}{tag}")
    if not text:
        raise ValueError(f"the server's answer has no {tag}")
    return text


def key_of(element: ET.Element) -> str:
    """The key of a listed blob, as it was before listing encoded it."""
    return unquote_plus(text_of(element, "Key"))


def time_of(text: str) -> datetime:
    """A server's time with its zone. Raises ValueError."""
    # Fractions finer than a microsecond, which some servers write, are cut off.
    return datetime.fromisoformat(text.strip()).astimezone(UTC)


def found_in(element: ET.Element) -> Found:
    """One blob of a list."""
    size = element.findtext("{*}Size")
    return Found(
        key=key_of(element),
        size=int(size) if size is not None else -1,
        modified_at=time_of(text_of(element, "LastModified")),
        etag=(element.findtext("{*}ETag") or "").strip('"'),
        version=element.findtext("{*}VersionId"),
    )
