"""Changes of what is said about a dossier or case; what stood there before is kept beside the log."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import update

from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, WrongState
from eakte.language import _
from eakte.models import Case, Document, Dossier, PlanClass
from eakte.operations.checking import line, one_of, optional_line, same_revision
from eakte.operations.closing import reindex
from eakte.operations.dossiers import readable_case, require_open, writable_dossier
from eakte.operations.fields import FieldOwner, checked_values
from eakte.operations.queueing import enqueue_indexing
from eakte.terms import Medium
from eakte.transaction import Transaction


def change_dossier(tx: Transaction, dossier_id: uuid.UUID, changes: Mapping[str, Any], *, revision: int) -> Dossier:
    """Change title, medium, location or data fields of an open dossier. Raises InvalidInput naming the field."""
    dossier = writable_dossier(tx, dossier_id, revision)
    require_open(dossier)
    plan_class = tx.session.get_one(PlanClass, dossier.plan_class_id)
    checks: dict[str, Callable[[Any], Any]] = {
        "title": lambda value: line(value, at="title", label=_("Betreff")),
        "medium": lambda value: one_of(Medium, str(value), at="medium", label=_("Medium")).value,
        "location": lambda value: optional_line(value, at="location", label=_("Standort")),
        "fields": lambda value: checked_values(tx.session, plan_class, FieldOwner.DOSSIER, value or {}),
    }
    if changes.get("medium") == Medium.ELECTRONIC and dossier.lent_to is not None:
        raise WrongState(_("Das Papier der Akte ist ausgeliehen."))
    before = _set(dossier, changes, checks)
    if not before:
        return dossier
    dossier.revision += 1
    entry = tx.record(Tag.DOSSIER_CHANGE, dossier.id, {"fields": sorted(before)})
    for name, value in before.items():
        tx.remember(entry, dossier.id, name, value)
    reindex(tx, dossier)
    return dossier


def change_case(tx: Transaction, case_id: uuid.UUID, changes: Mapping[str, Any], *, revision: int) -> Case:
    """Change title or data fields of an open case. Raises InvalidInput naming the field."""
    case = readable_case(tx.session, tx.actor, case_id)
    dossier = writable_dossier(tx, case.dossier_id)
    require_open(dossier)
    tx.session.refresh(case, with_for_update=True)
    same_revision(revision, case.revision)
    if case.closed_on is not None:
        raise WrongState(_("Der Vorgang ist geschlossen."))
    plan_class = tx.session.get_one(PlanClass, dossier.plan_class_id)
    checks: dict[str, Callable[[Any], Any]] = {
        "title": lambda value: line(value, at="title", label=_("Betreff")),
        "fields": lambda value: checked_values(tx.session, plan_class, FieldOwner.CASE, value or {}),
    }
    before = _set(case, changes, checks)
    if not before:
        return case
    case.revision += 1
    entry = tx.record(Tag.CASE_CHANGE, case.id, {"fields": sorted(before)}, subjects=[dossier.id])
    for name, value in before.items():
        tx.remember(entry, case.id, name, value)
    tx.session.execute(update(Document).where(Document.case_id == case.id).values(revision=Document.revision + 1))
    enqueue_indexing(tx)
    return case


def _set(
    row: Dossier | Case, changes: Mapping[str, Any], checks: Mapping[str, Callable[[Any], Any]]
) -> dict[str, str | None]:
    """Set what differs and return what stood there before."""
    unknown = sorted(set(changes) - set(checks))
    if unknown:
        raise InvalidInput(errors=[FieldError(name, _("Diese Angabe lässt sich nicht ändern.")) for name in unknown])
    before: dict[str, str | None] = {}
    for name, value in changes.items():
        clean, old = checks[name](value), getattr(row, name)
        if clean != old:
            before[name] = None if old is None else str(old)
            setattr(row, name, clean)
    return before
