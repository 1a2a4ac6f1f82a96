"""The history of a dossier, case or document for its readers: what was done, by whom, and what stood there before.

Only the object's own former values are told. An act may have other objects too (a cross reference, terms counted
again), which the reader may not be allowed to know; they stay unnamed.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from eakte.access import Want
from eakte.audit import UNTOLD
from eakte.models import AuditEntry, AuditSubject, FormerValue, User
from eakte.operations.documents import readable_document
from eakte.operations.dossiers import readable_case, readable_dossier
from eakte.operations.paging import Page, by_id
from eakte.terms import Actor


@dataclass(frozen=True, slots=True)
class Happened:
    """One act; `who` is None for the service's own work, `represented` whom they were deputy of.

    Former values by field, the reason among them.
    """

    entry: AuditEntry
    who: str | None
    represented: Sequence[str]
    before: Sequence[FormerValue]


def dossier_history(
    session: Session, actor: Actor, dossier_id: uuid.UUID, *, after: str | None, limit: int
) -> Page[Happened]:
    """What happened to a readable dossier, newest first."""
    readable_dossier(session, actor, dossier_id, Want.CONTENT)
    return _history(session, dossier_id, after=after, limit=limit)


def case_history(
    session: Session, actor: Actor, case_id: uuid.UUID, *, after: str | None, limit: int
) -> Page[Happened]:
    """What happened to a case of a readable dossier, newest first."""
    readable_dossier(session, actor, readable_case(session, actor, case_id).dossier_id, Want.CONTENT)
    return _history(session, case_id, after=after, limit=limit)


def document_history(
    session: Session, actor: Actor, document_id: uuid.UUID, *, after: str | None, limit: int
) -> Page[Happened]:
    """What happened to a readable document, newest first."""
    return _history(session, readable_document(session, actor, document_id).id, after=after, limit=limit)


def _history(session: Session, object_id: uuid.UUID, *, after: str | None, limit: int) -> Page[Happened]:
    beside = select(AuditSubject.entry_id).where(AuditSubject.subject == object_id)
    statement = select(AuditEntry).where(
        AuditEntry.kind == "record",
        AuditEntry.tag.not_in(UNTOLD),
        or_(AuditEntry.subject == object_id, AuditEntry.id.in_(beside)),
    )
    page = by_id(session, statement, AuditEntry.id, after=after, limit=limit, newest_first=True)
    entries = [entry.id for entry in page.items]
    values: dict[uuid.UUID, list[FormerValue]] = {each: [] for each in entries}
    mine = select(FormerValue).where(FormerValue.entry_id.in_(entries), FormerValue.object_id == object_id)
    for value in session.scalars(mine.order_by(FormerValue.field)):
        values[value.entry_id].append(value)
    names = _names(session, {who for entry in page.items for who in (entry.actor, *_represented(entry))})
    happened = [
        Happened(
            entry,
            names.get(entry.actor),
            [names[person] for person in _represented(entry) if person in names],
            values[entry.id],
        )
        for entry in page.items
    ]
    return Page(happened, page.next)


def _represented(entry: AuditEntry) -> Sequence[str]:
    """Whom the actor was a deputy of."""
    persons: Sequence[str] = entry.details.get("for", [])
    return persons


def _names(session: Session, actors: set[str]) -> dict[str, str]:
    ids = []
    for actor in actors:
        try:
            ids.append(uuid.UUID(actor))
        except ValueError:
            continue
    rows = session.execute(select(User.id, User.display_name).where(User.id.in_(ids)))
    return {str(user_id): name for user_id, name in rows}
