"""Resubmissions (Wiedervorlagen): a day, a note and whom it reminds, at a dossier, a case or a document.

Made and changed by who works in the dossier or inbox; done also by whom it reminds. Seen by who may read the object and
by nobody else, whomever it is for: a reminder tells what it reminds of.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from eakte.access import AccessRule, Want, rule_for
from eakte.audit import Tag
from eakte.errors import DocumentCancelled, FieldError, InvalidInput, NotAllowed, NotFound, WrongState
from eakte.language import _
from eakte.models import Case, Document, Dossier, Resubmission
from eakte.operations.accounts import named_user
from eakte.operations.checking import line, replaced, same_revision
from eakte.operations.document_changes import workable_document
from eakte.operations.documents import readable_document
from eakte.operations.dossiers import (
    OpenedDossier,
    read_before,
    readable_case,
    readable_dossier,
    require_open,
    writable_dossier,
)
from eakte.operations.paging import Page, by_day
from eakte.operations.units import find_unit
from eakte.terms import Actor, now, today
from eakte.transaction import Transaction

LONGEST_NOTE = 1000


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a caller says. `user` by id or login, `unit` by id or number; without both it is for the caller."""

    due_on: date
    note: str
    user: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class ResubmissionView:
    """A resubmission with what it reminds of."""

    row: Resubmission
    title: str
    reference_number: str | None
    dossier_id: uuid.UUID | None
    """Where what it reminds of lies; None in an inbox."""
    changeable: bool
    """Whether the actor may change day and note: works in the dossier or inbox, and what it reminds of is open."""


def create_resubmission(
    tx: Transaction,
    said: Reminder,
    *,
    dossier_id: uuid.UUID | None = None,
    case_id: uuid.UUID | None = None,
    document_id: uuid.UUID | None = None,
) -> Resubmission:
    """A resubmission of an open dossier, an open case or a document.

    Raises NotFound, NotAllowed, WrongState, InvalidInput.
    """
    if sum(each is not None for each in (dossier_id, case_id, document_id)) != 1:
        message = _("Genau eines von dossier, case und document ist nötig.")
        raise InvalidInput(errors=[FieldError("dossier", message)])
    beside = _worked_in(tx, dossier_id=dossier_id, case_id=case_id, document_id=document_id)
    row = Resubmission(dossier_id=dossier_id, case_id=case_id, document_id=document_id, **checked_reminder(tx, said))
    tx.session.add(row)
    tx.session.flush()
    tx.record(Tag.RESUBMISSION_CREATE, row.id, {"due_on": row.due_on.isoformat()}, subjects=beside)
    return row


def checked_reminder(tx: Transaction, said: Reminder) -> dict[str, Any]:
    """The values of a new row, its object aside. Raises InvalidInput."""
    return {**_checked_words(said), **_for_whom(tx, said), "created_by": tx.actor.user_id}


def change_resubmission(
    tx: Transaction, resubmission_id: uuid.UUID, changes: Mapping[str, Any], *, revision: int
) -> Resubmission:
    """Change day, note or whom it reminds, while it is not done; what stood there before is kept beside the log."""
    row = _open_row(tx, resubmission_id, revision)
    beside = _worked_in(tx, dossier_id=row.dossier_id, case_id=row.case_id, document_id=row.document_id)
    new: dict[str, Any] = {}
    if {"user", "unit"} & set(changes):
        new |= _for_whom(tx, Reminder(row.due_on, row.note, changes.get("user"), changes.get("unit")))
    due_on = changes.get("due_on", row.due_on)
    if due_on is None:
        raise InvalidInput(errors=[FieldError("due_on", _("Der Tag der Wiedervorlage fehlt."))])
    new |= _checked_words(Reminder(due_on, changes.get("note", row.note)), row.due_on)
    before = replaced(row, new)
    if not before:
        return row
    entry = tx.record(Tag.RESUBMISSION_CHANGE, row.id, {"fields": sorted(before)}, subjects=beside)
    for name, value in before.items():
        tx.remember(entry, row.id, name, None if value is None else str(value))
    return row


