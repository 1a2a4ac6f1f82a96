"""`eakte work`: a worker, any number on any number of machines."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import threading
from typing import Annotated

import typer
from procrastinate.exceptions import ConnectorException
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from eakte.bootstrap import Backends
from eakte.cli.output import backends
from eakte.cli.saying import say, wrong_call
from eakte.errors import Unavailable
from eakte.jobs import ALL_QUEUES, connector_for, make_app, run_worker
from eakte.language import _
from indexing.recognition import Recogniser

logger = logging.getLogger(__name__)
PR_SET_PDEATHSIG = 1
LONGEST_PAUSE = 10.0
LONGEST_END = 30.0
"""Seconds from the signal to the end, at most."""


def work(
    queues: Annotated[
        str | None, typer.Option("--queues", help="process,service (beide, wenn nicht angegeben)")
    ] = None,
    concurrency: Annotated[int | None, typer.Option("--concurrency", min=1, max=64)] = None,
    until_empty: Annotated[bool, typer.Option("--until-empty", help="Enden, wenn nichts mehr zu tun ist.")] = False,
    parent: Annotated[int | None, typer.Option("--parent", hidden=True)] = None,
) -> None:
    """Arbeitet Aufträge ab: Texterkennung, PDF/A, Suchindex, Protokoll."""
    wanted = tuple(queues.split(",")) if queues else ALL_QUEUES
    if not set(wanted) <= set(ALL_QUEUES):
        wrong_call(_("--queues kennt %(queues)s.", queues=", ".join(ALL_QUEUES)))
    if parent is not None:
        die_with(parent)
    with backends() as opened:
        run(opened, queues=wanted, concurrency=concurrency or opened.settings.work_concurrency, wait=not until_empty)


def run(opened: Backends, *, queues: tuple[str, ...], concurrency: int, wait: bool) -> None:
    """Work until told to stop. A lost database ends the worker inside; here it is started again, later each time."""
    told, ending = threading.Event(), threading.Event()
    recogniser = Recogniser(opened.settings.recognition_processes)
    pause = 1.0
    try:
        while not told.is_set():
            # Here each time: when run_worker ends, it leaves a signal to kill.
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_signal: told.set())
            app = make_app(opened, recogniser, connector_for(opened), ending)
            work = run_worker(
                app, opened, queues=queues, concurrency=concurrency, wait=wait, stopping=ending, told=lambda: _end(told)
            )
            try:
                asyncio.run(work)
            except asyncio.CancelledError:
                return
            except (ConnectorException, OperationalError, PoolTimeout, Unavailable) as error:
                if told.is_set():  # the database went while it was ending: nothing to begin again
                    return
                logger.warning("worker lost the database", extra={"reason": str(error)[:300]})
                say(_("Die Datenbank antwortet nicht; der Helfer versucht es gleich noch einmal."))
                told.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                _revive(opened)
            else:
                return
    finally:
        recogniser.close()


def _end(told: threading.Event) -> None:
    """Note that a signal came. Whoever then still waits for a dead server is not waited for: jobs survive a kill."""
    told.set()
    last_resort = threading.Timer(LONGEST_END, os._exit, [1])
    last_resort.daemon = True
    last_resort.start()


def _revive(opened: Backends) -> None:
    """Bring the private PostgreSQL back where nobody else does."""
    if opened.private is None:
        return
    try:
        opened.private.ensure_running()
    except Exception as error:  # noqa: BLE001 - said, and tried again by the loop
        logger.warning("private database does not start", extra={"reason": str(error)[:300]})


def die_with(parent: int) -> None:
    """Ask the kernel to end this process when its parent dies, however it dies (prctl(2), PR_SET_PDEATHSIG)."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
