"""What every driver of the blob store must do.

A driver's test file derives from `BlobStoreContract`, gives it the fixtures `store` (empty) and `raw`, and derives
from `tests.storage.machine.BlobStoreMachine` likewise. `raw` reaches the same bytes *without* the store, so that
writing is not tested by reading and damage can be done.
"""

import hashlib
import io
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Protocol

import pikepdf
import pytest

from storage.blobs import BLOCK_SIZE, BlobStore, Digests
from storage.errors import (
    BlobConflict,
    BlobDamaged,
    BlobMissing,
    BlobTooLarge,
    InvalidBlobName,
    RangeNotSatisfiable,
)
from storage.verified import VerifiedReader, fetch, read_verified

NAME = "0190c5a0-7d31-7c55-b8a4-000000000001/1/original"
ALL_AGES = timedelta(hours=-1)
SIZES = [0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 2 * BLOCK_SIZE + 17]


class Raw(Protocol):
    """The bytes behind the store."""

    def write(self, name: str, content: bytes) -> None:
        """Create or replace a blob, as a restored backup or an attacker would."""

    def read(self, name: str) -> bytes: ...

    def names(self) -> set[str]: ...

    def interrupt(self, name: str, content: bytes) -> None:
        """Leave what an upload leaves whose process was killed."""

    def unfinished(self) -> int:
        """How many interrupted uploads there are."""


class Abandoned(Exception):
    """Raised by an iterator whose client has gone away."""


