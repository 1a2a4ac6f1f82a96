"""The real product for journeys: `eakte serve` as a process of its own, and a small municipality inside it."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import psutil

from eakte.bootstrap import Backends, open_backends
from eakte.operations.accounts import create_token, create_user
from eakte.operations.plan import create_class
from eakte.operations.plan_rules import RetentionWords
from eakte.operations.units import create_unit
from eakte.settings import Settings
from eakte.terms import SYSTEM, Level, Role, Scope
from tests.support.openssl import Certificate

T = TypeVar("T")
PASSWORD = "ein langes Passwort für Tests"
ALL_SCOPES = tuple(Scope)


@contextmanager
def data_folder() -> Iterator[Path]:
    """A fresh data folder that PostgreSQL's user can reach (pytest's own are closed to other users)."""
    folder = Path(tempfile.mkdtemp(prefix="eakte-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def _founded() -> Path:
    """A data folder as `eakte migrate` leaves it: PostgreSQL's cluster with the schema, the key of the log."""
    folder = Path(tempfile.mkdtemp(prefix="eakte-test-founded-"))
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment = {**os.environ, "EAKTE_DATA_DIR": str(folder)}
    subprocess.run([sys.executable, "-m", "eakte", "migrate"], env=environment, check=True, capture_output=True)
    return folder


def until(condition: Callable[[], T], *, seconds: float = 60.0, what: str = "") -> T:
    """Wait for a condition to become true and return what it gave; an AssertionError names it when it does not.

    Asked ever more seldom, down to once a second: asking takes the processors from what is waited for.
    """
    begin = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        waited = time.monotonic() - begin
        if waited > seconds:
            raise AssertionError(f"after {seconds:.0f} s: {what or condition}")
        time.sleep(min(1, max(0.1, waited / 10)))


