"""Cross references between dossiers and cases. Each side shows the other only to those who may know it.

Who may not know a dossier must not learn of it by a reference (records, "Who may do what"): a reference to it is not in
the list, and making one is refused as if it did not exist.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from eakte.access import Want, rule_for
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotFound
from eakte.language import _
from eakte.models import Case, CrossReference, Dossier
from eakte.operations.checking import optional_line
from eakte.operations.dossiers import readable_case, readable_dossier, writable_dossier
from eakte.operations.paging import Page, by_id
from eakte.terms import Actor
from eakte.transaction import Transaction


@dataclass(frozen=True, slots=True)
class End:
    """One end of a reference: a dossier, or a case by its id alone."""

    dossier: uuid.UUID | None = None
    case: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A reference as one end sees it: what stands at the other."""

    row: CrossReference
    dossier: Dossier
    case: Case | None


def refer(tx: Transaction, *, source: End, target: End, note: str | None) -> tuple[CrossReference, bool]:
    """Refer from a dossier or case in which one works to one that one knows; the same reference again is that one.

    Raises NotFound for anything the actor may not know, NotAllowed, InvalidInput.
    """
    from_dossier, from_case = _end(tx, source, at="source")
    to_dossier, to_case = _end(tx, target, at="target")
    writable_dossier(tx, from_dossier)
    if (from_dossier, from_case) == (to_dossier, to_case):
        raise InvalidInput(
            errors=[FieldError("target", _("Ein Verweis führt zu einer anderen Akte oder einem Vorgang."))]
        )
    known = tx.session.scalar(
        select(CrossReference).where(
            CrossReference.source_dossier_id == from_dossier,
            CrossReference.source_case_id.is_not_distinct_from(from_case),
            CrossReference.target_dossier_id == to_dossier,
            CrossReference.target_case_id.is_not_distinct_from(to_case),
        )
    )
    if known is not None:
        return known, False
    row = CrossReference(
        source_dossier_id=from_dossier,
        source_case_id=from_case,
        target_dossier_id=to_dossier,
        target_case_id=to_case,
        note=optional_line(note, at="note", label=_("Bemerkung")),
    )
    tx.session.add(row)
    tx.session.flush()
    tx.record(Tag.DOSSIER_REFER, from_dossier, {}, subjects=[to_dossier] if to_dossier != from_dossier else [])
    return row, True


def remove_reference(tx: Transaction, reference_id: uuid.UUID) -> None:
    """Take a reference away; who works in its source may. Raises NotFound, NotAllowed."""
    row = tx.session.get(CrossReference, reference_id)
    if row is None:
        raise NotFound
    _known(tx.session, tx.actor, row)
    writable_dossier(tx, row.source_dossier_id)
    others = [row.target_dossier_id] if row.target_dossier_id != row.source_dossier_id else []
    tx.session.delete(row)
    entry = tx.record(Tag.DOSSIER_UNREFER, row.source_dossier_id, {}, subjects=others)
    tx.remember(entry, row.source_dossier_id, "note", row.note)


def view_reference(session: Session, actor: Actor, row: CrossReference, seen_from: uuid.UUID) -> Seen:
    """A reference as the dossier `seen_from` sees it."""
    outgoing = row.source_dossier_id == seen_from
    dossier_id = row.target_dossier_id if outgoing else row.source_dossier_id
    case_id = row.target_case_id if outgoing else row.source_case_id
    dossier = readable_dossier(session, actor, dossier_id)
    return Seen(row, dossier, session.get(Case, case_id) if case_id else None)


def list_references(
    session: Session, actor: Actor, dossier_id: uuid.UUID, *, after: str | None, limit: int
) -> Page[Seen]:
    """The references from and to a readable dossier and its cases, as far as the actor may know the other end."""
    readable_dossier(session, actor, dossier_id, Want.CONTENT)
    rule = rule_for(session, actor)
    known = select(Dossier.id).where(rule.dossiers(Want.METADATA))
    source, target = aliased(Dossier), aliased(Dossier)
    statement = (
        select(CrossReference)
        .join(source, source.id == CrossReference.source_dossier_id)
        .join(target, target.id == CrossReference.target_dossier_id)
        .where(
            or_(CrossReference.source_dossier_id == dossier_id, CrossReference.target_dossier_id == dossier_id),
            source.id.in_(known),
            target.id.in_(known),
        )
    )
    page = by_id(session, statement, CrossReference.id, after=after, limit=limit)
    return Page([view_reference(session, actor, row, dossier_id) for row in page.items], page.next)


def _end(tx: Transaction, end: End, *, at: str) -> tuple[uuid.UUID, uuid.UUID | None]:
    if (end.dossier is None) == (end.case is None):
        raise InvalidInput(errors=[FieldError(at, _("Genau eines von dossier und case ist nötig."))])
    if end.case is not None:
        return readable_case(tx.session, tx.actor, end.case).dossier_id, end.case
    return readable_dossier(tx.session, tx.actor, end.dossier or uuid.UUID(int=0)).id, None


def _known(session: Session, actor: Actor, row: CrossReference) -> None:
    for dossier_id in (row.source_dossier_id, row.target_dossier_id):
        readable_dossier(session, actor, dossier_id)
