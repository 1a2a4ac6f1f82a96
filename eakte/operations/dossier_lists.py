"""Lists of dossiers that somebody may know, narrowed and paged (`paging`), and how many there are."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, contains_eager

from eakte.access import Want, rule_for
from eakte.language import _
from eakte.models import AccessScope, Document, Dossier, DossierReference, PlanClass, Unit
from eakte.operations.checking import one_of
from eakte.operations.external import asked_for, named_by
from eakte.operations.paging import Page, bad_mark, cut, make_mark, page_size, read_mark
from eakte.operations.plan import find_class
from eakte.operations.references import normalised_spelling
from eakte.operations.units import find_unit
from eakte.terms import MOST_COUNTED, Actor, DossierState, today


@dataclass(frozen=True, slots=True)
class DossierFilter:
    """Which dossiers to list; `contains` is looked for in reference number and title."""

    plan_class: str | None = None
    unit: str | None = None
    state: str | None = None
    closed: bool | None = None
    contains: str | None = None
    reference: str | None = None
    """A reference number that it has or had, in any spelling."""
    external_system: str | None = None
    external_id: str | None = None


def list_dossiers(
    session: Session, actor: Actor, chosen: DossierFilter, *, after: str | None = None, limit: int = 50
) -> Page[Dossier]:
    """The dossiers an actor may know, by reference number."""
    statement = (
        select(Dossier)
        .join(PlanClass, PlanClass.id == Dossier.plan_class_id)
        .join(AccessScope, AccessScope.number == Dossier.scope_number)
        .join(Unit, Unit.id == AccessScope.unit_id)
        .options(contains_eager(Dossier.plan_class), contains_eager(Dossier.unit))
        .where(*_chosen(session, actor, chosen))
        .order_by(Dossier.reference_sort, Dossier.id)
    )
    if after:
        sort, last = read_mark(after, 2)
        with bad_mark():
            statement = statement.where(tuple_(Dossier.reference_sort, Dossier.id) > (sort, uuid.UUID(last)))
    rows, more = cut(session.scalars(statement.limit(page_size(limit) + 1)).unique().all(), limit)
    return Page(rows, make_mark(rows[-1].reference_sort, str(rows[-1].id)) if more else None)


def count_dossiers(session: Session, actor: Actor, chosen: DossierFilter) -> int:
    """How many dossiers `list_dossiers` would give in all; one above `MOST_COUNTED` where there are more."""
    found = select(literal(1)).select_from(Dossier).where(*_chosen(session, actor, chosen)).limit(MOST_COUNTED + 1)
    return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def dossier_activity(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[int, datetime]]:
    """Documents (none cancelled) and the moment of the youngest, for the dossiers of one page."""
    rows = session.execute(
        select(Document.dossier_id, func.count(), func.max(Document.created_at))
        .where(Document.dossier_id.in_(ids), Document.cancelled_at.is_(None))
        .group_by(Document.dossier_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows if row[0] is not None}


def dossiers_per_class(session: Session, actor: Actor, classes: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many dossiers of each of these classes an actor may know; one above `MOST_COUNTED` where there are more."""
    visible = rule_for(session, actor).dossiers(Want.METADATA)

    def counted(number: uuid.UUID) -> Select[uuid.UUID, int]:
        """One select a class: that way PostgreSQL knows of each how many there are, and takes the index of classes."""
        found = (
            select(literal(1))
            .select_from(Dossier)
            .where(Dossier.plan_class_id == number, visible)
            .limit(MOST_COUNTED + 1)
        )
        return select(literal(number), func.count()).select_from(found.subquery())

    rows = session.execute(union_all(*map(counted, classes))) if classes else ()
    return {row[0]: row[1] for row in rows if row[1]}


def _chosen(session: Session, actor: Actor, chosen: DossierFilter) -> list[ColumnElement[bool]]:
    conditions = [rule_for(session, actor).dossiers(Want.METADATA)]
    if chosen.plan_class:
        conditions.append(Dossier.plan_class_id == find_class(session, chosen.plan_class, at="class").id)
    if chosen.unit:
        conditions.append(_of_unit(find_unit(session, chosen.unit)))
    if chosen.state:
        conditions.append(in_state(one_of(DossierState, chosen.state, at="state", label=_("Stand"))))
    if chosen.closed is not None:
        conditions.append(Dossier.closed_on.is_not(None) if chosen.closed else Dossier.closed_on.is_(None))
    if chosen.reference:
        key = normalised_spelling(chosen.reference)
        conditions.append(Dossier.id.in_(select(DossierReference.dossier_id).where(DossierReference.key == key)))
    external = asked_for(session, actor, chosen.external_system, chosen.external_id)
    if external is not None:
        conditions.append(named_by(Dossier, external))
    if chosen.contains:
        wanted = chosen.contains[:200]
        found = Dossier.title.icontains(wanted, autoescape=True)
        conditions.append(or_(found, Dossier.reference_number.icontains(wanted, autoescape=True)))
    return conditions


def _of_unit(unit: Unit) -> ColumnElement[bool]:
    return Dossier.scope_number.in_(select(AccessScope.number).where(AccessScope.unit_id == unit.id))


def in_state(state: DossierState) -> ColumnElement[bool]:
    """The same as `dossiers.state_on`, as a predicate for today."""
    day = today()
    closed = Dossier.closed_on.is_not(None)
    due = or_(Dossier.retention_end < day, Dossier.retention_offer_by <= day)
    due = and_(closed, func.coalesce(due, False))
    grace = and_(closed, func.coalesce(Dossier.grace_end >= day, False))
    match state:
        case DossierState.OPEN:
            return Dossier.closed_on.is_(None)
        case DossierState.DUE:
            return due
        case DossierState.CLOSED:
            return and_(grace, ~due)
        case DossierState.RETENTION:
            return and_(closed, ~grace, ~due)
