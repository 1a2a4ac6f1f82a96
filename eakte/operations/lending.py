"""The paper of a dossier: who has it, since when, and who had it. Records on paper are lent, electronic ones shared."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import Want
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, WrongState
from eakte.language import _
from eakte.models import Dossier, DossierLoan
from eakte.operations.checking import line, optional_line
from eakte.operations.dossiers import readable_dossier
from eakte.operations.moving import handled_dossier
from eakte.operations.paging import Page, by_id
from eakte.terms import Actor, Medium, today
from eakte.transaction import Transaction


def lend(
    tx: Transaction,
    dossier_id: uuid.UUID,
    *,
    to: str,
    until: date | None = None,
    revision: int | None = None,
) -> Dossier:
    """Lend the paper to a person or office, open dossier or closed. Raises WrongState where it is lent or not paper."""
    dossier = handled_dossier(tx, dossier_id, revision)
    if dossier.medium == Medium.ELECTRONIC:
        raise WrongState(_("Diese Akte hat kein Papier."))
    if dossier.lent_to is not None:
        raise WrongState(_("Das Papier der Akte ist schon ausgeliehen."))
    if until is not None and until < today():
        raise InvalidInput(errors=[FieldError("until", _("Der Tag der Rückgabe liegt in der Vergangenheit."))])
    dossier.lent_to = line(to, at="to", label=_("Entleiher"))
    dossier.lent_on, dossier.lent_until = today(), until
    dossier.revision += 1
    tx.record(Tag.DOSSIER_LEND, dossier.id, {"until": until.isoformat() if until else None})
    return dossier


def give_back(
    tx: Transaction, dossier_id: uuid.UUID, *, location: str | None = None, revision: int | None = None
) -> Dossier:
    """Take the paper back, perhaps to another place. Raises WrongState where it is not lent."""
    dossier = handled_dossier(tx, dossier_id, revision)
    if dossier.lent_to is None or dossier.lent_on is None:
        raise WrongState(_("Das Papier der Akte ist nicht ausgeliehen."))
    tx.session.add(
        DossierLoan(
            dossier_id=dossier.id,
            lent_to=dossier.lent_to,
            lent_on=dossier.lent_on,
            lent_until=dossier.lent_until,
            returned_on=today(),
        )
    )
    dossier.lent_to = dossier.lent_on = dossier.lent_until = None
    place = optional_line(location, at="location", label=_("Standort"))
    before = dossier.location
    if place is not None:
        dossier.location = place
    dossier.revision += 1
    entry = tx.record(Tag.DOSSIER_RETURN, dossier.id)
    if before != dossier.location:
        tx.remember(entry, dossier.id, "location", before)
    return dossier


def list_loans(
    session: Session, actor: Actor, dossier_id: uuid.UUID, *, after: str | None, limit: int
) -> Page[DossierLoan]:
    """Who had the paper, newest first; who has it now stands in the dossier."""
    readable_dossier(session, actor, dossier_id, Want.CONTENT)
    statement = select(DossierLoan).where(DossierLoan.dossier_id == dossier_id)
    return by_id(session, statement, DossierLoan.id, after=after, limit=limit, newest_first=True)
