"""What the service itself asks of processing: to try a document again, and which ones wait.

Apart from `processing`, which loads all that opens files: a service that never opens one starts without it.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import delete, select, text

from eakte.audit import Tag
from eakte.errors import WrongState
from eakte.models import Document, ProcessingProgress, Version
from eakte.operations.documents import readable_document
from eakte.operations.dossiers import writable_dossier
from eakte.operations.queueing import PROCESS, enqueue_processing
from eakte.terms import DocumentState, now
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
        raise WrongState("Nur fehlgeschlagene Dokumente lassen sich wiederholen.")
    document.state, document.state_reason = DocumentState.RECEIVED.value, None
    document.revision += 1
    version_ids = select(Version.id).where(Version.document_id == document.id)
    tx.session.execute(delete(ProcessingProgress).where(ProcessingProgress.version_id.in_(version_ids)))
    tx.record(Tag.DOCUMENT_RETRY, document.id, {"version": document.version})
    enqueue_processing(tx, document.id, document.version)
    return document


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
