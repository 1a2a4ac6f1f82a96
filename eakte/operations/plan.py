"""The filing plan: its classes, what they inherit, and its import."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound
from eakte.models import PlanClass
from eakte.operations.checking import line, optional_line
from eakte.operations.plan_files import PlanRow
from eakte.operations.references import sort_key
from eakte.operations.units import find_unit
from eakte.terms import Role
from eakte.transaction import Transaction
from retention.errors import RuleError
from retention.inheritance import PartialRetention, Resolved, resolve
from retention.terms import Anchor, AppliesTo, Appraisal, DisposalLevel, Rounding, Term

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetentionWords:
    """What a class says about keeping, in the words of the API; None is inherited."""

    term: str | None = None
    anchor: str | None = None
    rounding: str | None = None
    legal_basis: str | None = None
    valid_from: date | None = None
    applies_to: str | None = None
    appraisal: str | None = None
    offer_by: str | None = None
    disposal_level: str | None = None
    transfer_grace: str | None = None


@dataclass(frozen=True, slots=True)
class ClassView:
    """A class with what it inherits."""

    row: PlanClass
    leaf: bool
    resolved: Resolved


@dataclass(slots=True)
class ImportReport:
    """What an import did or would do."""

    created: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def create_class(
    tx: Transaction,
    *,
    number: str,
    title: str,
    parent: str | None,
    unit: str | None,
    files_allowed: bool = True,
    words: RetentionWords | None = None,
) -> PlanClass:
    """A new class. Raises InvalidInput for a number in use, an unknown parent or unit, or an unreadable term."""
    _require_keeper(tx)
    parent_row = find_class(tx.session, parent, at="parent") if parent else None
    row = _add(tx, number=number, title=title, parent=parent_row, unit=unit, files_allowed=files_allowed, words=words)
    tx.record(Tag.PLAN_CLASS_CREATE, row.id, {"number": row.number})
    return row


def import_plan(tx: Transaction, rows: Sequence[PlanRow]) -> ImportReport:
    """File a whole plan in one act. Classes that exist are left as they are; parents come before their children.

    Changing existing classes with validity in time belongs to a later import with preview.
    """
    _require_keeper(tx)
    report = ImportReport()
    known = {row.number: row for row in tx.session.scalars(select(PlanClass))}
    created: list[uuid.UUID] = []
    for row in _parents_first(rows):
        if row.number in known:
            report.unchanged.append(row.number)
            continue
        known[row.number] = _add(
            tx,
            number=row.number,
            title=row.title,
            parent=_parent_of(row, known),
            unit=row.unit,
            files_allowed=row.files_allowed,
            words=_row_words(row),
        )
        created.append(known[row.number].id)
        report.created.append(row.number)
    tx.record(Tag.PLAN_IMPORT, None, {"created": len(created), "unchanged": len(report.unchanged)}, subjects=created)
    return report


def find_class(session: Session, reference: str, *, at: str = "plan_class") -> PlanClass:
    """The class of an id or number. Raises InvalidInput naming the field."""
    row = session.scalar(select(PlanClass).where(PlanClass.number == reference))
    if row is None:
        try:
            row = session.get(PlanClass, uuid.UUID(reference))
        except ValueError:
            row = None
    if row is None:
        raise InvalidInput(errors=[FieldError(at, f"Die Aktenplaneinheit {reference[:50]} gibt es nicht.")])
    return row


def view_class(session: Session, class_id: uuid.UUID) -> ClassView:
    """A class with what it inherits. Raises NotFound."""
    row = session.get(PlanClass, class_id)
    if row is None:
        raise NotFound
    children = session.scalar(select(func.count()).where(PlanClass.parent_id == class_id))
    return ClassView(row, leaf=not children, resolved=resolve_class(session, row))


def list_classes(session: Session) -> list[ClassView]:
    """The whole plan in reading order. Plans have hundreds of classes, at most a few thousand."""
    rows = session.scalars(select(PlanClass).order_by(PlanClass.sort_key)).all()
    by_id = {row.id: row for row in rows}
    parents = {row.parent_id for row in rows}
    return [ClassView(row, leaf=row.id not in parents, resolved=resolve(chain(row, by_id.__getitem__))) for row in rows]


def resolve_class(session: Session, row: PlanClass) -> Resolved:
    """What holds for a class, with where each value comes from."""

    def fetch(class_id: uuid.UUID) -> PlanClass:
        parent = session.get(PlanClass, class_id)
        if parent is None:
            raise NotFound
        return parent

    return resolve(chain(row, fetch))


def chain(row: PlanClass, fetch: Callable[[uuid.UUID], PlanClass]) -> list[tuple[str, PartialRetention]]:
    """The classes from the root down to `row`, as the inheritance needs them."""
    said = [(row.number, partial_of(row))]
    while row.parent_id is not None:
        row = fetch(row.parent_id)
        said.append((row.number, partial_of(row)))
    return said[::-1]


def partial_of(row: PlanClass) -> PartialRetention:
    """What a class itself says."""
    return PartialRetention(
        term=_read(Term.parse, row.term),
        anchor=_read(Anchor.parse, row.anchor),
        rounding=_read(Rounding, row.rounding),
        legal_basis=row.legal_basis,
        valid_from=row.valid_from,
        applies_to=_read(AppliesTo, row.applies_to),
        appraisal=_read(Appraisal, row.appraisal),
        offer_by=_read(Term.parse, row.offer_by),
        disposal_level=_read(DisposalLevel, row.disposal_level),
        transfer_grace=_read(Term.parse, row.transfer_grace),
    )


def _read(parse: Callable[[str], T], text: str | None) -> T | None:
    return None if text is None else parse(text)


def _require_keeper(tx: Transaction) -> None:
    if tx.actor.user_id is not None and not tx.actor.has(Role.REGISTRAR):
        raise NotAllowed("Den Aktenplan pflegt die Registratur.")


def _add(
    tx: Transaction,
    *,
    number: str,
    title: str,
    parent: PlanClass | None,
    unit: str | None,
    files_allowed: bool,
    words: RetentionWords | None,
) -> PlanClass:
    number = line(number, at="number", label="Nummer", longest=50)
    if tx.session.scalar(select(PlanClass.id).where(PlanClass.number == number)):
        raise InvalidInput(errors=[FieldError("number", f"Die Aktenplaneinheit {number} gibt es schon.")])
    words = words or RetentionWords()
    row = PlanClass(
        number=number,
        sort_key=sort_key(number),
        title=line(title, at="title", label="Titel"),
        parent_id=parent.id if parent else None,
        unit_id=find_unit(tx.session, unit).id if unit else None,
        files_allowed=files_allowed,
        term=_checked("retention.term", words.term, Term.parse),
        anchor=_checked("retention.anchor", words.anchor, Anchor.parse),
        rounding=_checked("retention.rounding", words.rounding, Rounding),
        legal_basis=optional_line(words.legal_basis, at="retention.legal_basis", label="Rechtsgrundlage"),
        valid_from=words.valid_from,
        applies_to=_checked("retention.applies_to", words.applies_to, AppliesTo),
        appraisal=_checked("appraisal", words.appraisal, Appraisal),
        offer_by=_checked("offer_by", words.offer_by, _finite_term),
        disposal_level=_checked("disposal_level", words.disposal_level, DisposalLevel),
        transfer_grace=_checked("transfer_grace", words.transfer_grace, _finite_term),
    )
    tx.session.add(row)
    tx.session.flush()
    return row


def _finite_term(text: str) -> Term:
    term = Term.parse(text)
    if term.permanent:
        raise RuleError("permanent")
    return term


def _checked(at: str, text: str | None, parse: Callable[[str], object]) -> str | None:
    if text is None:
        return None
    try:
        return str(parse(text))
    except (RuleError, ValueError):
        raise InvalidInput(errors=[FieldError(at, f"„{text[:60]}“ ist hier keine gültige Angabe.")]) from None


def _row_words(row: PlanRow) -> RetentionWords:
    def text(value: object) -> str | None:
        return None if value is None else str(value)

    return RetentionWords(
        term=text(row.term),
        anchor=text(row.anchor),
        rounding=text(row.rounding),
        legal_basis=row.legal_basis,
        appraisal=text(row.appraisal),
        offer_by=text(row.offer_by),
        disposal_level=text(row.disposal_level),
        transfer_grace=text(row.transfer_grace),
    )


def _parent_of(row: PlanRow, known: Mapping[str, PlanClass]) -> PlanClass | None:
    if row.parent is None:
        return None
    if row.parent not in known:
        message = f"Die übergeordnete Aktenplaneinheit {row.parent} von {row.number} gibt es nicht."
        raise InvalidInput(errors=[FieldError("parent", message)])
    return known[row.parent]


def _parents_first(rows: Sequence[PlanRow]) -> list[PlanRow]:
    """Rows in an order in which every parent comes before its children; the file was checked for cycles."""
    by_number = {row.number: row for row in rows}
    ordered: dict[str, PlanRow] = {}

    def place(row: PlanRow) -> None:
        if row.number in ordered:
            return
        if row.parent and row.parent in by_number:
            place(by_number[row.parent])
        ordered[row.number] = row

    for row in rows:
        place(row)
    return list(ordered.values())
