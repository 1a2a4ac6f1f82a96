"""`/shares`: access to one dossier or case for a person or a unit, until a day. A share reads and does not write."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel

from eakte.api.dependencies import Reader, ReadTx, Tx
from eakte.api.paging import After, Limit, listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Strict, Utc
from eakte.models import DossierShare
from eakte.operations import shares
from eakte.operations.shares import ShareWords

router = ApiRouter(prefix="/shares", tags=["shares"])


class NewShare(Strict):
    """For a dossier or a case; `user` by id or login, or `unit` by id or number. `until` is the last day."""

    until: date
    dossier: uuid.UUID | None = None
    case: uuid.UUID | None = None
    user: str | None = None
    unit: str | None = None
    reason: str | None = None


class EndedShape(BaseModel):
    """Who ended it before its last day, and when."""

    by: uuid.UUID | None
    at: Utc


class ShareShape(BaseModel):
    """A share."""

    id: uuid.UUID
    dossier: uuid.UUID | None
    case: uuid.UUID | None
    user: uuid.UUID | None
    unit: uuid.UUID | None
    until: date
    reason: str | None
    given_by: uuid.UUID | None
    given_at: Utc
    ended: EndedShape | None

    @classmethod
    def of(cls, row: DossierShare) -> ShareShape:
        """From a row."""
        return cls(
            id=row.id,
            dossier=row.dossier_id,
            case=row.case_id,
            user=row.user_id,
            unit=row.unit_id,
            until=row.until,
            reason=row.reason,
            given_by=row.given_by,
            given_at=row.given_at,
            ended=EndedShape(by=row.ended_by, at=row.ended_at) if row.ended_at else None,
        )


@router.post(
    "",
    status_code=201,
    response_model=ShareShape,
    responses={200: {"model": ShareShape, "description": "It ran already and has the new last day"}},
)
def create(request: Request, tx: Tx, new: NewShare, key: Key = None) -> Any:
    """Give access, by who may write the dossier."""

    def act() -> tuple[int, ShareShape, None]:
        words = ShareWords(new.until, new.user, new.unit, new.reason)
        row, is_new = shares.give_share(tx, words, dossier_id=new.dossier, case_id=new.case)
        return 201 if is_new else 200, ShareShape.of(row), None

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("")
def index(
    request: Request,
    actor: Reader,
    session: ReadTx,
    dossier: Annotated[uuid.UUID | None, Query(description="With those of its cases")] = None,
    case: uuid.UUID | None = None,
    mine: Annotated[bool, Query(description="What the caller has by shares now")] = False,
    ended: Annotated[bool, Query(description="With those of the dossier or case that are over")] = False,
    after: After = None,
    limit: Limit = 50,
) -> Listing[ShareShape]:
    """Shares of a dossier or case, for who works there and the registrar; or one's own."""
    page = shares.list_shares(
        session, actor, dossier=dossier, case=case, mine=mine, ended=ended, after=after, limit=limit
    )
    return listing(request, [ShareShape.of(row) for row in page.items], page.next)


@router.delete("/{share_id}", status_code=204)
def end(tx: Tx, share_id: uuid.UUID) -> Response:
    """End it at once, by who may write the dossier."""
    shares.end_share(tx, share_id)
    return Response(status_code=204)
