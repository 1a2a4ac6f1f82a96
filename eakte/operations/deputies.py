"""Deputies (Vertretung): from a day until another somebody reads and works in the units of another person too.

The deputy works there up to "internal", in what is protected only where the deputation says so and the person has that
level. Roles, shares, the head's mark and deputations of the person do not pass on. What the deputy is excluded from
stays shut, and what the person is excluded from is not opened by the deputation either.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from eakte.access import READERS, is_head
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound
from eakte.language import _
from eakte.models import Deputation, User
from eakte.operations.accounts import named_user, permitted_user
from eakte.operations.dossiers import is_registrar
from eakte.operations.paging import Page, by_id
from eakte.terms import Actor, now, today
from eakte.transaction import Transaction

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class DeputyWords:
    """What a caller says: who (the caller unless said), by whom, from when (today unless said) until when."""

    deputy: str
    until: date
    person: str | None = None
    from_on: date | None = None
    protected: bool = False


def name_deputy(tx: Transaction, words: DeputyWords) -> Deputation:
    """Let somebody be represented: said by that person, by the head of the unit, or by the registrar.

    Nobody makes oneself a deputy: that would be taking a right. The deputy is looked up last, so that only who may
    name one learns whether there is such an account. Raises NotAllowed, InvalidInput naming the field.
    """
    refusal = NotAllowed(_("Die Vertretung nennt die Person selbst, ihre Leitung oder die Registratur."))
    person = _spoken_for(tx.session, tx.actor, words.person, refusal, at="person") if words.person else _self(tx)
    _require_reader(person, at="person")
    deputy = named_user(tx.session, words.deputy, at="deputy")
    _require_reader(deputy, at="deputy")
    if deputy.id == tx.actor.user_id:
        raise NotAllowed(_("Zur eigenen Vertretung macht sich niemand selbst."))
    from_on = words.from_on or today()
    errors = []
    if deputy.id == person.id:
        errors.append(FieldError("deputy", _("Niemand vertritt sich selbst.")))
    if from_on < today():
        errors.append(FieldError("from_on", _("Der erste Tag liegt in der Vergangenheit.")))
    if words.until < from_on:
        errors.append(FieldError("until", _("Der letzte Tag liegt vor dem ersten.")))
    elif (words.until - from_on).days > LONGEST_DAYS:
        errors.append(FieldError("until", _("Eine Vertretung dauert höchstens ein Jahr.")))
    if errors:
        raise InvalidInput(errors=errors)
    row = Deputation(
        person_id=person.id,
        deputy_id=deputy.id,
        from_on=from_on,
        until=words.until,
        protected=words.protected,
        given_by=tx.actor.user_id,
    )
    tx.session.add(row)
    tx.session.flush()
    details = {"from": from_on.isoformat(), "until": words.until.isoformat(), "protected": words.protected}
    tx.record(Tag.DEPUTY_NAME, row.id, details, subjects=[person.id, deputy.id])
    return row


def end_deputation(tx: Transaction, deputation_id: uuid.UUID) -> Deputation:
    """End a deputation at once: by the person, the head, the registrar, or the deputy who cannot do it any more.

    Raises NotFound alike for unknown ones and those of others.
    """
    row = tx.session.get(Deputation, deputation_id, with_for_update=True)
    if row is None:
        raise NotFound
    person = tx.session.get_one(User, row.person_id)
    if tx.actor.user_id != row.deputy_id and not _may_name(tx.session, tx.actor, person):
        raise NotFound
    if row.ended_at is None and row.until >= today():
        row.ended_at, row.ended_by = now(), tx.actor.user_id
        tx.record(Tag.DEPUTY_END, row.id, {}, subjects=[row.person_id, row.deputy_id])
    return row


def list_deputations(
    session: Session, actor: Actor, *, user: str | None = None, ended: bool = False, after: str | None, limit: int
) -> Page[Deputation]:
    """Deputations in which the actor (or `user`, for head and registrar) is represented or represents.

    Raises NotAllowed alike for others and for accounts that are not there; InvalidInput for a registrar.
    """
    refusal = NotAllowed(_("Vertretungen anderer sehen deren Leitung und die Registratur."))
    user_id = _spoken_for(session, actor, user, refusal).id if user is not None else actor.user_id
    statement = select(Deputation).where(or_(Deputation.person_id == user_id, Deputation.deputy_id == user_id))
    if not ended:
        statement = statement.where(Deputation.ended_at.is_(None), Deputation.until >= today())
    return by_id(session, statement, Deputation.id, after=after, limit=limit)


def _may_name(session: Session, actor: Actor, person: User) -> bool:
    return actor.user_id == person.id or is_registrar(actor) or is_head(session, actor, person.unit_id)


def _self(tx: Transaction) -> User:
    if tx.actor.user_id is None:
        raise InvalidInput(errors=[FieldError("person", _("Wer vertreten wird, fehlt."))])
    return tx.session.get_one(User, tx.actor.user_id)


def _spoken_for(session: Session, actor: Actor, reference: str, refusal: NotAllowed, *, at: str = "user") -> User:
    def permitted(person: User) -> bool:
        return _may_name(session, actor, person)

    return permitted_user(session, reference, permitted, refusal=refusal, keeper=is_registrar(actor), at=at)


def _require_reader(user: User, *, at: str) -> None:
    if user.machine or not {role.value for role in READERS} & set(user.roles):
        raise InvalidInput(errors=[FieldError(at, _("Dieses Konto bearbeitet keine Akten."))])