def finish(tx: Transaction, resubmission_id: uuid.UUID, *, revision: int | None = None) -> Resubmission:
    """Say that it is done: by whom it reminds, or who works in the dossier or inbox, also in a closed one."""
    row = _open_row(tx, resubmission_id, revision)
    if not (_is_for(row, tx.actor) or _works_there(tx, row)):
        raise NotAllowed(_("Erledigen kann, für wen die Wiedervorlage ist oder wer die Akte bearbeitet."))
    row.done_at, row.done_by = now(), tx.actor.user_id
    row.revision += 1
    tx.record(Tag.RESUBMISSION_DONE, row.id, subjects=_beside(tx.session, row))
    return row


def readable_resubmission(session: Session, actor: Actor, resubmission_id: uuid.UUID) -> ResubmissionView:
    """One of an object that may be read. Raises NotFound."""
    found = session.execute(_readable(rule_for(session, actor)).where(Resubmission.id == resubmission_id)).one_or_none()
    if found is None:
        raise NotFound
    return ResubmissionView(*found)


def list_resubmissions(
    session: Session,
    actor: Actor,
    *,
    dossier: uuid.UUID | OpenedDossier | None = None,
    case: uuid.UUID | None = None,
    document: uuid.UUID | None = None,
    mine: bool = False,
    until: date | None = None,
    done: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page[ResubmissionView]:
    """Resubmissions by day: of a dossier with all in it, a case, a document; or `mine`.

    `mine` are the actor's, those of whom the actor represents, and the unit's; none of cancelled documents. Those that
    are done only with `done`. `until` is the last day. Raises what reading the place raises.
    """
    if sum((dossier is not None, case is not None, document is not None, mine)) != 1:
        message = _("Genau eines von dossier, case, document und mine ist nötig.")
        raise InvalidInput(errors=[FieldError("dossier", message)])
    statement = _readable(rule_for(session, actor)).where(_place(session, actor, dossier, case, document))
    if not done:
        statement = statement.where(Resubmission.done_at.is_(None))
    if until is not None:
        statement = statement.where(Resubmission.due_on <= until)
    page = by_day(session, statement, Resubmission.due_on, Resubmission.id, after=after, limit=limit)
    return Page([ResubmissionView(*each) for each in page.items], page.next)


def _place(
    session: Session,
    actor: Actor,
    dossier: uuid.UUID | OpenedDossier | None,
    case: uuid.UUID | None,
    document: uuid.UUID | None,
) -> ColumnElement[bool]:
    if dossier is not None:
        return Dossier.id == read_before(session, actor, dossier)
    if case is not None:
        readable_dossier(session, actor, readable_case(session, actor, case).dossier_id, Want.CONTENT)
        return or_(Resubmission.case_id == case, Document.case_id == case)
    if document is not None:
        return Resubmission.document_id == readable_document(session, actor, document).id
    # Lists, because a comparison with None would become IS NULL: who has no unit would get what is for other people.
    users, units = ([each] if each else [] for each in (actor.user_id, actor.unit_id))
    # What is due is due while somebody is away: that is what a deputy is for.
    users += [post.person for post in rule_for(session, actor).posts if post.person is not None]
    own = or_(Resubmission.user_id.in_(users), Resubmission.unit_id.in_(units))
    return and_(own, Document.cancelled_at.is_(None))


def _readable(rule: AccessRule) -> Select[Resubmission, str, str, uuid.UUID, bool]:
    """Resubmissions as `ResubmissionView` has them, where what they remind of may be read."""
    dossier_id = func.coalesce(Resubmission.dossier_id, Case.dossier_id, Document.dossier_id)
    of_document = Resubmission.document_id.is_not(None)
    title = func.coalesce(Document.title, Case.title, Dossier.title)
    changeable = and_(
        Resubmission.done_at.is_(None),
        Case.closed_on.is_(None),
        Document.cancelled_at.is_(None),
        or_(Dossier.id.is_(None), and_(Dossier.closed_on.is_(None), rule.writable())),
    )
    return (
        select(Resubmission, title, Dossier.reference_number, Dossier.id, changeable)
        .outerjoin(Case, Case.id == Resubmission.case_id)
        .outerjoin(Document, Document.id == Resubmission.document_id)
        .outerjoin(Dossier, Dossier.id == dossier_id)
        .where(or_(and_(of_document, rule.documents(Want.CONTENT)), and_(~of_document, rule.dossiers(Want.CONTENT))))
    )


def _open_row(tx: Transaction, resubmission_id: uuid.UUID, revision: int | None) -> Resubmission:
    row = readable_resubmission(tx.session, tx.actor, resubmission_id).row
    tx.session.refresh(row, with_for_update=True)
    same_revision(revision, row.revision)
    if row.done_at is not None:
        raise WrongState(_("Die Wiedervorlage ist erledigt."))
    return row


def _worked_in(
    tx: Transaction, *, dossier_id: uuid.UUID | None, case_id: uuid.UUID | None, document_id: uuid.UUID | None
) -> list[uuid.UUID]:
    """The object and its dossier, locked and open. Raises NotFound, NotAllowed, WrongState."""
    if document_id is not None:
        document = workable_document(tx, document_id, None)
        if document.cancelled_at is not None:
            raise DocumentCancelled
        return [document.id, *([document.dossier_id] if document.dossier_id else [])]
    case = readable_case(tx.session, tx.actor, case_id) if case_id else None
    dossier = writable_dossier(tx, case.dossier_id if case else dossier_id or uuid.UUID(int=0))
    require_open(dossier)
    if case is None:
        return [dossier.id]
    tx.session.refresh(case)
    if case.closed_on is not None:
        raise WrongState(_("Der Vorgang ist geschlossen."))
    return [case.id, dossier.id]


def _beside(session: Session, row: Resubmission) -> list[uuid.UUID]:
    case = session.get(Case, row.case_id) if row.case_id else None
    document = session.get(Document, row.document_id) if row.document_id else None
    dossier_id = row.dossier_id or (case.dossier_id if case else document.dossier_id if document else None)
    return [each for each in (row.case_id, row.document_id, dossier_id) if each is not None]


def _works_there(tx: Transaction, row: Resubmission) -> bool:
    dossier_id = _beside(tx.session, row)[-1]
    if dossier_id == row.document_id:
        return True  # an inbox, which only those read who work in it
    try:
        writable_dossier(tx, dossier_id)
    except (NotFound, NotAllowed):
        return False
    return True


def _is_for(row: Resubmission, actor: Actor) -> bool:
    return row.user_id == actor.user_id if row.user_id is not None else row.unit_id == actor.unit_id


def _checked_words(said: Reminder, before: date | None = None) -> dict[str, Any]:
    if said.due_on < today() and said.due_on != before:
        raise InvalidInput(errors=[FieldError("due_on", _("Der Tag der Wiedervorlage liegt in der Vergangenheit."))])
    return {"due_on": said.due_on, "note": line(said.note, at="note", label=_("Vermerk"), longest=LONGEST_NOTE)}


def _for_whom(tx: Transaction, said: Reminder) -> dict[str, uuid.UUID | None]:
    if said.unit is not None and said.user is not None:
        raise InvalidInput(errors=[FieldError("user", _("Eine Wiedervorlage ist für eine Person oder eine Einheit."))])
    if said.unit is not None:
        return {"user_id": None, "unit_id": find_unit(tx.session, said.unit).id}
    if said.user is None:
        if tx.actor.user_id is None:
            raise InvalidInput(errors=[FieldError("user", _("Für wen die Wiedervorlage ist, fehlt."))])
        return {"user_id": tx.actor.user_id, "unit_id": None}
    return {"user_id": named_user(tx.session, said.user).id, "unit_id": None}
