"""Opening files that anyone may have sent: only in a throw-away process, and its word is not believed.

Everything that such a process says or leaves is named ``untrusted_…`` until it has been checked. A process that dies,
hangs or eats memory costs its own document and nothing else.
"""

import contextlib
import errno
import json
import os
import pkgutil
import shutil
import signal
import socket
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from indexing.errors import FailureKind, Refused, UntrustedFailed
from indexing.forking import fork, read_message, send_message

_MESSAGE_BYTES: Final = 1 << 20
_SIGNALS_OF_A_CRASH: Final = {-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGTRAP, -signal.SIGILL, -signal.SIGBUS}
_NEAR_THE_LIMIT: Final = 0.75  # resident against address space: libraries and stacks take some of that

_SENTENCES: Final[dict[FailureKind, str]] = {
    "memory": "Die Datei braucht beim Lesen mehr Arbeitsspeicher als erlaubt.",
    "cpu": "Die Datei braucht beim Lesen mehr Rechenzeit als erlaubt.",
    "time": "Das Lesen der Datei hat zu lange gedauert.",
    "crash": "Die Datei ist beschädigt und hat das Leseprogramm zum Absturz gebracht.",
    "output": "Die Datei erzeugt beim Lesen mehr Daten als erlaubt.",
    "refused": "Die Datei kann nicht gelesen werden.",
}


@dataclass(frozen=True)
class Limits:
    """What one document may cost; the figures hold for each throw-away process, not for their sum.

    Attributes:
        memory_bytes: Address space; a page of 300 dpi reads under 512 MiB.
        cpu_seconds: Processor time.
        wall_seconds: Time by the clock, for processes that wait rather than work.
        file_bytes: Size of any one file written.
        output_bytes: Size of all files written together.
        open_files: File descriptors.
        pages: Pages of a document that are looked at; longer ones are refused with a reason.
        pixels: Pixels of a page image; larger ones are scaled down.
    """

    memory_bytes: int = 1 << 30
    cpu_seconds: int = 120
    wall_seconds: float = 300.0
    file_bytes: int = 1 << 29
    output_bytes: int = 1 << 30
    open_files: int = 64
    pages: int = 5_000
    pixels: int = 36_000_000

    def as_resources(self) -> dict[str, int]:
        """The limits that the kernel keeps, by their names in ``resource``."""
        return {
            "RLIMIT_AS": self.memory_bytes,
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_FSIZE": self.file_bytes,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_CORE": 0,
        }


def answer(channel: socket.socket) -> None:
    """Runs in the child: read the request, call the generator function it names, send each value it yields."""
    request = json.loads(read_message(channel))
    said: dict[str, Any]
    try:
        for value in pkgutil.resolve_name(request["target"])(**request["arguments"]):
            send_message(channel, json.dumps({"value": value}).encode())
        said = {"end": True}
    except Refused as refusal:
        said = {"failed": "refused", "sentence": str(refusal)}
    except MemoryError:
        said = {"failed": "memory"}
    except OSError as error:
        full = error.errno in {errno.EFBIG, errno.ENOSPC, errno.EDQUOT}
        said = {
            "failed": "memory" if error.errno == errno.ENOMEM else "output" if full else "crash",
            "detail": str(error),
        }
    except Exception as error:  # noqa: BLE001 - whatever a reader stumbles over is the file's fault; the parent names it
        said = {"failed": "crash", "detail": f"{type(error).__name__}: {error}"[:300]}
    send_message(channel, json.dumps(said).encode())


