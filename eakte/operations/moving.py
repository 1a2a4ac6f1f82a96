"""A dossier goes to another class or another unit. Where it was stays answerable, and its old numbers still find it."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import may_write, rule_for
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, WrongState
from eakte.language import _
from eakte.models import AuditEntry, Dossier, FormerValue, PlanClass
from eakte.operations.checking import line, remember_reason, same_revision
from eakte.operations.closing import recount, reindex
from eakte.operations.dossiers import is_registrar, level_for, readable_dossier
from eakte.operations.fields import FieldOwner, checked_values
from eakte.operations.plan import find_class, require_takes_files
from eakte.operations.references import keep_reference, new_reference, normalised_spelling, sort_key
from eakte.operations.units import find_unit, scope_number
from eakte.terms import Level, today
from eakte.transaction import Transaction


def move_dossier(
    tx: Transaction,
    dossier_id: uuid.UUID,
    *,
    plan_class: str,
    reason: str,
    pattern: str,
    fields: dict[str, Any] | None = None,
    revision: int | None = None,
) -> Dossier:
    """Put a dossier into another class, under a reference number of that class: a new one, or the one it had there.

    Every number that it ever had stays its own and finds it, so a dossier that comes back to a class, by another move
    or because a move is taken back, has again the number that stands on its letters. The term follows the rule of the
    new class, as if the dossier had always been there: what it is about did not change, it was in the wrong place.
    `fields` are its data fields if those of the new class are others. Raises NotFound, NotAllowed, InvalidInput,
    StaleRevision.
    """
    dossier = kept_dossier(tx, dossier_id, revision)
    target = find_class(tx.session, plan_class)
    reason = line(reason, at="reason", label=_("Grund"))
    if target.id == dossier.plan_class_id:
        raise InvalidInput(
            errors=[FieldError("plan_class", _("Die Akte liegt schon unter %(number)s.", number=target.number))]
        )
    require_takes_files(tx.session, target)
    values = dossier.fields if fields is None else fields
    checked = checked_values(tx.session, target, FieldOwner.DOSSIER, values)
    before = {"reference_number": dossier.reference_number, "plan_class": str(dossier.plan_class_id)}
    if checked != dossier.fields:
        before["fields"] = str(dossier.fields)
    reference = _number_there(tx.session, dossier, target)
    if reference is None:
        reference = new_reference(tx, pattern, class_id=target.id, class_number=target.number, year=today().year)
        keep_reference(tx, dossier.id, reference)
    others = [each for each in dossier.former_references if each != reference]
    dossier.former_references = [*others, dossier.reference_number]
    dossier.reference_number = reference
    dossier.reference_key, dossier.reference_sort = normalised_spelling(reference), sort_key(reference)
    dossier.plan_class_id, dossier.fields = target.id, checked
    recount(tx, dossier)
    entry = tx.record(
        Tag.DOSSIER_MOVE,
        dossier.id,
        {"from": before["plan_class"], "to": str(target.id), "end": str(dossier.retention_end or "")},
    )
    for name, value in before.items():
        tx.remember(entry, dossier.id, name, value)
    remember_reason(tx, entry, dossier.id, reason)
    reindex(tx, dossier)
    return dossier


def reassign_dossier(
    tx: Transaction,
    dossier_id: uuid.UUID,
    *,
    unit: str,
    reason: str,
    confidentiality: str | None = None,
    revision: int | None = None,
) -> Dossier:
    """Make another unit responsible. Its people see the dossier from now on, those of the former one no longer."""
    dossier = kept_dossier(tx, dossier_id, revision)
    target = find_unit(tx.session, unit)
    reason = line(reason, at="reason", label=_("Grund"))
    level = Level(dossier.confidentiality) if confidentiality is None else level_for(confidentiality)
    if target.id == dossier.unit_id and level == dossier.confidentiality:
        raise WrongState(_("Die Akte liegt schon bei dieser Organisationseinheit."))
    before = {"unit": str(dossier.unit_id), "confidentiality": Level(dossier.confidentiality).word}
    dossier.scope_number, dossier.confidentiality = scope_number(tx.session, target.id, level), int(level)
    dossier.revision += 1
    tx.session.flush()
    tx.session.refresh(dossier, ["unit_id"])
    entry = tx.record(Tag.DOSSIER_REASSIGN, dossier.id, {"from": before["unit"], "to": str(target.id)})
    for name, value in before.items():
        tx.remember(entry, dossier.id, name, value)
    remember_reason(tx, entry, dossier.id, reason)
    reindex(tx, dossier)
    return dossier


def classify_dossier(
    tx: Transaction, dossier_id: uuid.UUID, *, confidentiality: str, reason: str, revision: int | None = None
) -> Dossier:
    """Give a dossier another level of confidentiality: by who works in it on both levels, or by the registrar.

    Nobody puts a dossier out of the own sight by it, but the registrar, who may know more than read. Raises NotFound,
    NotAllowed, WrongState for the level that it has, StaleRevision, InvalidInput.
    """
    dossier = handled_dossier(tx, dossier_id, revision)
    level = level_for(confidentiality)
    reason = line(reason, at="reason", label=_("Grund"))
    if level == dossier.confidentiality:
        raise WrongState(_("Diese Vertraulichkeit hat die Akte schon."))
    before = Level(dossier.confidentiality).word
    dossier.confidentiality = int(level)
    dossier.scope_number = scope_number(tx.session, dossier.unit_id, level)
    if not is_registrar(tx.actor) and not may_write(tx.session, rule_for(tx.session, tx.actor), dossier):
        raise NotAllowed(_("In dieser Vertraulichkeit arbeiten Sie nicht."))
    dossier.revision += 1
    entry = tx.record(Tag.DOSSIER_CLASSIFY, dossier.id, {"from": before, "to": level.word})
    tx.remember(entry, dossier.id, "confidentiality", before)
    tx.remember(entry, dossier.id, "reason", reason)
    reindex(tx, dossier)
    return dossier


def kept_dossier(tx: Transaction, dossier_id: uuid.UUID, revision: int | None) -> Dossier:
    """The dossier, locked, for an act of the registrar: of any unit whose dossiers the registrar knows.

    Raises NotFound, NotAllowed, StaleRevision.
    """
    dossier = readable_dossier(tx.session, tx.actor, dossier_id)
    if not is_registrar(tx.actor):
        raise NotAllowed(_("Das macht die Registratur."))
    return _locked(tx, dossier, revision)


def handled_dossier(tx: Transaction, dossier_id: uuid.UUID, revision: int | None) -> Dossier:
    """The dossier, locked, for handling its paper: by who works in it, or by the registrar."""
    dossier = readable_dossier(tx.session, tx.actor, dossier_id)
    if not is_registrar(tx.actor) and not may_write(tx.session, rule_for(tx.session, tx.actor), dossier):
        raise NotAllowed(_("Sie dürfen diese Akte nicht ändern."))
    return _locked(tx, dossier, revision)


def _number_there(session: Session, dossier: Dossier, plan_class: PlanClass) -> str | None:
    """The number that the dossier had when it last left a class; None where it never was."""
    left = (
        select(FormerValue.value)
        .join(AuditEntry, AuditEntry.id == FormerValue.entry_id)
        .where(
            AuditEntry.tag == Tag.DOSSIER_MOVE.value,
            AuditEntry.subject == dossier.id,
            AuditEntry.details["from"].as_string() == str(plan_class.id),
            FormerValue.object_id == dossier.id,
            FormerValue.field == "reference_number",
        )
    )
    return session.scalar(left.order_by(AuditEntry.id.desc()).limit(1))


def _locked(tx: Transaction, dossier: Dossier, revision: int | None) -> Dossier:
    tx.session.refresh(dossier, with_for_update={"of": Dossier})
    same_revision(revision, dossier.revision)
    return dossier
