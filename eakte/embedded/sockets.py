"""How clients reach the private server: a unix socket whose path fits into the kernel's 107 bytes.

The socket always lies in the data folder. Where its path is too long for a client, a private folder of ours holds a
short symbolic link to it; the data folder records that folder's unpredictable name.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from pathlib import Path

from eakte.embedded.errors import SocketFailed
from eakte.language import _

PORT = 5432
"""Only part of the socket's name: nothing listens on a network."""

_LONGEST = 107
_LINK = "run"
_SOCKET = f".s.PGSQL.{PORT}"


def socket_host(database: Path) -> Path:
    """The folder to name as `host` to libpq; makes or repairs the short way where one is needed.

    Raises:
        SocketFailed: No short private folder can be made.
    """
    run = database / "run"
    if _fits(run):
        return run
    record = database / "socket-folder"
    recorded = _recorded(record)
    if recorded is not None and _is_ours(recorded, run):
        return recorded / _LINK
    folder = _make_short(run)
    temporary = record.with_name(f"{record.name}.{secrets.token_hex(4)}")
    temporary.write_text(str(folder))
    temporary.replace(record)
    return folder / _LINK


def repair_host(database: Path, host: Path) -> None:
    """Make the short way again under the same name, after a tidy-up of temporary folders took it.

    Raises:
        SocketFailed: Something that is not ours has its name now.
    """
    run = database / "run"
    if host == run or _is_ours(host.parent, run):
        return
    try:
        host.parent.mkdir(mode=0o700, exist_ok=True)
        if not _is_private(host.parent):
            raise SocketFailed(_("(Der Ordner %(parent)s gehört nicht uns allein.)", parent=host.parent))
        host.unlink(missing_ok=True)
        host.symlink_to(run)
    except OSError as error:
        raise SocketFailed(f"({error.strerror}: {host.parent})") from error


def remove_host(database: Path, host: Path) -> None:
    """Remove the short ways, if there are any, our own and the recorded one: the server has ended."""
    run = database / "run"
    record = database / "socket-folder"
    for folder in {host.parent, _recorded(record)}:
        if folder is not None and _is_ours(folder, run):
            (folder / _LINK).unlink()
            folder.rmdir()
    record.unlink(missing_ok=True)


def _fits(folder: Path) -> bool:
    # libpq takes a comma for the border between two hosts.
    return len(os.fsencode(folder / _SOCKET)) <= _LONGEST and "," not in str(folder)


def _recorded(record: Path) -> Path | None:
    try:
        return Path(record.read_text())
    except (OSError, ValueError):
        return None


def _is_private(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _is_ours(folder: Path, run: Path) -> bool:
    try:
        return _is_private(folder) and (folder / _LINK).readlink() == run
    except OSError:
        return False


def _make_short(run: Path) -> Path:
    # mkdtemp makes the folder, 0700, under a name nobody can guess; it never takes an existing one.
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - see above
        if not _fits(Path(parent) / "eakte-xxxxxxxx" / _LINK):
            continue
        try:
            folder = Path(tempfile.mkdtemp(prefix="eakte-", dir=parent))
            (folder / _LINK).symlink_to(run)
        except OSError as error:
            raise SocketFailed(f"({error.strerror}: {parent})") from error
        return folder
    raise SocketFailed(_("(Kein kurzer Ordner für vorübergehende Dateien.)"))
