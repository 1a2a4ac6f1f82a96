"""Values of the blob store, apart from any driver."""

import pickle

import pytest

from storage.blobs import BLOCK_SIZE, BlobStore, Hasher
from storage.errors import BlobMissing, StorageError
from storage.local import LocalBlobStore
from tests.storage.contract import SIZES, content_of, digests_of


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece", [BLOCK_SIZE // 3, 10 * BLOCK_SIZE])
def test_hasher_agrees_with_the_definition(size: int, piece: int) -> None:
    content = content_of(size)
    hasher = Hasher()
    for start in range(0, size, piece):
        hasher.update(content[start : start + piece])
    assert hasher.digests() == digests_of(content)


def test_hasher_goes_on_after_its_digests_were_asked_for() -> None:
    hasher = Hasher()
    hasher.update(b"first")
    assert hasher.digests() == digests_of(b"first")
    hasher.update(b" second")
    assert hasher.digests() == digests_of(b"first second")


def _kinds(kind: type[StorageError]) -> list[type[StorageError]]:
    return [kind, *(deeper for below in kind.__subclasses__() for deeper in _kinds(below))]


@pytest.mark.parametrize("kind", _kinds(StorageError))
def test_every_error_has_its_own_message(kind: type[StorageError]) -> None:
    assert "__doc__" in vars(kind)
    first = str(kind.__doc__).splitlines()[0].rstrip(".")
    assert str(kind()) == first
    assert str(kind("a/b", "so it is")) == f"{first}: a/b (so it is)"


def test_errors_cross_process_borders() -> None:
    error = pickle.loads(pickle.dumps(BlobMissing("a/b", "why")))  # noqa: S301 - made in this line
    assert (type(error), error.name, error.detail) == (BlobMissing, "a/b", "why")


def test_local_driver_is_a_blob_store_for_the_type_checker(tmp_path_factory: pytest.TempPathFactory) -> None:
    store: BlobStore = LocalBlobStore(tmp_path_factory.mktemp("store"))
    store.close()
