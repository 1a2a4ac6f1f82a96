"""Closing (zdA) and reopening, and the retention that is counted from it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import CasesOpen, FieldError, InvalidInput, NotAllowed, WrongState
from eakte.language import _, gettext
from eakte.models import Case, Document, Dossier, DossierEvent, PlanClass
from eakte.operations.checking import line, optional_line, same_revision
from eakte.operations.dossiers import is_registrar, readable_case, require_open, writable_dossier, youngest_document_day
from eakte.operations.plan_rules import class_rules, resolve_class
from eakte.operations.queueing import enqueue_indexing
from eakte.terms import CaseState, DossierState, today
from eakte.transaction import Transaction
from retention.errors import CalendarError
from retention.periods import Facts, assess_versions, grace_end, kept_longer


def close_dossier(
    tx: Transaction,
    dossier_id: uuid.UUID,
    *,
    closed_on: date | None = None,
    close_cases: bool = False,
    reason: str | None = None,
    revision: int | None = None,
) -> Dossier:
    """Close a dossier (zdA verfügen) and count its term.

    Open cases are closed in the same act when the caller says so, each named in the event; otherwise CasesOpen names
    them: never a closed dossier with an open case. A day in the future or before the youngest document is the easiest
    way to destroy early, so it needs the registrar and a reason (records, "Retention arithmetic").
    """
    dossier = writable_dossier(tx, dossier_id, revision)
    require_open(dossier)
    reason = optional_line(reason, at="reason", label=_("Grund"))
    day = closed_on or today()
    backdated = _check_day(tx, dossier, day, reason)
    cases = _open_cases(tx, dossier.id)
    if cases and not close_cases:
        raise _still_open(cases)
    for case in cases:
        case.state, case.closed_on = CaseState.CLOSED.value, day
        case.revision += 1
    dossier.state, dossier.closed_on = DossierState.CLOSED.value, day
    recount(tx, dossier)
    entry = tx.record(
        Tag.DOSSIER_CLOSE,
        dossier.id,
        {"closed_on": day.isoformat(), "backdated": backdated, "end": _iso(dossier)},
        subjects=[case.id for case in cases],
    )
    if reason:
        tx.remember(entry, dossier.id, "reason", reason)
    reindex(tx, dossier)
    return dossier


def reopen_dossier(tx: Transaction, dossier_id: uuid.UUID, *, reason: str, revision: int | None = None) -> Dossier:
    """Open a closed dossier again; its term ends to run and is counted anew at the next closing."""
    dossier = writable_dossier(tx, dossier_id, revision)
    if dossier.closed_on is None:
        raise WrongState(_("Die Akte ist nicht geschlossen."))
    reason = line(reason, at="reason", label=_("Grund"))
    before = dossier.closed_on
    dossier.state, dossier.closed_on = DossierState.OPEN.value, None
    recount(tx, dossier)
    entry = tx.record(Tag.DOSSIER_REOPEN, dossier.id, {"was_closed_on": before.isoformat()})
    tx.remember(entry, dossier.id, "reason", reason)
    reindex(tx, dossier)
    return dossier


def set_event(tx: Transaction, dossier_id: uuid.UUID, *, name: str, on: date) -> Dossier:
    """Say when a named event happened (anchor `event:NAME`) and count the term anew."""
    dossier = writable_dossier(tx, dossier_id)
    name = line(name, at="name", label=_("Ereignis"), longest=100)
    if on > today():
        raise InvalidInput(errors=[FieldError("on", _("Der Tag des Ereignisses liegt in der Zukunft."))])
    event = tx.session.scalar(
        select(DossierEvent).where(DossierEvent.dossier_id == dossier.id, DossierEvent.name == name)
    )
    before = event.on.isoformat() if event else None
    if event is None:
        tx.session.add(DossierEvent(dossier_id=dossier.id, name=name, on=on))
    else:
        event.on = on
    tx.session.flush()
    recount(tx, dossier)
    tx.record(Tag.DOSSIER_EVENT, dossier.id, {"on": on.isoformat(), "before": before, "end": _iso(dossier)})
    return dossier


def close_case(
    tx: Transaction,
    case_id: uuid.UUID,
    *,
    closed_on: date | None = None,
    close_cases: bool = False,
    revision: int | None = None,
) -> Case:
    """Close a case of an open dossier. Open sub-cases are closed in the same act when the caller says so."""
    case = _writable_case(tx, case_id, revision)
    if case.closed_on is not None:
        raise WrongState(_("Der Vorgang ist schon geschlossen."))
    day = closed_on or today()
    if day > today():
        raise InvalidInput(errors=[FieldError("closed_on", _("Der Tag liegt in der Zukunft."))])
    below = [each for each in _open_cases(tx, case.dossier_id) if each.parent_id == case.id]
    if below and not close_cases:
        raise _still_open(below)
    for each in (case, *below):
        each.state, each.closed_on = CaseState.CLOSED.value, day
        each.revision += 1
    beside = [case.dossier_id, *(each.id for each in below)]
    tx.record(Tag.CASE_CLOSE, case.id, {"closed_on": day.isoformat()}, subjects=beside)
    return case


def reopen_case(tx: Transaction, case_id: uuid.UUID, *, reason: str, revision: int | None = None) -> Case:
    """Open a case again; its dossier, and of a sub-case the case above, must be open."""
    case = _writable_case(tx, case_id, revision)
    if case.closed_on is None:
        raise WrongState(_("Der Vorgang ist nicht geschlossen."))
    if case.parent_id is not None and tx.session.get_one(Case, case.parent_id).closed_on is not None:
        raise WrongState(_("Der übergeordnete Vorgang ist geschlossen."))
    reason = line(reason, at="reason", label=_("Grund"))
    case.state, case.closed_on = CaseState.OPEN.value, None
    case.revision += 1
    entry = tx.record(Tag.CASE_REOPEN, case.id, {}, subjects=[case.dossier_id])
    tx.remember(entry, case.id, "reason", reason)
    return case


def recount(tx: Transaction, dossier: Dossier) -> None:
    """Count the term of a dossier from its class, closing, documents and events, and store what follows.

    All versions of the class's rule count: which one governs depends on the day of closing and on whether a later one
    reaches back (`retention.assess_versions`). The transfer grace is the one of today.
    """
    dossier.revision += 1
    count_term(tx.session, dossier)


def count_term(session: Session, dossier: Dossier) -> None:
    """What `recount` does, without a new revision."""
    plan_class = session.get_one(PlanClass, dossier.plan_class_id)
    resolved = resolve_class(session, plan_class)
    rules = class_rules(session, plan_class)
    try:
        dossier.grace_end = grace_end(dossier.closed_on, resolved.transfer_grace.value) if dossier.closed_on else None
        found = assess_versions(rules, facts_of(session, dossier), offer_by=resolved.offer_by.value) if rules else None
        found = kept_longer(found, dossier.keep_until) if found else None
    except CalendarError as error:
        raise _beyond_the_calendar(error) from error
    # Without a term anywhere above a dossier never becomes due by itself, and the registrar's lists say so.
    dossier.retention_state = found.state.value if found else "no-rule"
    dossier.retention_end = found.end if found else None
    dossier.retention_offer_by = found.offer_by if found else None
    dossier.retention_rule = gettext(found.explanation) if found else None
    dossier.retention_basis = found.rule.legal_basis if found else None


def facts_of(session: Session, dossier: Dossier) -> Facts:
    """What terms are counted from."""
    events = session.scalars(select(DossierEvent).where(DossierEvent.dossier_id == dossier.id))
    return Facts(
        closed_on=dossier.closed_on,
        last_document_on=youngest_document_day(session, dossier.id),
        events={event.name: event.on for event in events},
    )


def _beyond_the_calendar(error: CalendarError) -> InvalidInput:
    del error  # in English, for programmers
    return InvalidInput(errors=[FieldError("closed_on", _("Eine Frist von diesem Tag an endet nach dem Jahr 9999."))])


def _check_day(tx: Transaction, dossier: Dossier, day: date, reason: str | None) -> bool:
    youngest = youngest_document_day(tx.session, dossier.id)
    if day <= today() and (youngest is None or day >= youngest):
        return False
    future = day > today()
    if not is_registrar(tx.actor):
        if future:
            raise NotAllowed(_("Der Tag liegt in der Zukunft. Das darf nur die Registratur, mit einem Grund."))
        raise NotAllowed(_("Der Tag liegt vor dem jüngsten Dokument. Das darf nur die Registratur, mit einem Grund."))
    if reason is None:
        if future:
            raise NotAllowed(_("Der Tag liegt in der Zukunft. Dazu ist ein Grund nötig."))
        raise NotAllowed(_("Der Tag liegt vor dem jüngsten Dokument. Dazu ist ein Grund nötig."))
    return True


def _open_cases(tx: Transaction, dossier_id: uuid.UUID) -> Sequence[Case]:
    return tx.session.scalars(
        select(Case).where(Case.dossier_id == dossier_id, Case.closed_on.is_(None)).order_by(Case.ordinal)
    ).all()


def _still_open(cases: Sequence[Case]) -> CasesOpen:
    names = "; ".join(f"{case.ordinal} {case.title}" for case in cases[:20])
    return CasesOpen(
        _("Offen: %(names)s", names=names), errors=[FieldError(f"cases.{case.id}", case.title) for case in cases]
    )


def _writable_case(tx: Transaction, case_id: uuid.UUID, revision: int | None) -> Case:
    case = readable_case(tx.session, tx.actor, case_id)
    require_open(writable_dossier(tx, case.dossier_id))
    tx.session.refresh(case, with_for_update=True)
    same_revision(revision, case.revision)
    return case


def _iso(dossier: Dossier) -> str | None:
    return dossier.retention_end.isoformat() if dossier.retention_end else None


def reindex(tx: Transaction, dossier: Dossier) -> None:
    """The entries of its documents show the dossier's state, so they are written again from their stored terms."""
    tx.session.execute(update(Document).where(Document.dossier_id == dossier.id).values(revision=Document.revision + 1))
    enqueue_indexing(tx)
