"""The answer to "why may X see this?": from the same rule that decides it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import Reason, Source, Want, is_head, may_write, rule_for, why
from eakte.errors import NotAllowed
from eakte.language import _
from eakte.models import Dossier, User
from eakte.operations.accounts import actor_of, permitted_user
from eakte.operations.dossiers import is_registrar, readable_dossier
from eakte.terms import Actor, Role


@dataclass(frozen=True, slots=True)
class Access:
    """What a person may do with a dossier, and by which sources of rights."""

    user: User
    knows: bool
    reads: bool
    writes: bool
    reasons: Sequence[Reason]


def explain(session: Session, actor: Actor, dossier_id: uuid.UUID, user: str | None) -> Access:
    """Why a person (the actor unless named) may see a dossier, or which exclusion forbids it.

    Asked by who may know the dossier: of oneself, or as registrar, head of its unit, or auditor by mandate. Others hear
    the same for each account and for none. Raises NotFound, NotAllowed, InvalidInput.
    """
    dossier = readable_dossier(session, actor, dossier_id)
    if user is None and actor.user_id is not None:
        person = session.get_one(User, actor.user_id)
    else:
        asks = _may_ask(session, actor, dossier)
        person = permitted_user(
            session,
            user or "",
            lambda each: asks or each.id == actor.user_id,
            refusal=NotAllowed(_("Wer eine Akte warum sieht, erfahren Registratur, Leitung und Prüfung.")),
            keeper=asks,
        )
    rule = rule_for(session, actor_of(person, scopes=frozenset()))
    found = select(Dossier.id).where(Dossier.id == dossier.id)
    return Access(
        user=person,
        knows=session.scalar(found.where(rule.dossiers(Want.METADATA))) is not None,
        reads=session.scalar(found.where(rule.dossiers(Want.CONTENT))) is not None,
        writes=may_write(session, rule, dossier),
        reasons=why(session, rule, dossier),
    )


def _may_ask(session: Session, actor: Actor, dossier: Dossier) -> bool:
    if is_registrar(actor) or is_head(session, actor, dossier.unit_id):
        return True
    # Who reads only by another role of the same account does not ask as an auditor.
    reasons = why(session, rule_for(session, actor), dossier)
    return actor.has(Role.AUDITOR) and any(reason.source is Source.MANDATE for reason in reasons)
