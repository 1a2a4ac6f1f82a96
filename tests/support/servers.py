"""Real servers for tests beside PostgreSQL: MinIO, versitygw, OpenSearch; and veraPDF as a judge.

`tools/test-servers` puts them into a cache outside the checkout, from where they are started here: on loopback, on free
ports, in folders of their own. The fixtures `minio`, `versitygw` and `opensearch` (tests/conftest.py) give the URL of
one per session; fault tests start servers of their own with the functions here and kill, stop and start them again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.support.needs import free_port, missing, start_bound

_GET = "tools/test-servers gets it"
_START_SECONDS = 300.0
"""Generous: the machine may be busy with other tests."""

_OPENSEARCH_PORTS = range(9202, 9299)
"""Its runner looks for a port below 9300 and has no option for another limit."""


def cache() -> Path:
    """The folder that `tools/test-servers` fills."""
    given = os.environ.get("EAKTE_TEST_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(given) if given else Path(base) / "eakte-test"


@dataclass(slots=True)
class RealServer:
    """A server that runs. Restarting keeps its address and its data.

    Attributes:
        url: What eakte's settings take; for S3 without the bucket.
        folder: Its data; removed at the end.
        command: What starts it.
        answers: Whether it is ready to serve; may raise OSError while it is not.
        environment: Its environment besides ours.
    """

    name: str
    url: str
    folder: Path
    command: list[str]
    answers: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What it wrote since its first start."""
        return self.folder / "log"

    def start(self) -> None:
        """Start it and wait until it serves. It dies with the calling thread: call from one that outlives it."""
        self.process = start_bound(self.command, folder=self.folder, log=self.log, **self.environment)
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            try:
                self.process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(OSError, ValueError):
                    if self.answers():
                        return
            else:
                break
        self.kill()
        raise RuntimeError(f"{self.name} did not start: {self.log.read_text(errors='replace')[-3000:]}")

    def kill(self) -> None:
        """kill -9 of all its processes, and wait until they are gone."""
        if self.process is not None:
            children = self.children()
            self.process.kill()
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
            self.process.wait(timeout=30)
            psutil.wait_procs(children, timeout=30)

    def freeze(self) -> None:
        """SIGSTOP of all its processes: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT after `freeze`."""
        self._signal(signal.SIGCONT)

    def children(self) -> list[psutil.Process]:
        """The processes it started, such as PostgreSQL's sessions."""
        assert self.process is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        for child in self.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                child.send_signal(number)


@contextlib.contextmanager
def minio_server(data: Path | None = None) -> Iterator[RealServer]:
    """MinIO with an empty store: S3 with versions, Object Lock and listings of versions.

    Args:
        data: An empty folder for the store instead of one of its own, such as a small disk.
    """
    program = _program("minio", "MinIO")
    with _folder("minio") as folder:
        data = data or folder / "data"
        key, secret, port = _credentials()
        server = RealServer(
            name="MinIO",
            url=f"s3://{key}:{secret}@127.0.0.1:{port}",
            folder=folder,
            command=[
                str(program),
                "server",
                "--quiet",
                f"--address=127.0.0.1:{port}",
                f"--console-address=127.0.0.1:{free_port()}",
                str(data),
            ],
            answers=lambda: _status(f"http://127.0.0.1:{port}/minio/health/ready"),
            environment={
                "MINIO_ROOT_USER": key,
                "MINIO_ROOT_PASSWORD": secret,
                "MINIO_BROWSER": "off",
                "MINIO_UPDATE": "off",
                "HOME": str(folder),  # where it would keep certificates
            },
        )
        with _ending(server):
            server.start()
            yield server


@contextlib.contextmanager
def versitygw_server() -> Iterator[RealServer]:
    """versitygw with an empty store on its POSIX backend, with versions."""
    program = _program("versitygw", "versitygw")
    with _folder("versitygw") as folder:
        for part in ("iam", "data", "versions"):
            (folder / part).mkdir()
        key, secret, port = _credentials()
        server = RealServer(
            name="versitygw",
            url=f"s3://{key}:{secret}@127.0.0.1:{port}",
            folder=folder,
            command=[
                str(program),
                f"--port=127.0.0.1:{port}",
                "--health=/health",
                "--quiet",
                f"--iam-dir={folder / 'iam'}",
                "posix",
                f"--versioning-dir={folder / 'versions'}",
                str(folder / "data"),
            ],
            answers=lambda: _status(f"http://127.0.0.1:{port}/health"),
            environment={"ROOT_ACCESS_KEY": key, "ROOT_SECRET_KEY": secret},
        )
        with _ending(server):
            server.start()
            yield server


# The runner of OpenSearch takes modules by name. These are what eakte uses: it analyses words itself, so the
# modules with analysers (which do not start on a trimmed Java) are not among them.
_OPENSEARCH_MODULES = (
    "org.opensearch.transport.Netty4ModulePlugin",
    "org.opensearch.index.reindex.ReindexModulePlugin",
    "org.opensearch.painless.PainlessModulePlugin",
    "org.opensearch.index.mapper.MapperExtrasModulePlugin",
    "org.opensearch.script.expression.ExpressionModulePlugin",
    "org.opensearch.join.ParentJoinModulePlugin",
    "org.opensearch.ingest.common.IngestCommonModulePlugin",
    "org.opensearch.search.aggregations.matrix.MatrixAggregationModulePlugin",
)


