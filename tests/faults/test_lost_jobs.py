"""The queue loses a connection, a worker, or a race: no document may wait for ever because of it."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from eakte.bootstrap import Backends
from eakte.errors import Unavailable
from eakte.jobs import BackOff, connector_for, make_app, run_worker
from eakte.operations.filing import Draft, file_document, store_original
from eakte.operations.processing import Interrupted, process_version
from eakte.operations.queueing import SERVICE_QUEUE, enqueue_indexing
from eakte.terms import SYSTEM
from indexing.recognition import Recogniser
from indexing.search import Condition, SearchIndex
from indexing.search_errors import SearchError
from tests.support.postgres import new_database
from tests.support.service import Municipality, Service, data_folder, until, upload, wait_ready

pytestmark = pytest.mark.fault

BREAK_ONCE = """
CREATE SEQUENCE broken_connections;
CREATE FUNCTION break_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('broken_connections') = 1 THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
        PERFORM pg_sleep(10);
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER break_once BEFORE DELETE ON procrastinate_jobs FOR EACH ROW
    WHEN (OLD.task_name = 'eakte.index') EXECUTE FUNCTION break_once();
"""

NEXT_ONE = """
CREATE FUNCTION next_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock)
        VALUES ('other', 'eakte.index', 'eakte.index', 'eakte.index');
    RETURN NEW;
END $$;
CREATE TRIGGER next_one AFTER UPDATE ON procrastinate_jobs FOR EACH ROW
    WHEN (OLD.task_name = 'eakte.index' AND OLD.status = 'todo' AND NEW.status = 'doing')
    EXECUTE FUNCTION next_one();
