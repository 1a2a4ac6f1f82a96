"""Each system call of a put and of a delete fails once, is the last, or is followed by a power failure.

Whatever happens, the blob is whole or absent, the call can be repeated, and only temporaries stay behind.
"""

import ast
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

import storage.local
from storage.errors import StorageError, StorageFull, StorageUnavailable
from storage.local import LocalBlobStore
from storage.verified import read_verified
from tests.storage.contract import ALL_AGES, NAME, content_of, digests_of
from tests.storage.failing import SEAM, Crash, FailingSyscalls, Fault, QuickSyscalls

CONTENT = content_of(3_000)
DIGESTS = digests_of(CONTENT)


@dataclass
class Machine:
    """A store on failing system calls; `put` and `delete` are what is tested."""

    root: Path
    system: FailingSyscalls
    store: LocalBlobStore

    def put(self) -> None:
        assert self.store.put(NAME, [CONTENT[:1_000], CONTENT[1_000:]]) == DIGESTS

    def delete(self) -> None:
        self.store.delete(NAME)

    def found(self) -> bool:
        """Whether the blob is there; if so it is whole, and there is nothing else."""
        store = LocalBlobStore(self.root, QuickSyscalls())
        names = [blob.name for blob in store.names()]
        if names:
            assert names == [NAME]
            assert b"".join(read_verified(store, NAME, DIGESTS)) == CONTENT
        files = [path for path in (self.root / "blobs").rglob("*") if not path.is_dir()]
        assert len(files) == len(names)
        return bool(names)

    def folders(self) -> list[str]:
        return [path.name for path in (self.root / "blobs").rglob("*") if path.is_dir()]

    def unfinished(self) -> int:
        return len(list((self.root / "unfinished").iterdir()))


MakeMachine = Callable[[], Machine]


@pytest.fixture
def machine(tmp_path: Path) -> MakeMachine:
    """Makes a new machine with a new store at each call."""

    def make() -> Machine:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        (folder / "spare").mkdir(parents=True)
        system = FailingSyscalls(folder / "store", folder / "spare")
        store = LocalBlobStore(folder / "store", system)
        system.arm(None)
        return Machine(folder / "store", system, store)

    return make


def fresh(_: Machine) -> None:
    """Nothing is stored."""


def stored(machine: Machine) -> None:
    """The blob is already there."""
    machine.put()
    machine.system.arm(None)


def left_over(machine: Machine) -> None:
    """The blob is there, and the temporary that a killed put left, too."""
    machine.system.arm(Fault(calls_of(machine, fresh, Machine.put).index("link"), "crash"))
    with pytest.raises(Crash):
        machine.put()
    machine.system.arm(None)


def calls_of(machine: Machine, before: Callable[[Machine], None], action: Callable[[Machine], None]) -> list[str]:
    """The calls of an action that succeeds, on a machine beside."""
    folder = machine.root.parent / "beside"
    (folder / "spare").mkdir(parents=True)
    system = FailingSyscalls(folder / "store", folder / "spare")
    beside = Machine(folder / "store", system, LocalBlobStore(folder / "store", system))
    system.arm(None)
    before(beside)
    action(beside)
    return list(system.calls)


PUTS = pytest.mark.parametrize("before", [fresh, stored, left_over])
DELETES = pytest.mark.parametrize("before", [stored, left_over])


def each_step(
    make: MakeMachine, before: Callable[[Machine], None], action: Callable[[Machine], None]
) -> Iterator[tuple[int, str, Machine]]:
    """Every call of the action, and a machine in the state before it."""
    calls = calls_of(make(), before, action)
    for step, call in enumerate(calls):
        machine = make()
        before(machine)
        yield step, f"{call} (call {step + 1} of {len(calls)})", machine


def test_a_put_makes_the_calls_that_make_it_safe(machine: MakeMachine) -> None:
    calls = calls_of(machine(), fresh, Machine.put)
    assert [call for call in calls if call not in {"open", "close"}] == [
        *["write", "write", "fchmod", "fsync"],
        *["mkdir", "mkdir", "link"],
        *["fsync", "fsync", "fsync"],
        "unlink",
    ]
    assert calls.count("open") == calls.count("close")


