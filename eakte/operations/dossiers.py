"""Reaching dossiers and cases: to know, to read, to change; and where a dossier stands on a day."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session, contains_eager

from eakte.access import Want, may_write, represented, rule_for
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound, WrongState
from eakte.language import _
from eakte.models import AccessScope, Case, Document, Dossier, PlanClass, Unit
from eakte.operations.checking import same_revision
from eakte.terms import Actor, DossierState, Level, Role
from eakte.transaction import Transaction


@dataclass(frozen=True, slots=True)
class OpenedDossier:
    """A dossier that an actor reads, and what the access rule said of it: handed on to all that the same look shows.

    Attributes:
        dossier: the dossier with class and unit.
        works: whether the actor may change it while it is open (`access.may_write`).
    """

    dossier: Dossier
    works: bool


def open_dossier(session: Session, actor: Actor, dossier_id: uuid.UUID) -> OpenedDossier:
    """A dossier to be read. Raises NotFound when it may not be known, NotAllowed when not read."""
    return OpenedDossier(*_asked(session, actor, dossier_id, Want.CONTENT))


def readable_dossier(session: Session, actor: Actor, dossier_id: uuid.UUID, want: Want = Want.METADATA) -> Dossier:
    """The dossier with class and unit. Raises NotFound when it may not be known, NotAllowed when not read."""
    return _asked(session, actor, dossier_id, want)[0]


def read_before(session: Session, actor: Actor, dossier: uuid.UUID | OpenedDossier) -> uuid.UUID:
    """The id of a dossier that the actor reads, asked for now unless it was opened before. Raises as `open_dossier`."""
    opened = dossier if isinstance(dossier, OpenedDossier) else open_dossier(session, actor, dossier)
    return opened.dossier.id


def _asked(session: Session, actor: Actor, dossier_id: uuid.UUID, want: Want) -> tuple[Dossier, bool]:
    """A dossier, and whether the actor works in it. Raises as `readable_dossier`."""
    rule = rule_for(session, actor)
    known, reads, works = rule.dossiers(Want.METADATA), rule.dossiers(Want.CONTENT), rule.writable()
    if actor.user_id is None:
        # The service's own work and the operator of the machine have no account and no rule; they reach everything.
        known = reads = works = true()
    found = session.execute(
        select(Dossier, reads.label("reads"), works.label("works"))
        .join(PlanClass, PlanClass.id == Dossier.plan_class_id)
        .join(AccessScope, AccessScope.number == Dossier.scope_number)
        .join(Unit, Unit.id == AccessScope.unit_id)
        .options(contains_eager(Dossier.plan_class), contains_eager(Dossier.unit))
        .where(Dossier.id == dossier_id, known)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    if want is Want.CONTENT and not found[1]:
        raise NotAllowed(_("Sie sehen, dass es diese Akte gibt, dürfen sie aber nicht lesen."))
    return found[0], found[2]


def writable_dossier(tx: Transaction, dossier_id: uuid.UUID, revision: int | None = None) -> Dossier:
    """The dossier, locked for this act. Raises NotFound, NotAllowed, StaleRevision."""
    if tx.actor.user_id is None:
        dossier = tx.session.get(Dossier, dossier_id, with_for_update=True)
        if dossier is None:
            raise NotFound
        return dossier
    dossier = readable_dossier(tx.session, tx.actor, dossier_id)
    if not may_write(tx.session, rule_for(tx.session, tx.actor), dossier):
        raise NotAllowed(_("Sie dürfen diese Akte nicht ändern."))
    tx.session.refresh(dossier, with_for_update={"of": Dossier})
    same_revision(revision, dossier.revision)
    note_represented(tx, dossier)
    return dossier


def note_represented(tx: Transaction, dossier: Dossier) -> None:
    """Let the entry of this act name whom the actor represents, where the dossier is reached as a deputy."""
    tx.act_for(represented(tx.session, rule_for(tx.session, tx.actor), dossier))


def readable_case(session: Session, actor: Actor, case_id: uuid.UUID) -> Case:
    """The case of a readable dossier. Raises NotFound."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    readable_dossier(session, actor, case.dossier_id)
    return case


def require_open(dossier: Dossier) -> None:
    """Raise WrongState for a closed dossier."""
    if dossier.closed_on is not None:
        raise WrongState(_("Die Akte ist geschlossen. Zum Ändern ist „Akte wieder öffnen“ nötig."))


def youngest_document_day(session: Session, dossier_id: uuid.UUID) -> date | None:
    """The latest day of any document: received, sent, written, else filed (in Europe/Berlin)."""
    filed_on = func.date(func.timezone("Europe/Berlin", Document.created_at))
    day = func.greatest(Document.received_on, Document.sent_on, Document.written_on)
    found: date | None = session.scalar(
        select(func.max(func.coalesce(day, filed_on))).where(Document.dossier_id == dossier_id)
    )
    return found


def state_on(dossier: Dossier, day: date) -> DossierState:
    """Where a dossier stands on a day: what follows from the calendar alone is not stored."""
    if dossier.closed_on is None:
        return DossierState.OPEN
    due = dossier.retention_offer_by
    if (dossier.retention_end is not None and dossier.retention_end < day) or (due is not None and due <= day):
        return DossierState.DUE
    if dossier.grace_end is not None and dossier.grace_end >= day:
        return DossierState.CLOSED
    return DossierState.RETENTION


def level_for(word: str) -> Level:
    """The level of an API word. Raises InvalidInput."""
    try:
        return Level.parse(word)
    except KeyError:
        words = ", ".join(level.word for level in Level)
        raise InvalidInput(
            errors=[FieldError("confidentiality", _("Vertraulichkeit: erlaubt sind %(words)s.", words=words))]
        ) from None


def is_registrar(actor: Actor) -> bool:
    """Whether the actor keeps plan and files; the service itself counts as such."""
    return actor.user_id is None or actor.has(Role.REGISTRAR)
