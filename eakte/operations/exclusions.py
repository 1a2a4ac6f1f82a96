"""Exclusions (Ausschluss): a person is shut out of a dossier, and may be let in again as an act of its own.

§ 20 VwVfG shuts out by law whom a matter concerns, and relatives; § 21 VwVfG whom one may take for biased. The
registrar or the head of the unit excludes. The person learns nothing of it: the dossier answers as if it did not exist,
no history tells of exclusions, and no act of others is refused because of one.
"""

from __future__ import annotations

import uuid
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import forget_rules, is_head
from eakte.audit import Tag
from eakte.errors import NotAllowed, NotFound, WrongState
from eakte.language import _
from eakte.models import Dossier, DossierExclusion
from eakte.operations.accounts import named_user
from eakte.operations.checking import line, one_of
from eakte.operations.dossiers import is_registrar, readable_dossier
from eakte.operations.paging import Page, by_id
from eakte.terms import Actor, now
from eakte.transaction import Transaction

LONGEST_REASON = 1000


class Ground(StrEnum):
    """The legal ground."""

    BY_LAW = "vwvfg-20"
    BIAS = "vwvfg-21"


def exclude(
    tx: Transaction, dossier_id: uuid.UUID, *, user: str, ground: str, reason: str
) -> tuple[DossierExclusion, bool]:
    """Shut a person out of a dossier with all in it; who is excluded already stays so.

    Returns the exclusion and whether it is new. Raises NotFound, NotAllowed, InvalidInput naming the field.
    """
    dossier = _kept(tx.session, tx.actor, dossier_id)
    tx.session.refresh(dossier, with_for_update={"of": Dossier})
    person = named_user(tx.session, user)
    said = one_of(Ground, ground, at="ground", label=_("Rechtsgrund"))
    text = line(reason, at="reason", label=_("Grund"), longest=LONGEST_REASON)
    known = tx.session.scalar(
        select(DossierExclusion).where(
            DossierExclusion.user_id == person.id,
            DossierExclusion.dossier_id == dossier.id,
            DossierExclusion.lifted_at.is_(None),
        )
    )
    if known is not None:
        return known, False
    row = DossierExclusion(
        user_id=person.id, dossier_id=dossier.id, ground=said.value, reason=text, given_by=tx.actor.user_id
    )
    tx.session.add(row)
    tx.session.flush()
    tx.record(Tag.DOSSIER_EXCLUDE, row.id, {"user": str(person.id), "ground": said.value}, subjects=[dossier.id])
    forget_rules(tx.session)
    return row, True


def readmit(tx: Transaction, exclusion_id: uuid.UUID, *, reason: str) -> DossierExclusion:
    """Lift an exclusion. Raises NotFound, also for one's own; NotAllowed, WrongState for one that was lifted."""
    row = tx.session.get(DossierExclusion, exclusion_id, with_for_update=True)
    if row is None:
        raise NotFound
    _kept(tx.session, tx.actor, row.dossier_id)
    if row.lifted_at is not None:
        raise WrongState(_("Der Ausschluss ist schon aufgehoben."))
    row.lift_reason = line(reason, at="reason", label=_("Grund"), longest=LONGEST_REASON)
    row.lifted_at, row.lifted_by = now(), tx.actor.user_id
    tx.record(Tag.DOSSIER_READMIT, row.id, {"user": str(row.user_id)}, subjects=[row.dossier_id])
    forget_rules(tx.session)
    return row


def list_exclusions(
    session: Session, actor: Actor, dossier_id: uuid.UUID, *, after: str | None, limit: int
) -> Page[DossierExclusion]:
    """All exclusions of a dossier, lifted ones too, for the registrar and the head of its unit."""
    dossier = _kept(session, actor, dossier_id)
    statement = select(DossierExclusion).where(DossierExclusion.dossier_id == dossier.id)
    return by_id(session, statement, DossierExclusion.id, after=after, limit=limit)


def _kept(session: Session, actor: Actor, dossier_id: uuid.UUID) -> Dossier:
    """The dossier, for its unit's head or a registrar who knows it: so nobody lifts an exclusion of oneself."""
    dossier = readable_dossier(session, actor, dossier_id)
    if not is_registrar(actor) and not is_head(session, actor, dossier.unit_id):
        raise NotAllowed(_("Ausschlüsse führt die Registratur oder die Leitung der Organisationseinheit."))
    return dossier
