"""Processing as a job sees it: counted attempts, visible ends, and outages that are nobody's fault."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from eakte.errors import ContentDamaged, NotAllowed, Unavailable, WrongState
from eakte.operations import processing
from eakte.operations.filing import store_original
from eakte.operations.processing import Interrupted, process_version
from eakte.operations.versions import add_version
from eakte.operations.waiting import enqueue_forgotten, retry
from eakte.terms import SYSTEM, DocumentState
from indexing.errors import ProcessingFailed
from indexing.recognition import Recogniser
from storage.blobs import BlobStore
from storage.errors import StorageUnavailable
from tests.operations.office import Office

ATTEMPTS = 3
TEXT = b"Sehr geehrte Damen und Herren,\n\ndie Garage steht im Hof.\n"


@pytest.fixture(scope="module")
def recogniser() -> Iterator[Recogniser]:
    pool = Recogniser(1)
    yield pool
    pool.close()


@pytest.fixture
def document(office: Office) -> uuid.UUID:
    return office.file(dossier=office.dossier(), title="Brief", content=TEXT, filename="brief.txt")


Run = Callable[..., None]


@pytest.fixture
def run(office: Office, document: uuid.UUID, recogniser: Recogniser) -> Run:
    """One run of the job."""

    def once(*, blobs: BlobStore | None = None, number: int = 1, stopping: bool = False) -> None:
        stop = threading.Event()
        if stopping:
            stop.set()
        process_version(
            office.backends.transactions,
            blobs or office.backends.blobs,
            recogniser,
            screen=None,
            document_id=document,
            number=number,
            max_attempts=ATTEMPTS,
            stopping=stop,
        )

    return once


def breaking(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the engine that opens the file fail in this way."""

    def fail(*_given: object, **_named: object) -> object:
        raise error

    monkeypatch.setattr(processing, "process", fail)


def attempts(office: Office) -> int | None:
    rows = office.sql("SELECT attempts FROM processing_progress")
    return rows[0][0] if rows else None


def entries(office: Office, action: str) -> list[dict[str, Any]]:
    tag = f"record:document:{action}"
    return [row[0] for row in office.sql("SELECT details FROM audit_entry WHERE tag = %s ORDER BY id", tag)]


class TestTheWholeWay:
    def test_bytes_become_words_and_are_found(self, office: Office, document: uuid.UUID, run: Run) -> None:
        run()
        office.index()
        version = office.version(document)
        assert version.processed_at is not None
        assert (version.pages, version.text_state) == (1, "born-digital")
        assert office.titles("clerk63", "Garage") == ["Brief"]
        assert office.row(document).state == DocumentState.READY.value
        (entry,) = entries(office, "process")
        assert set(entry["sha256"]) >= {"words", "terms", "images"}
        assert attempts(office) is None

    def test_a_second_run_changes_nothing(self, office: Office, document: uuid.UUID, run: Run) -> None:
        run()
        before = (office.row(document).revision, office.version(document).words, office.count("blob"))
        run()
        assert (office.row(document).revision, office.version(document).words, office.count("blob")) == before
        assert len(entries(office, "process")) == 1

    def test_the_result_of_a_run_that_comes_second_is_dropped(
        self, office: Office, document: uuid.UUID, run: Run
    ) -> None:
        """Two workers have the same version: the first result that commits counts."""
        first = processing._begin(office.backends.transactions, document, 1)
        assert first is not None
        run()
        words = office.version(document).words
        processing.fail(office.backends.transactions, first, "zu spät")
        assert office.row(document).state != DocumentState.FAILED.value
        assert office.version(document).words == words

    def test_an_old_version_is_left_alone(self, office: Office, document: uuid.UUID, run: Run) -> None:
        stored = store_original(
            office.backends.blobs,
            iter([TEXT]),
            screen=None,
            filename="brief.txt",
            media_type="text/plain",
            limit=1000,
            document_id=document,
            version=2,
        )
        with office.backends.transactions.begin(office.people["clerk63"]) as tx:
            add_version(tx, stored, revision=None)
        run(number=1)
        assert entries(office, "process") == []
        run(number=2)
        assert [entry["version"] for entry in entries(office, "process")] == [2]