def untrusted_values(target: str, arguments: dict[str, Any], *, limits: Limits, folder: Path) -> Iterator[Any]:
    """Run a generator function in a throw-away process and yield what it yields, unchecked.

    Args:
        target: A generator function as ``module:function``, which only the process loads: whoever asks for it has
            none of the readers in memory. It yields values that JSON can carry, at most 1 MiB each.
        arguments: Its keyword arguments, as JSON can carry them.
        limits: What the process may cost.
        folder: The only place where it has business to write; its size is watched.

    Yields:
        The values as JSON gives them. Nothing about them has been checked.

    Raises:
        UntrustedFailed: The process broke a limit, crashed, or refused the file.
    """
    child = fork("indexing.untrusted:answer", limits.as_resources())
    deadline = time.monotonic() + limits.wall_seconds
    request = {"target": target, "arguments": arguments}

    def glance() -> None:
        if _size_of(folder) > limits.output_bytes:
            raise _failed("output")

    try:
        try:
            child.send(json.dumps(request).encode(), deadline)
            while True:
                untrusted_answer = json.loads(child.receive(_MESSAGE_BYTES, deadline, glance))
                if "value" not in untrusted_answer:
                    break
                yield untrusted_answer["value"]
        except TimeoutError as error:
            raise _failed("time") from error
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            raise _died(*child.end(), limits) from error
        except (ValueError, TypeError, RecursionError) as error:
            raise _failed("output", str(error)) from error
        _check_last_word(untrusted_answer)
        glance()
    finally:
        child.end()


def run_untrusted(target: str, arguments: dict[str, Any], *, limits: Limits, folder: Path) -> Any:
    """The single value that a function yields in a throw-away process; see `untrusted_values`."""
    values = list(untrusted_values(target, arguments, limits=limits, folder=folder))
    if len(values) != 1:
        raise _failed("crash", f"{len(values)} values")
    return values[0]


def read_untrusted_file(path: Path, limit: int) -> bytes:
    """Read a file that a throw-away process has left: a plain file of its own, no link to somewhere else, bounded.

    Raises:
        UntrustedFailed: It is missing, something else than a file, or longer than the limit (bytes).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _failed("output", str(error)) from error
    with os.fdopen(descriptor, "rb") as file:
        _check_plain(os.fstat(descriptor), limit)
        return file.read(limit)


def take_untrusted_file(path: Path, destination: Path, limit: int) -> None:
    """Copy such a file out of the child's folder (a copy, because a child that still lives could go on writing)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _failed("output", str(error)) from error
    with os.fdopen(descriptor, "rb") as source, destination.open("xb") as target:
        _check_plain(os.fstat(descriptor), limit)
        shutil.copyfileobj(source, target, 1 << 20)


def _check_plain(status: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or status.st_size > limit:
        raise _failed("output", "not a plain file within its limit")


def _size_of(folder: Path) -> int:
    total = 0
    for entry in os.scandir(folder):
        with contextlib.suppress(OSError):  # it may vanish while we look
            total += entry.stat(follow_symlinks=False).st_size + 4096
    return total


def _check_last_word(untrusted_answer: Any) -> None:
    if not isinstance(untrusted_answer, dict):
        raise _failed("crash", "no answer")
    kind = untrusted_answer.get("failed")
    if kind is None:
        return
    if kind == "refused":
        raise UntrustedFailed("refused", one_line(untrusted_answer.get("sentence")))
    known: FailureKind = next((known for known in _SENTENCES if known == kind), "crash")
    raise _failed(known, one_line(untrusted_answer.get("detail", "")))


def one_line(untrusted: Any) -> str:
    """What a child has said, as one printable line of at most 300 characters."""
    return "".join(character for character in str(untrusted)[:300] if character.isprintable())


def _died(status: int | None, peak_bytes: int, limits: Limits) -> UntrustedFailed:
    if status == -signal.SIGXCPU:
        return _failed("cpu")
    if status in _SIGNALS_OF_A_CRASH and peak_bytes > _NEAR_THE_LIMIT * limits.memory_bytes:
        # Libraries in C and C++ end themselves where they are given no more memory, each in its own way.
        return _failed("memory", f"status {status}")
    if status == -signal.SIGKILL:
        # Not by us: the kernel ran out of memory, or someone at the machine. The file may be innocent.
        return _failed("time", "killed")
    return _failed("crash", f"status {status}")


def _failed(kind: FailureKind, detail: str = "") -> UntrustedFailed:
    return UntrustedFailed(kind, _SENTENCES[kind], detail)
