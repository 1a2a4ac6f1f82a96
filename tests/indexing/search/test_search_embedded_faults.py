"""The embedded index under kills, damage and many hands."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from indexing import generations
from indexing.embedded import EmbeddedIndex
from indexing.search import Condition, Query
from indexing.search_errors import IndexAbsent, IndexDamaged, IndexOutdated
from tests.indexing.search.samples import EVERYONE, build, document, found, number

_ROOT = Path(__file__).parents[3]
_BATCH = 20
_CHILD = f"""
import sys
from pathlib import Path
from indexing.embedded import EmbeddedIndex
from tests.indexing.search.samples import document
index = EmbeddedIndex(Path(sys.argv[1]))
n = int(sys.argv[2])
while True:
    index.put([document(n + i, "Bescheid Gebühr " * 200) for i in range({_BATCH})])
    n += {_BATCH}
    print(n, flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    build(EmbeddedIndex(folder))
    return folder


def test_a_killed_writer_loses_nothing_that_was_put(folder: Path) -> None:
    chance = random.Random(11)  # noqa: S311 - a fixed seed, so that a failure comes again
    done = 0
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(folder), str(done)], stdout=subprocess.PIPE, cwd=_ROOT, text=True
        ) as child:
            assert child.stdout is not None
            for _ in range(chance.randint(1, 3)):
                done = int(child.stdout.readline())
            # Somewhere in the next batch: its files have begun to appear.
            current = generations.Generations(folder).current()
            before = {path.name for path in current.rglob("*")}
            while {path.name for path in current.rglob("*")} <= before:
                pass
            child.send_signal(signal.SIGKILL)
        index = EmbeddedIndex(folder)
        assert index.check(thorough=True) is Condition.READY
        stored = dict(index.revisions(None, 10_000))
        assert {number(n) for n in range(done)} <= set(stored)
        assert len(stored) in {done, done + _BATCH}, "a batch is there as a whole or not at all"
        done = len(stored)
    index.put([document(9_999, "Gebühr")])
    assert index.query(Query("Gebühr"), content=EVERYONE, metadata=EVERYONE).total == done + 1


def test_one_writes_at_a_time_and_all_are_heard(folder: Path) -> None:
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            index = EmbeddedIndex(folder)
            for n in range(5):
                index.put([document(worker * 100 + n, "Gebühr")])
                assert number(worker * 100 + n) in found(index, "Gebühr")
        except BaseException as error:  # noqa: BLE001 - reported below, in the thread that can
            failures.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert EmbeddedIndex(folder).count() == 15


def test_small_batches_do_not_pile_up_files(folder: Path) -> None:
    index = EmbeddedIndex(folder)
    for n in range(14):
        index.put([document(n, "Gebühr"), document(99, "Gebühr", revision=n)])
    segments = {path.stem for path in generations.Generations(folder).current().glob("documents/*.term")}
    assert len(segments) < 10


def _flip(path: Path) -> None:
    """In place: whoever has the file mapped would get a bus error from one that is written anew."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(len(content) // 3)
        file.write(bytes([content[len(content) // 3] ^ 0xFF]))


def _pointer_to_nowhere(generation: Path) -> None:
    (generation.parent / generations.CURRENT).write_text("g-000000000000")


def _each(suffix: str, change: Callable[[Path], object]) -> Callable[[Path], None]:
    def damage(generation: Path) -> None:
        for path in list(generation.rglob(f"*{suffix}")):
            change(path)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        _each(".term", Path.unlink),
        _each(".idx", lambda path: os.truncate(path, 20)),
        _each(".fast", lambda path: os.truncate(path, 0)),
        _each("meta.json", lambda path: path.write_text("{}")),
        _each("meta.json", Path.unlink),
        _each(generations.LAYOUT, Path.unlink),
        _pointer_to_nowhere,
    ],
    ids=["no terms", "cut postings", "empty columns", "wrong meta", "no meta", "no layout", "lost generation"],
)
def test_damage_is_reported_and_cured_by_a_rebuild(folder: Path, damage: Callable[[Path], None]) -> None:
    build(EmbeddedIndex(folder), [document(n, "Gebühr") for n in range(20)])
    damage(generations.Generations(folder).current())
    index = EmbeddedIndex(folder)
    assert index.check() is Condition.DAMAGED
    for ask in (lambda: found(index, "Gebühr"), index.count, lambda: index.revisions(None, 5)):
        with pytest.raises(IndexDamaged):
            ask()
    with pytest.raises(IndexDamaged):
        index.put([document(50, "Gebühr")])
    rebuild = index.start_rebuild()
    index.put([document(51, "Gebühr")])
    index.fill(rebuild, [document(1, "Gebühr")])
    index.finish_rebuild(rebuild)
    assert set(found(index, "Gebühr")) == {number(1), number(51)}
    assert index.check(thorough=True) is Condition.READY


@pytest.mark.parametrize("suffix", [".term", ".idx", ".pos", ".fast", ".fieldnorm", ".store"])
def test_a_flipped_bit_is_found_by_the_thorough_check(folder: Path, suffix: str) -> None:
    build(EmbeddedIndex(folder), [document(n, "Gebühr Hund " * 50) for n in range(20)])
    index = EmbeddedIndex(folder)
    assert index.check(thorough=True) is Condition.READY
    _each(suffix, _flip)(generations.Generations(folder).current())
    assert EmbeddedIndex(folder).check(thorough=True) is Condition.DAMAGED


def test_no_index_is_not_an_empty_answer(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "none")
    assert index.check() is Condition.ABSENT
    for ask in (lambda: found(index, "Gebühr"), index.count, lambda: index.put([document(1, "x")])):
        with pytest.raises(IndexAbsent):
            ask()
    rebuild = index.start_rebuild()
    index.put([document(1, "Gebühr")])
    with pytest.raises(IndexAbsent):
        found(index, "Gebühr")
    index.finish_rebuild(rebuild)
    assert found(index, "Gebühr") == [number(1)]


def test_an_index_of_another_version_asks_for_a_rebuild(folder: Path) -> None:
    current = generations.Generations(folder).current()
    (current / generations.LAYOUT).write_text('{"schema": 0}')
    index = EmbeddedIndex(folder)
    assert index.check() is Condition.OUTDATED
    with pytest.raises(IndexOutdated):
        found(index, "Gebühr")
    build(index, [document(1, "Gebühr")])
    assert found(index, "Gebühr") == [number(1)]


def test_a_swap_drops_the_old_files_while_others_still_read(folder: Path) -> None:
    reader = EmbeddedIndex(folder)
    assert found(reader, "Gebühr") == []
    for n in range(3):
        build(EmbeddedIndex(folder), [document(n, "Gebühr")])
        assert found(reader, "Gebühr") == [number(n)]
    assert len(list(folder.glob("g-*"))) == 1
