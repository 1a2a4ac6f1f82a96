"""The filing plan: its classes and what they inherit."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound
from eakte.language import _
from eakte.models import ALWAYS, VERSIONED, PlanClass, PlanClassVersion
from eakte.operations.checking import line, optional_line, same_revision
from eakte.operations.fields import checked_definitions
from eakte.operations.plan_rows import PlanRow
from eakte.operations.plan_rules import (
    RetentionWords,
    Said,
    ancestors,
    checked_columns,
    partial_of,
    version_on,
    versions_of,
)
from eakte.operations.references import sort_key
from eakte.operations.units import find_unit
from eakte.terms import PlanClassState, Role, today
from eakte.transaction import Transaction
from retention.inheritance import Resolved, resolve

LONGEST_DESCRIPTION = 4_000


@dataclass(frozen=True, slots=True)
class ClassView:
    """A class as it is on a day: what it says itself and what it inherits."""

    row: PlanClass
    said: Said
    leaf: bool
    resolved: Resolved


def create_class(
    tx: Transaction,
    *,
    number: str,
    title: str,
    parent: str | None,
    unit: str | None,
    files_allowed: bool = True,
    words: RetentionWords | None = None,
    description: str | None = None,
    fields: Sequence[Mapping[str, Any]] = (),
) -> PlanClass:
    """A new class. Raises InvalidInput for a number in use, an unknown parent or unit, or an unreadable term."""
    require_keeper(tx)
    parent_row = find_class(tx.session, parent, at="parent") if parent else None
    row = add_class(
        tx,
        number=number,
        title=title,
        parent=parent_row,
        unit=unit,
        files_allowed=files_allowed,
        words=words,
        description=description,
        fields=fields,
    )
    tx.record(Tag.PLAN_CLASS_CREATE, row.id, {"number": row.number})
    return row


def import_rows(tx: Transaction, rows: Sequence[PlanRow]) -> list[uuid.UUID]:
    """New classes as a file says them, parents before their children, as part of an act that records them."""
    known = {row.number: row for row in tx.session.scalars(select(PlanClass))}
    created = []
    for row in _parents_first(rows):
        known[row.number] = add_class(
            tx,
            number=row.number,
            title=row.title,
            parent=_parent_of(row, known),
            unit=row.unit,
            files_allowed=row.files_allowed,
            words=row_words(row),
            description=row.description,
        )
        created.append(known[row.number].id)
    return created


def find_class(session: Session, reference: str, *, at: str = "plan_class") -> PlanClass:
    """The class of an id or number. Raises InvalidInput naming the field."""
    row = session.scalar(select(PlanClass).where(PlanClass.number == reference))
    if row is None:
        try:
            row = session.get(PlanClass, uuid.UUID(reference))
        except ValueError:
            row = None
    if row is None:
        raise InvalidInput(
            errors=[FieldError(at, _("Die Aktenplaneinheit %(reference)s gibt es nicht.", reference=reference[:50]))]
        )
    return row


def view_class(session: Session, class_id: uuid.UUID, on: date | None = None) -> ClassView:
    """A class as it is on a day (today) with what it inherits. Raises NotFound."""
    row = session.get(PlanClass, class_id)
    if row is None:
        raise NotFound
    children = session.scalar(select(func.count()).where(PlanClass.parent_id == class_id))
    line = ancestors(session, row)
    versions = versions_of(session, [each.id for each in line])
    said = {each.id: version_on(versions[each.id], on or today()) for each in line}
    resolved = resolve([(each.number, partial_of(said[each.id])) for each in line])
    return ClassView(row, said[row.id], leaf=not children, resolved=resolved)


def list_classes(session: Session, on: date | None = None) -> list[ClassView]:
    """The whole plan on a day (now) in reading order. Plans have hundreds of classes, at most a few thousand."""
    rows = session.scalars(select(PlanClass).order_by(PlanClass.sort_key)).all()
    by_id = {row.id: row for row in rows}
    parents = {row.parent_id for row in rows}
    said: dict[uuid.UUID, Said] = {row.id: row for row in rows}
    if on is not None:
        said |= {each: version_on(versions, on) for each, versions in versions_of(session, by_id).items()}
    return [
        ClassView(row, said[row.id], leaf=row.id not in parents, resolved=resolve(_line(row, by_id, said)))
        for row in rows
    ]


def list_versions(session: Session, class_id: uuid.UUID) -> Sequence[PlanClassVersion]:
    """What a class said and will say, newest first. Raises NotFound."""
    if session.get(PlanClass, class_id) is None:
        raise NotFound
    return versions_of(session, [class_id])[class_id][::-1]


def require_takes_files(session: Session, row: PlanClass) -> None:
    """Raise InvalidInput, saying where to go instead, for a class that takes no new dossiers."""
    if row.state == PlanClassState.MERGED and row.successor_id is not None:
        successor = session.get_one(PlanClass, row.successor_id)
        message = _(
            "%(number)s ist in %(successor)s aufgegangen. Neue Akten gehören dorthin.",
            number=row.number,
            successor=successor.number,
        )
    elif row.state == PlanClassState.DIVIDED:
        message = _("%(number)s ist geteilt. Neue Akten gehören in die Einheiten darunter.", number=row.number)
    elif row.state == PlanClassState.CLOSED:
        message = _("%(number)s ist geschlossen.", number=row.number)
    elif not row.files_allowed:
        message = _("Unter %(number)s werden keine Akten angelegt.", number=row.number)
    else:
        return
    raise InvalidInput(errors=[FieldError("plan_class", message)])


def _line(
    row: PlanClass, by_id: Mapping[uuid.UUID, PlanClass], said: Mapping[uuid.UUID, Said]
) -> list[tuple[str, Any]]:
    line = [(row.number, partial_of(said[row.id]))]
    while row.parent_id is not None:
        row = by_id[row.parent_id]
        line.append((row.number, partial_of(said[row.id])))
    return line[::-1]


def require_keeper(tx: Transaction) -> None:
    """Raise NotAllowed for everybody but the registrar and the service itself."""
    if tx.actor.user_id is not None and not tx.actor.has(Role.REGISTRAR):
        raise NotAllowed(_("Den Aktenplan pflegt die Registratur."))


def writable_class(tx: Transaction, class_id: uuid.UUID, revision: int | None) -> PlanClass:
    """The class, locked for this act. Raises NotAllowed, NotFound, StaleRevision."""
    require_keeper(tx)
    row = tx.session.get(PlanClass, class_id, with_for_update=True)
    if row is None:
        raise NotFound
    same_revision(revision, row.revision)
    return row


def add_class(
    tx: Transaction,
    *,
    number: str,
    title: str,
    parent: PlanClass | None,
    unit: str | None,
    files_allowed: bool,
    words: RetentionWords | None,
    description: str | None = None,
    fields: Sequence[Mapping[str, Any]] = (),
) -> PlanClass:
    """A class with its first version, as part of an act that records it."""
    number = line(number, at="number", label=_("Nummer"), longest=50)
    if tx.session.scalar(select(PlanClass.id).where(PlanClass.number == number)):
        raise InvalidInput(
            errors=[FieldError("number", _("Die Aktenplaneinheit %(number)s gibt es schon.", number=number))]
        )
    words = words or RetentionWords()
    kept = asdict(words)
    valid_from = kept.pop("valid_from")
    row = PlanClass(
        number=number,
        sort_key=sort_key(number),
        title=line(title, at="title", label=_("Titel")),
        description=optional_line(description, at="description", label=_("Beschreibung"), longest=LONGEST_DESCRIPTION),
        parent_id=parent.id if parent else None,
        unit_id=find_unit(tx.session, unit).id if unit else None,
        files_allowed=files_allowed,
        valid_from=valid_from,
        fields=checked_definitions(fields),
        **checked_columns(kept),
    )
    tx.session.add(row)
    tx.session.flush()
    said = {name: getattr(row, name) for name in VERSIONED}
    tx.session.add(PlanClassVersion(plan_class_id=row.id, valid_from=valid_from or ALWAYS, **said))
    tx.session.flush()
    return row


def row_words(row: PlanRow) -> RetentionWords:
    """What a row of a file says about keeping, in the words of the API."""

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
        message = _(
            "Die übergeordnete Aktenplaneinheit %(parent)s von %(number)s gibt es nicht.",
            parent=row.parent,
            number=row.number,
        )
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
