"""Small disks that are really full: file systems of their own, in memory."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(path: Path, size: int) -> Iterator[Path]:
    """A file system of `size` bytes at `path`, which is made. Where mounting is not permitted: as `needs.missing`."""
    path.mkdir()
    options = f"size={size},mode=0755"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "eakte-test", str(path)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must be able to mount a small disk: {mounted.stderr}")
        pytest.skip(f"NOT TESTED, a full disk: mount is not permitted here ({mounted.stderr.strip()})")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(path: Path, *, leave: int) -> None:
    """Make a file so large that only `leave` bytes stay free on its disk."""
    disk = os.statvfs(path.parent)
    size = disk.f_bavail * disk.f_frsize - leave
    with path.open("wb") as file, contextlib.suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, max(size, 1))


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """No byte is free on the disk while the block runs, also when a server there tidies up meanwhile."""
    over = threading.Event()

    def keep_full() -> None:
        for number in itertools.count():
            if os.statvfs(disk).f_bavail:
                fill(disk / f"ballast-{number}", leave=0)
            if over.wait(0.1):
                return

    keeper = threading.Thread(target=keep_full)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
        for ballast in disk.glob("ballast-*"):
            ballast.unlink()
