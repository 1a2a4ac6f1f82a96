"""The job handlers and the worker. Each handler is idempotent and says by what; none does more than call operations.

An app is made for each process (`make_app`): no module state, so many municipalities stay possible.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any, LiteralString

import procrastinate
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from psycopg import OperationalError

from eakte.bootstrap import Backends, update_index
from eakte.database import DATABASE_SILENT
from eakte.errors import ContentDamaged, Unavailable
from eakte.language import _
from eakte.operations.auditing import erase_pseudonyms, sequence
from eakte.operations.idempotency import forget_keys
from eakte.operations.plan_changes import recount_branch, take_effect
from eakte.operations.processing import Interrupted, process_version
from eakte.operations.queueing import INDEX, PROCESS, PROCESS_QUEUE, RECOUNT, SERVICE_QUEUE
from eakte.operations.scrubbing import read_on
from eakte.operations.waiting import enqueue_forgotten
from eakte.terms import SYSTEM
from indexing.recognition import Recogniser
from indexing.search_errors import SearchUnavailable

logger = logging.getLogger(__name__)

LONGEST_WAIT = 600
"""Seconds between two attempts, at most."""


SUSPECTS = "suspects"
"""The lock of documents that were being read when their worker died: from then on one at a time, on all workers.

Otherwise a document that kills its worker takes those beside it along, again and again, until they all count as broken.
"""


class BackOff(BaseRetryStrategy):
    """Wait twice as long after each failure, up to ten minutes.

    It never gives up: what ends is the document (`process_version` counts its attempts), not the will to index it.
    """

    def __init__(self, first_seconds: float) -> None:
        self.first_seconds = first_seconds

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """The time of the next attempt; None for damage that no attempt mends."""
        if isinstance(exception, ContentDamaged):
            return None
        if isinstance(exception, Interrupted):
            # Its worker was stopped, nothing went wrong: another worker begins at once.
            return RetryDecision()
        seconds = min(self.first_seconds * 2 ** min(job.attempts, 20), LONGEST_WAIT)
        # It failed in order, so it did not kill the worker: the suspects behind it shall not wait until it is due.
        lock = f"cleared-{job.id}" if job.lock == SUSPECTS else None
        return RetryDecision(retry_in={"milliseconds": int(seconds * 1000)}, lock=lock)


def make_app(backends: Backends, recogniser: Recogniser, connector: PsycopgConnector, stopping: threading.Event) -> App:
    """The app with all handlers, bound to these backends. Long handlers stop early when `stopping` is set."""
    app = App(connector=connector)
    settings = backends.settings
    again = BackOff(settings.retry_seconds)

    @app.task(name=PROCESS, queue=PROCESS_QUEUE, retry=again)
    def process(*, document: str, version: int) -> None:
        """Idempotent: a version that is processed is left alone; results of a second run are dropped."""
        process_version(
            backends.transactions,
            backends.blobs,
            recogniser,
            screen=backends.screen(SYSTEM, uuid.UUID(document)),
            document_id=uuid.UUID(document),
            number=version,
            max_attempts=settings.max_attempts,
            stopping=stopping,
        )

    # The lock serialises writers of the index across all workers: two would wait for each other (embedded), or read and
    # send the same rows (OpenSearch, where versions keep them apart anyway). No retry of its own: putting it back fails
    # where the next one waits already, and then it would stay "doing" for ever.
    @app.task(name=INDEX, queue=SERVICE_QUEUE, lock=INDEX)
    def index() -> None:
        """Idempotent: puts what the database says now, the higher revision stays. After a failure the sweep does it."""
        catch_up(backends)

    @app.periodic(cron="* * * * * */20")
    @app.task(name="eakte.sweep-index", queue=SERVICE_QUEUE, lock=INDEX, queueing_lock="sweep-index")
    def sweep_index(timestamp: int) -> None:
        """Index what no job announced: after a rebuild, a restore, or an outage of the index."""
        del timestamp
        catch_up(backends)

    @app.periodic(cron="* * * * *")
    @app.task(name="eakte.sweep-processing", queue=SERVICE_QUEUE, queueing_lock="sweep-processing")
    def sweep_processing(timestamp: int) -> None:
        """Give a job to documents that wait without one: the truth is the row, the queue only serves it."""
        del timestamp
        with backends.transactions.begin(SYSTEM) as tx:
            enqueue_forgotten(tx)

    _add_plan_tasks(app, backends, again)
    _add_proving_tasks(app, backends, stopping)

    @app.periodic(cron="17 3 * * *")
    @app.task(name="eakte.erase-pseudonyms", queue=SERVICE_QUEUE, queueing_lock="erase-pseudonyms")
    def erase_names(timestamp: int) -> None:
        """Idempotent: forgets only what is over its term."""
        del timestamp
        with backends.transactions.begin(SYSTEM) as tx:
            erase_pseudonyms(tx, months=settings.access_log_months)

    @app.periodic(cron="41 * * * *")
    @app.task(name="eakte.forget-keys", queue=SERVICE_QUEUE, queueing_lock="forget-keys")
    def forget_answers(timestamp: int) -> None:
        """Idempotent: forgets only what is over its term."""
        del timestamp
        with backends.transactions.begin(SYSTEM) as tx:
            forget_keys(tx)

    @app.periodic(cron="* * * * * */5")
    @app.task(name="eakte.take-over", queue=SERVICE_QUEUE, queueing_lock="take-over", pass_context=True)
    async def take_over(context: procrastinate.JobContext, timestamp: int) -> None:
        """Put jobs of dead workers back. They start again at once; attempts were counted when they began."""
        del timestamp
        manager = context.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=settings.stalled_seconds):
            try:
                await manager.retry_job(job, lock=SUSPECTS if job.task_name == PROCESS else None)
            except UniqueViolation:
                # The same work already waits under its queueing lock: this one has become unnecessary.
                await manager.finish_job(job, status=Status.ABORTED, delete_job=True)
            except ConnectorException as error:
                # Its worker lives after all and has ended it, another one was faster, or the database is away. In no
                # case is the job ours to end: what is still stalled is found again in a few seconds.
                logger.warning("stalled job not put back", extra={"job": job.call_string, "reason": str(error)})
                continue
            logger.warning("job of a dead worker put back", extra={"job": job.call_string})

    return app


def _add_plan_tasks(app: App, backends: Backends, again: BackOff) -> None:
    # One branch at a time: two changes of the plan shortly after each other count the same dossiers.
    @app.task(name=RECOUNT, queue=SERVICE_QUEUE, lock=RECOUNT, retry=again)
    def recount(*, class_id: str) -> None:
        """Idempotent: a term that is counted again comes out the same, and then nothing is written."""
        recount_branch(backends.transactions, uuid.UUID(class_id))

    @app.periodic(cron="1 * * * *")
    @app.task(name="eakte.plan-day", queue=SERVICE_QUEUE, queueing_lock="plan-day")
    def plan_day(timestamp: int) -> None:
        """Show what the plan says from today on; terms are counted from the versions and need no waiting."""
        del timestamp
        take_effect(backends.transactions)


def _add_proving_tasks(app: App, backends: Backends, stopping: threading.Event) -> None:
    # Once a minute: that long a committed entry stays without a signed head, and so few heads a year there are.
    @app.periodic(cron="* * * * *")
    @app.task(name="eakte.sequence", queue=SERVICE_QUEUE, queueing_lock="sequence")
    def sequence_log(timestamp: int) -> None:
        """Idempotent: numbers only entries that have none, under an advisory lock."""
        del timestamp
        sequence(backends.transactions, backends.blobs)

    # The lock: one reader on all workers, so that the pace is one pace.
    @app.periodic(cron="* * * * *")
    @app.task(name="eakte.read-storage", queue=SERVICE_QUEUE, lock="read-storage", queueing_lock="read-storage")
    def read_storage(timestamp: int) -> None:
        """Idempotent: goes on behind the last blob whose reading was saved."""
        del timestamp
        read_on(backends.transactions, backends.blobs, period=backends.settings.fixity_period, stopping=stopping)


def catch_up(backends: Backends) -> None:
    """Bring the index up to date; a search that does not answer is one line in the log, and the sweep comes again."""
    try:
        update_index(backends)
    except SearchUnavailable as error:
        logger.warning("the index waits for the search", extra={"reason": str(error)})


async def run_worker(
    app: App,
    backends: Backends,
    *,
    queues: Sequence[str],
    concurrency: int,
    wait: bool,
    stopping: threading.Event,
    told: Callable[[], None] = lambda: None,
) -> None:
    """Work until a signal ends it, or with `wait=False` until nothing is left to do.

    `told` is called when a signal comes. `stopping` is set when the end begins, so that handlers in threads stop at the
    next page. Service work has its own worker inside the process, so that it never waits behind text recognition.
    Raises when the database is lost: the caller starts anew.
    """
    settings = backends.settings
    options: dict[str, Any] = {
        "wait": wait,
        "install_signal_handlers": False,
        # The truth is in the rows of the documents and in the log of the service; the queue only serves them.
        "delete_jobs": "always",
        "fetch_job_polling_interval": 2.0,
        "update_heartbeat_interval": settings.heartbeat_seconds,
        "stalled_worker_timeout": settings.stalled_seconds,
        "shutdown_graceful_timeout": 5.0,
    }
    stopping.clear()
    async with app.open_async():

        async def work(queue: str, slots: int) -> None:
            await app.run_worker_async(queues=[queue], concurrency=slots, **options)
            if wait and not stopping.is_set():
                # Its listener or heartbeat failed, and it ended in order, the database being there again in time.
                raise Unavailable(_(DATABASE_SILENT))

        workers = [
            asyncio.create_task(work(queue, slots))
            for queue, slots in ((PROCESS_QUEUE, concurrency), (SERVICE_QUEUE, 4))
            if queue in queues
        ]

        def end() -> None:
            stopping.set()
            for worker in workers:
                # A second cancellation would break off the worker's own orderly end.
                if not worker.cancelling():
                    worker.cancel()

        def end_by_signal() -> None:
            told()
            end()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end_by_signal)
        try:
            # The first that ends with an error has lost its database; the other must not go on alone.
            await asyncio.gather(*workers)
        finally:
            end()
            await asyncio.gather(*workers, return_exceptions=True)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


class PatientConnector(PsycopgConnector):
    """A connector that says a thing again when its connection broke while it was said.

    Otherwise a worker that lives on would never say how one of its jobs ended: the job stays "doing", nobody takes it
    over because its worker is alive, and a lock of the job (indexing has one) is never freed.
    """

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        """Run a statement; after a broken connection up to three times more. All that come this way may run twice."""
        for pause in (0.1, 0.5, 2.0):
            try:
                await super().execute_query_async(query, **arguments)
            except ConnectorException as error:
                if not isinstance(error.__cause__, OperationalError):
                    raise
                logger.warning("connection lost in the middle of a statement", extra={"reason": str(error.__cause__)})
            else:
                return
            await asyncio.sleep(pause)
        await super().execute_query_async(query, **arguments)


def connector_for(backends: Backends) -> PsycopgConnector:
    """An asynchronous connection pool for the worker, proven before each use."""
    return PatientConnector(conninfo=backends.database.url, min_size=1, max_size=10)


ALL_QUEUES = (PROCESS_QUEUE, SERVICE_QUEUE)
