"""Classes of the plan closed, opened again, merged and divided.

None of it touches a dossier: files stay in the class in which they were made, with their number, until somebody moves
them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, WrongState
from eakte.language import _
from eakte.models import PlanClass
from eakte.operations.checking import line, remember_reason
from eakte.operations.plan import add_class, find_class, require_takes_files, writable_class
from eakte.terms import PlanClassState, today
from eakte.transaction import Transaction


def close_class(tx: Transaction, class_id: uuid.UUID, *, reason: str | None, revision: int | None) -> PlanClass:
    """Take no new files in a class from today on. Its dossiers go on as before."""
    row = _open_class(tx, class_id, revision)
    set_state(row, PlanClassState.CLOSED)
    entry = tx.record(Tag.PLAN_CLASS_CLOSE, row.id)
    remember_reason(tx, entry, row.id, reason)
    return row


def reopen_class(tx: Transaction, class_id: uuid.UUID, *, reason: str, revision: int | None) -> PlanClass:
    """Take files again, whichever way the class came to take none."""
    row = writable_class(tx, class_id, revision)
    if row.state == PlanClassState.OPEN:
        raise WrongState(_("Die Aktenplaneinheit ist offen."))
    before = row.state
    set_state(row, PlanClassState.OPEN)
    row.successor_id = None
    entry = tx.record(Tag.PLAN_CLASS_REOPEN, row.id, {"was": before})
    remember_reason(tx, entry, row.id, line(reason, at="reason", label=_("Grund")))
    return row


def merge_class(
    tx: Transaction, class_id: uuid.UUID, *, into: str, reason: str | None, revision: int | None
) -> PlanClass:
    """Let a class end in another: new files go there, the old ones stay and the class says where."""
    row = _open_class(tx, class_id, revision)
    successor = find_class(tx.session, into, at="into")
    if successor.id == row.id:
        raise InvalidInput(errors=[FieldError("into", _("Eine Einheit kann nicht in sich selbst aufgehen."))])
    try:
        require_takes_files(tx.session, successor)
    except InvalidInput as error:
        raise InvalidInput(errors=[FieldError("into", each.message) for each in error.errors]) from None
    set_state(row, PlanClassState.MERGED)
    row.successor_id = successor.id
    entry = tx.record(Tag.PLAN_CLASS_MERGE, row.id, {"into": str(successor.id)}, subjects=[successor.id])
    remember_reason(tx, entry, row.id, reason)
    return row


def divide_class(
    tx: Transaction,
    class_id: uuid.UUID,
    parts: Sequence[Mapping[str, Any]],
    *,
    reason: str | None,
    revision: int | None,
) -> PlanClass:
    """Divide a leaf into new classes below it. It keeps its old files and takes no new ones.

    `parts` are arguments of `add_class` without the parent.
    """
    row = _open_class(tx, class_id, revision)
    if not parts:
        raise InvalidInput(errors=[FieldError("parts", _("Wenigstens eine neue Einheit ist nötig."))])
    if tx.session.scalar(select(PlanClass.id).where(PlanClass.parent_id == row.id).limit(1)) is not None:
        raise WrongState(_("Geteilt wird nur eine Einheit ohne Einheiten darunter."))
    made = [add_class(tx, parent=row, **part).id for part in parts]
    set_state(row, PlanClassState.DIVIDED)
    entry = tx.record(Tag.PLAN_CLASS_DIVIDE, row.id, {"parts": len(made)}, subjects=made)
    remember_reason(tx, entry, row.id, reason)
    return row


def _open_class(tx: Transaction, class_id: uuid.UUID, revision: int | None) -> PlanClass:
    row = writable_class(tx, class_id, revision)
    if row.state != PlanClassState.OPEN:
        raise WrongState(_("Die Aktenplaneinheit ist nicht mehr offen."))
    return row


def set_state(row: PlanClass, state: PlanClassState) -> None:
    """Write a state into a class, as part of an act that records it."""
    row.state, row.state_since = state.value, None if state is PlanClassState.OPEN else today()
    row.revision += 1