class TestAttempts:
    @pytest.mark.parametrize("error", [ValueError("?"), ProcessingFailed("Zu wenig Speicher.", retryable=True)])
    def test_the_last_attempt_ends_visibly(
        self, office: Office, document: uuid.UUID, run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        breaking(monkeypatch, error)
        for number in range(1, ATTEMPTS):
            with pytest.raises(type(error)):
                run()
            assert attempts(office) == number
            assert office.row(document).state == DocumentState.PROCESSING.value
        run()
        row = office.row(document)
        assert row.state == DocumentState.FAILED.value
        assert row.state_reason
        (entry,) = entries(office, "fail")
        assert entry == {"version": 1, "attempts": ATTEMPTS}
        office.index()
        assert office.titles("clerk63", "Brief") == ["Brief"]

    def test_what_no_attempt_mends_ends_at_once(
        self, office: Office, document: uuid.UUID, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        breaking(monkeypatch, ProcessingFailed("Unlesbar.", retryable=False))
        run()
        assert office.row(document).state_reason == "Unlesbar."

    def test_a_document_that_kills_its_worker_is_given_up_by_the_same_count(
        self, office: Office, document: uuid.UUID, run: Run
    ) -> None:
        """A killed worker reports nothing: only the attempt that was noted before the file was opened."""
        for _ in range(ATTEMPTS):
            assert processing._begin(office.backends.transactions, document, 1) is not None
        run()
        row = office.row(document)
        assert row.state == DocumentState.FAILED.value
        assert row.state_reason is not None
        assert f"{ATTEMPTS}-mal abgebrochen" in row.state_reason
        assert entries(office, "process") == []

    def test_a_failed_document_is_left_alone(self, office: Office, document: uuid.UUID, run: Run) -> None:
        office.give_up(document)
        run()
        assert office.row(document).state == DocumentState.FAILED.value

    @pytest.mark.parametrize("error", [StorageUnavailable("away"), Unavailable("away"), Interrupted()])
    def test_an_outage_does_not_count(
        self, office: Office, document: uuid.UUID, run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        with monkeypatch.context() as patched:
            breaking(patched, error)
            for _ in range(ATTEMPTS * 2):
                with pytest.raises(type(error)):
                    run()
        assert attempts(office) == 0
        assert entries(office, "fail") == []
        run()
        assert office.version(document).processed_at is not None

    def test_a_worker_that_is_stopped_gives_the_job_back(self, office: Office, run: Run) -> None:
        with pytest.raises(Interrupted):
            run(stopping=True)
        assert attempts(office) == 0

    @pytest.mark.parametrize("damage", ["changed", "gone"])
    def test_a_damaged_original_is_said_at_once(
        self, office: Office, document: uuid.UUID, run: Run, damage: str
    ) -> None:
        path = office.blob_file(office.version(document).original)
        path.chmod(0o600)
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes(TEXT.upper())
        with pytest.raises(ContentDamaged):
            run()
        row = office.row(document)
        assert row.state == DocumentState.FAILED.value
        assert row.state_reason == ContentDamaged.__doc__


class TestRetry:
    def again(self, office: Office, document: uuid.UUID, by: str = "clerk63") -> None:
        with office.backends.transactions.begin(office.people[by]) as tx:
            retry(tx, document)

    def jobs(self, office: Office) -> int:
        return len(office.sql("SELECT 1 FROM procrastinate_jobs WHERE task_name = 'eakte.process'"))

    def test_a_failed_document_starts_with_fresh_attempts(self, office: Office, document: uuid.UUID, run: Run) -> None:
        office.give_up(document)
        assert attempts(office) == 1
        self.again(office, document)
        assert attempts(office) is None
        assert self.jobs(office) == 2
        assert office.row(document).state == DocumentState.RECEIVED.value
        run()
        assert office.version(document).processed_at is not None

    def test_other_documents_are_not_repeated(self, office: Office, document: uuid.UUID) -> None:
        with pytest.raises(WrongState):
            self.again(office, document)
        assert self.jobs(office) == 1

    def test_a_document_of_a_closed_dossier_is_repeated_without_opening_it(self, office: Office) -> None:
        dossier = office.dossier()
        document = office.file(dossier=dossier)
        office.close(dossier)
        office.give_up(document)
        self.again(office, document)
        assert office.row(document).state == DocumentState.RECEIVED.value
        assert office.dossier_row(dossier).closed_on is not None

    def test_who_only_reads_does_not_repeat(self, office: Office) -> None:
        dossier = office.dossier()
        document = office.file(dossier=dossier)
        office.give_up(document)
        office.share("clerk10", dossier_id=dossier)
        with pytest.raises(NotAllowed):
            self.again(office, document, "clerk10")

    def test_a_letter_in_the_inbox_is_repeated(self, office: Office) -> None:
        document = office.file(inbox=True)
        office.give_up(document)
        self.again(office, document)
        assert office.row(document).state == DocumentState.RECEIVED.value


class TestForgotten:
    def swept(self, office: Office) -> int:
        with office.backends.transactions.begin(SYSTEM) as tx:
            return enqueue_forgotten(tx)

    def test_a_document_without_a_job_gets_one_and_only_one(self, office: Office, document: uuid.UUID) -> None:
        office.sql("DELETE FROM procrastinate_jobs")
        assert self.swept(office) == 0, "its own job may still be on its way"
        office.sql("UPDATE document SET created_at = now() - interval '10 minutes'")
        assert self.swept(office) == 1
        assert self.swept(office) == 0
        ((task, args),) = office.sql("SELECT task_name, args FROM procrastinate_jobs")
        assert (task, args) == ("eakte.process", {"document": str(document), "version": 1})

    def test_what_waits_runs_or_is_done_is_not_forgotten(self, office: Office, document: uuid.UUID, run: Run) -> None:
        office.sql("UPDATE document SET created_at = now() - interval '10 minutes'")
        assert self.swept(office) == 0
        office.sql("DELETE FROM procrastinate_jobs")
        run()
        assert self.swept(office) == 0
        other = office.file(inbox=True)
        office.give_up(other)
        office.sql("DELETE FROM procrastinate_jobs")
        office.sql("UPDATE document SET created_at = now() - interval '10 minutes'")
        assert self.swept(office) == 0
        assert document != other