def test_the_driver_calls_the_system_through_the_seam_only() -> None:
    tree = ast.parse(Path(str(storage.local.__file__)).read_text(encoding="utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    }
    assert {name for name in used if not name.startswith("O_")} == {"stat_result"}
    through = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "_system"
    }
    assert through == SEAM


@PUTS
@pytest.mark.parametrize("how", ["refused", "misreported", "broken"])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_put_with_one_failing_call(
    machine: MakeMachine,
    before: Callable[[Machine], None],
    how: Literal["refused", "misreported", "broken"],
    number: int,
    subtests: pytest.Subtests,
) -> None:
    for step, label, tried in each_step(machine, before, Machine.put):
        with subtests.test(label):
            tried.system.arm(Fault(step, how, number))
            raised: StorageError | None = None
            try:
                tried.put()
            except (StorageFull, StorageUnavailable) as error:
                raised = error
            tried.system.arm(None)
            assert tried.found() or raised
            if number == errno.ENOSPC and label.split()[0] in {"write", "fsync", "mkdir", "link"}:
                assert isinstance(raised, StorageFull)
            if before is not fresh:
                assert tried.found(), "what was there stays"
            elif how == "refused" and not label.startswith("unlink"):
                assert tried.unfinished() == 0
                assert tried.found() or tried.folders() == []
            tried.put()
            tried.store.sweep(ALL_AGES)
            assert tried.found()
            assert tried.unfinished() == 0


@PUTS
def test_put_killed_after_each_call(
    machine: MakeMachine, before: Callable[[Machine], None], subtests: pytest.Subtests
) -> None:
    for step, label, tried in each_step(machine, before, Machine.put):
        with subtests.test(label):
            tried.system.arm(Fault(step, "crash"))
            with pytest.raises(Crash):
                tried.put()
            tried.system.arm(None)
            assert tried.found() or before is fresh
            tried.put()
            tried.store.sweep(ALL_AGES)
            assert tried.found()
            assert tried.unfinished() == 0


@PUTS
@pytest.mark.parametrize("what", ["entries", "bytes"])
def test_power_failure_after_each_call_of_a_put(
    machine: MakeMachine,
    before: Callable[[Machine], None],
    what: Literal["entries", "bytes"],
    subtests: pytest.Subtests,
) -> None:
    for step, label, tried in each_step(machine, before, Machine.put):
        with subtests.test(label):
            tried.system.arm(Fault(step, "crash"))
            with pytest.raises(Crash):
                tried.put()
            tried.system.lose_power(what)
            assert tried.found() or before is not stored
            tried.put()
            tried.store.sweep(ALL_AGES)
            assert tried.found()
            assert tried.unfinished() == 0


@PUTS
@pytest.mark.parametrize("what", ["entries", "bytes"])
@pytest.mark.parametrize("how", ["crash", "refused"])
def test_what_a_put_has_confirmed_survives_a_power_failure(
    machine: MakeMachine,
    before: Callable[[Machine], None],
    what: Literal["entries", "bytes"],
    how: Literal["crash", "refused"],
    subtests: pytest.Subtests,
) -> None:
    """Also when an earlier put got as far as any step and left folders or the blob itself unsynced."""
    for step, label, tried in each_step(machine, before, Machine.put):
        with subtests.test(label):
            tried.system.arm(Fault(step, how))
            with suppress(Crash, StorageError):
                tried.put()
            tried.system.arm(None)
            tried.put()
            tried.system.lose_power(what)
            assert tried.found()


@DELETES
@pytest.mark.parametrize("how", ["refused", "misreported", "broken", "crash"])
@pytest.mark.parametrize("power", [False, True])
def test_delete_interrupted_at_each_call(
    machine: MakeMachine,
    before: Callable[[Machine], None],
    how: Literal["refused", "misreported", "broken", "crash"],
    power: bool,
    subtests: pytest.Subtests,
) -> None:
    for step, label, tried in each_step(machine, before, Machine.delete):
        with subtests.test(label):
            tried.system.arm(Fault(step, how))
            confirmed = False
            try:
                tried.delete()
                confirmed = True
            except (StorageUnavailable, Crash):
                pass
            if power:
                tried.system.lose_power("entries")
            tried.system.arm(None)
            assert not (tried.found() and confirmed)
            tried.delete()
            tried.system.lose_power("entries")
            assert not tried.found()
            tried.store.sweep(ALL_AGES)
            assert tried.unfinished() == 0


def test_descriptors_are_closed(machine: MakeMachine) -> None:
    tried = machine()
    tried.put()
    tried.put()
    reading = tried.store.read(NAME)
    next(reading)
    reading.close()
    tried.store.stat(NAME)
    listing = tried.store.names()
    next(listing)
    del listing
    tried.store.sweep(ALL_AGES)
    tried.delete()
    assert tried.system.opened == set()


def test_short_writes_are_completed(machine: MakeMachine) -> None:
    class ShortWrites(FailingSyscalls):
        """Takes at most seven bytes a call, as a full pipe or a signal would have it."""

        def call(self, name: str, real: Callable[..., object], *args: object, **kwargs: object) -> object:
            if name == "write":
                file, view = args
                assert isinstance(view, memoryview)
                args = (file, view[:7])
            return super().call(name, real, *args, **kwargs)

    tried = machine()
    tried.store = LocalBlobStore(tried.root, ShortWrites(tried.root, tried.root.parent / "spare"))
    tried.put()
    assert tried.found()


def test_failing_read_is_not_taken_for_the_end(machine: MakeMachine) -> None:
    tried = machine()
    tried.put()
    for number in (errno.EIO, errno.EACCES, errno.EMFILE):
        tried.system.arm(None)
        b"".join(tried.store.read(NAME))
        calls = list(tried.system.calls)
        for step, call in enumerate(calls):
            if call == "close":
                continue
            tried.system.arm(Fault(step, "refused", number))
            with pytest.raises(StorageUnavailable, match=os.strerror(number)):
                list(tried.store.read(NAME))


@pytest.mark.parametrize("how", ["refused", "misreported"])
def test_check_with_one_failing_call_says_so_and_leaves_nothing(
    machine: MakeMachine, how: Literal["refused", "misreported"], subtests: pytest.Subtests
) -> None:
    for step, label, tried in each_step(machine, fresh, lambda beside: beside.store.check()):
        with subtests.test(label):
            tried.system.arm(Fault(step, how, errno.ENOSPC))
            with suppress(StorageUnavailable):
                tried.store.check()
            tried.store.sweep(ALL_AGES)
            assert not tried.found()


def test_check_of_a_full_disk_names_the_reason(machine: MakeMachine) -> None:
    tried = machine()
    calls = calls_of(machine(), fresh, Machine.put)
    tried.system.arm(Fault(calls.index("write"), "refused", errno.ENOSPC))
    with pytest.raises(StorageUnavailable, match=r"no room left: .*No space"):
        tried.store.check()


def test_check_of_a_store_that_forgets_bytes(tmp_path: Path) -> None:
    class Forgetful(QuickSyscalls):
        pread = staticmethod(lambda _file, length, _offset: b"?" * length)

    store = LocalBlobStore(tmp_path / "store", Forgetful())
    with pytest.raises(StorageUnavailable, match="not the bytes that were filed"):
        store.check()
    assert list(store.names()) == []
