"""The inbox of a unit: what lies unfiled, how much of it there is, and handing it on to those whom it concerns."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eakte.access import rule_for
from eakte.audit import Tag
from eakte.errors import DocumentCancelled, FieldError, InvalidInput, WrongState
from eakte.language import _
from eakte.models import Document
from eakte.operations.checking import remember_reason
from eakte.operations.document_changes import require_not_held, workable_document
from eakte.operations.queueing import enqueue_indexing
from eakte.operations.units import find_unit
from eakte.terms import Actor
from eakte.transaction import Transaction


def count_inbox(session: Session, actor: Actor) -> int:
    """How many documents lie unfiled in the inboxes that the actor reads; none cancelled."""
    units = rule_for(session, actor).inbox_units
    if not units:
        return 0
    lying = select(func.count()).where(Document.inbox_unit_id.in_(units), Document.cancelled_at.is_(None))
    return session.scalar(lying) or 0


def neighbour(session: Session, actor: Actor, document_id: uuid.UUID) -> uuid.UUID | None:
    """The letter to look at after this one: the next older in the actor's inboxes, else the next newer."""
    units = rule_for(session, actor).inbox_units
    lying = select(Document.id).where(Document.inbox_unit_id.in_(units), Document.cancelled_at.is_(None))
    older = session.scalar(lying.where(Document.id < document_id).order_by(Document.id.desc()).limit(1))
    return older or session.scalar(lying.where(Document.id > document_id).order_by(Document.id).limit(1))


def hand_on(
    tx: Transaction, document_id: uuid.UUID, *, unit: str, reason: str | None = None, revision: int | None = None
) -> Document:
    """Give an unfiled document to another unit's inbox, also to one that the actor does not read: it is not ours.

    The domain wants it so (docs/access.md, "The rule"): whoever opens the post passes on what came to the wrong place,
    and gives up seeing it by that. Which units there are everybody knows; of the other inbox nothing is told.

    `unit` by id or number; the reason is kept beside the log. Raises NotFound, WrongState for a document
    that is filed, StaleRevision, DocumentCheckedOut, DocumentCancelled, InvalidInput.
    """
    document = workable_document(tx, document_id, revision)
    if document.inbox_unit_id is None:
        raise WrongState(_("Das Dokument liegt in einer Akte. Dort wird es verschoben."))
    if document.cancelled_at is not None:
        raise DocumentCancelled
    require_not_held(tx, document)
    target = find_unit(tx.session, unit)
    if target.id == document.inbox_unit_id:
        raise InvalidInput(errors=[FieldError("unit", _("Das Dokument liegt schon in diesem Posteingang."))])
    before, document.inbox_unit_id = document.inbox_unit_id, target.id
    document.revision += 1
    entry = tx.record(Tag.DOCUMENT_MOVE, document.id, {"inbox": str(target.id)}, subjects=[before, target.id])
    tx.remember(entry, document.id, "inbox", str(before))
    remember_reason(tx, entry, document.id, reason)
    enqueue_indexing(tx)
    return document
