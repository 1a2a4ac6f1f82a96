"""A real ClamAV daemon for tests: Debian's with one signature, or the one that EAKTE_TEST_CLAMAV_URL names."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from indexing.clamav import Clamd, ScanFailed
from tests.support.needs import missing, start_bound

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
STREAM_LIMIT = 2 << 20
"""What the daemon takes at most (its StreamMaxLength), in bytes."""

_SIGNATURE = f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n"
_START_POLLS = 600  # of 0.05 s


@contextlib.contextmanager
def debian_clamd() -> Iterator[str]:
    """The URL of a daemon that reports the EICAR test file; it ends with the context, or with this process."""
    given = os.environ.get("EAKTE_TEST_CLAMAV_URL")
    if given:
        yield given
        return
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
    if program is None:
        missing("clamd (Debian: clamav-daemon), or EAKTE_TEST_CLAMAV_URL")
    with tempfile.TemporaryDirectory(prefix="eakte-test-clamd-") as name:
        folder = Path(name)
        (folder / "signatures").mkdir()
        (folder / "signatures" / "eicar.ndb").write_text(_SIGNATURE)
        configuration = {
            "DatabaseDirectory": folder / "signatures",
            "LocalSocket": folder / "clamd.sock",
            "TemporaryDirectory": folder,
            "Foreground": "yes",
            "StreamMaxLength": STREAM_LIMIT,
            "AlertExceedsMax": "yes",
            "MaxFileSize": STREAM_LIMIT // 2,
            # As root it would change to the user clamav, who cannot enter this folder.
            "User": "root" if os.geteuid() == 0 else os.environ.get("USER", "nobody"),
        }
        (folder / "clamd.conf").write_text("".join(f"{key} {value}\n" for key, value in configuration.items()))
        with _running([program, "-c", folder / "clamd.conf"], folder / "log") as daemon:
            url = f"unix://{folder / 'clamd.sock'}"
            _wait_until_answering(daemon, url, folder / "log")
            yield url


@contextlib.contextmanager
def _running(command: list[str | Path], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    daemon = start_bound(command, folder=log.parent, log=log)
    try:
        yield daemon
    finally:
        daemon.kill()
        daemon.wait(timeout=30)


def _wait_until_answering(daemon: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(_START_POLLS):
        try:
            daemon.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ScanFailed):
                Clamd(url).version()
                return
        else:
            break
    raise RuntimeError(f"clamd did not start: {log.read_text()}")
