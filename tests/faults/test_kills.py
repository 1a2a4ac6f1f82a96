"""kill -9 at random moments while clients upload: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx2
import psutil
import pytest

from eakte.operations.storing import reconcile
from tests.faults.clients import Clients, make
from tests.faults.running import chance, judge, kill_everything, postmaster, serving, start_again
from tests.support.service import Service, until, upload, wait_ready

pytestmark = pytest.mark.fault

PR_SET_CHILD_SUBREAPER = 36


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
        kill_everything(self._service)
        self._start()
        return True

    def _worker(self) -> bool:
        for process in self._service.processes():
            with contextlib.suppress(psutil.Error):
                if "work" in process.cmdline() and "eakte" in process.cmdline():
                    process.kill()
                    return True
        return False

    def _postmaster(self) -> bool:
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            postmaster(self._service).kill()
            return True
        return False

    def _backend(self) -> bool:
        """As the kernel does when memory is short: PostgreSQL ends all sessions and recovers."""
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            children = postmaster(self._service).children()
            sessions = [child for child in children if "[local]" in " ".join(child.cmdline())]
            if sessions:
                self._rng.choice(sessions).kill()
                return True
        return False

    def _start(self) -> None:
        begun = time.monotonic()
        start_again(self._service)
        self.longest_start = max(self.longest_start, time.monotonic() - begun)


def test_nothing_acknowledged_is_lost_however_often_it_is_killed(pytestconfig: pytest.Config) -> None:
    kills, seed = int(pytestconfig.getoption("--kills")), chance()
    rng, pause = random.Random(seed), threading.Event()  # noqa: S311 - chance that can be repeated
    with serving() as (service, token, dossier):
        journal = service.folder / "journal.jsonl"
        clients, killer = Clients(service, token, dossier, journal, seed=seed), Killer(service, rng)
        clients.start()
        try:
            for _ in range(kills):
                pause.wait(rng.uniform(0.2, 3.0))
                killer.kill_one()
                before = clients.acknowledged
                until(lambda least=before: clients.acknowledged > least, what="uploads go on")  # type: ignore[misc]
        finally:
            clients.stop()
        found = judge(service, token, journal, service.folder / "blobs" / "blobs", seconds=180)
    sys.stderr.write(
        f"seed {seed}: kills {dict(killer.kills)}, {clients.acknowledged} uploads, answers {dict(clients.answers)}, "
        f"longest request {clients.longest:.1f} s, longest start {killer.longest_start:.1f} s\n"
    )
    assert (found, clients.surprises) == ([], []), f"EAKTE_FAULT_SEED={seed}"


def test_a_procedure_that_dies_between_its_bytes_and_the_commit_leaves_nothing_visible() -> None:
    with serving() as (service, token, dossier):
        ended = threading.Event()
        said = {"dossier": {"id": dossier}, "case": {"title": "Antrag"}, "documents": [{"file": "a"}, {"file": "b"}]}

        def body() -> Iterator[bytes]:
            yield part("metadata", json.dumps(said).encode()) + part("a", b"Der Antrag", "a.txt")
            yield part("b", b"Die ", "b.txt").removesuffix(b"\r\n")
            ended.wait(60)
            yield b"Anlage\r\n--b--\r\n"

        def send() -> None:
            headers = {"Content-Type": "multipart/form-data; boundary=b"}
            with contextlib.suppress(httpx2.TransportError), service.client(token) as clerk:
                clerk.post("/api/v1/procedures", content=body(), headers=headers)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            shelf = service.folder / "blobs" / "blobs"
            until(lambda: list(shelf.rglob("original.*")), what="bytes of the first document")
            kill_everything(service)
        finally:
            ended.set()
            sender.join(60)
        start_again(service)
        with service.client(token) as clerk:
            for address in (f"documents?dossier={dossier}", f"cases?dossier={dossier}"):
                assert clerk.get(f"/api/v1/{address}").raise_for_status().json()["items"] == [], address
            # Nothing keeps anybody from doing it again.
            parts = (
                part("metadata", json.dumps(said).encode()) + part("a", b"1", "a") + part("b", b"2", "b") + b"--b--\r\n"
            )
            headers = {"Content-Type": "multipart/form-data; boundary=b"}
            filed = clerk.post("/api/v1/procedures", content=parts, headers=headers).raise_for_status().json()
            for document in filed["documents"]:
                wait_ready(clerk, document["id"])
        with service.backends() as opened:
            found = reconcile(opened.transactions, opened.blobs, delete=True, grace=timedelta())
            assert len(found.orphans) == 1
            assert reconcile(opened.transactions, opened.blobs, delete=False, grace=timedelta()).orphans == []


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    """A part of a multipart body with the boundary `b`."""
    called = f'; filename="{filename}"' if filename else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{called}\r\n\r\n'.encode() + content + b"\r\n"


def test_serve_comes_back_beside_its_own_zombies() -> None:
    """In a container without a reaping init everything that was killed stays a zombie; process ids are not free."""
    with adopting_orphans() as zombies, serving() as (service, token, dossier):
        kill_everything(service)
        until(lambda: len(zombies()) > 1, what="zombies of worker and PostgreSQL")
        start_again(service)
        assert len(zombies()) > 1
        with service.client(token) as clerk:
            content, filename = make(0, 0)
            filed = upload(clerk, {"dossier": dossier, "title": "Danach"}, content, filename)
            assert wait_ready(clerk, filed.raise_for_status().json()["id"])["state"] == "ready"


@contextmanager
def adopting_orphans() -> Iterator[Callable[[], list[psutil.Process]]]:
    """Be the parent of all orphans and do not reap them until the end; yields how to see the zombies."""

    def zombies() -> list[psutil.Process]:
        found = []
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.status() == psutil.STATUS_ZOMBIE:
                    found.append(child)
        return found

    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    try:
        yield zombies
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        for zombie in zombies():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(zombie.pid, os.WNOHANG)
