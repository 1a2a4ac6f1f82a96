"""Probing whether a bucket's locks hold: what must be refused is tried, on blobs of its own under `check/`.

Servers differ in what they let through (README.md has a table), so write-once storage is claimed only where every
probe holds. Retention periods here are short; what is still locked at the end is named.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from xml.etree import ElementTree as ET

from storage.errors import StorageError, StorageUnavailable
from storage.s3_client import S3Bucket
from storage.s3_words import Patience, S3Location

LOCK_SECONDS: Final = 30
"""How long probes are locked: longer than probing takes, and what must expire is waited for."""

_BRIEF_SECONDS: Final = 3
_COMPLIANCE: Final = "COMPLIANCE"
_GOVERNANCE: Final = "GOVERNANCE"


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that was tried.

    Attributes:
        name: what must hold, as an identifier.
        holds: whether it did.
        detail: what the server did.
    """

    name: str
    holds: bool
    detail: str


def probe_locks(location: S3Location, *, lock_seconds: int = LOCK_SECONDS) -> Iterator[Probe]:
    """Try the locks of a bucket; one `Probe` each, then one named `cleanup`. Takes about `lock_seconds`.

    The names: `object-lock`, `delete`, `shorten`, `downgrade`, `bypass`, `hold`, `expired-retention-and-hold`,
    `batch-delete`, `multipart`, `governance-bypass`, `cleanup`.

    Raises:
        StorageUnavailable: the bucket cannot be reached, or is not there.
    """
    bucket = S3Bucket(location, Patience())
    try:
        if not bucket.exists():
            raise StorageUnavailable(detail=f"there is no bucket {location.bucket}")
        if not bucket.lock_enabled():
            yield Probe("object-lock", holds=False, detail="the bucket has no Object Lock")
            return
        yield Probe("object-lock", holds=True, detail="enabled")
        yield from _Probing(bucket, lock_seconds).all()
    finally:
        bucket.close()


@dataclass(frozen=True, slots=True)
class _Locked:
    """A version that was made for a probe; `must_last` says that its retention period is what is probed."""

    key: str
    version: str
    until: datetime
    must_last: bool = True


