"""The database hangs, the disk is full, a document ends its worker: others go on, and all recovers by itself."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from eakte.sample.town import town
from tests.faults.checker import Receipt, State, check
from tests.faults.clients import Clients, make, word
from tests.faults.disks import fill, small_disk
from tests.faults.running import database_url, judge, postmaster, serving, settled
from tests.faults.shelves import Folder
from tests.support.service import Service, data_folder, until, upload, wait_ready

pytestmark = pytest.mark.fault

FROZEN_SECONDS = 15
SMALL = 40 << 20


@pytest.mark.long
def test_a_database_that_hangs_delays_and_refuses_but_loses_nothing() -> None:
    with serving() as (service, token, dossier):
        journal = service.folder / "journal.jsonl"
        clients = Clients(service, token, dossier, journal, seed=4)
        clients.start()
        try:
            until(lambda: clients.acknowledged > 3, what="uploads")
            with frozen(service):
                threading.Event().wait(FROZEN_SECONDS)
            before = clients.acknowledged
            until(lambda: clients.acknowledged > before + 3, what="uploads go on")
        finally:
            clients.stop()
        found = judge(service, token, journal, service.folder / "blobs" / "blobs", seconds=120)
    assert (found, clients.surprises) == ([], [])
    assert set(clients.answers) <= {"201", "503"}
    assert clients.longest > FROZEN_SECONDS / 2, "the outage was not noticed: the test tests nothing"


@contextmanager
def frozen(service: Service) -> Iterator[None]:
    """All processes of PostgreSQL stand still, as with a disk that does not answer."""
    server = postmaster(service)
    processes = [server, *server.children(recursive=True)]
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


@pytest.fixture
def disk() -> Iterator[Path]:
    """A real file system of 40 MB."""
    with data_folder() as folder, small_disk(folder / "disk", SMALL) as mounted:
        yield mounted


@pytest.mark.long
def test_a_full_disk_refuses_uploads_whole_and_everything_goes_on_when_there_is_room(disk: Path) -> None:
    store = disk / "store"
    with serving(EAKTE_STORAGE_URL=f"file://{store}") as (service, token, dossier), service.client(token) as clerk:
        journal = [_filed(service, token, dossier, 0)]
        wait_ready(clerk, journal[0].document)
        ballast = disk / "ballast"
        fill(ballast, leave=200_000)
        before = _files(store)
        content = os.urandom(1 << 20)
        refused = upload(
            clerk, {"dossier": dossier, "title": "Zu groß"}, content, "gross.bin", **{"Idempotency-Key": "k"}
        )
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert refused.json()["type"].endswith("storage-failed")
        assert _files(store) == before
        # It fits, but what processing makes of it does not: it waits, as long as it takes, and does not fail.
        journal.append(_filed(service, token, dossier, 1))
        fill(disk / "more", leave=0)
        url = database_url(service)
        until(lambda: _tried_again(url), what="processing meets the full disk")
        assert clerk.get(f"/api/v1/documents/{journal[1].document}").json()["state"] == "processing"
        ballast.unlink()
        (disk / "more").unlink()
        again = upload(
            clerk, {"dossier": dossier, "title": f"A {word(2)}"}, content, "gross.bin", **{"Idempotency-Key": "k"}
        )
        digest = hashlib.sha256(content).hexdigest()
        journal.append(Receipt(2, word(2), "k", digest, len(content), again.raise_for_status().json()["id"], 0.0))
        until(settled(url), seconds=120, what="everything processed")
        assert service.stop() == 0
        service.command("audit", "verify")
        with service.backends() as opened:
            assert check(State(opened.database.url, Folder(store / "blobs"), journal)) == []


def _filed(service: Service, token: str, dossier: str, number: int) -> Receipt:
    content, filename = make(number, 0)
    key, digest = f"upload-{number}", hashlib.sha256(content).hexdigest()
    with service.client(token) as clerk:
        metadata = {"dossier": dossier, "title": f"Ablage {word(number)}"}
        filed = upload(clerk, metadata, content, filename, **{"Idempotency-Key": key}).raise_for_status().json()
    return Receipt(number, word(number), key, digest, len(content), filed["id"], 0.0)


def _files(store: Path) -> set[str]:
    return {str(path.relative_to(store)) for path in store.rglob("*") if path.is_file()}


def _tried_again(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT max(attempts) FROM procrastinate_jobs WHERE task_name = 'eakte.process'"
        ).fetchone()
    return row is not None and (row[0] or 0) > 1


def test_a_document_that_ends_its_worker_fails_visibly_and_others_go_on() -> None:
    scan = next(document for document in town(3, 40).documents() if document.scan and document.pages > 1)
    with serving(EAKTE_MAX_ATTEMPTS="1") as (service, token, dossier), service.client(token) as clerk:
        url = database_url(service)
        deadly = upload(clerk, {"dossier": dossier, "title": "Verhängnis"}, scan.content, scan.filename).json()["id"]
        until(lambda: _being_processed(url, deadly), what="processing has begun")
        service.worker().kill()
        other = upload(clerk, {"dossier": dossier, "title": "Anderes"}, *make(0, 0)).json()["id"]
        assert wait_ready(clerk, other)["state"] == "ready"
        failed = wait_ready(clerk, deadly)
        assert failed["state"] == "failed"
        assert "1-mal abgebrochen" in failed["state_reason"]
        until(lambda: _found(clerk.get("/api/v1/search", params={"q": "Verhängnis"}).json()), what="its title is found")
        clerk.post(f"/api/v1/documents/{deadly}/retry").raise_for_status()
        assert wait_ready(clerk, deadly)["state"] == "ready"


def _being_processed(url: str, document: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT state FROM document WHERE id = %s", [document]).fetchone()
    return row == ("processing",)


def _found(answer: dict[str, object]) -> bool:
    return answer["total"] == 1
