"""Processing: from bytes as received to words, page images, PDF/A rendition and index terms.

The order of every run: note the attempt, fetch the original, work on files outside any transaction, write the results
under names of this run, then one transaction that says which run counts. A crash leaves blobs without a row (swept
later) and a job that another worker takes over; running twice is harmless, the first result that commits counts.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from eakte.audit import Tag
from eakte.errors import ContentDamaged, Unavailable
from eakte.language import _, gettext
from eakte.models import Blob, Document, ProcessingProgress, Version
from eakte.operations.attachments import allowance, describe, file_parts, store_parts
from eakte.operations.documents import digests_of
from eakte.operations.filing import Stored
from eakte.operations.queueing import enqueue_indexing
from eakte.operations.screening import Screen
from eakte.terms import SYSTEM, DocumentState, new_id, now
from eakte.transaction import Transactions
from indexing import office
from indexing.errors import ProcessingFailed
from indexing.passages import windows
from indexing.processing import Processed, process
from indexing.readings import Allowance
from indexing.terms import terms_to_bytes
from indexing.untrusted import Limits
from indexing.words import page_text, read_pages
from storage.blobs import BlobStore, Digests
from storage.errors import BlobDamaged, BlobMissing, StorageError
from storage.verified import fetch

if TYPE_CHECKING:
    from indexing.recognition import Recogniser

logger = logging.getLogger(__name__)

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Task:
    """A version that waits for processing."""

    document_id: uuid.UUID
    version_id: uuid.UUID
    number: int
    filename: str
    original: str
    digests: Digests
    attempt: int
    allowance: Allowance


class Interrupted(Exception):
    """The worker is being stopped; the job goes back and starts again elsewhere."""


def process_version(
    transactions: Transactions,
    blobs: BlobStore,
    recogniser: Recogniser,
    *,
    screen: Screen | None,
    document_id: uuid.UUID,
    number: int,
    max_attempts: int,
    stopping: threading.Event,
) -> None:
    """Process a version once. Idempotent; raises when another attempt may help and there are some left.

    A version that ends its worker again and again (memory, a crash of the machine) is given up by the same count:
    the attempt is noted before the file is touched. What is found inside the file passes `screen` before it is stored.
    """
    task = _begin(transactions, document_id, number)
    if task is None:
        return
    if task.attempt > max_attempts:
        reason = _(
            "Die Verarbeitung wurde %(max_attempts)s-mal abgebrochen, zuletzt ohne Fehlermeldung.",
            max_attempts=max_attempts,
        )
        fail(transactions, task, reason)
        return
    try:
        with tempfile.TemporaryDirectory(prefix="eakte-") as folder:
            _run(transactions, blobs, recogniser, task, Path(folder), stopping, screen)
    except (BlobDamaged, BlobMissing) as error:
        # The original is not what was filed: no other attempt helps, and a person must know.
        fail(transactions, task, ContentDamaged.said())
        raise ContentDamaged(task.original) from error
    except (StorageError, Unavailable, Interrupted):
        # Not the document's fault: this attempt does not count, and there will be another as long as it takes.
        _uncount(transactions, task)
        raise
    except ProcessingFailed as error:
        if error.retryable and task.attempt < max_attempts:
            raise
        fail(transactions, task, gettext(str(error)))
    except Exception as error:
        if task.attempt < max_attempts:
            raise
        logger.exception("processing failed", extra={"document": str(task.document_id)})
        fail(transactions, task, _("Unerwarteter Fehler bei der Verarbeitung (%(kind)s).", kind=type(error).__name__))


def fail(transactions: Transactions, task: Task, reason: str) -> None:
    """End the processing of a version visibly: state, reason for people, an entry in the log; its title is found."""
    with transactions.begin(SYSTEM) as tx:
        document = tx.session.get_one(Document, task.document_id, with_for_update=True)
        version = tx.session.get_one(Version, task.version_id)
        if version.processed_at is not None or document.version != task.number:
            return
        document.state, document.state_reason = DocumentState.FAILED.value, reason
        document.revision += 1
        tx.record(Tag.DOCUMENT_FAIL, document.id, {"version": task.number, "attempts": task.attempt})
        enqueue_indexing(tx)


def _begin(transactions: Transactions, document_id: uuid.UUID, number: int) -> Task | None:
    """Note the attempt; None when there is nothing to do any more."""
    with transactions.begin(SYSTEM) as tx:
        # Locked before its version is looked at: where two runs of one job meet (a worker was thought dead), the later
        # one must not set a document that became ready meanwhile back to "processing", where it would stay.
        document = tx.session.get(Document, document_id, with_for_update=True)
        version = tx.session.scalar(select(Version).where(Version.document_id == document_id, Version.number == number))
        if document is None or version is None or version.processed_at is not None or document.version != number:
            return None
        if document.state == DocumentState.FAILED.value:
            return None
        attempt = tx.session.execute(
            insert(ProcessingProgress)
            .values(version_id=version.id, done=0, total=0, attempts=1, updated_at=now())
            .on_conflict_do_update(
                index_elements=[ProcessingProgress.version_id],
                set_={"attempts": ProcessingProgress.attempts + 1, "done": 0, "updated_at": now()},
            )
            .returning(ProcessingProgress.attempts)
        ).scalar_one()
        document.state = DocumentState.PROCESSING.value
        return Task(
            document_id=document.id,
            version_id=version.id,
            number=number,
            filename=version.filename,
            original=version.original,
            digests=digests_of(tx.session, version.original),
            attempt=attempt,
            allowance=allowance(tx.session, document),
        )


def _uncount(transactions: Transactions, task: Task) -> None:
    with transactions.begin(SYSTEM) as tx:
        tx.session.execute(
            update(ProcessingProgress)
            .where(ProcessingProgress.version_id == task.version_id, ProcessingProgress.attempts > 0)
            .values(attempts=ProcessingProgress.attempts - 1)
        )


def _run(
    transactions: Transactions,
    blobs: BlobStore,
    recogniser: Recogniser,
    task: Task,
    folder: Path,
    stopping: threading.Event,
    screen: Screen | None,
) -> None:
    source = folder / "original"
    fetch(blobs, task.original, task.digests, source)
    workdir = folder / "work"
    workdir.mkdir(mode=0o700)
    result = process(
        source,
        filename=task.filename,
        workdir=workdir,
        recogniser=recogniser,
        progress=_progress_writer(transactions, task, stopping),
        libreoffice=office.installed(),
        allowance=task.allowance,
    )
    source.unlink()
    texts, sizes = [], []
    with result.words.open("rb") as words:
        for page in read_pages(words):
            texts.append(page_text(page))
            sizes += [page.width, page.height]
    terms = terms_to_bytes(windows(texts))
    run = new_id().hex
    base = f"{task.document_id}/{task.number}"
    written = {
        "words": _put_file(blobs, f"{base}/words.{run}", result.words),
        "images": _put_file(blobs, f"{base}/pages.{run}", result.images),
        "terms": _put(blobs, f"{base}/terms.{run}", iter([terms])),
    }
    if result.rendition is not None:
        written["rendition"] = _put_file(blobs, f"{base}/rendition.{run}", result.rendition)
    parts, left_out = store_parts(blobs, result.parts, screen=screen, limit=Limits().file_bytes)
    result = replace(result, warnings=(*result.warnings, *left_out))
    _finish(transactions, task, result, written, sizes, parts)


def _finish(
    transactions: Transactions,
    task: Task,
    result: Processed,
    written: dict[str, Blob],
    sizes: list[int],
    parts: Sequence[Stored] = (),
) -> None:
    with transactions.begin(SYSTEM) as tx:
        document = tx.session.get_one(Document, task.document_id, with_for_update=True)
        version = tx.session.get_one(Version, task.version_id)
        if version.processed_at is not None:
            return
        tx.session.add_all(written.values())
        tx.session.flush()
        version.words, version.images, version.terms = (written[kind].name for kind in ("words", "images", "terms"))
        version.rendition = written["rendition"].name if "rendition" in written else None
        if result.rendition_is_original:
            version.rendition = version.original
        version.media_type, version.pages, version.page_sizes = result.media_type, result.pages, sizes
        version.text_state, version.text_reason = result.text_state, _in_words(result.text_reason)
        version.rendition_state = result.rendition_state
        version.rendition_flavour = result.rendition_flavour
        version.rendition_reason = _in_words(result.rendition_reason)
        version.warnings = [gettext(each) for each in result.warnings]
        version.processed_at = now()
        document.revision += 1
        tx.session.execute(delete(ProcessingProgress).where(ProcessingProgress.version_id == version.id))
        frozen = document.final_at is not None or document.cancelled_at is not None
        unsaid = task.number == 1 and not frozen
        former = describe(document, version.filename, result.letter) if result.letter and unsaid else {}
        details = {
            "version": task.number,
            "text": result.text_state,
            "rendition": result.rendition_state,
            "sha256": {kind: blob.sha256.hex() for kind, blob in sorted(written.items())},
            **({"fields": sorted(former)} if former else {}),
        }
        entry = tx.record(Tag.DOCUMENT_PROCESS, document.id, details)
        for name, value in former.items():
            tx.remember(entry, document.id, name, value)
        file_parts(tx, document, task.number, parts)
        enqueue_indexing(tx)


def _in_words(reason: str | None) -> str | None:
    """A sentence of the engine, which knows no catalogue; with values in it, it stays as it is."""
    return gettext(reason) if reason else reason


def _progress_writer(transactions: Transactions, task: Task, stopping: threading.Event) -> Callable[[int, int], None]:
    def write(done: int, total: int) -> None:
        if stopping.is_set():
            raise Interrupted
        with transactions.begin(SYSTEM) as tx:
            tx.session.execute(
                update(ProcessingProgress)
                .where(ProcessingProgress.version_id == task.version_id)
                .values(done=done, total=total, updated_at=now())
            )

    return write


def _put_file(blobs: BlobStore, name: str, path: Path) -> Blob:
    def chunks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    return _put(blobs, name, chunks())


def _put(blobs: BlobStore, name: str, chunks: Iterator[bytes]) -> Blob:
    digests = blobs.put(name, chunks)
    return Blob(name=name, size=digests.size, sha256=digests.sha256, blocks=digests.blocks)
