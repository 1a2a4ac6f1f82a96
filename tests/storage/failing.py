"""System calls that fail on demand, and a machine that loses power."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from storage.syscalls import Syscalls

SEAM = {name for name in vars(Syscalls) if not name.startswith("_")}


class Crash(BaseException):
    """The process ends here: nothing that comes later happens, clean-up neither."""


def no_sync(fd: object) -> None:
    """Instead of fsync: the tests say themselves what the disk has, and thousands of real ones take a minute."""
    assert isinstance(fd, int)
    os.fstat(fd)


class QuickSyscalls(Syscalls):
    """The real thing on a disk that nobody waits for."""

    fsync = staticmethod(no_sync)


@dataclass(frozen=True)
class Fault:
    """What befalls one call.

    refused: it has no effect and fails. misreported: it has its effect and fails all the same (a network file
    system's lost answer). broken: it fails and so does every later one. crash: it succeeds and is the last.
    """

    step: int
    how: Literal["refused", "misreported", "broken", "crash"]
    number: int = errno.EIO


class FailingSyscalls(QuickSyscalls):
    """Counts the calls, applies one fault, and remembers what is not yet on the disk."""

    def __init__(self, root: Path, spare: Path) -> None:
        self.root = root
        self.spare = spare
        self.calls: list[str] = []
        self.fault: Fault | None = None
        self.crashed = False
        self.opened: set[int] = set()
        self.unsynced_files: set[int] = set()
        self.unsynced_entries: list[tuple[int, Path]] = []
        self.unsynced_removals: list[tuple[int, Path, Path]] = []

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        return partial(self.call, name, value) if name in SEAM else value

    def arm(self, fault: Fault | None) -> None:
        """Start counting anew, in a new process so to speak."""
        self.calls = []
        self.fault = fault
        self.crashed = False
        for file in self.opened:
            os.close(file)
        self.opened = set()

    def call(self, name: str, real: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.crashed:
            raise Crash
        step = len(self.calls)
        self.calls.append(name)
        fault = self.fault
        hit = fault is not None and (fault.step == step or (fault.how == "broken" and fault.step < step))
        # Linux lets go of the descriptor even when close fails.
        if fault and hit and fault.how in {"refused", "broken"} and name != "close":
            raise OSError(fault.number, os.strerror(fault.number))
        if name == "unlink":
            self.remember_removal(*args, **kwargs)
        try:
            result = real(*args, **kwargs)
        except OSError:
            if not hit:
                raise
        else:
            self.remember(name, result, *args, **kwargs)
            if not hit:
                return result
            if name == "scandir":
                result.close()
        self.crashed = fault is not None and fault.how == "crash"
        raise Crash if fault is None or self.crashed else OSError(fault.number, os.strerror(fault.number))

    # ------------------------------------------------------------------------------------------------ power failures

    def remember(self, name: str, result: Any, *args: Any, **kwargs: Any) -> None:
        if name == "open":
            self.opened.add(result)
            if args[1] & os.O_CREAT:
                self.unsynced_files.add(os.fstat(result).st_ino)
                self.remember_entry(kwargs["dir_fd"], args[0])
        elif name == "close":
            self.opened.discard(args[0])
        elif name == "write":
            self.unsynced_files.add(os.fstat(args[0]).st_ino)
        elif name in {"unlink", "rmdir"}:
            removed = folder_path(kwargs["dir_fd"]) / args[0]
            self.unsynced_entries = [entry for entry in self.unsynced_entries if entry[1] != removed]
        elif name == "mkdir":
            self.remember_entry(kwargs["dir_fd"], args[0])
        elif name == "link":
            self.remember_entry(kwargs["dst_dir_fd"], args[1])
        elif name == "fsync":
            synced = os.fstat(args[0]).st_ino
            self.unsynced_files.discard(synced)
            self.unsynced_entries = [entry for entry in self.unsynced_entries if entry[0] != synced]
            self.unsynced_removals = [removal for removal in self.unsynced_removals if removal[0] != synced]

    def remember_entry(self, folder: int, name: str) -> None:
        self.unsynced_entries.append((os.fstat(folder).st_ino, folder_path(folder) / name))

    def remember_removal(self, name: str, *, dir_fd: int) -> None:
        path = folder_path(dir_fd) / name
        if path.is_file():
            copy = self.spare / f"{len(list(self.spare.iterdir()))}"
            shutil.copy(path, copy)
            self.unsynced_removals.append((os.fstat(dir_fd).st_ino, path, copy))

    def lose_power(self, what: Literal["entries", "bytes"]) -> None:
        """The worst that a file system may make of what was not synced: names are lost, or only the bytes are."""
        self.arm(None)
        if what == "bytes":
            for path in self.root.rglob("*"):
                if path.is_file() and path.stat().st_ino in self.unsynced_files:
                    os.truncate(path, 0)
        else:
            for _, path in reversed(self.unsynced_entries):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            for _, path, copy in self.unsynced_removals:
                if path.parent.is_dir() and not path.exists():
                    shutil.copy(copy, path)
        self.unsynced_files.clear()
        self.unsynced_entries.clear()
        self.unsynced_removals.clear()


def folder_path(folder: int) -> Path:
    return Path(f"/proc/self/fd/{folder}").readlink()
