"""Workers that are killed and services that are stopped: every document still comes to its end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import psutil
import psycopg
import pytest
from sqlalchemy import select

from eakte.bootstrap import Backends
from eakte.cli.working import LONGEST_END
from eakte.models import ProcessingProgress, Version
from tests.journeys import papers
from tests.support.postgres import new_database, postgres_server
from tests.support.service import Municipality, Service, data_folder, until, upload, wait_ready

pytestmark = [pytest.mark.journey, pytest.mark.fault]
QUICK = {"EAKTE_HEARTBEAT_SECONDS": "1", "EAKTE_STALLED_SECONDS": "2", "EAKTE_RETRY_SECONDS": "0.5"}
PATH = "/api/v1/documents"


@contextlib.contextmanager
def running(**environment: str) -> Iterator[tuple[Service, Municipality, Backends]]:
    """A service of a test's own, with its embedded database and worker."""
    with data_folder() as folder:
        service = Service(folder, **environment)
        service.start()
        with service.backends() as opened:
            yield service, Municipality(opened), opened
        assert service.stop() == 0, service.log.read_text()[-3000:]


def attempts(opened: Backends, document: str) -> int:
    """How often a worker has begun the document."""
    query = select(ProcessingProgress.attempts).join(Version, Version.id == ProcessingProgress.version_id)
    with opened.transactions.read() as session:
        return session.scalar(query.where(Version.document_id == document)) or 0


def kill_worker(service: Service) -> None:
    """SIGKILL, as the kernel does it when memory runs out."""
    with contextlib.suppress(psutil.NoSuchProcess):
        service.worker().kill()


def test_a_document_that_kills_its_worker_fails_and_harms_no_other() -> None:
    environment = {**QUICK, "EAKTE_WORK_CONCURRENCY": "2"}
    with running(**environment) as (service, town, opened), service.client(town.tokens["clerk63"]) as clerk:
        poison = upload(clerk, {"inbox": True, "title": "Gift"}, papers.long_scan(7), "gift.pdf").json()["id"]
        beside = upload(clerk, {"inbox": True, "title": "Daneben"}, papers.long_scan(6), "gut.pdf").json()["id"]
        # They die together once; from then on one at a time, so that nobody is blamed for the other.
        until(lambda: attempts(opened, poison) == attempts(opened, beside) == 1, what="both are being read")
        kills = 0

        def state() -> str:
            return str(clerk.get(f"{PATH}/{poison}").json()["state"])

        def begun_again() -> bool:
            return kills < attempts(opened, poison) <= opened.settings.max_attempts

        until(lambda: state() == "failed" or begun_again(), seconds=120, what="the poison is read again")
        while state() != "failed":
            kill_worker(service)
            kills += 1
            until(lambda: state() in {"failed", "ready"} or begun_again(), seconds=120, what="the poison is read again")
            assert state() != "ready"
        assert kills == opened.settings.max_attempts  # the next beginning only says so
        assert "abgebrochen" in clerk.get(f"{PATH}/{poison}").json()["state_reason"]
        assert attempts(opened, beside) <= 2
        assert wait_ready(clerk, beside, seconds=240)["state"] == "ready"

        def found() -> list[str]:
            hits = clerk.get("/api/v1/search", params={"q": "Gift"}).raise_for_status().json()["hits"]
            return [hit["document"]["id"] for hit in hits]

        until(lambda: found() == [poison], what="found by its title although it failed")
        assert clerk.post(f"{PATH}/{poison}/retry").json()["state"] == "received"
        assert wait_ready(clerk, poison, seconds=180)["state"] == "ready"
        assert clerk.post(f"{PATH}/{poison}/retry").status_code == 409


def test_a_killed_workers_job_is_taken_over_within_a_minute(postgres_admin: str, migrated: str) -> None:
    """As it is installed: default settings, a server by URL, two workers on the same queue."""
    with data_folder() as folder:
        service = Service(folder, EAKTE_DATABASE_URL=new_database(postgres_admin, copy_of=migrated))
        service.start()
        with service.backends() as opened, contextlib.ExitStack() as stack:
            town = Municipality(opened)
            clerk = stack.enter_context(service.client(town.tokens["clerk63"]))
            service.start_worker()
            first = service.own_worker
            assert first is not None
            document = upload(clerk, {"inbox": True}, papers.long_scan(6), "lang.pdf").json()["id"]
            until(lambda: attempts(opened, document) == 1, what="the first worker begins")
            first.kill()
            first.wait(30)
            killed = time.monotonic()
            service.start_worker()  # as on another machine, and idle
            until(lambda: attempts(opened, document) == 2, seconds=60, what="taken over by the second worker")
            assert time.monotonic() - killed < 60
            assert wait_ready(clerk, document, seconds=180)["state"] == "ready"
        service.stop_worker()
        assert service.stop() == 0


def test_a_stop_in_the_middle_is_orderly_and_the_work_goes_on_afterwards() -> None:
    with running(**QUICK) as (service, town, opened):
        with service.client(town.tokens["clerk63"]) as clerk:
            document = upload(clerk, {"inbox": True}, papers.long_scan(7), "lang.pdf").json()["id"]
            until(lambda: attempts(opened, document) == 1, what="processing has begun")
            until(lambda: clerk.get(f"{PATH}/{document}").json()["state"] == "processing")
        assert service.stop() == 0, "and within the time that `stop` waits"
        assert "Traceback" not in service.log.read_text()
        service.start()
        with service.client(town.tokens["clerk63"]) as clerk:
            done = wait_ready(clerk, document, seconds=180)
            assert (done["state"], done["text"]["state"], done["pages"]) == ("ready", "recognised", 7)


@pytest.mark.long
@pytest.mark.parametrize("outage", ["kill", "freeze"], ids=["killed", "hanging"])
def test_a_worker_without_a_database_ends_when_it_is_told_to(outage: str) -> None:
    with postgres_server() as server, data_folder() as folder:
        service = Service(folder, EAKTE_DATABASE_URL=server.url)
        service.command("migrate")
        service.start_worker()
        assert service.own_worker is not None
        with psycopg.connect(server.url, autocommit=True) as connection:
            # Two: one for the long work, one for the short.
            until(lambda: connection.execute("SELECT count(*) FROM procrastinate_workers").fetchone() == (2,))
        try:
            getattr(server, outage)()
            service.own_worker.terminate()
            # By itself, not by the signal: that would leave its readers to the kernel.
            assert service.own_worker.wait(LONGEST_END + 15) in {0, 1}
        finally:
            service.own_worker.kill()
            service.own_worker.wait()
