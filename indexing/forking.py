"""Throw-away processes as such: forked from a template process that has loaded the readers, spoken to over a socket."""

import atexit
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from indexing.errors import ProcessingFailed

_LENGTH: Final = struct.Struct(">I")
_GLANCE_SECONDS: Final = 0.25


class Child:
    """A process forked from the nursery, and the socket to it."""

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self.pid = pid
        self._channel = channel

    def send(self, message: bytes, deadline: float) -> None:
        """Hand a message over; raises OSError where the child no longer listens, TimeoutError after the deadline."""
        self._channel.settimeout(max(0.001, deadline - time.monotonic()))
        self._channel.sendall(_LENGTH.pack(len(message)) + message)

    def receive(self, limit: int, deadline: float, glance: Callable[[], None] | None = None) -> bytes:
        """Take the next message.

        Args:
            limit: Longest message that is taken, in bytes.
            deadline: By ``time.monotonic``.
            glance: Called now and then while waiting; what it raises ends the waiting.

        Raises:
            TimeoutError: The deadline has passed.
            EOFError: The child has ended.
            ValueError: The message is too long.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, deadline, glance))
        if length > limit:
            raise ValueError("message too long")
        return self._exactly(length, deadline, glance)

    def _exactly(self, count: int, deadline: float, glance: Callable[[], None] | None) -> bytes:
        data = bytearray()
        while len(data) < count:
            # What has arrived counts, even after the deadline: the reader may have been busy elsewhere.
            self._channel.settimeout(min(_GLANCE_SECONDS, max(0.001, deadline - time.monotonic())))
            try:
                piece = self._channel.recv(min(1 << 20, count - len(data)))
            except TimeoutError:
                if time.monotonic() >= deadline:
                    raise
                if glance:
                    glance()
                continue
            except ConnectionResetError:
                piece = b""
            if not piece:
                raise EOFError("child ended")
            data += piece
        return bytes(data)

    def end(self) -> tuple[int | None, int]:
        """Kill whatever still runs and reap it. Idempotent.

        Returns:
            Its exit status (negative: a signal), None when unknown; the most memory it had resident, in bytes.
        """
        self._channel.close()
        answer = _nursery.request({"end": self.pid})
        return answer.get("status"), answer.get("peak_bytes", 0)


class _Nursery:
    """The client of the one template process of this process, started when first needed.

    Process-wide like the kernel objects it stands for (``multiprocessing`` does the same); it carries no settings.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0

    def fork(self, target: str, resources: dict[str, int]) -> Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            answer = self.request({"target": target, "limits": resources}, theirs.fileno())
        if "pid" not in answer:
            ours.close()
            raise _no_process()
        return Child(answer["pid"], ours)

    def request(self, message: dict[str, Any], *descriptors: int) -> dict[str, Any]:
        """Ask the nursery; a dead one is replaced. What it had forked died with it, so ending that asks for nothing."""
        with self._lock:
            for _ in range(2):
                if not self._alive():
                    if "end" in message:
                        return {}
                    self._start()
                if (answer := self._ask(json.dumps(message).encode(), descriptors)) is not None:
                    return answer
                self._stop()
        raise _no_process()

    def _ask(self, message: bytes, descriptors: tuple[int, ...]) -> dict[str, Any] | None:
        control = self._control
        if control is None:
            return None
        try:
            socket.send_fds(control, [message], list(descriptors))
            raw = control.recv(4096)
        except OSError:
            return None
        answer: dict[str, Any] | None = json.loads(raw) if raw else None
        return answer

    def _alive(self) -> bool:
        if self._owner != os.getpid():  # we are a fork: the nursery belongs to our parent
            self._process = self._control = None
        return self._process is not None and self._process.poll() is None

    def _start(self) -> None:
        self._stop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        code = (
            "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
            "from indexing import nursery; nursery.main(int(sys.argv[1]))"
        )
        paths = json.dumps([str(Path(entry).resolve()) for entry in sys.path])
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", code, str(theirs.fileno()), paths],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",
                # Nothing of ours: no secrets, no proxies. One thread a process: Tesseract is slower with more.
                env={"LC_ALL": "C.UTF-8", "OMP_THREAD_LIMIT": "1", "PATH": os.defpath},
                start_new_session=True,
            )
        self._control = ours
        self._owner = os.getpid()

    def _stop(self) -> None:
        if self._owner == os.getpid() and self._process is not None:
            if self._control:
                self._control.close()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._control = None

    def close(self) -> None:
        """End the template process and with it all that it has forked."""
        with self._lock:
            self._stop()


_nursery: Final = _Nursery()
atexit.register(_nursery.close)


def fork(target: str, resources: dict[str, int]) -> Child:
    """Fork a process from the nursery that calls ``module:function`` with its end of a socket, under these rlimits."""
    return _nursery.fork(target, resources)


def read_message(channel: socket.socket) -> bytes:
    """The next message on the child's side; raises EOFError when the parent is gone."""
    header = channel.recv(_LENGTH.size, socket.MSG_WAITALL)
    if len(header) < _LENGTH.size:
        raise EOFError("parent ended")
    (length,) = _LENGTH.unpack(header)
    data = bytearray(length)
    view = memoryview(data)
    while view:
        if not (count := channel.recv_into(view)):
            raise EOFError("parent ended")
        view = view[count:]
    return bytes(data)


def send_message(channel: socket.socket, message: bytes) -> None:
    """Send one message from the child's side."""
    channel.sendall(_LENGTH.pack(len(message)) + message)


def _no_process() -> ProcessingFailed:
    return ProcessingFailed("Der Rechner kann gerade keinen weiteren Prozess starten.", retryable=True)
