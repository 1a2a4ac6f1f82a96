"""A filing plan from a file against the plan as it is: what would be new, changed, missing; and taking it over.

A column that is empty in the whole file says nothing, so what the plan says there stays. Where the file uses a column,
an empty cell means that the class inherits. Changes hold from a day on (`plan_changes`): terms of files that are closed
already stay as they are. Classes that the file does not name are closed only where the registrar says so, because a
file may be a part of the plan.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import InvalidInput, NotAllowed, StaleRevision
from eakte.language import _
from eakte.models import PlanClass, Unit
from eakte.operations.plan import import_rows, require_keeper, row_words
from eakte.operations.plan_changes import ClassChange, apply_change
from eakte.operations.plan_life import set_state
from eakte.operations.plan_rows import PlanRow
from eakte.operations.plan_rules import COUNTED, checked_columns
from eakte.operations.plan_words import Column, PlanFileError, PlanFileProblem
from eakte.operations.queueing import enqueue_recount
from eakte.operations.units import find_unit
from eakte.terms import Actor, PlanClassState, Role
from eakte.transaction import Transaction

COLUMNS: Mapping[str, Column] = {
    "title": Column.TITLE,
    "description": Column.DESCRIPTION,
    "unit": Column.UNIT,
    "files_allowed": Column.FILES_ALLOWED,
    "term": Column.TERM,
    "anchor": Column.ANCHOR,
    "rounding": Column.ROUNDING,
    "legal_basis": Column.LEGAL_BASIS,
    "appraisal": Column.APPRAISAL,
    "offer_by": Column.OFFER_BY,
    "disposal_level": Column.DISPOSAL_LEVEL,
    "transfer_grace": Column.TRANSFER_GRACE,
}
"""What a class says, by the name of its column in files."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value that changes; None is inherited."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A class that is there already and says something else in the file."""

    class_id: uuid.UUID
    number: str
    title: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What taking a file over would do. `missing` are open classes that the file does not name."""

    new: tuple[PlanRow, ...]
    changed: tuple[Changed, ...]
    missing: tuple[tuple[uuid.UUID, str, str], ...]
    unchanged: int

    def is_empty(self, *, close_missing: bool) -> bool:
        """Whether taking the file over would do nothing."""
        return not (self.new or self.changed or (close_missing and self.missing))

    @property
    def digest(self) -> str:
        """Stands for all of it: what was looked at is what is taken over."""
        return hashlib.sha256(repr((self.new, self.changed, self.missing)).encode()).hexdigest()


def compare_plan(session: Session, actor: Actor, rows: Sequence[PlanRow]) -> Difference:
    """What `take_over` would do; nothing is changed.

    Raises NotAllowed for everybody but the registrar, PlanFileError for what the plan as it is does not allow.
    """
    if actor.user_id is not None and not actor.has(Role.REGISTRAR):
        raise NotAllowed(_("Den Aktenplan pflegt die Registratur."))
    known = {row.number: row for row in session.scalars(select(PlanClass).order_by(PlanClass.sort_key))}
    units = _units(session, rows)
    _require_possible(rows, known, units)
    used = _used(rows)
    named = {row.number for row in rows}
    there = [(row, known[row.number]) for row in rows if row.number in known]
    changed = [
        Changed(known_row.id, row.number, row.title, values)
        for row, known_row in there
        if (values := _values(row, known_row, used, units))
    ]
    new = tuple(row for row in rows if row.number not in known)
    missing = tuple(
        (row.id, row.number, row.title)
        for row in known.values()
        if row.number not in named and row.state == PlanClassState.OPEN
    )
    return Difference(new, tuple(changed), missing, len(rows) - len(new) - len(changed))


