"""`eakte serve`: HTTP service and pages, with a supervised worker and database beside it."""

from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from sqlalchemy import select

from eakte.api.app import create_app
from eakte.api.protocol import ProblemProtocol
from eakte.bootstrap import Backends, index_usable, update_index
from eakte.cli.output import JsonFlag, backends, load_settings
from eakte.cli.saying import emit, say, wrong_call
from eakte.embedded import serve_lock
from eakte.language import _
from eakte.models import Document
from eakte.web.pages import install as install_pages
from indexing.search_errors import SearchError

logger = logging.getLogger(__name__)
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0


def serve(
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8000,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", exists=True, dir_okay=False)] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", exists=True, dir_okay=False)] = None,
    as_json: JsonFlag = False,
) -> None:
    """Startet den Dienst. Mit eingebetteter Datenbank arbeitet ein Helfer im selben Prozessbaum mit."""
    if (tls_cert is None) != (tls_key is None):
        wrong_call(_("--tls-cert und --tls-key gehören zusammen."))
    settings = load_settings()
    with serve_lock(settings.data_dir), backends() as opened:
        run(opened, host=host, port=port, announce=_announcer(as_json=as_json), tls=(tls_cert, tls_key))


def run(
    opened: Backends,
    *,
    host: str,
    port: int,
    announce: Callable[[str], None],
    tls: tuple[Path | None, Path | None] = (None, None),
) -> None:
    """Serve until a signal comes; `announce` is told the address. The caller holds lock and backends."""
    if _is_empty(opened):
        first_index(opened)
    app = create_app(opened)
    install_pages(app)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=ProblemProtocol,
        ssl_certfile=tls[0],
        ssl_keyfile=tls[1],
        log_config=None,
        access_log=False,
        server_header=False,
        # Who is not named may write what he likes into these headers.
        proxy_headers=bool(opened.settings.trusted_proxies),
        forwarded_allow_ips=opened.settings.trusted_proxies,
        timeout_graceful_shutdown=10,
    )
    server = Announcing(config, announce)
    # uvicorn raises the signal again after its shutdown; with these in place that ends nothing, and we close in order.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ignore)
    with supervised(opened):
        server.run()
    if not server.started:
        say(
            _(
                "Fehler: Der Dienst konnte auf %(host)s:%(port)s nicht starten. Ist der Anschluss belegt?",
                host=host,
                port=port,
            )
        )
        raise typer.Exit(1)


def first_index(opened: Backends) -> None:
    """Make the index that is not there yet. A worker may be faster; a search that is down stops nothing."""
    try:
        if not index_usable(opened.search):
            update_index(opened)
    except SearchError as error:
        logger.warning("no index yet: made by another process, or the search is down", extra={"reason": str(error)})


def _announcer(*, as_json: bool) -> Callable[[str], None]:
    def announce(url: str) -> None:
        if as_json:
            emit({"url": url})
        else:
            say(_("eakte ist bereit: %(url)s", url=url))

    return announce


class Announcing(uvicorn.Server):
    """Says where it can be reached once it can be."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[str], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start listening, then say it."""
        await super().startup(sockets)  # type: ignore[arg-type]
        if not self.started:
            return
        listening = next(socket for server in self.servers for socket in server.sockets)
        host, port = listening.getsockname()[:2]
        # What was loaded stays as long as the process: looking through all of it for garbage again and again would let
        # one request in some dozens wait for a fifth of a second.
        gc.freeze()
        scheme = "https" if self.config.ssl_certfile else "http"
        shown = f"[{host}]" if ":" in host else host
        self._announce(f"{scheme}://{shown}:{port}")


@contextmanager
def supervised(opened: Backends) -> Iterator[None]:
    """Keep the private database and, with it, a worker running; end both when the block ends."""
    if opened.private is None:
        yield
        return
    supervisor = Supervisor(opened)
    supervisor.start()
    try:
        yield
    finally:
        supervisor.stop()


class Supervisor:
    """A thread that restarts what dies: PostgreSQL at once, the worker later each time it dies young."""

    def __init__(self, opened: Backends) -> None:
        self._opened = opened
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._worker: subprocess.Popen[bytes] | None = None
        self._born = 0.0
        self._pause = 1.0
        self._next_start = 0.0

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker: asked first, killed after a while; its jobs are taken over."""
        self._stop.set()
        self._thread.join()
        if self._worker is None:
            return
        self._worker.terminate()
        try:
            self._worker.wait(15)
        except subprocess.TimeoutExpired:
            self._worker.kill()
            self._worker.wait()

    def _watch(self) -> None:
        while True:
            self._keep_database()
            self._keep_worker()
            if self._stop.wait(0.5):
                return

    def _keep_database(self) -> None:
        private = self._opened.private
        try:
            if private is not None and private.ensure_running():
                say(_("Die Datenbank war beendet und wurde neu gestartet."))
        except Exception as error:
            logger.exception("private database does not start", extra={"reason": str(error)[:300]})

    def _keep_worker(self) -> None:
        now = time.monotonic()
        if self._worker is not None and self._worker.poll() is not None:
            steady = now - self._born > STEADY_SECONDS
            self._pause = 1.0 if steady else min(self._pause * 2, LONGEST_PAUSE)
            say(_("Der Helfer endete (%(returncode)s) und wird neu gestartet.", returncode=self._worker.returncode))
            self._worker, self._next_start = None, now + (0.0 if steady else self._pause / 2)
        if self._worker is None and now >= self._next_start and not self._stop.is_set():
            # -P: what lies in the folder that serve was started in is no module of ours; a stray click.py ended it.
            command = [sys.executable, "-P", "-m", "eakte", "work", "--parent", str(os.getpid())]
            # Its own session: Ctrl-C on the terminal reaches serve, which ends the worker in order.
            self._worker = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)
            self._born = now


def _is_empty(opened: Backends) -> bool:
    with opened.transactions.read() as session:
        return session.scalar(select(Document.id).limit(1)) is None


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """A signal that uvicorn has answered already."""
