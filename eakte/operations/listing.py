"""Lists of cases and documents that somebody may read, narrowed and paged (`paging`)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, func, or_, select
from sqlalchemy.orm import Session

from eakte.access import Want, rule_for
from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.models import (
    Case,
    Document,
    Dossier,
    ProcessingProgress,
    User,
    Version,
)
from eakte.operations.documents import DocumentView, readable_document
from eakte.operations.dossiers import OpenedDossier, read_before, readable_case, readable_dossier
from eakte.operations.external import ExternalKey, named_by
from eakte.operations.paging import Page, bad_mark, cut, make_mark, page_size, read_mark
from eakte.operations.units import find_unit
from eakte.terms import Actor


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
        statement = statement.join(Dossier, Dossier.id == Case.dossier_id).where(named_by(Case, external), readable)
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
        place = named_by(Document, external)
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