def content_of(size: int, seed: bytes = b"a") -> bytes:
    """Bytes that differ in every block, reproducible."""
    pieces = (hashlib.sha256(seed + number.to_bytes(8, "big")).digest() * 2048 for number in range(-(-size // 65536)))
    return b"".join(pieces)[:size]


def pieces_of(content: bytes, size: int = 1_000_003) -> Iterator[bytes]:
    """The bytes in pieces that fit no block, one of them empty."""
    yield b""
    for start in range(0, len(content), size):
        yield content[start : start + size]


def collect(received: bytearray, pieces: Iterator[bytes]) -> None:
    for piece in pieces:
        received += piece


def digests_of(content: bytes) -> Digests:
    """The oracle: digests by the definition, from all bytes at once."""
    blocks = [content[start : start + BLOCK_SIZE] for start in range(0, len(content), BLOCK_SIZE)]
    return Digests(
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        blocks=b"".join(hashlib.sha256(block).digest() for block in blocks),
    )


class BlobStoreContract(ABC):
    @pytest.fixture
    @abstractmethod
    def store(self) -> BlobStore: ...

    @pytest.fixture
    @abstractmethod
    def raw(self) -> Raw: ...

    # ------------------------------------------------------------------------------------------------------- put

    @pytest.mark.parametrize("size", SIZES)
    def test_put_stores_the_bytes_and_returns_their_digests(self, store: BlobStore, raw: Raw, size: int) -> None:
        content = content_of(size)
        assert store.put(NAME, pieces_of(content)) == digests_of(content)
        assert raw.read(NAME) == content
        assert raw.names() == {NAME}
        assert raw.unfinished() == 0

    def test_same_bytes_again_are_fine(self, store: BlobStore, raw: Raw) -> None:
        content = content_of(100_000)
        first = store.put(NAME, [content])
        assert store.put(NAME, pieces_of(content, 7_777)) == first
        assert raw.read(NAME) == content
        assert raw.unfinished() == 0

    @pytest.mark.parametrize("other", [b"", b"sbeond", b"second and longer"])
    def test_other_bytes_are_refused_and_the_first_stay(self, store: BlobStore, raw: Raw, other: bytes) -> None:
        store.put(NAME, [b"second"])
        with pytest.raises(BlobConflict, match=NAME):
            store.put(NAME, [other])
        assert raw.read(NAME) == b"second"
        assert raw.unfinished() == 0

    def test_same_bytes_over_a_damaged_blob_are_refused(self, store: BlobStore, raw: Raw) -> None:
        raw.write(NAME, b"damaged")
        with pytest.raises(BlobConflict):
            store.put(NAME, [b"correct"])
        store.delete(NAME)
        store.put(NAME, [b"correct"])
        assert raw.read(NAME) == b"correct"

    def test_limit_is_inclusive(self, store: BlobStore) -> None:
        assert store.put(NAME, [b"1234", b"5"], limit=5).size == 5

    @pytest.mark.parametrize("size", [6, 3 * BLOCK_SIZE])
    def test_too_large_leaves_nothing(self, store: BlobStore, raw: Raw, size: int) -> None:
        with pytest.raises(BlobTooLarge, match="more than 5 bytes"):
            store.put(NAME, pieces_of(content_of(size)), limit=5)
        assert raw.names() == set()
        assert raw.unfinished() == 0

    def test_too_large_stops_reading_the_iterator(self, store: BlobStore) -> None:
        endless = iter(lambda: b"x" * 1000, None)
        with pytest.raises(BlobTooLarge):
            store.put(NAME, endless, limit=10_000)

    @pytest.mark.parametrize("before", [0, 1, 3 * BLOCK_SIZE])
    # OSError: a lost client must not be taken for a lost store; KeyboardInterrupt: no Exception.
    @pytest.mark.parametrize("error", [Abandoned(), OSError(28, "not the store's disk"), KeyboardInterrupt()])
    def test_failing_iterator_leaves_nothing(
        self, store: BlobStore, raw: Raw, before: int, error: BaseException
    ) -> None:
        def failing() -> Iterator[bytes]:
            yield content_of(before)
            raise error

        with pytest.raises(type(error)) as raised:
            store.put(NAME, failing())
        assert raised.value is error
        assert raw.names() == set()
        assert raw.unfinished() == 0

    def test_unfinished_upload_is_invisible(self, store: BlobStore) -> None:
        def observing() -> Iterator[bytes]:
            yield content_of(3 * BLOCK_SIZE)
            assert list(store.names()) == []
            with pytest.raises(BlobMissing):
                store.stat(NAME)
            yield b"end"

        store.put(NAME, observing())
        assert [blob.name for blob in store.names()] == [NAME]

    def test_name_below_a_blob_never_harms_it(self, store: BlobStore, raw: Raw) -> None:
        store.put("a", [b"first"])
        try:
            store.put("a/b", [b"second"])
        except BlobConflict:
            assert raw.names() == {"a"}
        else:
            assert raw.read("a/b") == b"second"
        assert raw.read("a") == b"first"

    def test_name_above_a_blob_never_harms_it(self, store: BlobStore, raw: Raw) -> None:
        store.put("a/b", [b"first"])
        try:
            store.put("a", [b"second"])
        except BlobConflict:
            assert raw.names() == {"a/b"}
        else:
            assert raw.read("a") == b"second"
        assert raw.read("a/b") == b"first"

    def test_simultaneous_puts_of_the_same_bytes_all_succeed(self, store: BlobStore, raw: Raw) -> None:
        content = content_of(BLOCK_SIZE + 5)
        start = Barrier(4)

        def put() -> Digests:
            start.wait()
            return store.put(NAME, pieces_of(content))

        with ThreadPoolExecutor(4) as pool:
            results = [future.result() for future in [pool.submit(put) for _ in range(4)]]
        assert results == [digests_of(content)] * 4
        assert raw.read(NAME) == content
        assert raw.unfinished() == 0

    def test_of_simultaneous_puts_of_other_bytes_one_wins(self, store: BlobStore, raw: Raw) -> None:
        start = Barrier(4)

        def put(number: int) -> bytes | None:
            content = content_of(70_000, bytes([number]))
            start.wait()
            try:
                store.put(NAME, pieces_of(content))
            except BlobConflict:
                return None
            return content

        with ThreadPoolExecutor(4) as pool:
            winners = [content for content in pool.map(put, range(4)) if content is not None]
        assert winners == [raw.read(NAME)]
        assert raw.unfinished() == 0

    def test_put_succeeds_while_neighbours_come_and_go(self, store: BlobStore, raw: Raw) -> None:
        def churn(number: int) -> None:
            for turn in range(25):
                name = f"dossier/{turn}/{number}"
                store.put(name, [b"x"])
                store.delete(name)

        with ThreadPoolExecutor(4) as pool:
            for future in [pool.submit(churn, number) for number in range(4)]:
                future.result()
        assert raw.names() == set()

    # ------------------------------------------------------------------------------------------------------ read

    @pytest.mark.parametrize("size", SIZES)
    def test_read_yields_what_is_stored(self, store: BlobStore, raw: Raw, size: int) -> None:
        content = content_of(size)
        raw.write(NAME, content)
        assert b"".join(store.read(NAME)) == content

    @pytest.mark.parametrize(
        ("offset", "length", "expected"),
        [
            (0, None, b"0123456789"),
            (3, None, b"3456789"),
            (3, 4, b"3456"),
            (3, 0, b""),
            (9, 1, b"9"),
            (8, 100, b"89"),
            (10, None, b""),
            (10, 5, b""),
        ],
    )
    def test_read_range(self, store: BlobStore, raw: Raw, offset: int, length: int | None, expected: bytes) -> None:
        raw.write(NAME, b"0123456789")
        assert b"".join(store.read(NAME, offset, length)) == expected

    @pytest.mark.parametrize(("offset", "length"), [(-1, None), (11, None), (11, 1), (2, -1)])
    def test_read_outside(self, store: BlobStore, raw: Raw, offset: int, length: int | None) -> None:
        raw.write(NAME, b"0123456789")
        with pytest.raises(RangeNotSatisfiable):
            list(store.read(NAME, offset, length))

    def test_read_of_a_large_range_comes_in_pieces(self, store: BlobStore, raw: Raw) -> None:
        raw.write(NAME, content_of(3 * BLOCK_SIZE))
        assert max(len(piece) for piece in store.read(NAME)) <= BLOCK_SIZE

    def test_read_may_be_broken_off(self, store: BlobStore, raw: Raw) -> None:
        raw.write(NAME, content_of(3 * BLOCK_SIZE))
        reading = store.read(NAME)
        next(reading)
        reading.close()
        assert list(reading) == []

    def test_absent_blob(self, store: BlobStore) -> None:
        with pytest.raises(BlobMissing, match=NAME):
            list(store.read(NAME))
        with pytest.raises(BlobMissing, match=NAME):
            store.stat(NAME)
        with pytest.raises(BlobMissing, match=NAME):
            read_verified(store, NAME, digests_of(b"x"))
        with pytest.raises(BlobMissing, match=NAME):
            VerifiedReader(store, NAME, digests_of(b"x"))

    def test_a_folder_is_no_blob_and_a_blob_no_folder(self, store: BlobStore) -> None:
        store.put("a/b/c", [b"x"])
        for name in ("a", "a/b", "a/b/c/d"):
            with pytest.raises(BlobMissing):
                store.stat(name)
            with pytest.raises(BlobMissing):
                list(store.read(name))
            store.delete(name)
        assert [blob.name for blob in store.names()] == ["a/b/c"]

    def test_stat(self, store: BlobStore, raw: Raw) -> None:
        before = datetime.now(UTC)
        raw.write(NAME, b"0123456789")
        found = store.stat(NAME)
        assert (found.name, found.size) == (NAME, 10)
        assert abs(found.modified_at - before) < timedelta(minutes=1)
        assert found.modified_at.utcoffset() == timedelta(0)

    # ---------------------------------------------------------------------------------------------------- delete

    def test_delete_is_for_good_and_may_be_repeated(self, store: BlobStore, raw: Raw) -> None:
        store.put(NAME, [b"x"])
        store.put("other/1/original", [b"y"])
        store.delete(NAME)
        store.delete(NAME)
        assert raw.names() == {"other/1/original"}

    def test_deleted_name_may_be_put_anew(self, store: BlobStore, raw: Raw) -> None:
        store.put(NAME, [b"x"])
        store.delete(NAME)
        store.put(NAME, [b"other"])
        assert raw.read(NAME) == b"other"

    def test_delete_leaves_no_folder_in_the_way(self, store: BlobStore, raw: Raw) -> None:
        store.put("a/b/c", [b"x"])
        store.delete("a/b/c")
        store.put("a", [b"y"])
        assert raw.names() == {"a"}

    # --------------------------------------------------------------------------------------------------- listing

    # '-' and '.' come before '/', digits and letters after it: a walk folder by folder must not be fooled.
    LISTED = ("a-b", "a.b/c", "a/b", "a/b-c", "a/b.d/e", "a0", "ab/c", "b", "b0/x")

    def test_names_are_sorted_by_character_code(self, store: BlobStore) -> None:
        for name in reversed(self.LISTED):
            store.put(name, [name.encode()])
        assert [(blob.name, blob.size) for blob in store.names()] == [(name, len(name)) for name in self.LISTED]

    @pytest.mark.parametrize("prefix", ["a", "a/", "a/b", "a/b.", "a/b/", "a/b.d/", "a/b.d/e", "b0/x/", "z", "z/z"])
    def test_names_with_a_prefix(self, store: BlobStore, prefix: str) -> None:
        for name in self.LISTED:
            store.put(name, [b"x"])
        assert [blob.name for blob in store.names(prefix)] == [n for n in self.LISTED if n.startswith(prefix)]

    @pytest.mark.parametrize("prefix", ["/", "..", "../", "a/../", "./", "a//", "A", "a b", "a\n"])
    def test_prefix_that_no_name_has(self, store: BlobStore, prefix: str) -> None:
        store.put("a", [b"x"])
        if prefix == "..":
            # "..a" is a name.
            assert list(store.names(prefix)) == []
            return
        with pytest.raises(InvalidBlobName):
            list(store.names(prefix))

    def test_names_of_an_empty_store(self, store: BlobStore) -> None:
        assert list(store.names()) == []

    # -------------------------------------------------------------------------------------------- names of blobs

    @pytest.mark.parametrize(
        "name",
        [
            *["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "a/./b", "./a"],
            *["A", "ä", "a b", "a\n", "a\x00b", "a\\b", "a~", "a:b", "a%2f..", "a" * 256, "a/" * 256 + "a"],
        ],
    )
    def test_invalid_name_is_refused_everywhere(self, store: BlobStore, raw: Raw, name: str) -> None:
        with pytest.raises(InvalidBlobName):
            store.put(name, [b"x"])
        with pytest.raises(InvalidBlobName):
            list(store.read(name))
        with pytest.raises(InvalidBlobName):
            store.stat(name)
        with pytest.raises(InvalidBlobName):
            store.delete(name)
        assert raw.names() == set()

    @pytest.mark.parametrize(
        "name", ["a", "...", ".a", "-", "_._", "a" * 255, "a/" * 255 + "aa", "batch/0/x.tar.gz", "con", "nul"]
    )
    def test_valid_name(self, store: BlobStore, raw: Raw, name: str) -> None:
        store.put(name, [b"x"])
        assert raw.names() == {name}
        assert [blob.name for blob in store.names()] == [name]
        store.delete(name)
        assert raw.names() == set()

    # -------------------------------------------------------------------------------------------- verified reading

    RANGES = (
        (0, None),
        (0, 1),
        (BLOCK_SIZE - 1, 2),
        (BLOCK_SIZE, BLOCK_SIZE),
        (5, 2 * BLOCK_SIZE),
        (2 * BLOCK_SIZE + 16, 1),
        (2 * BLOCK_SIZE + 17, None),
        (7, 0),
    )

    @pytest.mark.parametrize(("offset", "length"), RANGES)
    def test_verified_range(self, store: BlobStore, offset: int, length: int | None) -> None:
        content = content_of(2 * BLOCK_SIZE + 17)
        digests = store.put(NAME, [content])
        end = len(content) if length is None else offset + length
        assert b"".join(read_verified(store, NAME, digests, offset, length)) == content[offset:end]

    @pytest.mark.parametrize(("offset", "length"), [(-1, None), (11, None), (11, 0), (5, 6), (2, -1)])
    def test_verified_range_outside_is_refused_in_the_call(
        self, store: BlobStore, offset: int, length: int | None
    ) -> None:
        digests = store.put(NAME, [b"0123456789"])
        with pytest.raises(RangeNotSatisfiable):
            read_verified(store, NAME, digests, offset, length)

    @pytest.mark.parametrize("position", [0, BLOCK_SIZE - 1, BLOCK_SIZE, 2 * BLOCK_SIZE, 2 * BLOCK_SIZE + 16])
    def test_one_changed_byte_is_found_before_its_block_is_handed_out(
        self, store: BlobStore, raw: Raw, position: int
    ) -> None:
        content = content_of(2 * BLOCK_SIZE + 17)
        digests = store.put(NAME, [content])
        raw.write(NAME, content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        received = bytearray()
        with pytest.raises(BlobDamaged, match=f"block {position // BLOCK_SIZE} differs"):
            collect(received, read_verified(store, NAME, digests))
        assert received == content[: position // BLOCK_SIZE * BLOCK_SIZE]
        # A range that touches the block is refused, though the range itself is sound.
        start = position // BLOCK_SIZE * BLOCK_SIZE + (position % BLOCK_SIZE == 0)
        with pytest.raises(BlobDamaged):
            list(read_verified(store, NAME, digests, start, 1))

    def test_sound_blocks_of_a_damaged_blob_can_be_read(self, store: BlobStore, raw: Raw) -> None:
        content = content_of(2 * BLOCK_SIZE)
        digests = store.put(NAME, [content])
        raw.write(NAME, content[:-1] + b"?")
        assert b"".join(read_verified(store, NAME, digests, 0, BLOCK_SIZE)) == content[:BLOCK_SIZE]

    @pytest.mark.parametrize("size", [0, 1, BLOCK_SIZE, 2 * BLOCK_SIZE - 1, 2 * BLOCK_SIZE + 1, 3 * BLOCK_SIZE])
    def test_other_size_is_damage_in_the_call_for_any_range(self, store: BlobStore, raw: Raw, size: int) -> None:
        digests = store.put(NAME, [content_of(2 * BLOCK_SIZE)])
        raw.write(NAME, content_of(size))
        for offset, length in ((0, None), (0, 1), (0, 0), (2 * BLOCK_SIZE, None)):
            with pytest.raises(BlobDamaged, match=f"{size} bytes instead of {2 * BLOCK_SIZE}"):
                read_verified(store, NAME, digests, offset, length)

    def test_exchanged_blocks_are_damage(self, store: BlobStore, raw: Raw) -> None:
        content = content_of(2 * BLOCK_SIZE)
        digests = store.put(NAME, [content])
        raw.write(NAME, content[BLOCK_SIZE:] + content[:BLOCK_SIZE])
        with pytest.raises(BlobDamaged):
            list(read_verified(store, NAME, digests))

    @pytest.mark.parametrize("size", [10, BLOCK_SIZE, BLOCK_SIZE + 10])
    def test_blob_shortened_while_it_is_read_is_damage(self, store: BlobStore, raw: Raw, size: int) -> None:
        digests = store.put(NAME, [content_of(2 * BLOCK_SIZE)])
        reading = read_verified(store, NAME, digests, BLOCK_SIZE)
        raw.write(NAME, content_of(size))
        with pytest.raises(BlobDamaged, match="ends within block 1"):
            list(reading)

    def test_block_digests_forged_with_the_bytes_are_found_by_the_digest_of_the_whole(
        self, store: BlobStore, raw: Raw
    ) -> None:
        for content in (b"original", content_of(2 * BLOCK_SIZE)):
            digests = store.put(NAME, [content])
            forged = b"f" + content[1:]
            raw.write(NAME, forged)
            record = Digests(digests.size, digests.sha256, digests_of(forged).blocks)
            with pytest.raises(BlobDamaged, match="whole"):
                list(read_verified(store, NAME, record))
            store.delete(NAME)

    def test_empty_blob_is_compared_too(self, store: BlobStore) -> None:
        digests = store.put(NAME, [])
        assert list(read_verified(store, NAME, digests)) == []
        with pytest.raises(BlobDamaged, match="whole"):
            list(read_verified(store, NAME, Digests(0, digests_of(b"x").sha256, b"")))

    @pytest.mark.parametrize("blocks", [b"", b"x" * 31, b"x" * 64])
    def test_digests_that_contradict_their_size_are_damage(self, store: BlobStore, blocks: bytes) -> None:
        digests = store.put(NAME, [b"x"])
        with pytest.raises(BlobDamaged, match="recorded"):
            read_verified(store, NAME, Digests(1, digests.sha256, blocks))

    def test_fetch(self, store: BlobStore, raw: Raw, tmp_path: Path) -> None:
        content = content_of(BLOCK_SIZE + 1)
        digests = store.put(NAME, [content])
        fetch(store, NAME, digests, tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == content
        with pytest.raises(FileExistsError):
            fetch(store, NAME, digests, tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == content
        raw.write(NAME, content[:-1] + b"?")
        with pytest.raises(BlobDamaged):
            fetch(store, NAME, digests, tmp_path / "damaged")
        with pytest.raises(BlobMissing):
            fetch(store, "absent", digests, tmp_path / "absent")
        assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["copy"]

    # --------------------------------------------------------------------------------------------------- as a file

    def test_reader_is_a_file(self, store: BlobStore) -> None:
        content = content_of(2 * BLOCK_SIZE + 17)
        with VerifiedReader(store, NAME, store.put(NAME, [content])) as reader:
            assert (reader.readable(), reader.seekable(), reader.writable()) == (True, True, False)
            assert reader.read(10) == content[:10]
            assert reader.seek(BLOCK_SIZE - 5) == BLOCK_SIZE - 5
            assert reader.read(10) == content[BLOCK_SIZE - 5 : BLOCK_SIZE + 5], "no short read between blocks"
            assert reader.tell() == BLOCK_SIZE + 5
            assert reader.seek(-3, io.SEEK_END) == len(content) - 3
            assert reader.read(10) == content[-3:]
            assert reader.read(10) == b""
            assert reader.seek(100, io.SEEK_CUR) == len(content) + 100
            assert reader.read(10) == b""
            reader.seek(0)
            assert reader.readall() == content
            with pytest.raises(OSError, match="cannot seek"):
                reader.seek(-1)
        with pytest.raises(ValueError, match="closed"):
            reader.read(1)

    def test_reader_refuses_a_damaged_block(self, store: BlobStore, raw: Raw) -> None:
        content = content_of(2 * BLOCK_SIZE)
        digests = store.put(NAME, [content])
        raw.write(NAME, content[:-1] + b"?")
        with VerifiedReader(store, NAME, digests) as reader:
            assert reader.read(BLOCK_SIZE) == content[:BLOCK_SIZE]
            with pytest.raises(BlobDamaged):
                reader.read(1)
        with pytest.raises(BlobDamaged, match="instead of"):
            VerifiedReader(store, NAME, digests_of(content + b"x"))

    def test_reader_serves_zipfile(self, store: BlobStore) -> None:
        buffer = io.BytesIO()
        members = {f"page-{number}": content_of(700_000, bytes([number])) for number in range(20)}
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        digests = store.put(NAME, [buffer.getvalue()])
        with VerifiedReader(store, NAME, digests) as reader, zipfile.ZipFile(reader) as archive:
            assert archive.testzip() is None
            assert {name: archive.read(name) for name in archive.namelist()} == members

    def test_reader_serves_pikepdf(self, store: BlobStore) -> None:
        buffer = io.BytesIO()
        with pikepdf.new() as pdf:
            for _ in range(3):
                pdf.add_blank_page()
            pdf.save(buffer)
        digests = store.put(NAME, [buffer.getvalue()])
        with io.BufferedReader(VerifiedReader(store, NAME, digests)) as reader, pikepdf.open(reader) as pdf:
            assert len(pdf.pages) == 3

    # --------------------------------------------------------------------------------------------------- upkeep

    def test_interrupted_upload_is_invisible_and_swept_when_old(self, store: BlobStore, raw: Raw) -> None:
        store.put("kept", [b"x"])
        raw.interrupt(NAME, content_of(100_000))
        assert [blob.name for blob in store.names()] == ["kept"]
        with pytest.raises(BlobMissing):
            store.stat(NAME)
        assert store.sweep(timedelta(hours=1)) == 0
        assert raw.unfinished() == 1
        assert store.sweep(ALL_AGES) == 1
        assert store.sweep(ALL_AGES) == 0
        assert raw.unfinished() == 0
        assert raw.names() == {"kept"}

    def test_put_after_an_interrupted_upload(self, store: BlobStore, raw: Raw) -> None:
        raw.interrupt(NAME, content_of(100_000))
        store.put(NAME, [b"whole"])
        assert raw.read(NAME) == b"whole"

    def test_check_leaves_nothing(self, store: BlobStore, raw: Raw) -> None:
        store.check()
        assert raw.names() == set()
        assert raw.unfinished() == 0

    def test_free_bytes(self, store: BlobStore) -> None:
        free = store.free_bytes()
        assert free is None or free > 0

    def test_close_may_be_repeated(self, store: BlobStore) -> None:
        store.close()
        store.close()
