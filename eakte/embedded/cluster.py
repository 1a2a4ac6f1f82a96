"""Making the cluster: all or nothing, in a temporary folder that gets its name when everything is in it."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from pathlib import Path

from eakte.embedded.errors import CreationFailed, DataFolderUnusable, DiskFull, PasswordLost
from eakte.embedded.programs import Programs
from eakte.language import _

NAME = "eakte"
"""The database, and the role that owns it and is no superuser."""

SUPERUSER = "postgres"
"""Only for administration by hand; eakte itself never signs in with it."""

_ENOUGH_BYTES = 256 * 1024 * 1024

# Sensible for a small machine; written into postgresql.conf at creation, where an administrator may change them.
# - dynamic_shared_memory_type: POSIX shared memory vanishes when a user logs out (systemd's RemoveIPC), and a container
#   has 64 MB of it.
# - max_parallel_workers_per_gather: two cores have other work; no query of ours needs it.
_SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "512MB",
    "dynamic_shared_memory_type": "mmap",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def password(database: Path, role: str, *, make: bool) -> str:
    """The password of a role from its file (0600); made by the first start, before the cluster.

    Raises:
        PasswordLost: There is none and the cluster exists already, or it is not ours to read.
    """
    path = database / f"{role}.password"
    try:
        return path.read_text()
    except FileNotFoundError as error:
        if not make:
            raise PasswordLost(_("(%(path)s) Bitte aus der Sicherung zurückholen.", path=path)) from error
    except OSError as error:
        raise PasswordLost(f"({error.strerror}: {path})") from error
    new = secrets.token_urlsafe(32)
    write_private(path, new)
    return new


def write_private(path: Path, text: str) -> None:
    """Write a small file that only we can read, whole or not at all."""
    temporary = path.with_name(f"{path.name}.new-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise DataFolderUnusable(f"({error.strerror}: {path})") from error


def create_cluster(database: Path, programs: Programs, *, hold: int) -> None:
    """Make `database/cluster` with role and database; killed, it leaves a folder that the next call removes.

    Raises:
        DiskFull: There is too little room to begin with, or it ran out.
        CreationFailed: initdb or the first statements failed.
    """
    _remove_leftovers(database)
    if shutil.disk_usage(database).free < _ENOUGH_BYTES:
        raise DiskFull(_("(%(database)s: weniger als 256 MB frei)", database=database))
    owner_password = password(database, NAME, make=True)
    staging = database / f"cluster.new-{secrets.token_hex(4)}"
    superuser_file = staging.with_name(f"{staging.name}.password")
    try:
        staging.mkdir(mode=0o700)
        programs.owner.take(staging)
        write_private(superuser_file, password(database, SUPERUSER, make=True))
        programs.owner.take(superuser_file)
        _initdb(staging, superuser_file, programs, hold)
        _add_role_and_database(staging, owner_password, programs, hold)
        staging.rename(database / "cluster")
        _sync_folder(database)
    finally:
        _remove_leftovers(database)


def _initdb(staging: Path, superuser_file: Path, programs: Programs, hold: int) -> None:
    made = programs.run(
        "initdb",
        f"--pgdata={staging.name}",
        f"--username={SUPERUSER}",
        f"--pwfile={superuser_file.name}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=libc",
        "--locale=C.UTF-8",
        "--lc-messages=C",
        "--data-checksums",
        "--no-instructions",
        *(f"--set={name}={value}" for name, value in _SETTINGS.items()),
        cwd=staging.parent,
        hold=hold,
    )
    if made.returncode != 0:
        _fail(made.stderr)


def _add_role_and_database(staging: Path, owner_password: str, programs: Programs, hold: int) -> None:
    """By PostgreSQL's single-user mode: no server, no socket, nobody else can be in."""
    statements = (
        f"CREATE ROLE {NAME} LOGIN NOSUPERUSER PASSWORD '{owner_password}';\n"  # token_urlsafe has no quote
        f"CREATE DATABASE {NAME} OWNER {NAME};\n"
    )
    done = programs.run(
        "postgres", "--single", "-D", staging.name, SUPERUSER, cwd=staging.parent, hold=hold, given=statements
    )
    if done.returncode != 0 or any(word in done.stderr for word in ("ERROR:", "FATAL:", "PANIC:")):
        _fail(done.stderr)


def _fail(output: str) -> None:
    last = " ".join(line.strip() for line in output.splitlines()[-5:] if "PASSWORD" not in line)
    if "No space left on device" in output:
        raise DiskFull(f"({last})")
    raise CreationFailed(f"({last})")


def _remove_leftovers(database: Path) -> None:
    for leftover in database.glob("*.new-*"):
        if leftover.is_dir() and not leftover.is_symlink():
            _remove_folder(leftover)
        else:
            leftover.unlink(missing_ok=True)


def _remove_folder(folder: Path) -> None:
    """What an interrupted initdb has started may write for a moment after it: a folder that fills is emptied again."""
    for _attempt in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
