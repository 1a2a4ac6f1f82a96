"""`/resubmissions`: reminders (Wiedervorlagen) of dossiers, cases and documents, seen by who may read those."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel

from eakte.api.dependencies import Reader, ReadTx, RevisionGiven, RevisionRequired, Tx, etag
from eakte.api.paging import After, Limit, listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Strict, Utc
from eakte.models import Resubmission
from eakte.operations import resubmissions
from eakte.operations.resubmissions import Reminder, ResubmissionView
from eakte.transaction import Transaction

router = ApiRouter(prefix="/resubmissions", tags=["resubmissions"])


class ReminderSaid(Strict):
    """When, what, and for whom: `user` by id or login, `unit` by id or number, else the caller."""

    due_on: date
    note: str
    user: str | None = None
    unit: str | None = None

    def reminder(self) -> Reminder:
        """The same for the operation."""
        return Reminder(self.due_on, self.note, self.user, self.unit)


class NewResubmission(ReminderSaid):
    """A resubmission of one object."""

    dossier: uuid.UUID | None = None
    case: uuid.UUID | None = None
    document: uuid.UUID | None = None


class ResubmissionChange(Strict):
    """Changes; what is not named stays."""

    due_on: date | None = None
    note: str | None = None
    user: str | None = None
    unit: str | None = None


class DoneShape(BaseModel):
    """Who did it, and when."""

    by: uuid.UUID | None
    at: Utc


class ResubmissionShape(BaseModel):
    """A resubmission with the title of what it reminds of and the reference number of its dossier."""

    id: uuid.UUID
    dossier: uuid.UUID | None
    case: uuid.UUID | None
    document: uuid.UUID | None
    title: str
    reference_number: str | None
    due_on: date
    note: str
    user: uuid.UUID | None
    unit: uuid.UUID | None
    created_by: uuid.UUID | None
    created_at: Utc
    done: DoneShape | None
    revision: int

    @classmethod
    def of(cls, view: ResubmissionView) -> ResubmissionShape:
        """From a row and its object."""
        row = view.row
        return cls(
            id=row.id,
            dossier=row.dossier_id,
            case=row.case_id,
            document=row.document_id,
            title=view.title,
            reference_number=view.reference_number,
            due_on=row.due_on,
            note=row.note,
            user=row.user_id,
            unit=row.unit_id,
            created_by=row.created_by,
            created_at=row.created_at,
            done=DoneShape(by=row.done_by, at=row.done_at) if row.done_at else None,
            revision=row.revision,
        )


@router.post("", status_code=201, response_model=ResubmissionShape)
def create(request: Request, tx: Tx, new: NewResubmission, key: Key = None) -> Any:
    """A resubmission of an open dossier or case, or of a document."""

    def act() -> tuple[int, ResubmissionShape, int]:
        row = resubmissions.create_resubmission(
            tx, new.reminder(), dossier_id=new.dossier, case_id=new.case, document_id=new.document
        )
        return 201, _shape(tx, row), row.revision

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("")
def index(
    request: Request,
    actor: Reader,
    session: ReadTx,
    dossier: Annotated[uuid.UUID | None, Query(description="With those of its cases and documents")] = None,
    case: uuid.UUID | None = None,
    document: uuid.UUID | None = None,
    mine: Annotated[bool, Query(description="For the caller or the caller's unit")] = False,
    until: Annotated[date | None, Query(description="Due on this day or before")] = None,
    done: Annotated[bool, Query(description="With those that are done")] = False,
    after: After = None,
    limit: Limit = 50,
) -> Listing[ResubmissionShape]:
    """Resubmissions of a place, or `mine`, the next due first."""
    page = resubmissions.list_resubmissions(
        session,
        actor,
        dossier=dossier,
        case=case,
        document=document,
        mine=mine,
        until=until,
        done=done,
        after=after,
        limit=limit,
    )
    return listing(request, [ResubmissionShape.of(view) for view in page.items], page.next)


@router.get("/{resubmission_id}")
def show(response: Response, actor: Reader, session: ReadTx, resubmission_id: uuid.UUID) -> ResubmissionShape:
    """One resubmission."""
    view = resubmissions.readable_resubmission(session, actor, resubmission_id)
    response.headers["ETag"] = etag(view.row.revision)
    return ResubmissionShape.of(view)


@router.patch("/{resubmission_id}")
def change(
    response: Response, tx: Tx, resubmission_id: uuid.UUID, changes: ResubmissionChange, revision: RevisionRequired
) -> ResubmissionShape:
    """Change day, note or whom it reminds (If-Match is needed)."""
    said = changes.model_dump(exclude_unset=True)
    row = resubmissions.change_resubmission(tx, resubmission_id, said, revision=revision)
    response.headers["ETag"] = etag(row.revision)
    return _shape(tx, row)


@router.post("/{resubmission_id}/done")
def done(response: Response, tx: Tx, resubmission_id: uuid.UUID, revision: RevisionGiven = None) -> ResubmissionShape:
    """Say that it is done."""
    row = resubmissions.finish(tx, resubmission_id, revision=revision)
    response.headers["ETag"] = etag(row.revision)
    return _shape(tx, row)


def _shape(tx: Transaction, row: Resubmission) -> ResubmissionShape:
    return ResubmissionShape.of(resubmissions.readable_resubmission(tx.session, tx.actor, row.id))
