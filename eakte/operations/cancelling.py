"""Cancelling a document (stornieren).

It stays where it is, with its versions and the reason, and is out of lists and search unless somebody asks for it.
Nothing is deleted, and the dossier's term is counted as before.
"""

from __future__ import annotations

import uuid

from eakte.audit import Tag
from eakte.errors import DocumentCancelled
from eakte.language import _
from eakte.models import Document
from eakte.operations.checking import line
from eakte.operations.document_changes import beside, let_go, require_not_held, workable_document
from eakte.operations.queueing import enqueue_indexing
from eakte.terms import now
from eakte.transaction import Transaction


def cancel_document(tx: Transaction, document_id: uuid.UUID, *, reason: str, revision: int | None = None) -> Document:
    """Cancel a document, final or not: by who works in its open dossier or inbox. There is no way back.

    Raises NotFound, NotAllowed, WrongState, StaleRevision, DocumentCheckedOut where another person has it,
    InvalidInput without a reason.
    """
    document = workable_document(tx, document_id, revision)
    apply_cancelling(tx, document, reason)
    tx.record(Tag.DOCUMENT_CANCEL, document.id, {"version": document.version}, subjects=beside(document))
    enqueue_indexing(tx)
    return document


def apply_cancelling(tx: Transaction, document: Document, reason: str) -> None:
    """Cancel a locked document as part of an act that records it. The reason stands in the row, not in the log."""
    if document.cancelled_at is not None:
        raise DocumentCancelled
    require_not_held(tx, document)
    reason = line(reason, at="reason", label=_("Grund"))
    let_go(document)
    document.cancelled_at, document.cancelled_by, document.cancel_reason = now(), tx.actor.user_id, reason
    document.revision += 1
