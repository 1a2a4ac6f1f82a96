"""The words between the store and an S3 server: where it is, how long it may take, what was found, what went wrong."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from storage.errors import StorageUnavailable

ONCE: Final = {"If-None-Match": "*"}
"""The header that lets a server create and never replace (RFC 9110 section 13.1.2)."""


class AlreadyThere(Exception):
    """A conditional write found the name taken."""


class NameBlocked(Exception):
    """A server that keeps folders has a blob where a folder is needed, or a folder in the blob's place."""


class WriteDenied(StorageUnavailable):
    """The server denies a write: for good, or because the name's folder goes just then with its last other blob."""


class AnswerBroken(StorageUnavailable):
    """The storage's answer broke off or is not the one to our question.

    May pass: unlike other requests this one was not repeated yet.
    """


class UploadGone(Exception):
    """The unfinished upload does not exist any more: swept, or completed by a request whose answer was lost."""


class OutsideOfBlob(Exception):
    """The blob ends before the bytes that were asked for."""


@dataclass(frozen=True, slots=True)
class S3Location:
    """Where a store is and who may use it.

    Attributes:
        host: name or address with an optional port; IPv6 in brackets.
        bucket: name of the bucket.
        access_key: who.
        secret_key: proof of it; in no repr.
        region: what requests are signed for.
        tls: HTTPS, verified against the machine's authorities (or `SSL_CERT_FILE`); else plain HTTP.
    """

    host: str
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    tls: bool = True


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server may take.

    Attributes:
        connect: seconds for a connection.
        answer: seconds for the beginning of an answer, for sending a part, and for each MiB of a body.
        completion: seconds for joining the parts of an upload, for which some servers copy them all.
        attempts: how often a request is made at most.
    """

    connect: float = 5.0
    answer: float = 15.0
    completion: float = 300.0
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class Found:
    """What the server says of a blob, or of one version of it."""

    key: str
    size: int
    modified_at: datetime
    etag: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An upload in parts that was not completed, and when it last got something."""

    key: str
    upload: str
    active_at: datetime
