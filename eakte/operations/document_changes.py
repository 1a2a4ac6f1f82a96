"""Changes of what is said about a document, and the guard before every act on one: where it lies, what it is marked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from eakte.audit import Tag
from eakte.errors import Conflict, DocumentCancelled, DocumentCheckedOut, DocumentFinal, FieldError, InvalidInput
from eakte.language import _, shown_moment
from eakte.models import Document, Dossier, User
from eakte.operations.checking import line, one_of, optional_line, replaced, same_revision
from eakte.operations.documents import note_inbox, readable_document
from eakte.operations.dossiers import require_open, writable_dossier
from eakte.operations.filing import check_first_names, check_received, checked_fields, further_names
from eakte.operations.queueing import enqueue_indexing
from eakte.terms import BERLIN, DocumentKind
from eakte.transaction import Transaction

CHANGEABLE = (
    *("title", "kind", "received_on", "sent_on", "written_on", "sender", "addressee"),
    *("further_senders", "further_addressees", "fields"),
)


def change_document(tx: Transaction, document_id: uuid.UUID, changes: Mapping[str, Any], *, revision: int) -> Document:
    """Change metadata. What stood there before is kept beside the log, so every former state can be determined."""
    document = writable_document(tx, document_id, revision)
    before = apply_changes(tx, document, changes)
    if not before:
        return document
    entry = tx.record(Tag.DOCUMENT_CHANGE, document.id, {"fields": sorted(before)}, subjects=beside(document))
    for name, value in before.items():
        tx.remember(entry, document.id, name, value)
    enqueue_indexing(tx)
    return document


def apply_changes(tx: Transaction, document: Document, changes: Mapping[str, Any]) -> dict[str, str | None]:
    """Change a locked document as part of an act that records it; returns what stood there before.

    Raises InvalidInput naming the field.
    """
    clean = clean_changes(changes)
    if "fields" in clean:
        dossier = tx.session.get(Dossier, document.dossier_id) if document.dossier_id else None
        clean["fields"] = checked_fields(tx.session, dossier, clean["fields"] or {})
    names = ("sender", "addressee", "further_senders", "further_addressees")
    check_first_names(*(clean.get(name, getattr(document, name)) for name in names))
    return {name: _told(value) for name, value in replaced(document, clean).items()}


def clean_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What can be said of any document, checked as far as that needs no document. Raises InvalidInput."""
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown:
        raise InvalidInput(errors=[FieldError(name, _("Diese Angabe lässt sich nicht ändern.")) for name in unknown])
    return {name: _clean_change(name, value) for name, value in changes.items()}


def writable_document(tx: Transaction, document_id: uuid.UUID, revision: int | None) -> Document:
    """The document, locked for this act, neither final nor cancelled.

    Raises what `workable_document` raises, DocumentFinal, DocumentCancelled.
    """
    document = workable_document(tx, document_id, revision)
    require_changeable(document)
    return document


def workable_document(tx: Transaction, document_id: uuid.UUID, revision: int | None) -> Document:
    """The document, locked for this act, in an open dossier or inbox that the actor works in, whatever its marks.

    Raises NotFound, NotAllowed, WrongState for a closed dossier, StaleRevision, Conflict.
    """
    document = readable_document(tx.session, tx.actor, document_id)
    if document.dossier_id is not None:
        require_open(writable_dossier(tx, document.dossier_id))
    note_inbox(tx, document.inbox_unit_id)
    return lock_document(tx, document, revision)


def lock_document(tx: Transaction, document: Document, revision: int | None) -> Document:
    """The row, locked. Raises StaleRevision, and Conflict where it was moved since the rights were looked at."""
    place = (document.dossier_id, document.case_id, document.inbox_unit_id)
    tx.session.refresh(document, with_for_update=True)
    same_revision(revision, document.revision)
    if place != (document.dossier_id, document.case_id, document.inbox_unit_id):
        raise Conflict
    return document


def require_changeable(document: Document) -> None:
    """Raise DocumentCancelled or DocumentFinal."""
    if document.cancelled_at is not None:
        raise DocumentCancelled
    if document.final_at is not None:
        raise DocumentFinal(_("Fassung %(version)s gilt endgültig.", version=document.version))


def require_not_held(tx: Transaction, document: Document) -> None:
    """Raise DocumentCheckedOut where another person writes the next version; who and since when is told."""
    if document.checked_out_by in {None, tx.actor.user_id} or document.checked_out_at is None:
        return
    since = document.checked_out_at.astimezone(BERLIN)
    raise DocumentCheckedOut(
        _(
            "%(holder)s bearbeitet es seit %(since)s Uhr.",
            holder=holder_name(tx, document),
            since=shown_moment(since),
        )
    )


def holder_name(tx: Transaction, document: Document) -> str:
    """Who has a document checked out."""
    holder = tx.session.get(User, document.checked_out_by) if document.checked_out_by else None
    return holder.display_name if holder else _("Niemand")


def beside(document: Document) -> list[uuid.UUID]:
    """Whose history also shows an act on the document: its dossier's, where it lies in one."""
    return [document.dossier_id] if document.dossier_id else []


def let_go(document: Document) -> None:
    """End a check-out, as part of an act that records it."""
    document.checked_out_by = document.checked_out_at = None


def _told(value: Any) -> str | None:
    if value is None or value == []:
        return None
    return "; ".join(value) if isinstance(value, list) else str(value)


def _clean_change(name: str, value: Any) -> Any:
    if name == "title":
        return line(value, at=name, label=_("Betreff"))
    if name == "kind":
        return one_of(DocumentKind, str(value), at=name, label=_("Art")).value
    if name in {"sender", "addressee"}:
        return optional_line(value, at=name, label=_("Absender") if name == "sender" else _("Empfänger"))
    if name in {"further_senders", "further_addressees"}:
        return further_names(value, at=name)
    if name == "received_on":
        check_received(value)
    return value
