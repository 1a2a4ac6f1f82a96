"""Locks of the data folder: flock(2) on files that stay.

The kernel drops a lock with the last descriptor of its open file description, however its holder died. So a lock needs
no list of process ids, survives no crash, and holds between containers that share the folder on one machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from eakte.embedded.errors import DataFolderInUse, DataFolderUnusable, LockTimeout
from eakte.language import _, shown_moment

_POLL_SECONDS = 0.05
_OFFICE_TIME = ZoneInfo("Europe/Berlin")


class FileLock:
    """One open file description of a lock file; two of them in one process exclude each other like two processes do.

    Raises:
        DataFolderUnusable: The lock file cannot be opened for writing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise DataFolderUnusable(f"({error.strerror}: {path})") from error

    def fileno(self) -> int:
        """The descriptor; a child that inherits it keeps the lock until it ends."""
        return self._fd

    def try_exclusive(self) -> bool:
        """Take the lock alone if nobody else holds it; from shared this is an upgrade that may lose the shared lock."""
        return self._try(fcntl.LOCK_EX)

    def share(self, *, seconds: float) -> None:
        """Hold the lock together with others.

        Raises:
            LockTimeout: It was held exclusively for longer than `seconds`.
        """
        self._wait(fcntl.LOCK_SH, seconds)

    def exclusive(self, *, seconds: float) -> None:
        """Hold the lock alone.

        Raises:
            LockTimeout: Somebody held it for longer than `seconds`.
        """
        self._wait(fcntl.LOCK_EX, seconds)

    def close(self) -> None:
        """Let go of this descriptor only: children that inherited it keep the lock. Calling it twice is harmless."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _try(self, operation: int) -> bool:
        try:
            fcntl.flock(self._fd, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:  # a file system without locks (some network mounts)
            raise DataFolderUnusable(f"({error.strerror}: {self.path})") from error
        return True

    def _wait(self, operation: int, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._try(operation):
            if time.monotonic() > end:
                raise LockTimeout(f"({self.path})")
            time.sleep(_POLL_SECONDS)


def make_folder(folder: Path) -> None:
    """Make a folder of ours, closed to everybody else; an existing one keeps its mode.

    Raises:
        DataFolderUnusable: It cannot be made, or a file is in the way.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderUnusable(f"({error.strerror}: {folder})") from error


@contextlib.contextmanager
def serve_lock(data_dir: Path) -> Iterator[None]:
    """Be the one `eakte serve` of a data folder for as long as the context lasts.

    Raises:
        DataFolderInUse: Another one is; the message names its process and since when it runs.
        DataFolderUnusable: The folder cannot be written.
    """
    make_folder(data_dir)
    with FileLock(data_dir / "serve.lock") as lock:
        if not lock.try_exclusive():
            raise DataFolderInUse(_who_serves(lock.path))
        # For people only: the truth is the lock, whatever the file says.
        os.ftruncate(lock.fileno(), 0)
        os.pwrite(lock.fileno(), json.dumps({"pid": os.getpid(), "since": _now().isoformat()}).encode(), 0)
        yield


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _who_serves(path: Path) -> str:
    try:
        holder: dict[str, Any] = json.loads(path.read_text())
        since = datetime.fromisoformat(holder["since"]).astimezone(_OFFICE_TIME)
        who = _("Prozess %(pid)s, seit %(since)s Uhr", pid=int(holder["pid"]), since=shown_moment(since))
    except (OSError, ValueError, KeyError, TypeError):  # it has the lock, but has not written its line yet
        who = _("gerade gestartet")
    return _(
        "(%(who)s; Ordner %(folder)s) Bitte diesen zuerst beenden oder EAKTE_DATA_DIR auf einen anderen Ordner setzen.",
        who=who,
        folder=path.parent,
    )
