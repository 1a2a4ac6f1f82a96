"""Shares (Zugriff geben): reading one dossier or case, for a person or for those who work in a unit, up to a last day.

A share reads and does not write, whatever the level of a person; a unit's people read it up to their own level. It is
given and ended by who may write the dossier. That somebody is excluded is not said here: it would tell the giver, and
the exclusion beats the share anyway.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from eakte.access import READERS, may_write, rule_for
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound
from eakte.language import _
from eakte.models import Case, Dossier, DossierShare
from eakte.operations.accounts import named_user
from eakte.operations.checking import optional_line
from eakte.operations.dossiers import is_registrar, readable_case, readable_dossier, writable_dossier
from eakte.operations.paging import Page, by_id
from eakte.operations.units import find_unit
from eakte.terms import Actor, now, today
from eakte.transaction import Transaction

LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class ShareWords:
    """What a caller says: `user` by id or login, or `unit` by id or number."""

    until: date
    user: str | None = None
    unit: str | None = None
    reason: str | None = None


def give_share(
    tx: Transaction, words: ShareWords, *, dossier_id: uuid.UUID | None = None, case_id: uuid.UUID | None = None
) -> tuple[DossierShare, bool]:
    """Let a person or unit read a dossier or case until a day; a share that runs already gets the new last day.

    Returns the share and whether it is new. Raises NotFound, NotAllowed, InvalidInput naming the field.
    """
    if (dossier_id is None) == (case_id is None):
        raise InvalidInput(errors=[FieldError("dossier", _("Genau eines von dossier und case ist nötig."))])
    case = readable_case(tx.session, tx.actor, case_id) if case_id else None
    # Locked: of two that share the same with the same person at once, the second changes what the first gave.
    dossier = writable_dossier(tx, case.dossier_id if case else dossier_id or uuid.UUID(int=0))
    user_id, unit_id = _grantee(tx, words)
    if words.until < today():
        raise InvalidInput(errors=[FieldError("until", _("Der letzte Tag liegt in der Vergangenheit."))])
    reason = optional_line(words.reason, at="reason", label=_("Grund"), longest=LONGEST_REASON)
    known = tx.session.scalar(
        select(DossierShare).where(
            DossierShare.dossier_id.is_not_distinct_from(dossier_id),
            DossierShare.case_id.is_not_distinct_from(case_id),
            DossierShare.user_id.is_not_distinct_from(user_id),
            DossierShare.unit_id.is_not_distinct_from(unit_id),
            _holds(),
        )
    )
    row = known or DossierShare(dossier_id=dossier_id, case_id=case_id, user_id=user_id, unit_id=unit_id)
    before = known.until if known else None
    row.until, row.reason, row.given_by, row.given_at = words.until, reason, tx.actor.user_id, now()
    tx.session.add(row)
    tx.session.flush()
    details = {"until": row.until.isoformat(), "user": str(user_id or ""), "unit": str(unit_id or "")}
    entry = tx.record(Tag.SHARE_GIVE, row.id, details, subjects=_beside(dossier, case_id))
    if before is not None:
        tx.remember(entry, row.id, "until", before.isoformat())
    return row, known is None


def end_share(tx: Transaction, share_id: uuid.UUID) -> DossierShare:
    """End a share at once, by who may write the dossier. One that is over already stays as it is."""
    row = tx.session.get(DossierShare, share_id)
    dossier_id = _dossier_of(tx.session, row) if row else None
    if row is None or dossier_id is None:
        raise NotFound
    dossier = writable_dossier(tx, dossier_id)
    tx.session.refresh(row, with_for_update=True)
    if row.ended_at is None and row.until >= today():
        row.ended_at, row.ended_by = now(), tx.actor.user_id
        tx.record(Tag.SHARE_END, row.id, {}, subjects=_beside(dossier, row.case_id))
    return row


def list_shares(
    session: Session,
    actor: Actor,
    *,
    dossier: uuid.UUID | None = None,
    case: uuid.UUID | None = None,
    mine: bool = False,
    ended: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page[DossierShare]:
    """Shares of a dossier with its cases, or of a case, with `ended` those that are over too; or what the actor has.

    Those of a dossier are seen by who works in it and by the registrar who knows it. Raises NotFound, NotAllowed.
    """
    if sum((dossier is not None, case is not None, mine)) != 1:
        message = _("Genau eines von dossier, case und mine ist nötig.")
        raise InvalidInput(errors=[FieldError("dossier", message)])
    statement = select(DossierShare)
    if mine:
        of_case = select(Case.dossier_id).where(Case.id == DossierShare.case_id).scalar_subquery()
        statement = statement.join(Dossier, or_(Dossier.id == DossierShare.dossier_id, Dossier.id == of_case))
        statement = statement.where(rule_for(session, actor).granting())
    else:
        inside = readable_case(session, actor, case) if case else None
        row = readable_dossier(session, actor, inside.dossier_id if inside else dossier or uuid.UUID(int=0))
        if not is_registrar(actor) and not may_write(session, rule_for(session, actor), row):
            raise NotAllowed(_("Wer Zugriff hat, sehen Bearbeitende der Akte und die Registratur."))
        cases = select(Case.id).where(Case.dossier_id == row.id)
        within = or_(DossierShare.dossier_id == row.id, DossierShare.case_id.in_(cases))
        statement = statement.where(DossierShare.case_id == case if case else within)
    if mine or not ended:
        statement = statement.where(_holds())
    return by_id(session, statement, DossierShare.id, after=after, limit=limit)


def _grantee(tx: Transaction, words: ShareWords) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    if (words.user is None) == (words.unit is None):
        raise InvalidInput(errors=[FieldError("user", _("Genau eines von user und unit ist nötig."))])
    if words.unit is not None:
        return None, find_unit(tx.session, words.unit).id
    user = named_user(tx.session, words.user or "")
    if not {role.value for role in READERS} & set(user.roles):
        raise InvalidInput(errors=[FieldError("user", _("Dieses Konto liest keine Akten."))])
    return user.id, None


def _holds() -> ColumnElement[bool]:
    return (DossierShare.ended_at.is_(None)) & (DossierShare.until >= today())


def _dossier_of(session: Session, row: DossierShare) -> uuid.UUID | None:
    if row.case_id is None:
        return row.dossier_id
    return session.scalar(select(Case.dossier_id).where(Case.id == row.case_id))


def _beside(dossier: Dossier, case_id: uuid.UUID | None) -> list[uuid.UUID]:
    return [dossier.id, *([case_id] if case_id else [])]
