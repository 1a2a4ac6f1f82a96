"""The requests of S3 that the blob store needs, for one bucket, and what their answers mean.

The SDK signs, sends and reads errors. Three things it does not do, so requests are put together here: it has no
conditional writes, it cannot parse the times of every server's list of versions, and it takes "200 OK" with an error
inside (which completing an upload may answer) for success.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from xml.etree import ElementTree as ET

from minio.error import S3Error
from urllib3.response import BaseHTTPResponse

from storage.errors import BlobLocked, BlobMissing, StorageUnavailable
from storage.s3_answers import (
    ABSENT,
    Answer,
    etag_of,
    found_in,
    key_of,
    reported,
    text_of,
    time_of,
    version_of,
    written,
    xml_of,
)
from storage.s3_requests import Requests, digest_of, pool_of
from storage.s3_words import ONCE, Found, OutsideOfBlob, Patience, S3Location, Unfinished, UploadGone

_PAGE: Final = 1000
_LOCKED: Final = {"ObjectLocked", "InvalidRequest", "AccessDenied", "Forbidden"}
_NO_LOCKS: Final = {400, 405, 501}


class S3Bucket:
    """One bucket. Methods raise `StorageUnavailable` and `StorageFull` besides what they state; keys are not checked.

    Requests that changed nothing or may be repeated are repeated (`Patience.attempts`), with growing pauses, after lost
    connections and answers 500 to 504. Redirects are not followed: nobody else gets our signature.
    """

    def __init__(self, location: S3Location, patience: Patience) -> None:
        self.name = location.bucket
        self.patience = patience
        self._pools = [pool_of(patience, patience.answer), pool_of(patience, patience.completion)]
        self._client, self._joining = [
            Requests(
                location.host,
                location.access_key,
                location.secret_key,
                secure=location.tls,
                region=location.region,
                http_client=pool,
            )
            for pool in self._pools
        ]

    # ------------------------------------------------------------------------------------------------------- bucket

    def exists(self) -> bool:
        """Whether the bucket is there."""
        with reported():
            return self._client.bucket_exists(self.name)

    def create(self) -> None:
        """Make the bucket, with Object Lock (and so with versions) where the server can; one that is there is fine."""
        try:
            with reported():
                self._make(lock=True)
        except _Refused:
            with reported():
                self._make(lock=False)

    def _make(self, *, lock: bool) -> None:
        try:
            self._client.make_bucket(self.name, object_lock=lock)
        except S3Error as error:
            if error.code in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"} and self._client.bucket_exists(
                self.name
            ):
                return
            if lock and error.response.status in _NO_LOCKS:
                raise _Refused from error
            raise

    # ------------------------------------------------------------------------------------------------------ writing

    def put(self, key: str, body: bytes, headers: Mapping[str, str] = ONCE) -> str:
        """Write a blob whole and return its ETag. Raises AlreadyThere (with `ONCE`), NameBlocked, WriteDenied."""
        with written(key):
            answer = self._client.ask("PUT", self.name, key, body=body, headers={**digest_of(body), **headers})
            return etag_of(answer)

    def begin(self, key: str, headers: Mapping[str, str] | None = None) -> str:
        """Begin an upload in parts and return its id. Raises NameBlocked."""
        with written(key):
            given = {"Content-Type": "application/octet-stream", **(headers or {})}
            answer = self._client.ask("POST", self.name, key, query={"uploads": ""}, headers=given)
            return text_of(xml_of(answer), "UploadId")

    def put_part(self, key: str, upload: str, number: int, body: bytes) -> str:
        """Add a part (numbers from 1) and return its ETag. Raises UploadGone."""
        query = {"partNumber": str(number), "uploadId": upload}
        with written(key):
            return etag_of(self._client.ask("PUT", self.name, key, query=query, body=body, headers=digest_of(body)))

    def complete(self, key: str, upload: str, etags: list[str], headers: Mapping[str, str] = ONCE) -> str:
        """Make a blob of the parts and return its ETag.

        Raises AlreadyThere (with `ONCE`), UploadGone, NameBlocked, WriteDenied.
        """
        root = ET.Element("CompleteMultipartUpload", xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
        for number, etag in enumerate(etags, 1):
            part = ET.SubElement(root, "Part")
            ET.SubElement(part, "PartNumber").text = str(number)
            ET.SubElement(part, "ETag").text = f'"{etag}"'
        body = ET.tostring(root)
        given = {"Content-Type": "application/xml", **digest_of(body), **headers}
        with written(key):
            answer = self._joining.ask("POST", self.name, key, query={"uploadId": upload}, body=body, headers=given)
            return text_of(xml_of(answer), "ETag").strip('"')

    def abort(self, key: str, upload: str) -> None:
        """Give an unfinished upload up; one that is gone is fine."""
        with reported(key):
            try:
                self._client.ask("DELETE", self.name, key, query={"uploadId": upload})
            except S3Error as error:
                if error.code not in {"NoSuchUpload", *ABSENT}:
                    raise

    def uploads(self) -> Iterator[Unfinished]:
        """All unfinished uploads, with the time of their latest part."""
        query = {"uploads": "", "max-uploads": str(_PAGE), "encoding-type": "url"}
        for page in self._client.pages(
            self.name, query, ("NextKeyMarker", "key-marker"), ("NextUploadIdMarker", "upload-id-marker")
        ):
            for each in page.findall("{*}Upload"):
                key, upload = key_of(each), text_of(each, "UploadId")
                times = [time_of(text_of(each, "Initiated")), *self._part_times(key, upload)]
                yield Unfinished(key, upload, max(times))

    def _part_times(self, key: str, upload: str) -> Iterator[datetime]:
        query = {"uploadId": upload, "max-parts": str(_PAGE)}
        try:
            for page in self._client.pages(self.name, query, ("NextPartNumberMarker", "part-number-marker"), key=key):
                yield from (time_of(text_of(part, "LastModified")) for part in page.findall("{*}Part"))
        except (BlobMissing, UploadGone):
            return

    # ------------------------------------------------------------------------------------------------------ reading

    def head(self, key: str, version: str | None = None) -> Found:
        """Size, time and ETag. Raises BlobMissing."""
        with reported(key):
            try:
                answer = self._client.ask("HEAD", self.name, key, query=_version(version))
            except S3Error as error:
                # An answer to HEAD has no words: a bucket that is missing looks like a blob that is.
                if error.code == "NoSuchKey" and not self._client.bucket_exists(self.name):
                    raise StorageUnavailable(key, f"there is no bucket {self.name}") from error
                raise
            size, modified = answer.headers.get("Content-Length"), answer.headers.get("Last-Modified")
            if size is None or modified is None:
                raise StorageUnavailable(key, "the server tells no size or time")
            return Found(key, int(size), parsedate_to_datetime(modified), etag_of(answer), version_of(answer))

    def get(self, key: str, begin: int, end: int | None, etag: str | None) -> Answer:
        """Ask for the bytes from `begin` to before `end`, or to the last one. The answer must be closed.

        Raises BlobMissing and OutsideOfBlob.
        """
        headers = {"Range": f"bytes={begin}-{'' if end is None else end - 1}", **({"If-Match": etag} if etag else {})}
        with reported(key):
            try:
                response = self._client.ask("GET", self.name, key, headers=headers, stream=True)
            except S3Error as error:
                if error.code == "InvalidRange" or error.response.status == 416:  # noqa: PLR2004 - as HTTP calls it
                    raise OutsideOfBlob from error
                raise
        return Answer(key, response, begin, self.patience.answer)

    def objects(self, prefix: str) -> Iterator[Found]:
        """The blobs whose key starts with the prefix, in the order of the server."""
        query = {"list-type": "2", "prefix": prefix, "max-keys": str(_PAGE), "encoding-type": "url"}
        for page in self._client.pages(self.name, query, ("NextContinuationToken", "continuation-token")):
            yield from (found_in(each) for each in page.findall("{*}Contents"))

    def versions(self, key: str) -> list[Found]:
        """All versions and delete markers (size -1) of one key, newest first; the blob where there are no versions."""
        query = {"versions": "", "prefix": key, "max-keys": str(_PAGE), "encoding-type": "url"}
        found = []
        for page in self._client.pages(
            self.name, query, ("NextKeyMarker", "key-marker"), ("NextVersionIdMarker", "version-id-marker")
        ):
            entries = [each for each in page if each.tag.endswith(("}Version", "}DeleteMarker"))]
            keys = [key_of(each) for each in entries]
            found += [found_in(each) for each in entries if key_of(each) == key]
            # The key itself comes first of all that it is a prefix of; what follows may be a million others.
            if keys and keys[-1] != key:
                break
        return found

    # ----------------------------------------------------------------------------------------------------- deleting

    def remove(self, key: str, version: str | None, *, bypass: bool = False) -> None:
        """Remove one version for good; one that is absent is fine.

        Raises:
            BlobLocked: a retention period or a legal hold forbids it.
        """
        headers = {"x-amz-bypass-governance-retention": "true"} if bypass else {}
        with reported(key):
            try:
                self._client.ask("DELETE", self.name, key, query=_version(version), headers=headers)
            except S3Error as error:
                if error.code in ABSENT:
                    return
                reason = self.lock_of(key, version) if error.code in _LOCKED else None
                if reason is None:
                    raise
                raise BlobLocked(key, reason) from error

    def lock_of(self, key: str, version: str | None) -> str | None:
        """What forbids removing a version at the moment, in words; None when no lock does."""
        retention, hold = self.retention(key, version), self.held(key, version)
        reasons = ["a legal hold"] if hold else []
        if retention is not None and retention[1] > datetime.now(UTC):
            reasons.append(f"{retention[0]} until {retention[1]:%Y-%m-%d %H:%M:%S} UTC")
        return " and ".join(reasons) or None

    # -------------------------------------------------------------------------------------------------------- locks

    def lock_enabled(self) -> bool:
        """Whether the bucket has Object Lock."""
        with reported():
            try:
                root = xml_of(self._client.ask("GET", self.name, query={"object-lock": ""}))
            except S3Error as error:
                if error.response.status in _NO_LOCKS or error.code == "ObjectLockConfigurationNotFoundError":
                    return False
                raise
            return root.findtext("{*}ObjectLockEnabled") == "Enabled"

    def retention(self, key: str, version: str | None) -> tuple[str, datetime] | None:
        """Mode and end of the retention period of a version."""
        root = self._lock(key, version, "retention")
        mode, until = (
            (root.findtext("{*}Mode"), root.findtext("{*}RetainUntilDate")) if root is not None else (None, None)
        )
        return (mode, time_of(until)) if mode and until else None

    def held(self, key: str, version: str | None) -> bool:
        """Whether a version is under legal hold."""
        root = self._lock(key, version, "legal-hold")
        return root is not None and root.findtext("{*}Status") == "ON"

    def _lock(self, key: str, version: str | None, kind: str) -> ET.Element | None:
        with reported(key):
            try:
                return xml_of(self._client.ask("GET", self.name, key, query={kind: "", **_version(version)}))
            except S3Error:
                return None  # no lock of this kind, or a server that knows none

    def ask(
        self,
        method: str,
        key: str = "",
        *,
        query: dict[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> BaseHTTPResponse:
        """Any other request, for probing what a server does. Raises StorageError."""
        given = {**(headers or {}), **(digest_of(body) if body is not None else {})}
        with reported(key):
            return self._client.ask(method, self.name, key, query=query, body=body, headers=given)

    def close(self) -> None:
        """Let go of the connections."""
        for pool in self._pools:
            pool.clear()


class _Refused(Exception):
    """The server makes no bucket with Object Lock."""


def _version(version: str | None) -> dict[str, str]:
    return {"versionId": version} if version else {}