class _Probing:
    def __init__(self, bucket: S3Bucket, lock_seconds: int) -> None:
        self._bucket = bucket
        self._folder = f"check/{uuid.uuid4().hex}"
        self._lock_seconds = lock_seconds
        self._keys: list[str] = []

    def all(self) -> Iterator[Probe]:
        """Every probe, whatever the ones before it gave, then the clearing up."""
        tried: tuple[tuple[str, Callable[[], Probe]], ...] = (
            # What must expire first is put first.
            ("expired-retention-and-hold", self._expired_and_hold),
            ("batch-delete", self._batch_delete),
            ("delete", self._delete),
            ("shorten", self._shorten),
            ("downgrade", self._downgrade),
            ("bypass", self._bypass),
            ("hold", self._hold),
            ("multipart", self._multipart),
            ("governance-bypass", self._governance_bypass),
        )
        try:
            for name, attempt in tried:
                try:
                    yield attempt()
                except StorageError as error:
                    yield Probe(name, holds=False, detail=f"could not be tried: {error}")
        finally:
            left = self._clear()
        yield Probe("cleanup", holds=not left, detail=f"still there: {', '.join(left)}" if left else "nothing is left")

    # ---------------------------------------------------------------------------------------------------- the probes

    def _delete(self) -> Probe:
        blob = self._put("delete", _COMPLIANCE, self._lock_seconds)
        return self._refused("delete", blob, lambda: self._bucket.remove(blob.key, blob.version))

    def _bypass(self) -> Probe:
        blob = self._put("bypass", _COMPLIANCE, self._lock_seconds)
        return self._refused("bypass", blob, lambda: self._bucket.remove(blob.key, blob.version, bypass=True))

    def _shorten(self) -> Probe:
        blob = self._put("shorten", _COMPLIANCE, self._lock_seconds)
        sooner = blob.until - timedelta(seconds=self._lock_seconds // 2)
        probe = self._refused("shorten", blob, lambda: self._retain(blob, _COMPLIANCE, sooner))
        return self._unchanged(probe, blob)

    def _downgrade(self) -> Probe:
        blob = self._put("downgrade", _COMPLIANCE, self._lock_seconds)
        probe = self._refused("downgrade", blob, lambda: self._retain(blob, _GOVERNANCE, blob.until))
        return self._unchanged(probe, blob)

    def _hold(self) -> Probe:
        blob = self._put("hold", None, 0)
        self._set_hold(blob, on=True)
        return self._refused("hold", blob, lambda: self._bucket.remove(blob.key, blob.version))

    def _expired_and_hold(self) -> Probe:
        blob = self._put("expired-and-hold", _COMPLIANCE, _BRIEF_SECONDS)
        self._set_hold(blob, on=True)
        self._wait_for(blob.until)
        name = "expired-retention-and-hold"
        return self._refused(name, blob, lambda: self._bucket.remove(blob.key, blob.version))

    def _batch_delete(self) -> Probe:
        expired = self._put("batch-expired", _COMPLIANCE, _BRIEF_SECONDS)
        locked = self._put("batch-locked", _COMPLIANCE, self._lock_seconds)
        self._wait_for(expired.until)
        root = ET.Element("Delete", xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
        for each in (expired, locked):
            entry = ET.SubElement(root, "Object")
            ET.SubElement(entry, "Key").text = each.key
            ET.SubElement(entry, "VersionId").text = each.version
        body = ET.tostring(root)
        probe = self._refused("batch-delete", locked, lambda: self._ask("POST", "", {"delete": ""}, body))
        if self._there(expired):
            return Probe(
                "batch-delete", holds=False, detail=f"could not be tried, the batch removed nothing: {probe.detail}"
            )
        return probe

    def _multipart(self) -> Probe:
        key, until = self._key("multipart"), self._server_time() + timedelta(seconds=self._lock_seconds)
        upload = self._bucket.begin(key, _lock_headers(_COMPLIANCE, until))
        self._bucket.complete(key, upload, [self._bucket.put_part(key, upload, 1, b"part")], {})
        blob = _Locked(key, self._bucket.head(key).version or "", until)
        return self._refused("multipart", blob, lambda: self._bucket.remove(blob.key, blob.version))

    def _governance_bypass(self) -> Probe:
        """The other way round: a lock that may be lifted by those who have the right to."""
        blob = self._put("governance", _GOVERNANCE, self._lock_seconds)
        kept = self._refused("governance-bypass", blob, lambda: self._bucket.remove(blob.key, blob.version))
        if not kept.holds:
            return kept
        self._bucket.remove(blob.key, blob.version, bypass=True)
        gone = not self._there(blob)
        return Probe(
            "governance-bypass", holds=gone, detail="refused, and removed with the right to" if gone else "kept"
        )

    # ----------------------------------------------------------------------------------------------------- what they do

    def _refused(self, name: str, blob: _Locked, forbidden: Callable[[], object]) -> Probe:
        said = "the server accepted it"
        try:
            forbidden()
        except StorageError as error:
            said = f"refused: {error.detail or error}"
        if not self._there(blob):
            return Probe(name, holds=False, detail="the locked version is gone")
        if blob.must_last and self._server_time() >= blob.until:
            return Probe(name, holds=False, detail="took longer than the lock lasts: please repeat")
        return Probe(name, holds=True, detail=said)

    def _unchanged(self, probe: Probe, blob: _Locked) -> Probe:
        found = self._bucket.retention(blob.key, blob.version)
        if found is None or found[0] != _COMPLIANCE or found[1] < blob.until.replace(microsecond=0):
            return Probe(probe.name, holds=False, detail=f"the lock is now {found}")
        return probe

    def _there(self, blob: _Locked) -> bool:
        return any(found.version == blob.version and found.size >= 0 for found in self._bucket.versions(blob.key))

    def _put(self, name: str, mode: str | None, seconds: int) -> _Locked:
        key = self._key(name)
        until = self._server_time() + timedelta(seconds=seconds)
        self._bucket.put(key, b"probe", _lock_headers(mode, until) if mode else {})
        return _Locked(key, self._bucket.head(key).version or "", until, must_last=seconds == self._lock_seconds)

    def _key(self, name: str) -> str:
        key = f"{self._folder}/{name}"
        self._keys.append(key)
        return key

    def _retain(self, blob: _Locked, mode: str, until: datetime) -> None:
        root = ET.Element("Retention", xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
        ET.SubElement(root, "Mode").text = mode
        ET.SubElement(root, "RetainUntilDate").text = _instant(until)
        self._ask("PUT", blob.key, {"retention": "", "versionId": blob.version}, ET.tostring(root))

    def _set_hold(self, blob: _Locked, *, on: bool) -> None:
        root = ET.Element("LegalHold", xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
        ET.SubElement(root, "Status").text = "ON" if on else "OFF"
        self._ask("PUT", blob.key, {"legal-hold": "", "versionId": blob.version}, ET.tostring(root))

    def _ask(self, method: str, key: str, query: dict[str, str], body: bytes) -> None:
        self._bucket.ask(method, key, query=query, body=body, headers={"Content-Type": "application/xml"})

    def _server_time(self) -> datetime:
        """The server's clock, which its locks go by; ours may differ."""
        said = self._bucket.ask("HEAD").headers.get("Date")
        if said is None:
            raise StorageUnavailable(detail="the server tells no time")
        return parsedate_to_datetime(said)

    def _wait_for(self, moment: datetime) -> None:
        while self._server_time() <= moment:
            time.sleep(0.5)

    # ------------------------------------------------------------------------------------------------------ clearing up

    def _clear(self) -> list[str]:
        """Lift holds, wait until the periods are over, remove everything; returns what could not be removed."""
        end = self._server_time() + timedelta(seconds=self._lock_seconds + 5)
        while True:
            left = [key for key in self._keys if not self._cleared(key)]
            if not left or self._server_time() > end:
                return left
            time.sleep(1)

    def _cleared(self, key: str) -> bool:
        try:
            for found in self._bucket.versions(key):
                blob = _Locked(key, found.version or "", found.modified_at)
                if found.size >= 0:
                    with suppress(StorageError):
                        self._set_hold(blob, on=False)
                self._bucket.remove(key, found.version, bypass=True)
            return not self._bucket.versions(key)
        except StorageError:
            return False


def _lock_headers(mode: str, until: datetime) -> dict[str, str]:
    return {"x-amz-object-lock-mode": mode, "x-amz-object-lock-retain-until-date": _instant(until)}


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
