"""The scrubber finds what is missing, damaged or unknown, and accuses nothing else."""

from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.blobs import BLOCK_SIZE, BlobStat, Digests
from storage.errors import StorageUnavailable
from storage.local import LocalBlobStore
from storage.scrub import Finding, Kind, orphans, verify
from tests.storage.contract import content_of

HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore(tmp_path / "store")


def replace(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / "store" / "blobs" / name
    path.unlink()
    path.write_bytes(content)


def test_one_bad_blob_does_not_end_the_search(tmp_path: Path, store: LocalBlobStore) -> None:
    names = ["changed", "empty", "longer", "missing", "sound", "../escape", "shorter", "last"]
    content = content_of(BLOCK_SIZE + 5)
    digests = {name: store.put(name, [content]) for name in names if name not in {"missing", "empty", "../escape"}}
    expected = [(name, digests.get(name, digests["sound"])) for name in names]
    expected[1] = ("empty", store.put("empty", []))
    replace(tmp_path, "changed", content[:-1] + b"?")
    replace(tmp_path, "longer", content + b"x")
    replace(tmp_path, "shorter", content[:-1])
    findings = list(verify(store, expected))
    assert [(finding.name, str(finding.kind)) for finding in findings] == [
        ("changed", "damaged"),
        ("empty", "ok"),
        ("longer", "damaged"),
        ("missing", "missing"),
        ("sound", "ok"),
        ("../escape", "missing"),
        ("shorter", "damaged"),
        ("last", "ok"),
    ]
    assert [finding.name for finding in findings if finding.detail] == [
        *["changed", "longer", "missing", "../escape", "shorter"]
    ]
    assert "block 1 differs" in findings[0].detail


def test_contradictory_record_is_damage_of_that_blob_only(store: LocalBlobStore) -> None:
    good = store.put("good", [b"x"])
    forged = Digests(good.size, good.sha256, b"")
    assert [finding.kind for finding in verify(store, [("good", forged), ("good", good)])] == [Kind.DAMAGED, Kind.OK]


def test_lost_store_accuses_no_blob(tmp_path: Path, store: LocalBlobStore) -> None:
    digests = store.put("a", [b"x"])
    findings = verify(store, [("a", digests), ("a", digests)])
    assert next(findings) == Finding("a", Kind.OK)
    (tmp_path / "store").rename(tmp_path / "unmounted")
    with pytest.raises(StorageUnavailable):
        next(findings)


class BadSector(LocalBlobStore):
    """Cannot read one blob, `failures` times."""

    def __init__(self, root: Path, name: str, failures: int) -> None:
        super().__init__(root)
        self.bad = name
        self.failures = failures

    def read(self, name: str, offset: int = 0, length: int | None = None) -> Generator[bytes, None, None]:
        if name == self.bad and self.failures:
            self.failures -= 1
            raise StorageUnavailable(name, "Input/output error")
        return super().read(name, offset, length)


@pytest.mark.parametrize(("failures", "kind"), [(1, Kind.OK), (2, Kind.DAMAGED)])
def test_unreadable_blob_in_a_working_store(tmp_path: Path, failures: int, kind: Kind) -> None:
    store = BadSector(tmp_path / "store", "bad", failures)
    digests = store.put("bad", [b"x"])
    store.put("good", [b"x"])
    findings = list(verify(store, [("bad", digests), ("good", digests)]))
    assert [(finding.name, finding.kind) for finding in findings] == [("bad", kind), ("good", Kind.OK)]


def test_verify_takes_one_at_a_time(store: LocalBlobStore) -> None:
    digests = store.put("a", [b"x"])
    endless = iter(lambda: ("a", digests), None)
    findings = verify(store, endless)
    assert [next(findings).kind for _ in range(3)] == [Kind.OK] * 3


class Register:
    """What the service knows; remembers how it was asked."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)
        self.questions: list[int] = []

    def __call__(self, names: Sequence[str]) -> set[str]:
        self.questions.append(len(names))
        return self.names & set(names)


def test_orphans_are_unknown_and_older_than_the_grace_period(store: LocalBlobStore) -> None:
    for name in ("doc/1/original", "doc/2/original", "unknown/1/original"):
        store.put(name, [b"x"])
    now = datetime.now(UTC)
    known = Register("doc/1/original", "doc/2/original")
    assert list(orphans(store, known, grace=HOUR, now=now)) == []
    assert known.questions == [], "young blobs are not even asked about"
    later = now + timedelta(hours=2)
    assert [blob.name for blob in orphans(store, known, grace=HOUR, now=later)] == ["unknown/1/original"]


def test_grace_period_is_exclusive(store: LocalBlobStore) -> None:
    store.put("a", [b"x"])
    written = store.stat("a").modified_at
    assert list(orphans(store, Register(), grace=HOUR, now=written + HOUR)) == []
    second = timedelta(seconds=1)
    assert [blob.name for blob in orphans(store, Register(), grace=HOUR, now=written + HOUR + second)] == ["a"]


def test_orphans_are_asked_for_in_batches_of_one_prefix(store: LocalBlobStore) -> None:
    for number in range(7):
        store.put(f"a/{number}", [b"x"])
    store.put("b/1", [b"x"])
    later = datetime.now(UTC) + timedelta(hours=2)
    known = Register("a/3")
    found = [blob.name for blob in orphans(store, known, grace=HOUR, now=later, batch=3, prefix="a/")]
    assert found == ["a/0", "a/1", "a/2", "a/4", "a/5", "a/6"]
    assert known.questions == [3, 3, 1]


def test_orphans_may_be_deleted_while_they_are_listed(store: LocalBlobStore) -> None:
    for number in range(20):
        store.put(f"{number}/1/original", [b"x"])
    later = datetime.now(UTC) + timedelta(hours=2)
    for blob in orphans(store, Register(), grace=HOUR, now=later, batch=3):
        store.delete(blob.name)
    assert list(store.names()) == []


def test_row_committed_during_the_listing_counts(store: LocalBlobStore) -> None:
    store.put("a", [b"x"])
    register = Register()
    listing = store.names

    class Listing(LocalBlobStore):
        def names(self, prefix: str = "") -> Iterator[BlobStat]:
            for blob in listing(prefix):
                register.names.add(blob.name)
                yield blob

    late = Listing(store._root)
    assert list(orphans(late, register, grace=HOUR, now=datetime.now(UTC) + timedelta(hours=2))) == []


@pytest.mark.parametrize(("grace", "batch"), [(-HOUR, 5), (HOUR, 0)])
def test_orphans_refuses_what_would_find_too_much_or_nothing(
    store: LocalBlobStore, grace: timedelta, batch: int
) -> None:
    with pytest.raises(ValueError, match="grace period"):
        list(orphans(store, Register(), grace=grace, now=datetime.now(UTC), batch=batch))
