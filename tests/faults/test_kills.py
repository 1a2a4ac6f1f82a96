"""kill -9 at random moments while clients upload: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.faults.checker import State, check, check_http, read_journal
from tests.faults.clients import Clients
from tests.support.service import Municipality, Service, data_folder, until

pytestmark = pytest.mark.fault

FAST = {"EAKTE_HEARTBEAT_SECONDS": "1", "EAKTE_STALLED_SECONDS": "2", "EAKTE_RETRY_SECONDS": "0.5"}
RESTART_SECONDS = 60


def _seed() -> int:
    return int(os.environ.get("EAKTE_FAULT_SEED") or random.SystemRandom().randrange(10**6))


class Killer:
    """Kills one part of the running service at a time. What serve supervises comes back without a hand."""

    def __init__(self, service: Service, rng: random.Random) -> None:
        self._service, self._rng = service, rng
        self.kills: Counter[str] = Counter()
        self.longest_start = 0.0
        self._victims: dict[str, Callable[[], bool]] = {
            "serve": self._serve,
            "worker": self._worker,
            "postmaster": self._postmaster,
            "backend": self._backend,
            "everything": self._everything,
        }

    def kill_one(self) -> None:
        """Kill something that lives."""
        while True:
            name = self._rng.choice(sorted(self._victims))
            if self._victims[name]():
                self.kills[name] += 1
                return

    def _serve(self) -> bool:
        self._service.kill()
        self._start()
        return True

    def _everything(self) -> bool:
        self._service.kill_everything()
        self._start()
        return True

    def _worker(self) -> bool:
        return self._kill(lambda process: "work" in process.cmdline() and "eakte" in process.cmdline())

    def _postmaster(self) -> bool:
        pid = self._service.folder / "database" / "cluster" / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, psutil.NoSuchProcess):
            psutil.Process(int(pid.read_text().splitlines()[0])).kill()
            return True
        return False

    def _backend(self) -> bool:
        """As the kernel does when memory is short: PostgreSQL ends all sessions and recovers."""
        pid = self._service.folder / "database" / "cluster" / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, psutil.NoSuchProcess):
            children = psutil.Process(int(pid.read_text().splitlines()[0])).children()
            sessions = [child for child in children if "[local]" in " ".join(child.cmdline())]
            if sessions:
                self._rng.choice(sessions).kill()
                return True
        return False

    def _kill(self, wanted: Callable[[psutil.Process], bool]) -> bool:
        for process in self._service.processes():
            with contextlib.suppress(psutil.Error):
                if wanted(process):
                    process.kill()
                    return True
        return False

    def _start(self) -> None:
        begun = time.monotonic()
        started = start_within(self._service, RESTART_SECONDS)
        self.longest_start = max(self.longest_start, time.monotonic() - begun)
        assert started, f"no address after {RESTART_SECONDS} s: {self._service.log.read_text()[-3000:]}"


def start_within(service: Service, seconds: float) -> bool:
    """Start serve; whether it said its address in time. The wait for its line has no limit of its own."""
    thread = threading.Thread(target=service.start, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


def settled(database_url: str) -> Callable[[], bool]:
    """A condition: nothing waits for processing, indexing, or its place in the log."""

    def look() -> bool:
        try:
            with psycopg.connect(database_url) as connection:
                row = connection.execute(
                    "SELECT (SELECT count(*) FROM document WHERE state NOT IN ('ready', 'failed')"
                    " OR indexed_revision < revision),"
                    " (SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'eakte.process'"
                    " AND status IN ('todo', 'doing'))"
                ).fetchone()
        except psycopg.OperationalError:
            return False
        return row == (0, 0)

    return look


def prepare(service: Service) -> tuple[str, str]:
    """A municipality with a dossier to upload into: the clerk's token and the dossier's id."""
    with service.backends() as opened:
        municipality = Municipality(opened)
    token = municipality.tokens["clerk63"]
    with service.client(token) as clerk:
        made = clerk.post("/api/v1/dossiers", json={"plan_class": "632.2", "title": "Unter Störung"})
        return token, str(made.raise_for_status().json()["id"])


def judge(service: Service, token: str, journal: Path, *, seconds: float) -> list[str]:
    """Wait until all is processed, then let the checker and the product's own proofs speak."""
    url = json.loads(service.command("database", "url", "--json").stdout)["url"]
    until(settled(url), seconds=seconds, what=f"everything processed: {_left(url)}")
    receipts = read_journal(journal)
    found = check_http(service.url, token, receipts)
    log = json.loads(service.command("audit", "verify", "--json", check=False).stdout)
    found += log["errors"]
    blobs = json.loads(service.command("storage", "verify", "--json", check=False).stdout)
    found += [f"storage verify: {name}" for name in (*blobs["missing"], *blobs["damaged"])]
    assert service.stop() == 0, service.log.read_text()[-3000:]
    # The last entries (what the checker itself read) get their place, then nothing changes any more.
    service.command("audit", "verify")
    with service.backends() as opened:
        return found + check(State(opened.database.url, service.folder / "blobs" / "blobs", receipts))


def _left(url: str) -> str:
    with psycopg.connect(url) as connection:
        waiting = "SELECT id, state, revision, indexed_revision FROM document WHERE state <> 'ready'"
        return str(connection.execute(waiting).fetchall())


def test_nothing_acknowledged_is_lost_however_often_it_is_killed(pytestconfig: pytest.Config) -> None:
    kills, seed = int(pytestconfig.getoption("--kills")), _seed()
    sys.stderr.write(f"\nEAKTE_FAULT_SEED={seed}\n")
    rng, pause = random.Random(seed), threading.Event()  # noqa: S311 - chance that can be repeated
    with data_folder() as folder:
        service = Service(folder, **FAST)
        service.start()
        try:
            token, dossier = prepare(service)
            journal = folder / "journal.jsonl"
            clients = Clients(service, token, dossier, journal, seed=seed)
            killer = Killer(service, rng)
            clients.start()
            try:
                for _ in range(kills):
                    pause.wait(rng.uniform(0.2, 3.0))
                    killer.kill_one()
                    at_least = clients.acknowledged + 1
                    until(lambda least=at_least: clients.acknowledged >= least, what="uploads go on")  # type: ignore[misc]
            finally:
                clients.stop()
            found = judge(service, token, journal, seconds=180)
        finally:
            service.kill_everything()
    sys.stderr.write(
        f"seed {seed}: kills {dict(killer.kills)}, {clients.acknowledged} uploads, answers {dict(clients.answers)}, "
        f"longest request {clients.longest:.1f} s, longest start {killer.longest_start:.1f} s\n"
    )
    assert (found, clients.surprises) == ([], []), f"EAKTE_FAULT_SEED={seed}"
