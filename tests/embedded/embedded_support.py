"""Processes that share a data folder, and what is seen of its server from outside."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg

from eakte.embedded.processes import is_alive, read_postmaster_pid

ROOT = Path(__file__).parents[2]


class Child:
    """One process of tests/embedded/embedded_child.py."""

    def __init__(self, data_dir: Path, *, before: Sequence[str] = (), **options: Any) -> None:
        command = [*before, sys.executable, "-m", "tests.embedded.embedded_child", str(data_dir)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options
        )

        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin, self.process.stdout

    def read(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._stdout.readline())
        return answer

    def send(self, word: str) -> None:
        self._stdin.write(f"{word}\n")
        self._stdin.flush()

    def tell(self, word: str) -> dict[str, Any]:
        self.send(word)
        return self.read()

    def kill(self) -> None:
        self.process.kill()
        self.ended()

    def ended(self) -> None:
        self.process.wait(timeout=30)
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        self._stdout.close()

    def close(self) -> None:
        assert self.tell("close") == {"closed": True}
        self.ended()


@contextlib.contextmanager
def children(data_dir: Path, count: int = 1, **options: Any) -> Iterator[list[Child]]:
    """Start processes at once, not waiting for them; whoever is left at the end is killed."""
    started = [Child(data_dir, **options) for _ in range(count)]
    try:
        yield started
    finally:
        for child in started:
            child.kill()


def postmaster(data_dir: Path) -> int:
    pid = read_postmaster_pid(data_dir / "database/cluster")
    assert pid is not None
    return pid


def server_processes(data_dir: Path) -> list[int]:
    """Every living process that works in the cluster's folder, as the kernel sees it."""
    cluster = data_dir.resolve() / "database/cluster"
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdecimal() and (folder / "cwd").readlink() == cluster and is_alive(int(folder.name)):
                found.append(int(folder.name))
    return found


def postmasters(data_dir: Path) -> list[int]:
    """Those of them whose parent is none of them; whoever ends while we look does not count."""
    processes = server_processes(data_dir)
    parents = {pid: _parent(pid) for pid in processes}
    return [pid for pid, parent in parents.items() if parent is not None and parent not in processes]


def kill_server(data_dir: Path) -> None:
    """SIGKILL to every process of the server at once, as a kernel out of memory would."""
    for pid in server_processes(data_dir):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not server_processes(data_dir))


def wait_for(condition: Callable[[], object], *, seconds: float = 30) -> None:
    tick = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        tick.wait(0.02)
    raise AssertionError("the condition never came true")


def execute(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements in one committed transaction; the rows of the last."""
    with psycopg.connect(url) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
