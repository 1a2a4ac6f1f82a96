"""What tests need from the machine: a missing server said in one way, free ports, processes that die with the tests."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Say that a server or file is not here: in CI a failure, elsewhere a loud skip. `what` says how to get it."""
    if os.environ.get("CI") == "true":
        raise RuntimeError(f"CI needs {what}")
    pytest.skip(f"MISSING SERVER: {what}")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_bound(
    command: Sequence[str | Path], *, folder: Path, log: Path, signal_name: str = "KILL", **environment: str
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own that gets the signal when we die, so that killed tests leave nothing.

    The kernel binds it to the *thread* that calls: call from one that lives as long as the program shall.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            ["setpriv", f"--pdeathsig={signal_name}", "--", *map(str, command)],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
