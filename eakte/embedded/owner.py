"""Whose processes PostgreSQL runs as, and that user's way to the data folder.

PostgreSQL refuses to run as root. Who runs eakte as root (a container, a bare machine) gets PostgreSQL as another
user, by one rule without a setting: the user who owns the cluster already, else the user `eakte`, else a new system
user of that name, else `nobody`. What this opens on the way is o+x on parents of the data folder, never a read bit,
each one said aloud.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eakte.embedded.errors import DataFolderOfAnother, DataFolderUnreachable
from eakte.language import _

Say = Callable[[str], None]

SYSTEM_USER = "eakte"


@dataclass(frozen=True, slots=True)
class Owner:
    """The user PostgreSQL runs as.

    Attributes:
        name: For messages.
        uid: User id.
        gid: Main group id.
        other: Whether this is someone else than ourselves, so that processes must change over.
    """

    name: str
    uid: int
    gid: int
    other: bool

    def take(self, path: Path) -> None:
        """Give a file or folder of ours to the owner."""
        if self.other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can(self, condition: str, *paths: Path) -> bool:
        """Whether a condition of test(1) holds for every path in this user's eyes: asked, not computed from modes."""
        if not self.other:
            return all(os.access(path, {"-r": os.R_OK, "-x": os.X_OK}[condition]) for path in paths)
        question = f'for path do test {condition} "$path" || exit 1; done'
        try:
            asked = subprocess.run(
                ["/bin/sh", "-c", question, "sh", *map(str, paths)],
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                cwd="/",
                check=False,
            )
        except OSError:  # not even the shell is within reach
            return False
        return asked.returncode == 0


def choose_owner(cluster: Path, say: Say) -> Owner:
    """Find the user for the cluster, which need not exist yet.

    Raises:
        DataFolderOfAnother: The cluster exists and belongs to a user we cannot run programs as.
    """
    me = os.geteuid()
    try:
        made_by = cluster.stat()
    except FileNotFoundError:
        return _system_user(say) if me == 0 else Owner(_name(me), me, os.getegid(), other=False)
    except PermissionError as error:
        raise DataFolderOfAnother(
            _("(%(filename)s) Bitte eakte als der Benutzer starten, dem der Ordner gehört.", filename=error.filename)
        ) from error
    if made_by.st_uid == 0:
        raise DataFolderOfAnother(
            _(
                "Der Ordner %(cluster)s gehört root, etwa nach dem Zurückkopieren; als root läuft PostgreSQL nicht. "
                "Abhilfe: chown -R BENUTZER %(cluster)s %(log)s %(run)s",
                cluster=cluster,
                log=cluster.parent / "log",
                run=cluster.parent / "run",
            )
        )
    if me not in (0, made_by.st_uid):
        raise DataFolderOfAnother(
            _(
                "(Ordner %(cluster)s, Benutzer %(name)s) Bitte eakte als dieser Benutzer starten.",
                cluster=cluster,
                name=_name(made_by.st_uid),
            )
        )
    return Owner(_name(made_by.st_uid), made_by.st_uid, made_by.st_gid, other=me == 0)


def open_way(folder: Path, owner: Owner, say: Say) -> None:
    """Let the owner pass through every parent of a folder and enter it, by o+x where a bit is missing, and prove it.

    Raises:
        DataFolderUnreachable: It cannot be given (a read-only or network mount, the root folder itself).
    """
    if not owner.other or owner.can("-x", folder):
        return
    for parent in [*reversed(folder.parents), folder]:
        mode = stat.S_IMODE(parent.stat().st_mode)
        if mode & stat.S_IXOTH or parent == parent.parent:
            continue
        try:
            parent.chmod(mode | stat.S_IXOTH)
        except OSError as error:
            raise DataFolderUnreachable(
                _(
                    "(Benutzer %(name)s; %(strerror)s: %(parent)s)",
                    name=owner.name,
                    strerror=error.strerror,
                    parent=parent,
                )
            ) from error
        say(
            _(
                "PostgreSQL läuft als Benutzer „%(name)s“: Der Ordner %(folder)s lässt andere Benutzer jetzt hindurch "
                "(o+x: %(before)s → %(after)s), lesen dürfen sie ihn nicht.",
                name=owner.name,
                folder=parent,
                before=f"{mode:o}",
                after=f"{mode | stat.S_IXOTH:o}",
            )
        )
    if not owner.can("-x", folder):
        raise DataFolderUnreachable(
            _(
                "(Benutzer %(name)s, Ordner %(folder)s) "
                "Bitte EAKTE_DATA_DIR an einen erreichbaren Ort legen, etwa /srv/eakte.",
                name=owner.name,
                folder=folder,
            )
        )


def _system_user(say: Say) -> Owner:
    known = _by_name(SYSTEM_USER) or _add_system_user(say)
    if known is None:
        say(
            _(
                "Der Systembenutzer „eakte“ ließ sich nicht anlegen: PostgreSQL läuft als „nobody“. "
                "Andere Dienste unter „nobody“ könnten die Datenbank lesen."
            )
        )
        known = pwd.getpwnam("nobody")
    return Owner(known.pw_name, known.pw_uid, known.pw_gid, other=True)


def _add_system_user(say: Say) -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    added = subprocess.run(
        [*command, "--shell", "/usr/sbin/nologin", SYSTEM_USER],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if added.returncode == 0:
        say(_("PostgreSQL läuft nicht als root: Der Systembenutzer „eakte“ (ohne Anmeldung) wurde dafür angelegt."))
    return _by_name(SYSTEM_USER)  # also where another process was faster


def _by_name(name: str) -> pwd.struct_passwd | None:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return found if found.pw_uid != 0 else None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a volume from a container whose users are gone: the number is enough for PostgreSQL
        return str(uid)
