"""The local driver against the contract, and what only files can get wrong."""

import os
import stat
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import local
from storage.errors import BlobConflict, BlobMissing, InvalidBlobName, StorageUnavailable
from storage.local import LocalBlobStore
from storage.verified import read_verified
from tests.storage.contract import ALL_AGES, NAME, BlobStoreContract, content_of
from tests.storage.machine import MACHINE_SETTINGS, BlobStoreMachine


class LocalRaw:
    def __init__(self, root: Path) -> None:
        self.blobs = root / "blobs"
        self.waiting = root / "unfinished"

    def write(self, name: str, content: bytes) -> None:
        path = self.blobs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content)

    def read(self, name: str) -> bytes:
        return (self.blobs / name).read_bytes()

    def names(self) -> set[str]:
        return {str(path.relative_to(self.blobs)) for path in self.blobs.rglob("*") if not path.is_dir()}

    def interrupt(self, name: str, content: bytes) -> None:
        (self.waiting / f"upload-of-{name.replace('/', '-')}").write_bytes(content)

    def unfinished(self) -> int:
        return len(list(self.waiting.iterdir()))


class TestLocalBlobStore(BlobStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> LocalBlobStore:
        return LocalBlobStore(tmp_path / "store")

    @pytest.fixture
    def raw(self, tmp_path: Path, store: LocalBlobStore) -> LocalRaw:
        assert store.free_bytes() > 0
        return LocalRaw(tmp_path / "store")


class LocalMachine(BlobStoreMachine):
    def open_store(self) -> LocalBlobStore:
        self.folder = tempfile.TemporaryDirectory()
        return LocalBlobStore(Path(self.folder.name))

    def teardown(self) -> None:
        self.folder.cleanup()


TestLocalMachine: Any = LocalMachine.TestCase
TestLocalMachine.settings = MACHINE_SETTINGS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> LocalBlobStore:
    return LocalBlobStore(root)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_nobody_else_may_look_and_blobs_are_read_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        LocalBlobStore(tmp_path / "deep" / "store").put(NAME, [b"x"])
    finally:
        os.umask(before)
    folders = [path for path in (tmp_path / "deep").rglob("*") if path.is_dir()] + [tmp_path / "deep"]
    assert {mode(path) for path in folders} == {0o700}
    assert [mode(path) for path in tmp_path.rglob("original")] == [0o400]


def test_folder_open_to_others_is_closed(root: Path, store: LocalBlobStore) -> None:
    store.put(NAME, [b"x"])
    root.chmod(0o755)
    LocalBlobStore(root)
    assert mode(root) == 0o700


def test_folder_with_other_files_is_refused_and_untouched(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.odt").write_bytes(b"x")
    with pytest.raises(StorageUnavailable, match="holds other files"):
        LocalBlobStore(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.odt"]
    assert mode(tmp_path) == 0o755


def test_fresh_mount_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    LocalBlobStore(tmp_path).check()


def test_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable):
        LocalBlobStore(tmp_path / "file")


@pytest.mark.parametrize("gone", ["", "blobs", "unfinished"])
def test_lost_store_is_unavailable_and_not_empty(root: Path, store: LocalBlobStore, gone: str) -> None:
    """A disk that is not mounted must not look like a store whose blobs are all missing, nor be written to."""
    store.put(NAME, [b"x"])
    (root / gone).rename(root.parent / "elsewhere")
    with pytest.raises(StorageUnavailable):
        store.put("new", [b"x"])
    with pytest.raises(StorageUnavailable):
        store.check()
    if gone == "unfinished":
        return
    with pytest.raises(StorageUnavailable):
        list(store.read(NAME))
    with pytest.raises(StorageUnavailable):
        store.stat(NAME)
    with pytest.raises(StorageUnavailable):
        store.delete(NAME)
    with pytest.raises(StorageUnavailable):
        list(store.names())
    assert not (root / gone).exists()


def test_planted_links_do_not_lead_outside(tmp_path: Path, root: Path, store: LocalBlobStore) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (root / "blobs" / "folder").symlink_to(outside)
    (root / "blobs" / "file").symlink_to(outside / "secret")
    (root / "blobs" / "dangling").symlink_to(outside / "new")
    for name in ("folder/secret", "file", "dangling"):
        with pytest.raises(BlobMissing):
            list(store.read(name))
        with pytest.raises(BlobMissing):
            store.stat(name)
    for name in ("folder/new", "folder/secret", "file", "dangling"):
        with pytest.raises(BlobConflict):
            store.put(name, [b"secret"])
    assert list(store.names()) == []
    assert list(store.names("folder/")) == []
    store.delete("folder/secret")
    store.delete("file")
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_bytes() == b"secret"


def test_planted_link_in_place_of_the_blobs_is_refused(tmp_path: Path, root: Path, store: LocalBlobStore) -> None:
    (tmp_path / "outside").mkdir()
    (root / "blobs").rmdir()
    (root / "blobs").symlink_to(tmp_path / "outside")
    with pytest.raises(StorageUnavailable):
        store.put(NAME, [b"x"])
    assert list((tmp_path / "outside").iterdir()) == []


def test_foreign_files_are_passed_over(root: Path, store: LocalBlobStore) -> None:
    store.put("a/b", [b"x"])
    (root / "blobs" / "README").write_bytes(b"x")
    (root / "blobs" / "a" / "Thumbs.db").write_bytes(b"x")
    os.mkfifo(root / "blobs" / "a" / "pipe")
    assert [blob.name for blob in store.names()] == ["a/b"]


def test_delete_removes_the_copy_that_a_killed_put_left(root: Path, store: LocalBlobStore) -> None:
    """Destroyed means destroyed: the second link to the same bytes goes with the first."""
    store.put(NAME, [b"personal data"])
    os.link(root / "blobs" / NAME, root / "unfinished" / "left")
    (root / "unfinished" / "other").write_bytes(b"upload under way")
    store.delete(NAME)
    assert [path.name for path in (root / "unfinished").iterdir()] == ["other"]


def test_delete_removes_only_empty_folders(root: Path, store: LocalBlobStore) -> None:
    for name in ("a/b/c/d", "a/b/e"):
        store.put(name, [b"x"])
    store.delete("a/b/c/d")
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*")) == [
        *["blobs", "blobs/a", "blobs/a/b", "blobs/a/b/e", "unfinished"]
    ]
    store.delete("a/b/e")
    assert list((root / "blobs").iterdir()) == []


def test_sweep_takes_an_upload_under_way_only_when_it_is_old(root: Path, store: LocalBlobStore) -> None:
    def uploading() -> Any:
        yield b"first half"
        assert store.sweep(timedelta(hours=1)) == 0
        assert store.sweep(ALL_AGES) == 1
        yield b"second half"

    with pytest.raises(StorageUnavailable, match="again and again"):
        store.put(NAME, uploading())
    assert list(store.names()) == []
    assert not (root / "blobs" / NAME).exists()
    store.put(NAME, [b"whole"])


def test_listing_page_by_page_is_the_same_listing(store: LocalBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    names = sorted([f"a{number}" for number in range(30)] + [f"a{number}-/x" for number in range(30)])
    for name in names:
        store.put(name, [b"x"])
    for page in (1, 2, 7, 59, 60, 61):
        monkeypatch.setattr(local, "_LISTING_PAGE", page)
        assert [blob.name for blob in store.names()] == names


def test_blob_deleted_while_listed_is_passed_over(store: LocalBlobStore) -> None:
    for name in ("a", "b", "c/x", "d"):
        store.put(name, [b"x"])
    listing = store.names()
    assert next(listing).name == "a"
    store.delete("b")
    store.delete("c/x")
    assert [blob.name for blob in listing] == ["d"]


def test_reader_under_way_survives_a_delete(store: LocalBlobStore) -> None:
    content = content_of(3 * 2**20)
    digests = store.put(NAME, [content])
    reading = store.read(NAME)
    first = next(reading)
    store.delete(NAME)
    assert first + b"".join(reading) == content
    with pytest.raises(BlobMissing):
        read_verified(store, NAME, digests)


def test_relative_root_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = LocalBlobStore(Path("store"))
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    store.put(NAME, [b"x"])
    assert (tmp_path / "store" / "blobs" / NAME).is_file()


def test_name_is_checked_before_the_first_piece_is_read(store: LocalBlobStore) -> None:
    pieces = iter([b"x"])
    with pytest.raises(InvalidBlobName, match="segments"):
        store.put("../a", pieces)
    assert list(pieces) == [b"x"]
