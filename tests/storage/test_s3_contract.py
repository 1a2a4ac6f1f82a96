"""The S3 driver against the contract, on two real servers that share no code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from storage.blobs import BlobStore
from storage.s3 import S3BlobStore
from storage.s3_words import S3Location
from tests.storage.contract import BlobStoreContract
from tests.storage.machine import MACHINE_SETTINGS, BlobStoreMachine
from tests.storage.s3_support import S3Raw, fresh_location, new_store

ALL_OLD = timedelta(days=1)


@pytest.fixture(scope="module", params=["minio", "versitygw"])
def server(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def location(server: str) -> S3Location:
    return fresh_location(server)


class TestS3BlobStore(BlobStoreContract):
    @pytest.fixture
    def store(self, location: S3Location) -> Iterator[S3BlobStore]:
        store = new_store(location)
        yield store
        store.close()

    @pytest.fixture
    def raw(self, location: S3Location, store: S3BlobStore) -> S3Raw:
        store.sweep(ALL_OLD)  # the bucket is made by the first call
        return S3Raw(location)


def test_any_order_of_calls_does_what_a_dictionary_does(request: pytest.FixtureRequest, server: str) -> None:
    class S3Machine(BlobStoreMachine):
        # MinIO holds a/b beside a, but lists only a. eakte makes no such names, and storage/README.md advises against.
        names_may_nest = "versitygw" in request.node.callspec.id

        def open_store(self) -> BlobStore:
            return new_store(fresh_location(server))

        def teardown(self) -> None:
            self.store.close()

    machine: Any = S3Machine
    run_state_machine_as_test(machine, settings=settings(MACHINE_SETTINGS, max_examples=10))