class Service:
    """`eakte serve` on a free port. Can be killed and started again on the same folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = {**os.environ, "EAKTE_DATA_DIR": str(folder), **environment}
        self.process: subprocess.Popen[str] | None = None
        self.own_worker: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.log = folder / "serve.log"
        self.tls: Certificate | None = None

    def start(self, *arguments: str, from_nothing: bool = False) -> None:
        """Start and wait until it says where it is; over TLS where `tls` is set.

        Making PostgreSQL's cluster takes two seconds of processor, so a folder without one gets a copy of one that is
        there already; `from_nothing` lets serve make it.
        """
        if self.tls is not None:
            arguments = (*arguments, "--tls-cert", str(self.tls.file), "--tls-key", str(self.tls.key))
        command = [sys.executable, "-P", "-m", "eakte", "serve", "--port", "0", "--json", *arguments]
        private = "EAKTE_DATABASE_URL" not in self.environment
        if private and not from_nothing and not (self.folder / "database").exists():
            subprocess.run(["cp", "-a", f"{_founded()}/.", self.folder], check=True)
        # Started beside a file that is called like a module it needs, as an operator may do without knowing.
        (self.folder / "click.py").write_text("raise SystemExit('a stray file was imported')")
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"serve did not start: {self.log.read_text()[-2000:]}"
        self.url = json.loads(line)["url"]

    def start_worker(self) -> None:
        """A worker as a process of its own, as on another machine."""
        with self.log.open("a") as log:
            self.own_worker = subprocess.Popen(
                [sys.executable, "-m", "eakte", "work"], stderr=log, env=self.environment, start_new_session=True
            )

    def stop_worker(self) -> None:
        """End the worker that `start_worker` started, if any."""
        if self.own_worker is not None:
            self.own_worker.terminate()
            self.own_worker.wait(60)

    def stop(self) -> int:
        """Ask it to end and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> None:
        """kill -9 of serve alone."""
        assert self.process is not None
        self.process.kill()
        self._ended()

    def _ended(self) -> int:
        assert self.process is not None
        code = self.process.wait(60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def kill_everything(self) -> None:
        """kill -9 of serve, its worker, their children and the private PostgreSQL."""
        for process in self.processes():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        if self.own_worker is not None:
            self.own_worker.wait(60)
        if self.process is not None:
            self._ended()

    def processes(self) -> list[psutil.Process]:
        """All processes that work on this folder."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("EAKTE_DATA_DIR") == str(self.folder) or str(self.folder) in " ".join(
                    process.cmdline()
                ):
                    found.append(process)
            except psutil.Error:
                continue
        return [process for process in found if process.pid != os.getpid()]

    def worker(self) -> psutil.Process:
        """The worker's process."""

        def look() -> psutil.Process | None:
            for process in self.processes():
                try:
                    if "work" in process.cmdline() and "eakte" in process.cmdline():
                        return process
                except psutil.Error:
                    continue
            return None

        found = until(look, what="a worker")
        assert found is not None
        return found

    def settings(self) -> Settings:
        """The settings as the service has them."""
        values = {
            name.removeprefix("EAKTE_").lower(): value
            for name, value in self.environment.items()
            if name.startswith("EAKTE_") and not name.startswith("EAKTE_TEST")
        }
        return Settings(**values)  # type: ignore[arg-type] # pydantic reads text

    @contextmanager
    def backends(self) -> Iterator[Backends]:
        """The same backends, in this process."""
        with open_backends(self.settings(), say=lambda _sentence: None) as opened:
            yield opened

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run another `eakte` command on the same folder."""
        done = subprocess.run(
            [sys.executable, "-m", "eakte", *arguments],
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
        )
        if check:
            assert done.returncode == 0, done.stderr
        return done

    def client(self, token: str | None = None, **options: Any) -> httpx2.Client:
        """An HTTP client, with a token where one is given."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        trusted = ssl.create_default_context(cafile=self.tls.file) if self.tls else True
        return httpx2.Client(base_url=self.url, headers=headers, timeout=60, verify=trusted, **options)


class Municipality:
    """A small town: units 10 and 63 (with 631 below), a plan of a few classes, one account of each role.

    `tokens` holds an access key with every scope for each login; people also have PASSWORD.
    """

    PEOPLE = (
        ("clerk63", Role.CLERK, "63", Level.INTERNAL),
        ("head63", Role.CLERK, "63", Level.PROTECTED),
        ("clerk10", Role.CLERK, "10", Level.INTERNAL),
        ("registrar", Role.REGISTRAR, "10", Level.PROTECTED),
        ("archive", Role.ARCHIVE, "10", Level.OPEN),
        ("approver", Role.APPROVER, "10", Level.INTERNAL),
        ("auditor", Role.AUDITOR, "10", Level.OPEN),
        ("admin", Role.ADMIN, "10", Level.OPEN),
        ("S1", Role.STATION, "10", Level.INTERNAL),
    )

    def __init__(self, backends: Backends) -> None:
        self.tokens: dict[str, str] = {}
        self.users: dict[str, str] = {}
        with backends.transactions.begin(SYSTEM) as tx:
            units: dict[str, uuid.UUID] = {}
            for number, name, parent in (
                ("10", "Hauptamt", None),
                ("63", "Bauordnung", None),
                ("631", "Bauaufsicht", "63"),
            ):
                above = units[parent] if parent else None
                units[number] = create_unit(tx, number=number, name=name, parent_id=above).id
            self.units = {number: str(unit) for number, unit in units.items()}
            for login, role, unit, level in self.PEOPLE:
                machine = role is Role.STATION
                user = create_user(
                    tx,
                    login=login,
                    display_name=login.title(),
                    roles=[role],
                    unit_id=units[unit],
                    level=level,
                    password=None if machine else PASSWORD,
                    machine=machine,
                    operator="Karin Thieme" if machine else None,
                )
                self.users[login] = str(user.id)
                _row, self.tokens[login] = create_token(tx, user=user, name="test", scopes=ALL_SCOPES)
            for number, title, parent, words in (
                ("6", "Bauen", None, RetentionWords(term="P10Y", legal_basis="Aktenordnung", appraisal="B")),
                ("63", "Bauordnung", "6", None),
                ("632", "Genehmigungen", "63", RetentionWords(term="P30Y", legal_basis="NBauO", transfer_grace="P6M")),
                ("632.1", "Bauvoranfragen", "632", None),
                ("632.2", "Bauanträge", "632", None),
                ("02", "Urkunden", None, RetentionWords(term="permanent", appraisal="A")),
                ("03", "Personal", None, RetentionWords(term="P5Y", anchor="event:Austritt", rounding="year")),
            ):
                create_class(
                    tx,
                    number=number,
                    title=title,
                    parent=parent,
                    unit=None,
                    files_allowed=number not in {"6", "63", "632"},
                    words=words,
                )


def upload(
    client: httpx2.Client, metadata: dict[str, Any], content: bytes, filename: str = "brief.pdf", **headers: str
) -> httpx2.Response:
    """File a document: the metadata first, then the file."""
    files: dict[str, tuple[str | None, str | bytes, str]] = {
        "metadata": (None, json.dumps(metadata), "application/json"),
        "file": (filename, content, "application/octet-stream"),
    }
    return client.post("/api/v1/documents", files=files, headers=headers)


def wait_ready(client: httpx2.Client, document: str, *, seconds: float = 90.0) -> dict[str, Any]:
    """Wait until a document is ready or failed, and return it."""

    def look() -> dict[str, Any] | None:
        found = client.get(f"/api/v1/documents/{document}").raise_for_status().json()
        return found if found["state"] in {"ready", "failed"} else None

    done = until(look, seconds=seconds, what=f"document {document} ready")
    assert done is not None
    return done