@contextlib.contextmanager
def opensearch_server(*, thorough: bool = False) -> Iterator[RealServer]:
    """One node of OpenSearch, empty, without its security plugin: for loopback only.

    Args:
        thorough: As in production: slower to start, faster after a while. For benchmarks.
    """
    java, jars = _java(), _jars("opensearch", "OpenSearch")
    name = f"eakte-test-{secrets.token_hex(4)}"
    with _folder("opensearch") as folder, contextlib.ExitStack() as until_started:
        port = until_started.enter_context(_port_for_opensearch())

        def answers() -> bool:
            found = json.loads(_get(f"http://127.0.0.1:{port}/_cluster/health?wait_for_status=yellow&timeout=5s"))
            if found["cluster_name"] != name:
                raise AssertionError(f"another server listens on port {port}")
            return not found["timed_out"]

        server = RealServer(
            name="OpenSearch",
            url=f"opensearch://127.0.0.1:{port}",
            folder=folder,
            command=[
                str(java),
                # The quick compiler alone: a server of tests lives too short for the thorough one to pay.
                *([] if thorough else ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]),
                "-Xms512m",
                "-Xmx1g",
                "-cp",
                f"{jars}/*",
                "org.codelibs.opensearch.runner.OpenSearchRunner",
                "-basePath",
                str(folder / "node"),
                "-numOfNode",
                "1",
                "-baseHttpPort",
                str(port - 1),  # it numbers its nodes from 1 and adds that
                "-clusterName",
                name,
                "-moduleTypes",
                ",".join(_OPENSEARCH_MODULES),
            ],
            answers=answers,
        )
        with _ending(server):
            server.start()
            until_started.close()
            yield server


@dataclass(frozen=True, slots=True)
class Verdict:
    """What veraPDF says of a file.

    Attributes:
        conforming: Whether it is what it says it is (or the flavour asked for).
        flavour: The profile it was judged by, such as `PDF/A-2B validation profile`; empty where it could not be read.
        reasons: Rules that were broken with their description, or why it could not be judged.
    """

    conforming: bool
    flavour: str
    reasons: tuple[str, ...]


def verapdf(paths: Iterable[Path], *, flavour: str | None = None) -> dict[Path, Verdict]:
    """Judge PDF files, all in one Java process (three seconds, then many files a second).

    Args:
        paths: The files; answered under the same paths.
        flavour: The profile, such as `2b`; None judges each file by the one that it claims.
    """
    java, jars = _java(), _jars("verapdf", "veraPDF")
    by_name = {str(path.absolute()): path for path in paths}
    if not by_name:
        return {}
    options = ["--flavour", flavour] if flavour else []
    main = "org.verapdf.apps.GreenfieldCliWrapper"
    command = [str(java), "-Xmx1g", "-cp", f"{jars}/*", main, "--format", "json", *options, *by_name]
    # It answers 1 when a file does not conform and others when one cannot be read: what counts is the report.
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        jobs = json.loads(done.stdout)["report"]["jobs"]
    except ValueError:
        raise RuntimeError(f"veraPDF gave no report: {done.stderr[-2000:]}") from None
    verdicts = {by_name[job["itemDetails"]["name"]]: _verdict(job) for job in jobs}
    unjudged = Verdict(conforming=False, flavour="", reasons=("not judged",))
    return {path: verdicts.get(path, unjudged) for path in by_name.values()}


def _verdict(job: Mapping[str, Any]) -> Verdict:
    if "validationResult" not in job:
        why = job.get("taskException", {}).get("exceptionMessage", "could not be read")
        return Verdict(conforming=False, flavour="", reasons=(str(why),))
    result = job["validationResult"][0]
    rules = result["details"]["ruleSummaries"]
    reasons = tuple(f"{rule['clause']}-{rule['testNumber']}: {rule['description']}" for rule in rules)
    return Verdict(conforming=bool(result["compliant"]), flavour=str(result["profileName"]), reasons=reasons)


def _program(name: str, title: str) -> Path:
    found = cache() / "bin" / name
    return found if found.is_file() else missing(f"{title} (not at {found}; {_GET})")


def _jars(name: str, title: str) -> Path:
    found = cache() / name / "lib"
    return found if found.is_dir() else missing(f"{title} (not at {found}; {_GET})")


def _java() -> Path:
    found = cache() / "java" / "bin" / "java"
    return found if found.is_file() else missing(f"Java 21 or newer (not at {found}; {_GET})")


@contextlib.contextmanager
def _folder(name: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"eakte-test-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _ending(server: RealServer) -> Iterator[None]:
    try:
        yield
    finally:
        server.kill()


@contextlib.contextmanager
def _port_for_opensearch() -> Iterator[int]:
    """A free port that its runner accepts, and no other test run on this machine chooses one meanwhile."""
    with (cache() / "opensearch-port.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for port in _OPENSEARCH_PORTS:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    break
        else:
            raise RuntimeError(f"no free port for OpenSearch among {_OPENSEARCH_PORTS}")
        yield port


def _credentials() -> tuple[str, str, int]:
    return f"key{secrets.token_hex(6)}", secrets.token_hex(16), free_port()


def _status(url: str) -> bool:
    _get(url)
    return True


def _get(url: str) -> bytes:
    """The body of a successful answer. Raises OSError for any other (HTTPError is one)."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 # a server on loopback that we started
        return bytes(answer.read())
