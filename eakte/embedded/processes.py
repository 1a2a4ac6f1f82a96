"""What /proc says about PostgreSQL's processes, for what a lock cannot tell: the postmaster died, its children live.

Only world-readable files are read (`stat`, `cmdline`): in a container root may not look into another user's process.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_DEAD = "ZXx"


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie, which a container without a reaping init keeps for ever, is dead."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2]
    except OSError:
        return False
    return after_name.split()[0] not in _DEAD


def command_line(pid: int) -> str:
    """The command line, or the title that PostgreSQL gave to its process; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def read_postmaster_pid(cluster: Path) -> int | None:
    """The process id in the cluster's lock file, None without a usable one."""
    try:
        return int((cluster / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def is_postmaster(pid: int, cluster_name: str) -> bool:
    """Whether a living process is the postmaster that we started under this name."""
    return is_alive(pid) and f"cluster_name={cluster_name} " in f"{command_line(pid)} "


def is_unknown_postgres(pid: int, cluster: Path) -> bool:
    """Whether a living process may be a PostgreSQL that somebody started by hand on this cluster."""
    title = command_line(pid)
    if not is_alive(pid) or "postgres" not in title or "cluster_name=eakte-" in title or "postgres: eakte-" in title:
        return False
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == cluster  # PostgreSQL lives in its data directory
    except PermissionError:
        return True  # not to be told apart from here: the safe answer
    except OSError:
        return False


def children_left(cluster_name: str, uid: int) -> list[int]:
    """Processes of a postmaster of this name; asked for after it died, these are its orphans."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == uid and command_line(int(folder.name)).startswith(f"postgres: {cluster_name}: "):
                found.append(int(folder.name))
    return found


def kill_all(pids: list[int]) -> None:
    """Kill without a chance to tidy up: an orphan of a dead postmaster holds nothing that recovery does not restore."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
