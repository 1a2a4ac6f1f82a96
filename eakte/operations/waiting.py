"""What the service itself asks of processing: to try a document again, and which ones wait.

Apart from `processing`, which loads all that opens files: a service that never opens one starts without it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text, tuple_
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import NotAllowed, NotFound, WrongState
from eakte.language import _
from eakte.models import Document, ProcessingProgress, Version
from eakte.operations.documents import readable_document
from eakte.operations.dossiers import writable_dossier
from eakte.operations.paging import Page, by_id
from eakte.operations.queueing import PROCESS, enqueue_processing
from eakte.terms import Actor, DocumentState, Role, now
from eakte.transaction import Transaction

FORGOTTEN_AFTER = timedelta(minutes=2)


def retry(tx: Transaction, document_id: uuid.UUID) -> Document:
    """Let a failed document be processed again. Raises WrongState for any other.

    It changes nothing of the record, so it is also done in a closed dossier, by whoever works in it.
    """
    document = readable_document(tx.session, tx.actor, document_id)
    if document.dossier_id is not None:
        writable_dossier(tx, document.dossier_id)
    tx.session.refresh(document, with_for_update=True)
    if document.state != DocumentState.FAILED.value:
        raise WrongState(_("Nur fehlgeschlagene Dokumente lassen sich wiederholen."))
    _try_again(tx, document)
    return document


def retry_unread(tx: Transaction, document_id: uuid.UUID) -> None:
    """Let a failed document be processed again by the administrator, who does not learn what it is.

    Raises NotAllowed; NotFound for any other document alike, because IT knows of those that failed and of no others.
    """
    require_administrator(tx.actor)
    document = tx.session.get(Document, document_id, with_for_update=True)
    if document is None or document.state != DocumentState.FAILED.value or document.cancelled_at is not None:
        raise NotFound
    _try_again(tx, document)


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that could not be processed, as IT may see it: no title, no name of a file, no place."""

    document_id: uuid.UUID
    media_type: str
    size: int
    filed_at: datetime
    reason: str


def list_failures(session: Session, actor: Actor, *, after: str | None, limit: int) -> Page[Failure]:
    """Failed documents for the administrator, the newest first. Raises NotAllowed, InvalidInput for a bad mark."""
    require_administrator(actor)
    failed = select(Document).where(Document.state == DocumentState.FAILED.value, Document.cancelled_at.is_(None))
    found = by_id(session, failed, Document.id, after=after, limit=limit, newest_first=True)
    of_page = tuple_(Version.document_id, Version.number).in_([(row.id, row.version) for row in found.items])
    current = {row.document_id: row for row in session.scalars(select(Version).where(of_page))}
    return Page(
        [
            Failure(row.id, current[row.id].media_type, current[row.id].size, row.created_at, row.state_reason or "")
            for row in found.items
        ],
        found.next,
    )


def require_administrator(actor: Actor) -> None:
    """Raise NotAllowed for everybody but IT and the service itself."""
    if actor.user_id is not None and not actor.has(Role.ADMIN):
        raise NotAllowed(_("Den Betrieb sieht die IT."))


def _try_again(tx: Transaction, document: Document) -> None:
    document.state, document.state_reason = DocumentState.RECEIVED.value, None
    document.revision += 1
    version_ids = select(Version.id).where(Version.document_id == document.id)
    tx.session.execute(delete(ProcessingProgress).where(ProcessingProgress.version_id.in_(version_ids)))
    tx.record(Tag.DOCUMENT_RETRY, document.id, {"version": document.version})
    enqueue_processing(tx, document.id, document.version)


def enqueue_forgotten(tx: Transaction) -> int:
    """Enqueue versions that wait for processing although no job will come for them. Returns how many.

    Normally none: jobs commit with their rows. A queue that was emptied by hand or restored from an older state must
    not leave a document unread for ever.
    """
    waiting = select(Document.id, Document.version).where(
        Document.state.in_((DocumentState.RECEIVED.value, DocumentState.PROCESSING.value)),
        Document.created_at < now() - FORGOTTEN_AFTER,
        text(
            "NOT EXISTS (SELECT 1 FROM procrastinate_jobs AS job WHERE job.task_name = :task"
            " AND job.status IN ('todo', 'doing') AND job.args->>'document' = document.id::text)"
        ).bindparams(task=PROCESS),
        Version.processed_at.is_(None),
    )
    rows = tx.session.execute(
        waiting.join(Version, (Version.document_id == Document.id) & (Version.number == Document.version))
    ).all()
    for document_id, version in rows:
        enqueue_processing(tx, document_id, version)
    return len(rows)
