"""Lists of dossiers, cases and documents that somebody may know, narrowed and paged (`paging`)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, contains_eager

from eakte.access import Want, rule_for
from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.models import (
    AccessScope,
    Case,
    Document,
    Dossier,
    DossierReference,
    PlanClass,
    ProcessingProgress,
    Unit,
    User,
    Version,
)
from eakte.operations.checking import one_of
from eakte.operations.documents import DocumentView, readable_document
from eakte.operations.dossiers import OpenedDossier, read_before, readable_case, readable_dossier
from eakte.operations.external import ExternalKey, Keyed, asked_for
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


def _chosen(session: Session, actor: Actor, chosen: DossierFilter) -> list[ColumnElement[bool]]:
    conditions = [rule_for(session, actor).dossiers(Want.METADATA)]
    if chosen.plan_class:
        conditions.append(Dossier.plan_class_id == find_class(session, chosen.plan_class, at="class").id)
    if chosen.unit:
        conditions.append(_of_unit(find_unit(session, chosen.unit)))
    if chosen.state:
        conditions.append(_in_state(one_of(DossierState, chosen.state, at="state", label=_("Stand"))))
    if chosen.closed is not None:
        conditions.append(Dossier.closed_on.is_not(None) if chosen.closed else Dossier.closed_on.is_(None))
    if chosen.reference:
        key = normalised_spelling(chosen.reference)
        conditions.append(Dossier.id.in_(select(DossierReference.dossier_id).where(DossierReference.key == key)))
    external = asked_for(session, actor, chosen.external_system, chosen.external_id)
    if external is not None:
        conditions.append(_named_by(Dossier, external))
    if chosen.contains:
        wanted = chosen.contains[:200]
        found = Dossier.title.icontains(wanted, autoescape=True)
        conditions.append(or_(found, Dossier.reference_number.icontains(wanted, autoescape=True)))
    return conditions


def _of_unit(unit: Unit) -> ColumnElement[bool]:
    return Dossier.scope_number.in_(select(AccessScope.number).where(AccessScope.unit_id == unit.id))


def list_cases(
    session: Session,
    actor: Actor,
    dossier_id: uuid.UUID | None,
    *,
    parent: uuid.UUID | None = None,
    external: ExternalKey | None = None,
    after: str | None,
    limit: int,
) -> Page[Case]:
    """The cases of a readable dossier (or the sub-cases of one of them), newest first; or the one that a key names."""
    if (dossier_id is None) == (external is None):
        message = _("Genau eines von dossier und external_id ist nötig.")
        raise InvalidInput(errors=[FieldError("dossier", message)])
    statement = select(Case).order_by(Case.ordinal.desc())
    if dossier_id is not None:
        readable_dossier(session, actor, dossier_id, Want.CONTENT)
        statement = statement.where(Case.dossier_id == dossier_id)
    if external is not None:
        readable = rule_for(session, actor).dossiers(Want.CONTENT)
        statement = statement.join(Dossier, Dossier.id == Case.dossier_id).where(_named_by(Case, external), readable)
    if parent is not None:
        statement = statement.where(Case.parent_id == parent)
    if after:
        (ordinal,) = read_mark(after, 1)
        with bad_mark():
            statement = statement.where(Case.ordinal < int(ordinal[:9]))
    rows, more = cut(session.scalars(statement.limit(page_size(limit) + 1)).all(), limit)
    return Page(rows, make_mark(str(rows[-1].ordinal)) if more else None)


def list_documents(
    session: Session,
    actor: Actor,
    *,
    dossier: uuid.UUID | OpenedDossier | None = None,
    case: uuid.UUID | None = None,
    inbox: bool = False,
    source: uuid.UUID | None = None,
    external: ExternalKey | None = None,
    name: str | None = None,
    volume: uuid.UUID | None = None,
    unit: str | None = None,
    state: str | None = None,
    without_case: bool = False,
    kind: str | None = None,
    contains: str | None = None,
    cancelled: bool = False,
    sort: str = "",
    after: str | None = None,
    limit: int = 50,
) -> Page[DocumentView]:
    """Documents of a dossier, a case, the actor's inbox, or from inside a document (its attachments), newest first.

    `sort` may be "title" or "date" (of receipt, else of writing or sending; the latest first, those without last). Or
    the one that an external key names, or all that a person of that name sent or received. Cancelled ones are there
    only when asked for, or named by their key. Raises what reading the place raises.
    """
    places = (dossier is not None, case is not None, source is not None, inbox, external is not None, name is not None)
    if sum(places) != 1:
        message = _("Genau eines von dossier, case, source, inbox, external_id und name ist nötig.")
        raise InvalidInput(errors=[FieldError("dossier", message)])
    rule = rule_for(session, actor)
    if dossier is not None:
        place: ColumnElement[bool] = Document.dossier_id == read_before(session, actor, dossier)
        if without_case:
            place = and_(place, Document.case_id.is_(None))
    elif case is not None:
        readable_dossier(session, actor, readable_case(session, actor, case).dossier_id, Want.CONTENT)
        place = Document.case_id == case
    elif source is not None:
        place = Document.source_id == readable_document(session, actor, source).id
    elif external is not None:
        place = _named_by(Document, external)
    elif name is not None:
        place = _with_name(name)
    else:
        wanted = {find_unit(session, unit).id} if unit else set(rule.inbox_units)
        place = Document.inbox_unit_id.in_(wanted & rule.inbox_units)
    if not cancelled and external is None:
        place = and_(place, Document.cancelled_at.is_(None))
    statement = (
        select(Document, Version, ProcessingProgress, User.display_name)
        .outerjoin(Dossier, Dossier.id == Document.dossier_id)
        .outerjoin(User, User.id == Document.checked_out_by)
        .join(Version, and_(Version.document_id == Document.id, Version.number == Document.version))
        .outerjoin(ProcessingProgress, ProcessingProgress.version_id == Version.id)
        .where(place, rule.documents(Want.CONTENT), *_narrowed(volume, state, kind, contains))
    )
    by = _SORTED.get(sort)
    statement = statement.order_by(*_order(sort))
    if after:
        with bad_mark():
            statement = statement.where(_beyond(sort, after))
    rows, more = cut(session.execute(statement.limit(page_size(limit) + 1)).all(), limit)
    items = [DocumentView(row[0], row[1], row[2], row[3]) for row in rows]
    last = items[-1].document.id if more else None
    key = [] if by is None or last is None else [str(session.scalar(select(by).where(Document.id == last)))]
    return Page(items, make_mark(*key, str(last)) if last else None)


_SORTED: dict[str, ColumnElement[Any]] = {
    "title": func.lower(Document.title, type_=Text()).collate("C"),
    "date": func.coalesce(Document.received_on, Document.written_on, Document.sent_on, date.min),
}


def _order(sort: str) -> Iterator[ColumnElement[Any]]:
    by = _SORTED.get(sort)
    if by is not None:
        yield by.desc() if sort == "date" else by.asc()
    yield Document.id.desc()


def _beyond(sort: str, mark: str) -> ColumnElement[bool]:
    """Rows after the one that a mark names, in the order of a sort."""
    if sort not in _SORTED:
        (last,) = read_mark(mark, 1)
        return Document.id < uuid.UUID(last)
    text, last = read_mark(mark, 2)
    by = _SORTED[sort]
    value: Any = date.fromisoformat(text) if sort == "date" else text
    further = by < value if sort == "date" else by > value
    return or_(further, and_(by == value, Document.id < uuid.UUID(last)))


def _with_name(name: str) -> ColumnElement[bool]:
    wanted = " ".join(name.split())[:200]
    if len(wanted) < 3:  # noqa: PLR2004 - as with parties: a question for all names would be a list of all people
        raise InvalidInput(errors=[FieldError("name", _("Bitte wenigstens drei Buchstaben eines Namens nennen."))])
    others = (func.array_to_string(column, "\n") for column in (Document.further_senders, Document.further_addressees))
    return or_(*(each.icontains(wanted, autoescape=True) for each in (Document.sender, Document.addressee, *others)))


def _narrowed(
    volume: uuid.UUID | None, state: str | None, kind: str | None, contains: str | None
) -> Iterator[ColumnElement[bool]]:
    if volume is not None:
        yield Document.volume_id == volume
    if state:
        yield Document.state == state
    if kind:
        yield Document.kind == kind
    if contains:
        others = func.array_to_string(Document.further_senders, "\n")
        yield or_(
            *(each.icontains(contains[:200], autoescape=True) for each in (Document.title, Document.sender, others))
        )


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


def _named_by(kind: Keyed, key: ExternalKey) -> ColumnElement[bool]:
    return and_(kind.external_system == key.system, kind.external_id == key.id)


def _in_state(state: DossierState) -> ColumnElement[bool]:
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
