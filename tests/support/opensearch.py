"""A real OpenSearch of one node, which a test may kill, freeze and start again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import httpx2
import pytest

from tests.support.service import until

JARS = Path(os.environ.get("EAKTE_TEST_CACHE", Path.home() / ".cache" / "eakte-test")) / "opensearch" / "lib"
OLDEST_JAVA = 21
START_SECONDS = 120
_LOWEST, _HIGHEST = 9200, 9298  # the runner dies without a word above


class OpenSearchServer:
    """One node with its data in a folder. `start` may be called again after `kill`: the data are still there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    @property
    def url(self) -> str:
        """As `EAKTE_SEARCH_URL` wants it, without the prefix."""
        return f"opensearch://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it answers."""
        java = _java()
        if java is None or not JARS.is_dir():
            _missing(f"OpenSearch ({JARS} or a Java of {OLDEST_JAVA} or newer is missing)")
        command = [java, "-Xms512m", "-Xmx1g", "-cp", f"{JARS}/*", "org.codelibs.opensearch.runner.OpenSearchRunner"]
        options = ["-basePath", str(self._folder), "-numOfNode", "1", "-baseHttpPort", str(self.port - 1)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *options, "-clusterName", f"eakte-test-{self.port}"], stdout=log, stderr=log
            )
        until(self._answers, seconds=START_SECONDS, what="OpenSearch answers")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
        with suppress(httpx2.HTTPError):
            found = httpx2.get(f"http://127.0.0.1:{self.port}/_cluster/health", timeout=5)
            return found.status_code == httpx2.codes.OK and found.json()["status"] != "red"
        return False

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It stands still: connections are accepted by the kernel and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def opensearch_server() -> Iterator[OpenSearchServer]:
    """A started server in a folder of its own; both are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="eakte-opensearch-"))
    server = OpenSearchServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    for port in range(_LOWEST + 1, _HIGHEST + 1):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port for OpenSearch")


def _java() -> str | None:
    homes = [Path(home) for home in (os.environ.get("JAVA_HOME"),) if home]
    homes += sorted(Path("/usr/lib/jvm").glob("*"), reverse=True) if Path("/usr/lib/jvm").is_dir() else []
    for home in homes:
        release = home / "release"
        with suppress(OSError, ValueError, IndexError):
            version = release.read_text().split('JAVA_VERSION="')[1].split('"')[0]
            if int(version.split(".")[0]) >= OLDEST_JAVA:
                return str(home / "bin" / "java")
    return None


def _missing(what: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI needs {what}; tools/test-servers gets it")
    pytest.skip(f"NOT TESTED: {what}; tools/test-servers gets it")
