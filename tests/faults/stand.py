"""The whole product on servers of its own (PostgreSQL, MinIO, OpenSearch) with a worker beside it: load and verdict."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from tests.faults.checker import State, check, check_http, check_index, read_journal
from tests.faults.clients import Clients
from tests.faults.disks import small_disk
from tests.faults.running import FAST, prepare
from tests.faults.searcher import Searcher
from tests.faults.shelves import Bucket
from tests.support.postgres import postgres_server
from tests.support.servers import RealServer, minio_server, opensearch_server
from tests.support.service import Service, data_folder, until

BUCKET, PREFIX = "rodenbeck", "rodenbeck"
ROOM = {"postgres": 160 << 20, "minio": 400 << 20}
"""Bytes of the disks that are filled."""

UPLOADS_OF_A_LOAD = 10_000
"""Numbers of uploads that each load has for itself."""


@dataclass(slots=True)
class Stand:
    """Everything that runs. `disks` hold the data of PostgreSQL and MinIO."""

    service: Service
    token: str
    dossier: str
    servers: dict[str, RealServer]
    disks: dict[str, Path]
    loads: int = 0
    asked: int = 0

    @property
    def journal(self) -> Path:
        """What was acknowledged since the beginning."""
        return self.service.folder / "journal.jsonl"

    def start_worker(self) -> None:
        """Start a worker and wait until it works; one that finds no database when it starts ends, as `serve` does."""
        before = until(lambda: workers(self.servers["postgres"].url), what="the database")
        self.service.start_worker()
        until(lambda: workers(self.servers["postgres"].url) - before, seconds=240, what="a worker")

    @contextmanager
    def load(self, seed: int) -> Iterator[tuple[Clients, Searcher]]:
        """Three clients upload and one searches while the block runs; it ends when all are answered."""
        first, self.loads = self.loads * UPLOADS_OF_A_LOAD, self.loads + 1
        clients = Clients(self.service, self.token, self.dossier, self.journal, seed=seed, scans_every=20, first=first)
        searcher = Searcher(self.service, self.token, self.journal, seed=seed)
        clients.start()
        searcher.start()
        try:
            yield clients, searcher
        finally:
            clients.stop()
            searcher.stop()

    def judge(self, *, seconds: float = 600) -> list[str]:
        """Wait until everything is done by itself, then let the checker and the product's own proofs speak."""
        url = self.servers["postgres"].url
        try:
            until(lambda: not left(url), seconds=seconds, what="everything done")
        except AssertionError as error:
            raise AssertionError(f"{error}: {left(url)} {self.tail()}") from None
        receipts = read_journal(self.journal)
        # What earlier verdicts asked for over HTTP is compared in rows, blobs and index only.
        found = check_http(self.service.url, self.token, receipts[self.asked :])
        self.asked = len(receipts)
        alias = f"{PREFIX}-s1a1"
        found += check_index(url, self.servers["opensearch"].url.replace("opensearch", "http", 1), alias)
        # What the checker itself read gets its place in the log now.
        found += json.loads(self.service.command("audit", "verify", "--json", check=False).stdout)["errors"]
        found += check(State(url, Bucket(f"{self.servers['minio'].url}/{BUCKET}"), receipts))
        return found + self.dead()

    def dead(self) -> list[str]:
        """What ended by itself."""
        processes = {"serve": self.service.process, "worker": self.service.own_worker}
        return [
            f"{name} is dead" for name, process in processes.items() if process is None or process.poll() is not None
        ]

    def tail(self) -> str:
        """The end of what service and worker wrote."""
        return self.service.log.read_text()[-3000:]


@contextmanager
def standing() -> Iterator[Stand]:
    """A stand with a municipality in it; everything of it is gone afterwards."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(data_folder())
        folder.chmod(0o755)
        disks = {name: stack.enter_context(small_disk(folder / name, size)) for name, size in ROOM.items()}
        for disk in disks.values():
            (disk / "data").mkdir()
        servers = {
            "postgres": stack.enter_context(postgres_server(disks["postgres"] / "data")),
            "minio": stack.enter_context(minio_server(disks["minio"] / "data")),
            "opensearch": stack.enter_context(opensearch_server()),
        }
        service = Service(
            folder,
            **{**FAST, "EAKTE_HEARTBEAT_SECONDS": "2", "EAKTE_STALLED_SECONDS": "6"},
            EAKTE_DATABASE_URL=servers["postgres"].url,
            EAKTE_STORAGE_URL=f"{servers['minio'].url}/{BUCKET}",
            EAKTE_SEARCH_URL=f"{servers['opensearch'].url}/{PREFIX}",
        )
        stack.callback(service.kill_everything)
        service.command("migrate")
        service.start()
        token, dossier = prepare(service)
        stand = Stand(service, token, dossier, servers, disks)
        stand.start_worker()
        yield stand


def workers(url: str) -> set[int]:
    """Numbers of the workers that the queue knows, of dead ones too, and 0; nothing where there is no database."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            return {0} | {row[0] for row in connection.execute("SELECT id FROM procrastinate_workers")}
    except psycopg.OperationalError:
        return set()


def left(url: str) -> list[object]:
    """What is still to be done: documents under way or unindexed, and jobs for them."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            documents = connection.execute(
                "SELECT id::text, state, revision, indexed_revision FROM document"
                " WHERE state NOT IN ('ready', 'failed') OR indexed_revision < revision"
            ).fetchall()
            jobs = connection.execute(
                "SELECT id, task_name, status::text, attempts, scheduled_at::text FROM procrastinate_jobs"
                " WHERE task_name IN ('eakte.process', 'eakte.index')"
            ).fetchall()
    except psycopg.OperationalError as error:
        return [str(error)]
    return [*documents, *jobs]


def sessions(server: RealServer) -> list[psutil.Process]:
    """The processes of PostgreSQL that serve somebody."""
    found = []
    for child in server.children():
        with contextlib.suppress(psutil.Error):
            if "127.0.0.1(" in " ".join(child.cmdline()):
                found.append(child)
    return found
