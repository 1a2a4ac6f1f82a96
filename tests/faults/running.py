"""What the fault tests share: a service with quick take-over, a dossier to upload into, and the verdict at the end."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from tests.faults.checker import State, check, check_http, read_journal
from tests.faults.shelves import Folder
from tests.support.service import Municipality, Service, data_folder, until

FAST = {"EAKTE_HEARTBEAT_SECONDS": "1", "EAKTE_STALLED_SECONDS": "2", "EAKTE_RETRY_SECONDS": "0.5"}
RESTART_SECONDS = 240


def chance() -> int:
    """The seed of this run, said aloud; `EAKTE_FAULT_SEED` sets it."""
    seed = int(os.environ.get("EAKTE_FAULT_SEED") or random.SystemRandom().randrange(10**6))
    sys.stderr.write(f"\nEAKTE_FAULT_SEED={seed}\n")
    return seed


@contextmanager
def serving(**environment: str) -> Iterator[tuple[Service, str, str]]:
    """The service with its own PostgreSQL, a clerk's token and the id of a dossier; what is left is killed after."""
    with data_folder() as folder:
        service = Service(folder, **{**FAST, **environment})
        try:
            service.start()
            yield service, *prepare(service)
        finally:
            kill_everything(service)


def kill_everything(service: Service) -> None:
    """kill -9 of serve, its worker, and PostgreSQL, whose processes carry neither our environment nor our path."""
    doomed = []
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        server = postmaster(service)
        doomed = [server, *server.children(recursive=True)]
    service.kill_everything()
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def prepare(service: Service) -> tuple[str, str]:
    """A municipality with a dossier to upload into: the clerk's token and the dossier's id."""
    with service.backends() as opened:
        municipality = Municipality(opened)
    token = municipality.tokens["clerk63"]
    with service.client(token) as clerk:
        made = clerk.post("/api/v1/dossiers", json={"plan_class": "632.2", "title": "Unter Störung"})
        return token, str(made.raise_for_status().json()["id"])


def start_again(service: Service) -> None:
    """Start serve; it must say its address in time. (The wait for its line has no limit of its own.)"""
    thread = threading.Thread(target=service.start, daemon=True)
    thread.start()
    thread.join(RESTART_SECONDS)
    assert not thread.is_alive(), f"no address after {RESTART_SECONDS} s: {service.log.read_text()[-3000:]}"


def postmaster(service: Service) -> psutil.Process:
    """The private PostgreSQL. Raises OSError, ValueError or psutil.Error where there is none."""
    lock = service.folder / "database" / "cluster" / "postmaster.pid"
    return psutil.Process(int(lock.read_text().splitlines()[0]))


def database_url(service: Service) -> str:
    """The URL of the service's database."""
    return str(json.loads(service.command("database", "url", "--json").stdout)["url"])


def judge(service: Service, token: str, journal: Path, blobs: Path, *, seconds: float) -> list[str]:
    """Wait until all is processed, then let the checker and the product's own proofs speak. Stops the service."""
    url = database_url(service)
    try:
        until(settled(url), seconds=seconds, what="everything processed")
    except AssertionError as error:
        raise AssertionError(f"{error}: {_left(url)}") from None
    receipts = read_journal(journal)
    found = check_http(service.url, token, receipts)
    found += [f"storage verify: {name}" for name in _storage_findings(service)]
    assert service.stop() == 0, service.log.read_text()[-3000:]
    # What the checker itself read gets its place in the log now; then nothing changes any more.
    found += json.loads(service.command("audit", "verify", "--json", check=False).stdout)["errors"]
    with service.backends() as opened:
        return found + check(State(opened.database.url, Folder(blobs), receipts))


def settled(url: str) -> Callable[[], bool]:
    """A condition: nothing waits for processing or indexing."""

    def look() -> bool:
        try:
            with psycopg.connect(url) as connection:
                row = connection.execute(
                    "SELECT (SELECT count(*) FROM document WHERE state NOT IN ('ready', 'failed')"
                    " OR indexed_revision < revision),"
                    " (SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'eakte.process')"
                ).fetchone()
        except psycopg.OperationalError:
            return False
        return row == (0, 0)

    return look


def _storage_findings(service: Service) -> list[str]:
    report = json.loads(service.command("storage", "verify", "--json", check=False).stdout)
    return [*report["missing"], *report["damaged"]]


def _left(url: str) -> str:
    with psycopg.connect(url) as connection:
        documents = "SELECT id::text, state, revision, indexed_revision FROM document WHERE state <> 'ready'"
        jobs = "SELECT id, status::text, attempts, scheduled_at::text, args FROM procrastinate_jobs"
        return f"{connection.execute(documents).fetchall()} {connection.execute(jobs).fetchall()}"
