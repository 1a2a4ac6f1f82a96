"""The private PostgreSQL of a data folder, shared by every eakte process: the first starts it, the last stops it."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from eakte.embedded.cluster import NAME, password
from eakte.embedded.errors import (
    ConnectionRefused,
    DataFolderOfAnother,
    DataFolderUnusable,
    DiskFull,
    EmbeddedError,
    PasswordLost,
    StartTooSlow,
)
from eakte.embedded.locks import FileLock, make_folder
from eakte.embedded.owner import Say
from eakte.embedded.server import Server
from eakte.embedded.sockets import PORT, remove_host, repair_host, socket_host

_TURN_SECONDS = 300  # a start and a stop may each take two minutes on a slow disk


class PrivateDatabase:
    """The right to use the private database of a data folder, for as long as the context lasts.

    Whoever is inside holds `database.lock` shared. Starting and stopping happens in turn, under
    `database/start.lock`, so the last one out either stops the server before the next one comes in, or sees that
    one's lock and leaves it running. A process that is killed leaves the server running; the next one adopts it.
    Children made by a bare fork() inherit the lock: start them by exec.

    Attributes:
        url: libpq URL over the unix socket, with the password, proven by a connection. Empty outside of the context.

    Raises:
        EmbeddedError: On entering; its subclass says why. Nothing is left half done, the next try starts over.
    """

    def __init__(self, data_dir: Path, *, say: Say) -> None:
        self.url = ""
        self._data_dir = data_dir.resolve()
        self._database = self._data_dir / "database"
        self._say = say
        self._server: Server | None = None
        self._use: FileLock | None = None
        self._host = self._database / "run"

    def __enter__(self) -> Self:
        make_folder(self._data_dir)
        make_folder(self._database)
        use = FileLock(self._data_dir / "database.lock")
        try:
            with _told_in_german(self._data_dir), self._turn():
                use.share(seconds=_TURN_SECONDS)
                self._enter(use)
        except BaseException:
            use.close()
            raise
        self._use = use
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ensure_running(self) -> bool:
        """For whoever supervises: start the server again if it is gone, and say whether that was needed.

        Cheap enough for every second; the address stays the same.

        Raises:
            EmbeddedError: It cannot be started; trying again later is safe.
            RuntimeError: Called outside of the context.
        """
        with _told_in_german(self._data_dir), self._turn():
            if self._use is None or self._server is None:
                raise RuntimeError("ensure_running() outside of the context")
            repair_host(self._database, self._host)
            started = self._server.ensure_running()
            if started:
                self._proven_url()
        return started

    def close(self) -> None:
        """Let go; the last one out stops the server in order. Calling it twice is harmless.

        Raises:
            StopFailed: The server did not stop in time; it keeps running and the next start adopts it.
        """
        if self._use is None or self._server is None:
            return
        try:
            with self._turn():
                # Losing the shared lock in the upgrade does no harm: nobody else takes it while it is our turn.
                if self._use.try_exclusive():
                    self._server.stop()
                    remove_host(self._database, self._host)
        finally:
            self._use.close()
            self._use = None
            self.url = ""

    def _enter(self, use: FileLock) -> None:
        self._host = socket_host(self._database)
        self._server = Server(self._database, self._host, self._say)
        try:
            self._server.ensure_running()
            self.url = self._proven_url()
        except StartTooSlow:
            raise  # stopping it now would waste what it has recovered; the next try finds it further on
        except BaseException:  # Ctrl-C, too: nobody wants a server left behind by a start that was given up
            if use.try_exclusive():
                with contextlib.suppress(EmbeddedError):
                    self._server.stop()
            raise

    def _turn(self) -> FileLock:
        lock = FileLock(self._database / "start.lock")
        try:
            lock.exclusive(seconds=_TURN_SECONDS)
        except BaseException:
            lock.close()
            raise
        return lock

    def _proven_url(self) -> str:
        secret = quote(password(self._database, NAME, make=False), safe="")
        url = f"postgresql://{NAME}:{secret}@/{NAME}?host={quote(str(self._host))}&port={PORT}"
        try:
            with psycopg.connect(url, connect_timeout=10) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            if "authentication failed" in str(error):
                raise PasswordLost(f"({self._database})") from error
            if "Permission denied" in str(error):
                raise DataFolderOfAnother(f"({self._host})") from error
            raise ConnectionRefused(f"({str(error).strip()})") from error
        return url


@contextlib.contextmanager
def _told_in_german(data_dir: Path) -> Iterator[None]:
    """What the file system refuses (no room, no permission, a broken disk) concerns the data folder."""
    try:
        yield
    except OSError as error:
        detail = f"({error.strerror}: {error.filename or data_dir})"
        kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else DataFolderUnusable
        raise kind(detail) from error
