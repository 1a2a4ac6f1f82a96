"""One PostgreSQL server on a cluster: its state, its start, its end. Who may ask for these is postgres.py's matter.

The server's processes inherit a locked descriptor of `server.lock` (from initdb on): as long as one of them lives,
whoever its parent was and in whatever container it runs, nobody else starts a second server on the cluster; when the
last is gone, a `postmaster.pid` that is left is stale, whatever process has its number now.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from eakte.embedded.cluster import create_cluster
from eakte.embedded.errors import DiskFull, ServerOfAnother, StartFailed, StartTooSlow, StopFailed, VersionDiffers
from eakte.embedded.locks import FileLock
from eakte.embedded.owner import Say, choose_owner, open_way
from eakte.embedded.processes import (
    children_left,
    is_postmaster,
    is_unknown_postgres,
    kill_all,
    read_postmaster_pid,
)
from eakte.embedded.programs import ENVIRONMENT, MAJOR, Programs, client_program, major_version, programs_for
from eakte.embedded.sockets import PORT
from eakte.language import _

_START_SECONDS = 120
_STOP_SECONDS = 120
_ORPHAN_SECONDS = 5
_POLL_SECONDS = 0.05

# Given at every start, so that no edit of postgresql.conf opens the network or writes people's data into a log: no
# statements (log_min_error_statement), no parameters, no DETAIL lines with the offending values (terse).
# The log is a file a weekday; the same day a week later overwrites it.
_FIXED = (
    "listen_addresses=",
    f"port={PORT}",
    "unix_socket_directories=../run",
    "unix_socket_permissions=0700",
    "logging_collector=on",
    "log_destination=stderr",
    "log_directory=../log",
    "log_filename=postgresql-%a.log",
    "log_file_mode=0600",
    "log_truncate_on_rotation=on",
    "log_rotation_age=1d",
    "log_rotation_size=0",
    "log_min_messages=warning",
    "log_min_error_statement=panic",
    "log_min_duration_statement=-1",
    "log_statement=none",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    "log_error_verbosity=terse",
    "log_checkpoints=off",
)


class Server:
    """The server on `database/cluster`. The caller serialises all calls among processes."""

    def __init__(self, database: Path, host: Path, say: Say) -> None:
        self._database = database
        self._host = host
        self._cluster = database / "cluster"
        self._say = say

    def ensure_running(self) -> bool:
        """Start the server unless it runs, making the cluster where there is none; says whether it had to start it.

        Raises:
            EmbeddedError: See the subclasses; nothing is half done.
        """
        with FileLock(self._database / "server.lock") as lock:
            if not self._gone(lock, _START_SECONDS, unless=self._answers):
                if self._answers():
                    return False
                raise StartTooSlow(self._held_by(lock))
            programs = self._programs()
            if not self._cluster.exists():
                self._say(
                    _(
                        "Die eingebaute Datenbank wird in %(cluster)s angelegt (einmalig, wenige Sekunden).",
                        cluster=self._cluster,
                    )
                )
                create_cluster(self._database, programs, hold=lock.fileno())
            self._check_version()
            self._clear_stale()
            self._start(programs, lock)
        return True

    def stop(self) -> None:
        """Stop the server in order: open transactions end, everything is written. Nothing to do if it is down.

        Raises:
            StopFailed: It did not end in time; it is left to end by itself.
        """
        with FileLock(self._database / "server.lock") as lock:
            if lock.try_exclusive():
                return
            # Only a process known to be ours gets a signal: the number in postmaster.pid may be another container's.
            if self._postmaster_lives(lock):
                seconds = str(_STOP_SECONDS)
                self._programs().run(
                    "pg_ctl",
                    "stop",
                    "-D",
                    "cluster",
                    "-m",
                    "fast",
                    "-w",
                    "-t",
                    seconds,
                    cwd=self._database,
                    hold=lock.fileno(),
                )
            # pg_ctl waits for postmaster.pid to go only; the processes end a moment later.
            if not self._gone(lock, 2 * _ORPHAN_SECONDS, unless=lambda: False):
                raise StopFailed(self._held_by(lock))

    def _gone(self, lock: FileLock, seconds: float, *, unless: Callable[[], bool]) -> bool:
        """Wait until every process of the server is gone, ending orphans on the way; the lock is ours then.

        False: it was not in time, or `unless` came true before.
        """
        end = time.monotonic() + seconds
        orphans_end: float | None = None
        while not lock.try_exclusive():
            now = time.monotonic()
            if unless() or now > end:
                return False
            if self._postmaster_lives(lock):
                orphans_end = None
            elif orphans_end is None:
                orphans_end = now + _ORPHAN_SECONDS
            elif now > orphans_end and self._cluster.exists():
                kill_all(children_left(_cluster_name(lock), self._cluster.stat().st_uid))
            time.sleep(_POLL_SECONDS)
        return True

    def _answers(self) -> bool:
        """Whether it takes connections; says yes, too, when all of them are taken (so no connection is made here)."""
        asked = subprocess.run(
            [client_program("pg_isready"), "-q", "-h", self._host, "-p", str(PORT), "-t", "3"],
            env=ENVIRONMENT,
            check=False,
        )
        return asked.returncode == 0

    def _postmaster_lives(self, lock: FileLock) -> bool:
        pid = read_postmaster_pid(self._cluster)
        return pid is not None and is_postmaster(pid, _cluster_name(lock))

    def _held_by(self, lock: FileLock) -> str:
        if self._postmaster_lives(lock):
            return _(
                "(Prozess %(pid)s, Ordner %(cluster)s)", pid=read_postmaster_pid(self._cluster), cluster=self._cluster
            )
        return _(
            "(Ordner %(cluster)s; ein PostgreSQL, das von hier nicht zu sehen ist, hält ihn besetzt, "
            "etwa in einem anderen Container.)",
            cluster=self._cluster,
        )

    def _programs(self) -> Programs:
        owner = choose_owner(self._cluster, self._say)
        if owner.other and self._database.stat().st_uid == os.geteuid():
            self._database.chmod(0o711)  # ours, and what lies in it is closed by itself
        open_way(self._database, owner, self._say)
        for name in ("run", "log"):
            folder = self._database / name
            if not folder.exists():
                folder.mkdir(mode=0o700)
                owner.take(folder)
        return programs_for(owner, self._database / "programs", self._say)

    def _check_version(self) -> None:
        found = major_version(self._cluster)
        if found != str(MAJOR):
            raise VersionDiffers(
                _(
                    "(Ordner %(cluster)s: %(found)s, eingebaut: %(major)s) "
                    "Bitte mit der eakte-Version, die ihn zuletzt benutzt hat, „eakte backup“ ausführen "
                    "und mit dieser „eakte restore“ in einen neuen Ordner.",
                    cluster=self._cluster,
                    found=found,
                    major=MAJOR,
                )
            )

    def _clear_stale(self) -> None:
        """Remove what a killed postmaster left, so that its number, now a zombie's or a stranger's, stops nobody."""
        pid = read_postmaster_pid(self._cluster)
        if pid is not None and is_unknown_postgres(pid, self._cluster):
            raise ServerOfAnother(
                _(
                    "(Prozess %(pid)s, Ordner %(cluster)s) Bitte diesen Prozess zuerst beenden.",
                    pid=pid,
                    cluster=self._cluster,
                )
            )
        socket = self._database / "run" / f".s.PGSQL.{PORT}"
        for left in (self._cluster / "postmaster.pid", socket, socket.with_name(f"{socket.name}.lock")):
            left.unlink(missing_ok=True)

    def _start(self, programs: Programs, lock: FileLock) -> None:
        log = self._database / "log"
        (log / "start.log").unlink(missing_ok=True)
        before = {path: path.stat().st_size for path in log.iterdir()}
        options = " ".join(f"-c {setting}" for setting in (*_FIXED, f"cluster_name={_cluster_name(lock)}"))
        started = programs.run(
            "pg_ctl", "start", "-D", "cluster", "-w", "-t", str(_START_SECONDS), "-l", "log/start.log", "-o", options,
            cwd=self._database,
            hold=lock.fileno(),
        )  # fmt: skip
        if started.returncode == 0:
            return
        if self._postmaster_lives(lock):
            raise StartTooSlow(self._held_by(lock))
        raise diagnose(_written_since(log, before) or started.stderr, log)


def diagnose(output: str, log: Path) -> StartFailed | DiskFull:
    """Turn what PostgreSQL wrote while it failed to start into an error that says what to do."""
    last = " ".join(line.strip() for line in output.splitlines()[-5:])
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return DiskFull(f"({last})")
    return StartFailed(_("(%(last)s) Protokoll: %(log)s", last=last, log=log))


def _cluster_name(lock: FileLock) -> str:
    """A name no other cluster on this machine has; it stands in the title of every process of the server."""
    found = os.fstat(lock.fileno())
    return f"eakte-{found.st_dev:x}-{found.st_ino:x}"


def _written_since(log: Path, sizes: dict[Path, int]) -> str:
    parts = []
    for path in sorted(log.iterdir()):
        with contextlib.suppress(OSError):
            content = path.read_bytes()
            start = sizes.get(path, 0)
            parts.append(content[start if start <= len(content) else 0 :].decode(errors="replace"))
    return "".join(parts)