def take_over(
    tx: Transaction, rows: Sequence[PlanRow], *, digest: str | None, valid_from: date, close_missing: bool
) -> Difference:
    """Take a file over in one act: new classes, changes from a day on, and closing what it does not name.

    Page and command call this alike. `digest` stands for the difference that somebody looked at; None where nobody did.
    Raises NotAllowed, StaleRevision where the plan is not what `digest` was made from, PlanFileError, InvalidInput also
    for a file that would do nothing.
    """
    require_keeper(tx)
    tx.session.scalars(select(PlanClass.id).order_by(PlanClass.id).with_for_update()).all()
    found = compare_plan(tx.session, tx.actor, rows)
    if digest not in {None, found.digest}:
        raise StaleRevision(_("Inzwischen wurde der Aktenplan geändert."))
    closing = found.missing if close_missing else ()
    if found.is_empty(close_missing=close_missing):
        raise InvalidInput(_("Es ist nichts zu übernehmen: Der Aktenplan sagt das schon."))
    made = import_rows(tx, found.new)
    former: dict[uuid.UUID, dict[str, Any]] = {}
    for each in found.changed:
        row = tx.session.get_one(PlanClass, each.class_id)
        said = {value.name: _said(value) for value in each.values}
        former[row.id] = apply_change(tx, row, ClassChange(said, valid_from))
        if COUNTED & said.keys():
            enqueue_recount(tx, row.id)
    for class_id, _number, _title in closing:
        set_state(tx.session.get_one(PlanClass, class_id), PlanClassState.CLOSED)
    counts = {"created": len(made), "changed": len(former), "closed": len(closing), "unchanged": found.unchanged}
    touched = [*made, *former, *(class_id for class_id, _number, _title in closing)]
    entry = tx.record(Tag.PLAN_IMPORT, None, counts | {"valid_from": valid_from.isoformat()}, subjects=touched)
    for class_id, values in former.items():
        for name, value in values.items():
            tx.remember(entry, class_id, name, None if value is None else str(value))
    return found


@dataclass(frozen=True, slots=True)
class _Units:
    """Numbers of units by their ids, and by the words of the file; a problem where these name none."""

    by_id: Mapping[uuid.UUID, str]
    named: Mapping[str, str]
    unknown: Mapping[str, str]


def _units(session: Session, rows: Sequence[PlanRow]) -> _Units:
    named, unknown = {}, {}
    for words in {row.unit for row in rows if row.unit is not None}:
        try:
            named[words] = find_unit(session, words).number
        except InvalidInput as error:
            unknown[words] = error.errors[0].message
    return _Units({unit.id: unit.number for unit in session.scalars(select(Unit))}, named, unknown)


def _require_possible(rows: Sequence[PlanRow], known: Mapping[str, PlanClass], units: _Units) -> None:
    by_id = {row.id: row.number for row in known.values()}
    problems: list[PlanFileProblem] = []
    for row in rows:
        there = known.get(row.number)
        above = by_id[there.parent_id] if there is not None and there.parent_id else None
        if there is not None and above != row.parent:
            message = _(
                "%(number)s steht im Aktenplan unter %(above)s, in der Datei unter %(parent)s."
                " Eine Einheit behält ihren Platz.",
                number=row.number,
                above=above or _("der obersten Ebene"),
                parent=row.parent or _("der obersten Ebene"),
            )
            problems.append(row.position.problem("other-parent", message, Column.PARENT.value))
        if row.unit is not None and row.unit in units.unknown:
            problems.append(row.position.problem("unknown-unit", units.unknown[row.unit], Column.UNIT.value))
    if problems:
        raise PlanFileError(problems)


def _used(rows: Sequence[PlanRow]) -> frozenset[str]:
    """The columns that the file uses. Whether a class takes files is said where it is not what a leaf would say."""
    divided = {row.parent for row in rows}
    told = {name for name in COLUMNS if name != "files_allowed" and any(getattr(row, name) is not None for row in rows)}
    if any(row.files_allowed == (row.number in divided) for row in rows):
        told.add("files_allowed")
    return frozenset(told)


def _values(row: PlanRow, there: PlanClass, used: frozenset[str], units: _Units) -> tuple[Value, ...]:
    words = asdict(row_words(row))
    words.pop("valid_from")
    after: dict[str, str | None] = {**checked_columns(words), "title": row.title, "description": row.description}
    after["unit"] = units.named[row.unit] if row.unit else None
    after["files_allowed"] = _yes(allowed=row.files_allowed)
    before: dict[str, str | None] = {name: getattr(there, name) for name in COLUMNS if name != "unit"}
    before["unit"] = units.by_id[there.unit_id] if there.unit_id else None
    before["files_allowed"] = _yes(allowed=there.files_allowed)
    return tuple(
        Value(name, before[name], after[name]) for name in COLUMNS if name in used and before[name] != after[name]
    )


def _yes(*, allowed: bool) -> str:
    return _("ja") if allowed else _("nein")


def _said(value: Value) -> Any:
    return value.after == _yes(allowed=True) if value.name == "files_allowed" else value.after
