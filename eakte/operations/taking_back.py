"""Taking back an own act by its opposite (Zurücknehmen), as long as what it did still stands.

Nothing is undone: the opposite act is done and recorded too, with the rights that it needs now. Acts that shall not be
taken back so lightly (closing, destroying, handing on to others) are not among them.
"""

from __future__ import annotations

import uuid

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import NotFound, WrongState
from eakte.language import _, msgid
from eakte.models import AuditEntry, AuditSubject, Dossier, FormerValue
from eakte.operations.case_moving import move_case
from eakte.operations.document_bulk import move_back
from eakte.operations.dossiers import readable_case, readable_dossier
from eakte.operations.moving import move_dossier, reassign_dossier
from eakte.terms import Actor
from eakte.transaction import Transaction

REASON = msgid("Zurückgenommen")
_POSSIBLE = (Tag.DOCUMENT_MOVE, Tag.CASE_MOVE, Tag.DOSSIER_MOVE, Tag.DOSSIER_REASSIGN)


def may_take_back(actor: Actor, entry: AuditEntry) -> bool:
    """Whether an act is one's own and of a kind that has an opposite; whether it still stands is seen when done."""
    own = actor.user_id is not None and entry.actor == str(actor.user_id)
    return own and entry.tag in _POSSIBLE and "to" in entry.details and "undoes" not in entry.details


def own_act(session: Session, actor: Actor, entry_id: uuid.UUID) -> AuditEntry | None:
    """An act that the person may take back; None for all others alike."""
    entry = session.get(AuditEntry, entry_id)
    return entry if entry is not None and may_take_back(actor, entry) else None


def last_act(session: Session, object_id: uuid.UUID) -> uuid.UUID | None:
    """The newest act on an object: inside an act, itself, once it is recorded."""
    beside = select(AuditSubject.entry_id).where(AuditSubject.subject == object_id)
    statement = select(AuditEntry.id).where(
        AuditEntry.kind == "record", or_(AuditEntry.subject == object_id, AuditEntry.id.in_(beside))
    )
    return session.scalar(statement.order_by(AuditEntry.id.desc()).limit(1))


def take_back(tx: Transaction, entry_id: uuid.UUID, *, pattern: str) -> AuditEntry:
    """Do the opposite of an own act. Returns what is taken back.

    Raises NotFound for what is not one's own or has no opposite, WrongState (also StaleRevision's kin) where it does
    not stand any more, and what the opposite act raises.
    """
    entry = own_act(tx.session, tx.actor, entry_id)
    if entry is None:
        raise NotFound
    match entry.tag:
        case Tag.DOCUMENT_MOVE:
            move_back(tx, entry)
        case Tag.CASE_MOVE:
            case = readable_case(tx.session, tx.actor, _subject(entry))
            _require(str(case.dossier_id) == entry.details["to"])
            move_case(tx, case.id, dossier=uuid.UUID(entry.details["from"]), undoes=entry.id)
        case Tag.DOSSIER_MOVE:
            dossier = _dossier(tx, entry)
            _require(str(dossier.plan_class_id) == entry.details["to"])
            move_dossier(tx, dossier.id, plan_class=entry.details["from"], reason=_(REASON), pattern=pattern)
        case _:
            dossier = _dossier(tx, entry)
            _require(str(dossier.unit_id) == entry.details["to"])
            level = tx.session.scalar(
                select(FormerValue.value).where(
                    FormerValue.entry_id == entry.id, FormerValue.field == "confidentiality"
                )
            )
            reassign_dossier(tx, dossier.id, unit=entry.details["from"], confidentiality=level, reason=_(REASON))
    return entry


def _dossier(tx: Transaction, entry: AuditEntry) -> Dossier:
    return readable_dossier(tx.session, tx.actor, _subject(entry))


def _subject(entry: AuditEntry) -> uuid.UUID:
    if entry.subject is None:
        raise NotFound
    return entry.subject


def _require(still: bool) -> None:
    if not still:
        raise WrongState(_("Inzwischen hat sich etwas geändert, deshalb lässt sich das nicht mehr zurücknehmen."))
