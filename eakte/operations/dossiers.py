"""Dossiers and cases: open, close, reopen, and the term that follows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, contains_eager

from eakte.access import Want, may_write, rule_for
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound, WrongState
from eakte.models import Case, Document, Dossier, ExternalSystem, PlanClass, Unit
from eakte.operations.checking import line, one_of, same_revision
from eakte.operations.plan import find_class, require_takes_files
from eakte.operations.references import next_reference, normalised_spelling, sort_key
from eakte.operations.units import find_unit, scope_number
from eakte.terms import Actor, CaseState, DossierState, Level, Medium, Role, today
from eakte.transaction import Transaction


@dataclass(frozen=True, slots=True)
class NewDossier:
    """What a caller says about a new dossier; references are ids (plan class and unit also by number)."""

    plan_class: str
    title: str
    unit: str | None = None
    confidentiality: str = "internal"
    medium: str = "electronic"
    external_system: str | None = None
    external_id: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    opened_on: date | None = None
    """A day in the past when files of another system move in; only on the machine."""


def create_dossier(tx: Transaction, new: NewDossier, *, pattern: str) -> tuple[Dossier, bool]:
    """A new dossier with the next reference number of its class; or, for a known external key, what it names.

    Returns the dossier and whether it is new. Raises InvalidInput for unknown references and classes without files,
    NotAllowed for a unit or level the actor does not work in.
    """
    if new.external_id is not None and new.external_system is not None:
        _claim_system(tx, new.external_system)
        known = _by_external_key(tx, new.external_system, new.external_id)
        if known is not None:
            return known, False
    plan_class = find_class(tx.session, new.plan_class)
    require_takes_files(tx.session, plan_class)
    unit = _unit_for(tx, new.unit)
    level = _level_for(new.confidentiality)
    scope = scope_number(tx, unit.id, level)
    rule = rule_for(tx.session, tx.actor)
    if tx.actor.user_id is not None and not (rule.user_id and scope in rule.content):
        raise NotAllowed("In dieser Organisationseinheit oder Vertraulichkeit arbeiten Sie nicht.")
    opened_on = new.opened_on or today()
    title = line(new.title, at="title", label="Betreff")
    reference = next_reference(tx, pattern, class_id=plan_class.id, class_number=plan_class.number, year=opened_on.year)
    dossier = Dossier(
        reference_number=reference,
        reference_key=normalised_spelling(reference),
        reference_sort=sort_key(reference),
        plan_class_id=plan_class.id,
        title=title,
        unit_id=unit.id,
        confidentiality=int(level),
        scope_number=scope,
        medium=one_of(Medium, new.medium, at="medium", label="Medium").value,
        external_system=new.external_system,
        external_id=new.external_id,
        fields=new.fields,
        state=DossierState.OPEN.value,
        opened_on=opened_on,
        retention_state="open",
    )
    tx.session.add(dossier)
    tx.session.flush()
    tx.record(Tag.DOSSIER_CREATE, dossier.id, {"reference_number": reference, "plan_class": str(plan_class.id)})
    return dossier, True


def create_case(tx: Transaction, *, dossier_id: uuid.UUID, title: str) -> Case:
    """A new case with the next number in its dossier. Raises NotFound, NotAllowed, WrongState for a closed dossier."""
    dossier = writable_dossier(tx, dossier_id)
    require_open(dossier)
    ordinal = tx.session.scalar(select(func.coalesce(func.max(Case.ordinal), 0)).where(Case.dossier_id == dossier.id))
    case = Case(
        dossier_id=dossier.id,
        ordinal=(ordinal or 0) + 1,
        title=line(title, at="title", label="Betreff"),
        state=CaseState.OPEN.value,
    )
    tx.session.add(case)
    tx.session.flush()
    tx.record(Tag.CASE_CREATE, case.id, {"dossier": str(dossier.id)}, subjects=[dossier.id])
    return case


def readable_dossier(session: Session, actor: Actor, dossier_id: uuid.UUID, want: Want = Want.METADATA) -> Dossier:
    """The dossier with class and unit. Raises NotFound when it may not be known, NotAllowed when not read."""
    rule = rule_for(session, actor)
    # The service's own work and the operator of the machine have no account and no rule; they reach everything.
    known = true() if actor.user_id is None else rule.dossiers(Want.METADATA)
    dossier = session.scalar(
        select(Dossier)
        .join(PlanClass, PlanClass.id == Dossier.plan_class_id)
        .join(Unit, Unit.id == Dossier.unit_id)
        .options(contains_eager(Dossier.plan_class), contains_eager(Dossier.unit))
        .where(Dossier.id == dossier_id, known)
        .execution_options(populate_existing=True)
    )
    if dossier is None:
        raise NotFound
    if want is Want.CONTENT and actor.user_id is not None:
        readable = select(Dossier.id).where(Dossier.id == dossier_id, rule.dossiers(Want.CONTENT))
        if session.scalar(readable) is None:
            raise NotAllowed("Sie sehen, dass es diese Akte gibt, dürfen sie aber nicht lesen.")
    return dossier


def writable_dossier(tx: Transaction, dossier_id: uuid.UUID, revision: int | None = None) -> Dossier:
    """The dossier, locked for this act. Raises NotFound, NotAllowed, StaleRevision."""
    if tx.actor.user_id is None:
        dossier = tx.session.get(Dossier, dossier_id, with_for_update=True)
        if dossier is None:
            raise NotFound
        return dossier
    dossier = readable_dossier(tx.session, tx.actor, dossier_id)
    if not may_write(rule_for(tx.session, tx.actor), tx.actor, dossier):
        raise NotAllowed("Sie dürfen diese Akte nicht ändern.")
    tx.session.refresh(dossier, with_for_update={"of": Dossier})
    same_revision(revision, dossier.revision)
    return dossier


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
        raise WrongState("Die Akte ist geschlossen. Zum Ändern ist „Akte wieder öffnen“ nötig.")


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


def _claim_system(tx: Transaction, system: str) -> None:
    """A system's name belongs to the account that used it first: others must not learn which keys it knows.

    The row's lock also makes two first calls with one key wait for each other.
    """
    name = line(system, at="external.system", label="System", longest=100)
    if tx.actor.user_id is None:
        return
    tx.session.execute(insert(ExternalSystem).values(name=name, user_id=tx.actor.user_id).on_conflict_do_nothing())
    owner = tx.session.get_one(ExternalSystem, name, with_for_update=True)
    if owner.user_id != tx.actor.user_id:
        raise NotAllowed("Der Name dieses Systems gehört zu einem anderen Konto.")


def _by_external_key(tx: Transaction, system: str, external_id: str) -> Dossier | None:
    dossier_id = tx.session.scalar(
        select(Dossier.id).where(Dossier.external_system == system, Dossier.external_id == external_id)
    )
    if dossier_id is None:
        return None
    try:
        return readable_dossier(tx.session, tx.actor, dossier_id)
    except NotFound:
        raise NotAllowed("Dieser Schlüssel gehört zu einem anderen System.") from None


def _unit_for(tx: Transaction, reference: str | None) -> Unit:
    if reference is not None:
        return find_unit(tx.session, reference)
    unit = tx.session.get(Unit, tx.actor.unit_id) if tx.actor.unit_id else None
    if unit is None:
        raise InvalidInput(errors=[FieldError("unit", "Die zuständige Organisationseinheit fehlt.")])
    return unit


def _level_for(word: str) -> Level:
    try:
        return Level.parse(word)
    except KeyError:
        words = ", ".join(level.word for level in Level)
        raise InvalidInput(errors=[FieldError("confidentiality", f"Vertraulichkeit: erlaubt sind {words}.")]) from None


def is_registrar(actor: Actor) -> bool:
    """Whether the actor keeps plan and files; the service itself counts as such."""
    return actor.user_id is None or actor.has(Role.REGISTRAR)
