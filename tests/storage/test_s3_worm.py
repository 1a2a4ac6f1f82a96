"""What the probe says of two servers: it must find the one gap that is known."""

from __future__ import annotations

import pytest

from storage.errors import StorageUnavailable
from storage.s3_client import S3Bucket
from storage.s3_words import Patience
from storage.s3_worm import probe_locks
from tests.storage.s3_support import S3Raw, client_of, fresh_location

SECONDS = 12
# versitygw 1.8 removes a version whose retention period is over although a legal hold lies on it.
GAPS = {"minio": set(), "versitygw": {"expired-retention-and-hold"}}


@pytest.mark.parametrize("name", sorted(GAPS))
def test_the_probe_finds_what_a_server_lets_through(request: pytest.FixtureRequest, name: str) -> None:
    location = fresh_location(request.getfixturevalue(name))
    S3Bucket(location, Patience()).create()
    probes = list(probe_locks(location, lock_seconds=SECONDS))
    assert len({probe.name for probe in probes}) == 11
    assert {probe.name for probe in probes if not probe.holds} == GAPS[name], probes
    raw = S3Raw(location)
    left = list(raw.client.list_objects(location.bucket, recursive=True))
    assert left == []


def test_a_bucket_without_locks_holds_nothing(minio: str) -> None:
    location = fresh_location(minio)
    with pytest.raises(StorageUnavailable, match="no bucket"):
        list(probe_locks(location))
    client_of(location).make_bucket(location.bucket)
    assert [(probe.name, probe.holds) for probe in probe_locks(location)] == [("object-lock", False)]
