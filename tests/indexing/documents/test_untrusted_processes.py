"""Each hostile reader costs its own document and nothing else."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from indexing import forking
from indexing.errors import FailureKind, UntrustedFailed
from indexing.untrusted import Limits, read_untrusted_file, run_untrusted, take_untrusted_file
from tests.indexing.documents import hostile
from tests.support.service import until

TIGHT = Limits(
    memory_bytes=512 << 20, cpu_seconds=1, wall_seconds=20, file_bytes=8 << 20, output_bytes=24 << 20, open_files=64
)


def run(function: Callable[..., Iterator[Any]], place: Path, limits: Limits = TIGHT, /, **arguments: Any) -> Any:
    target = f"{function.__module__}:{function.__name__}"
    return run_untrusted(target, arguments, limits=limits, folder=place)


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (hostile.eats_memory, "memory"),
        (hostile.maps_memory, "memory"),
        (hostile.computes, "cpu"),
        (hostile.segfaults, "crash"),
        (hostile.leaves, "crash"),
        (hostile.raises, "crash"),
        (hostile.refuses, "refused"),
        (hostile.opens_many_files, "crash"),
        (hostile.says_too_much, "output"),
        (hostile.speaks_garbage, "output"),
        (hostile.announces_too_much, "output"),
        (hostile.nests_deeply, "output"),
    ],
)
def test_a_misbehaving_reader_is_ended_and_named(
    function: Callable[..., Iterator[Any]], kind: FailureKind, tmp_path: Path
) -> None:
    with pytest.raises(UntrustedFailed) as caught:
        run(function, tmp_path)
    assert caught.value.kind == kind
    assert len(caught.value.sentence) <= 300
    assert caught.value.sentence.isprintable()
    assert len(caught.value.detail) <= 300
    assert run(hostile.well, tmp_path, folder=str(tmp_path)) == {"answer": 42}


def test_a_reader_that_ignores_the_soft_limit_is_killed_by_the_hard_one(tmp_path: Path) -> None:
    with pytest.raises(UntrustedFailed) as caught:
        run(hostile.computes_on, tmp_path)
    assert caught.value.kind == "time"  # a kill without our doing may be the machine's: the job is tried again


def test_a_hanging_reader_is_killed_after_the_wall_time(tmp_path: Path) -> None:
    with pytest.raises(UntrustedFailed) as caught:
        run(hostile.hangs, tmp_path, Limits(wall_seconds=0.5))
    assert caught.value.kind == "time"


@pytest.mark.parametrize("function", [hostile.writes_one_large_file, hostile.writes_many_files])
def test_a_reader_cannot_fill_the_disk(function: Callable[..., Iterator[Any]], tmp_path: Path) -> None:
    with pytest.raises(UntrustedFailed) as caught:
        run(function, tmp_path, Limits(file_bytes=8 << 20, output_bytes=24 << 20), folder=str(tmp_path))
    assert caught.value.kind == "output"
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2_000 << 20


def test_a_process_that_leaves_its_group_is_killed_too(tmp_path: Path) -> None:
    assert run(hostile.hides_behind_a_fork, tmp_path, folder=str(tmp_path)) == "done"
    hidden = int((tmp_path / "pid").read_text())
    until(lambda: not psutil.pid_exists(hidden), what="the one that hid is dead and buried")


def test_nothing_is_left_of_ended_readers(tmp_path: Path) -> None:
    forking._nursery.close()  # one of our own: others in this process may hold readers that they have not ended yet
    for _ in range(5):
        run(hostile.well, tmp_path, folder=str(tmp_path))
        with pytest.raises(UntrustedFailed):
            run(hostile.segfaults, tmp_path)
    nursery = forking._nursery._process
    assert nursery is not None
    until(lambda: not _zombies(nursery.pid), what="the nursery has buried its children")


def _zombies(parent: int) -> list[psutil.Process]:
    """Children that ended and wait to be buried; one that goes while we look is none."""
    found = []
    for child in psutil.Process(parent).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.status() == psutil.STATUS_ZOMBIE:
                found.append(child)
    return found


def test_a_reader_inherits_no_secrets_no_files_and_no_main_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forking._nursery.close()
    monkeypatch.setenv("EAKTE_DATABASE_URL", "postgresql://secret")
    with (tmp_path / "open").open("wb") as file:
        os.set_inheritable(file.fileno(), True)
        found = run(hostile.tells_its_surroundings, tmp_path)
    assert found["environment"] == ["LC_ALL", "OMP_THREAD_LIMIT", "PATH"]
    assert found["descriptors"] <= 6
    assert found["main"] is None


def test_a_reader_reaches_no_network(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("without root the kernel may not allow it; README.md says so")
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert run(hostile.connects, tmp_path, port=server.getsockname()[1]) is False


def test_links_and_pipes_that_a_reader_leaves_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    run(hostile.plants_links, folder, folder=str(folder), target=str(secret))
    for name in ("soft", "hard", "pipe", "missing"):
        with pytest.raises(UntrustedFailed):
            read_untrusted_file(folder / name, 1000)
        with pytest.raises(UntrustedFailed):
            take_untrusted_file(folder / name, tmp_path / f"taken-{name}", 1000)


def test_a_file_longer_than_its_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(11))
    assert read_untrusted_file(tmp_path / "file", 11) == bytes(11)
    with pytest.raises(UntrustedFailed):
        read_untrusted_file(tmp_path / "file", 10)


def test_readers_run_from_several_threads_at_once(tmp_path: Path) -> None:
    answers: list[Any] = []

    def work(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        answers.extend(run(hostile.well, folder, folder=str(folder)) for _ in range(5))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [{"answer": 42}] * 20


def test_a_killed_nursery_is_replaced(tmp_path: Path) -> None:
    run(hostile.well, tmp_path, folder=str(tmp_path))
    nursery = forking._nursery._process
    assert nursery is not None
    os.kill(nursery.pid, signal.SIGKILL)
    nursery.wait(10)
    assert run(hostile.well, tmp_path, folder=str(tmp_path)) == {"answer": 42}


_PARENT = """
import os, sys, threading
from pathlib import Path
from indexing.untrusted import Limits, run_untrusted
from indexing import forking
from tests.support.service import until
folder = Path(sys.argv[1])
hangs = "tests.indexing.documents.hostile:hangs"
threading.Thread(target=lambda: run_untrusted(hangs, {}, limits=Limits(), folder=folder), daemon=True).start()
while not (
    forking._nursery._process
    and (kin := list(Path(f"/proc/{forking._nursery._process.pid}/task").glob("*/children")))
    and kin[0].read_text()
):
    pass
print(forking._nursery._process.pid, kin[0].read_text().split()[0], flush=True)
os.kill(os.getpid(), 9)
"""


def test_readers_end_when_the_parent_is_killed(tmp_path: Path) -> None:
    """Run as ``-c``, so that the parent's main module cannot be imported by anyone, from a thread."""
    ended = subprocess.run(
        [sys.executable, "-c", _PARENT, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    gone, alive = psutil.wait_procs(
        [psutil.Process(int(pid)) for pid in ended.stdout.split() if psutil.pid_exists(int(pid))], timeout=20
    )
    del gone
    assert alive == []