"""


@pytest.fixture
def recogniser() -> Iterator[Recogniser]:
    made = Recogniser(1)
    yield made
    made.close()


def _file(backends: Backends, title: str) -> uuid.UUID:
    stored = store_original(
        backends.blobs, iter([title.encode()]), screen=None, filename="notiz.txt", media_type="text/plain", limit=1000
    )
    with backends.transactions.begin(SYSTEM) as tx:
        return file_document(tx, Draft(inbox=True, unit="63", title=title), stored).id


def test_a_job_does_not_run_for_ever_because_a_connection_broke_while_it_was_ended(
    postgres_admin: str, migrated: str
) -> None:
    url = new_database(postgres_admin, copy_of=migrated)
    with data_folder() as folder:
        service = Service(folder, EAKTE_DATABASE_URL=url)
        with service.backends() as opened:
            token = Municipality(opened).tokens["clerk63"]
        with psycopg.connect(url) as connection:
            connection.execute(BREAK_ONCE)
        service.start_worker()
        service.start()
        try:
            with service.client(token) as clerk:
                for title in ("Erste Notiz", "Zweite Notiz"):
                    filed = upload(clerk, {"inbox": True, "title": title}, title.encode(), "notiz.txt")
                    assert wait_ready(clerk, filed.raise_for_status().json()["id"])["state"] == "ready"
            until(lambda: _ended_after_all(url), seconds=20, what="the job has ended, which it did long ago")
        finally:
            service.stop_worker()
            service.kill_everything()


def _ended_after_all(url: str) -> bool:
    with psycopg.connect(url) as connection:
        tried = connection.execute("SELECT last_value > 1 FROM broken_connections").fetchone()
        left = connection.execute("SELECT id FROM procrastinate_jobs WHERE task_name = 'eakte.index'").fetchall()
    return tried == (True,) and not left


class BrokenIndex:
    """An index that cannot be asked, as when its disk is gone."""

    def check(self) -> Condition:
        raise SearchError("gone")


def test_an_indexing_job_that_fails_while_the_next_one_waits_frees_its_lock(
    backends: Backends, recogniser: Recogniser
) -> None:
    """A trigger enqueues the next job when the first one starts, so that the two certainly meet."""
    with backends.transactions.begin(SYSTEM) as tx:
        enqueue_indexing(tx)
    with psycopg.connect(backends.database.url) as connection:
        connection.execute(NEXT_ONE)
    broken = dataclasses.replace(backends, search=cast("SearchIndex", BrokenIndex()))
    _work_until_empty(broken, recogniser)
    with psycopg.connect(backends.database.url) as connection:
        jobs = "SELECT queue_name, status::text FROM procrastinate_jobs WHERE task_name = 'eakte.index'"
        assert connection.execute(jobs).fetchall() == [("other", "todo")]


def _work_until_empty(backends: Backends, recogniser: Recogniser) -> None:
    stopping = threading.Event()
    app = make_app(backends, recogniser, connector_for(backends), stopping)
    work = run_worker(app, backends, queues=[SERVICE_QUEUE], concurrency=1, wait=False, stopping=stopping)
    asyncio.run(work)


class FasterElsewhere:
    """The queue as one of two workers sees it: what it finds stalled, the other one has put back already."""

    def __init__(self, manager: JobManager) -> None:
        self._manager = manager
        self.retry_job, self.finish_job = manager.retry_job, manager.finish_job

    async def get_stalled_jobs(self, **given: Any) -> list[Job]:
        jobs = list(await self._manager.get_stalled_jobs(**given))
        for job in jobs:
            await self._manager.retry_job(job)
        return jobs


def test_two_workers_that_take_over_at_once_leave_the_job_in_the_queue(
    backends: Backends, recogniser: Recogniser, town: Municipality
) -> None:
    del town
    _file(backends, "Wartet")
    with psycopg.connect(backends.database.url) as connection:
        connection.execute("UPDATE procrastinate_jobs SET status = 'doing'")  # of a worker that is no more
    app = make_app(backends, recogniser, connector_for(backends), threading.Event())

    async def take_over() -> None:
        async with app.open_async():
            manager = FasterElsewhere(app.job_manager)
            context = SimpleNamespace(app=SimpleNamespace(job_manager=manager))
            await app.tasks["eakte.take-over"].func(context, timestamp=0)

    asyncio.run(take_over())
    with psycopg.connect(backends.database.url) as connection:
        jobs = connection.execute("SELECT task_name, status::text FROM procrastinate_jobs").fetchall()
    assert jobs == [("eakte.process", "todo")]


def test_a_second_run_that_comes_late_leaves_a_ready_document_ready(
    backends: Backends, recogniser: Recogniser, town: Municipality
) -> None:
    del town
    document = _file(backends, "Zweimal")
    with psycopg.connect(backends.database.url) as first, ThreadPoolExecutor(1) as pool:
        first.execute("SELECT 1 FROM document WHERE id = %s FOR UPDATE", [document])
        late = pool.submit(
            process_version,
            backends.transactions,
            backends.blobs,
            recogniser,
            screen=None,
            document_id=document,
            number=1,
            max_attempts=4,
            stopping=threading.Event(),
        )
        until(lambda: _somebody_waits(backends), what="the second run waits for the first")
        first.execute("UPDATE document SET state = 'ready' WHERE id = %s", [document])
        first.execute("UPDATE document_version SET processed_at = now() WHERE document_id = %s", [document])
        first.commit()
        late.result(60)
        state = first.execute("SELECT state FROM document WHERE id = %s", [document]).fetchone()
    assert state == ("ready",)


def _somebody_waits(backends: Backends) -> bool:
    with psycopg.connect(backends.database.url) as connection:
        waiting = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    return waiting != (0,)


NO_HEARTBEAT = """
CREATE FUNCTION no_heartbeat() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER no_heartbeat BEFORE UPDATE ON procrastinate_workers FOR EACH ROW EXECUTE FUNCTION no_heartbeat();
"""


def test_a_worker_that_could_not_say_that_it_lives_does_not_end_as_if_it_were_told_to(
    backends: Backends, recogniser: Recogniser, town: Municipality
) -> None:
    """It ends in order, the database being there; its process would end with 0, and nobody would start it again."""
    del town
    with psycopg.connect(backends.database.url) as connection:
        connection.execute(NO_HEARTBEAT)
    stopping = threading.Event()
    app = make_app(backends, recogniser, connector_for(backends), stopping)
    work = run_worker(app, backends, queues=[SERVICE_QUEUE], concurrency=1, wait=True, stopping=stopping)
    with pytest.raises(Unavailable):
        asyncio.run(asyncio.wait_for(work, 60))


FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


def test_a_disk_that_is_full_when_the_job_is_written_refuses_the_act_whole(
    backends: Backends, town: Municipality
) -> None:
    del town
    with psycopg.connect(backends.database.url) as connection:
        connection.execute(FULL)
    with pytest.raises(Unavailable):
        _file(backends, "Passt nicht")
    with psycopg.connect(backends.database.url) as connection:
        assert connection.execute("SELECT count(*) FROM document").fetchone() == (0,)


def test_work_that_was_only_interrupted_begins_again_at_once() -> None:
    often = Job(
        id=1, queue="process", lock=None, queueing_lock=None, task_name="eakte.process", task_kwargs={}, attempts=9
    )
    interrupted = BackOff(5.0).get_retry_decision(exception=Interrupted(), job=often)
    failed = BackOff(5.0).get_retry_decision(exception=OSError(), job=often)
    assert interrupted is not None
    assert interrupted.retry_at is None
    assert failed is not None
    assert failed.retry_at is not None
