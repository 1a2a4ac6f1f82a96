"""Readers that each misbehave in one way; the tests run them in throw-away processes."""

import ctypes
import mmap
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from indexing.errors import Refused


def well(folder: str) -> Iterator[Any]:
    (Path(folder) / "left").write_bytes(b"data")
    yield {"answer": 42}


def eats_memory() -> Iterator[Any]:
    hoard = [bytearray(32 << 20) for _ in range(64)]
    yield len(hoard)


def maps_memory() -> Iterator[Any]:
    area = mmap.mmap(-1, 4 << 30)
    yield len(area)


def computes() -> Iterator[Any]:
    while time.monotonic() > 0:
        pass
    yield None


def computes_on() -> Iterator[Any]:
    """Ignores the signal of the soft limit."""
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    yield from computes()


def hangs() -> Iterator[Any]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(3600)
    yield None


def segfaults() -> Iterator[Any]:
    ctypes.string_at(0)
    yield None


def leaves() -> Iterator[Any]:
    if time.monotonic() > 0:
        os._exit(0)
    yield None


def raises() -> Iterator[Any]:
    nothing: dict[str, int] = {}
    yield nothing["/Root" * 1000]


def refuses() -> Iterator[Any]:
    if time.monotonic() > 0:
        raise Refused("Das will ich\nnicht lesen." + "x" * 1000)
    yield None


def writes_one_large_file(folder: str) -> Iterator[Any]:
    with (Path(folder) / "large").open("wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    yield None


def writes_many_files(folder: str) -> Iterator[Any]:
    for number in range(10_000):
        (Path(folder) / str(number)).write_bytes(bytes(1 << 20))
    yield None


def opens_many_files() -> Iterator[Any]:
    yield len([os.open("/dev/null", os.O_RDONLY) for _ in range(1000)])


def says_too_much() -> Iterator[Any]:
    yield "x" * (2 << 20)


def _channel() -> socket.socket:
    """The socket to the parent, found as hostile code would: by trying."""
    for descriptor in range(3, 64):
        try:
            found = socket.socket(fileno=os.dup(descriptor))
        except OSError:
            continue
        if found.type == socket.SOCK_STREAM:
            return found
    raise AssertionError


def speaks_garbage() -> Iterator[Any]:
    _channel().sendall(b"\0\0\0\4{{{{")
    yield None


def announces_too_much() -> Iterator[Any]:
    _channel().sendall(b"\xff\xff\xff\xff")
    time.sleep(3600)
    yield None


def nests_deeply() -> Iterator[Any]:
    text = b"[" * 500_000
    _channel().sendall(len(text).to_bytes(4, "big") + text)
    yield None


def hides_behind_a_fork(folder: str) -> Iterator[Any]:
    """Leaves a process outside its session, which keeps running after the answer."""
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        (Path(folder) / "pid").write_text(str(os.getpid()))
        time.sleep(3600)
    while not (Path(folder) / "pid").exists():
        time.sleep(0.01)
    yield "done"


def plants_links(folder: str, target: str) -> Iterator[Any]:
    place = Path(folder)
    (place / "soft").symlink_to(target)
    (place / "hard").hardlink_to(target)
    os.mkfifo(place / "pipe")
    yield "done"


def tells_its_surroundings() -> Iterator[Any]:
    with socket.socket() as probe:
        probe.settimeout(1)
        reached = probe.connect_ex(("127.0.0.1", int(os.environ.get("PORT", "9"))))
    yield {
        "environment": sorted(os.environ),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "main": getattr(sys.modules["__main__"], "__file__", None),
        "reached": reached == 0,
    }


def connects(port: int) -> Iterator[Any]:
    with socket.socket() as probe:
        yield probe.connect_ex(("127.0.0.1", port)) == 0
