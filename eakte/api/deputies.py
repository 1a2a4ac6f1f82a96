"""`/deputies`: who represents whom, from a day until another."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from eakte.api.dependencies import Reader, ReadTx, Tx
from eakte.api.paging import After, Limit, listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Strict, Utc
from eakte.models import Deputation
from eakte.operations import deputies
from eakte.operations.deputies import DeputyWords

router = ApiRouter(prefix="/deputies", tags=["deputies"])


class NewDeputation(Strict):
    """Accounts by id or login; `person` is the caller unless named, the first day is today unless said."""

    deputy: str
    until: date
    person: str | None = None
    from_on: date | None = None
    protected: bool = Field(
        default=False, description="Also what is besonders geschützt, as far as the person reads it"
    )


class DeputationShape(BaseModel):
    """A deputation; `ended_at` where it ended before its last day."""

    id: uuid.UUID
    person: uuid.UUID
    deputy: uuid.UUID
    from_on: date
    until: date
    protected: bool
    given_by: uuid.UUID | None
    given_at: Utc
    ended_at: Utc | None

    @classmethod
    def of(cls, row: Deputation) -> DeputationShape:
        """From a row."""
        return cls(
            id=row.id,
            person=row.person_id,
            deputy=row.deputy_id,
            from_on=row.from_on,
            until=row.until,
            protected=row.protected,
            given_by=row.given_by,
            given_at=row.given_at,
            ended_at=row.ended_at,
        )


@router.post("", status_code=201, response_model=DeputationShape)
def create(request: Request, tx: Tx, new: NewDeputation, key: Key = None) -> Any:
    """Let somebody be represented: by that person, the head of the unit or the registrar."""

    def act() -> tuple[int, DeputationShape, None]:
        words = DeputyWords(new.deputy, new.until, new.person, new.from_on, new.protected)
        return 201, DeputationShape.of(deputies.name_deputy(tx, words)), None

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("")
def index(
    request: Request,
    actor: Reader,
    session: ReadTx,
    user: Annotated[str | None, Query(description="Of another person, by id or login (head, registrar)")] = None,
    ended: Annotated[bool, Query(description="With those that are over")] = False,
    after: After = None,
    limit: Limit = 50,
) -> Listing[DeputationShape]:
    """Deputations in which one represents or is represented."""
    page = deputies.list_deputations(session, actor, user=user, ended=ended, after=after, limit=limit)
    return listing(request, [DeputationShape.of(row) for row in page.items], page.next)


@router.delete("/{deputation_id}", status_code=204)
def end(tx: Tx, deputation_id: uuid.UUID) -> Response:
    """End it at once."""
    deputies.end_deputation(tx, deputation_id)
    return Response(status_code=204)
