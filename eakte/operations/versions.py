"""Content states of a document: who writes the next one, what comes back, and when there is no next one.

A check-out says that one person is at work; nobody else adds a version until it is checked in or let go. Restoring adds
a version with the bytes of an earlier one. A final version is the last one. The dossier and the document are locked
before anything is looked at, so of two who check out at once one is told of the other.
"""

from __future__ import annotations

import uuid
from typing import Any

from eakte.access import Want
from eakte.audit import Tag
from eakte.errors import InvalidInput, NotAllowed, WrongState
from eakte.language import _
from eakte.models import Document, Version
from eakte.operations.checking import line, optional_line, remember_reason
from eakte.operations.document_changes import (
    beside,
    holder_name,
    let_go,
    lock_document,
    require_not_held,
    writable_document,
)
from eakte.operations.documents import current_version, readable_document
from eakte.operations.dossiers import is_registrar
from eakte.operations.filing import Stored, digest_details, insert_version
from eakte.operations.queueing import enqueue_indexing, enqueue_processing
from eakte.terms import DocumentState, now
from eakte.transaction import Transaction

CONTENT = (
    *("filename", "media_type", "size", "sha256", "original", "processed_at", "pages", "page_sizes", "text_state"),
    *("text_reason", "rendition_state", "rendition_flavour", "rendition_reason", "rendition", "words", "images"),
    *("terms", "warnings"),
)
"""What a restored version takes over: the same bytes give the same words, pages and PDF/A."""


def add_version(
    tx: Transaction, stored: Stored, *, revision: int | None, comment: str | None = None, keep_checked_out: bool = False
) -> Document:
    """Add a content state to a document that the caller has read; one who checked it out checks it in by that.

    Raises StaleRevision when it changed meanwhile, DocumentCheckedOut when somebody else is at work, DocumentFinal.
    """
    document = writable_document(tx, stored.document_id, revision)
    require_not_held(tx, document)
    if document.version + 1 != stored.version:
        raise InvalidInput(_("Inzwischen gibt es eine neuere Fassung."))
    details = digest_details(stored)
    if document.checked_out_by is not None and not keep_checked_out:
        details["checked_in"] = True
        let_go(document)
    document.version = stored.version
    document.state, document.state_reason = DocumentState.RECEIVED.value, None
    document.revision += 1
    insert_version(tx, document, stored, optional_line(comment, at="comment", label=_("Bemerkung")))
    tx.record(Tag.DOCUMENT_VERSION, document.id, details, subjects=beside(document))
    enqueue_processing(tx, document.id, stored.version)
    return document


def check_out(tx: Transaction, document_id: uuid.UUID, *, revision: int | None = None) -> Document:
    """Say that the actor writes the next version; others read on. A second time by the same person changes nothing.

    Raises DocumentCheckedOut naming who has it, DocumentFinal, DocumentCancelled.
    """
    if tx.actor.user_id is None:
        raise NotAllowed(_("Auschecken können nur Personen und Maschinenkonten."))
    document = writable_document(tx, document_id, revision)
    require_not_held(tx, document)
    if document.checked_out_by is not None:
        return document
    document.checked_out_by, document.checked_out_at = tx.actor.user_id, now()
    _changed(tx, document)
    tx.record(Tag.DOCUMENT_CHECK_OUT, document.id, {"version": document.version}, subjects=beside(document))
    return document


def release(
    tx: Transaction, document_id: uuid.UUID, *, reason: str | None = None, revision: int | None = None
) -> Document:
    """End a check-out without a new version: the holder, or the registrar with a reason, also in a closed dossier.

    The registrar needs only know the document: letting go is no reading. Raises NotFound, NotAllowed, WrongState.
    """
    document = readable_document(tx.session, tx.actor, document_id, Want.METADATA)
    lock_document(tx, document, revision)
    if document.checked_out_by is None:
        raise WrongState(_("Das Dokument ist nicht ausgecheckt."))
    if document.checked_out_by != tx.actor.user_id:
        if not is_registrar(tx.actor):
            raise NotAllowed(_("Das Auschecken heben die Person selbst oder die Registratur auf."))
        reason = line(reason, at="reason", label=_("Grund"))
    holder, name = document.checked_out_by, holder_name(tx, document)
    let_go(document)
    _changed(tx, document)
    entry = tx.record(Tag.DOCUMENT_RELEASE, document.id, {"held_by": str(holder)}, subjects=beside(document))
    tx.remember(entry, document.id, "checked_out_by", name)
    remember_reason(tx, entry, document.id, reason)
    return document


def restore_version(
    tx: Transaction, document_id: uuid.UUID, number: int, *, revision: int | None = None, comment: str | None = None
) -> Document:
    """Make an earlier content state hold again, as a new version with the same bytes; none is taken away.

    Raises NotFound for a number that was never there, WrongState for the one that holds, and what `add_version` raises.
    """
    document = writable_document(tx, document_id, revision)
    require_not_held(tx, document)
    earlier = current_version(tx.session, document, number)
    if earlier.number == document.version:
        raise WrongState(_("Fassung %(number)s ist die geltende.", number=number))
    version = Version(
        document_id=document.id,
        number=document.version + 1,
        created_by=tx.actor.user_id,
        comment=optional_line(comment, at="comment", label=_("Bemerkung")),
        restored_from=earlier.number,
        **{name: getattr(earlier, name) for name in CONTENT},
    )
    tx.session.add(version)
    details: dict[str, Any] = {"version": version.number, "restored": earlier.number, "sha256": earlier.sha256.hex()}
    if document.checked_out_by is not None:
        details["checked_in"] = True
        let_go(document)
    document.version, document.state_reason = version.number, None
    if version.processed_at is None:
        document.state = DocumentState.RECEIVED.value
        enqueue_processing(tx, document.id, version.number)
    else:
        # Read already; it is ready once the index shows it.
        document.state = DocumentState.PROCESSING.value
    _changed(tx, document)
    tx.record(Tag.DOCUMENT_RESTORE, document.id, details, subjects=beside(document))
    return document


def finalize(tx: Transaction, document_id: uuid.UUID, *, revision: int | None = None) -> Document:
    """Say that the current version is the final one: no other follows, and nothing said of the document changes.

    There is no way back but to cancel it. Raises DocumentFinal, DocumentCancelled, DocumentCheckedOut.
    """
    document = writable_document(tx, document_id, revision)
    require_not_held(tx, document)
    let_go(document)
    document.final_at, document.final_by = now(), tx.actor.user_id
    _changed(tx, document)
    tx.record(Tag.DOCUMENT_FINALIZE, document.id, {"version": document.version}, subjects=beside(document))
    return document


def _changed(tx: Transaction, document: Document) -> None:
    document.revision += 1
    enqueue_indexing(tx)
