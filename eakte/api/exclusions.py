"""`/exclusions`: persons shut out of a dossier (§§ 20, 21 VwVfG), for registrar and head of the unit."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from eakte.api.dependencies import Reader, ReadTx, Tx
from eakte.api.paging import After, Limit, listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Strict, Utc
from eakte.models import DossierExclusion
from eakte.operations import exclusions

router = ApiRouter(prefix="/exclusions", tags=["exclusions"])


class NewExclusion(Strict):
    """Who is shut out, by id or login, and why."""

    dossier: uuid.UUID
    user: str
    ground: str = Field(description="vwvfg-20 (excluded by law) or vwvfg-21 (bias)")
    reason: str


class Lift(Strict):
    """Why the person may see the dossier again."""

    reason: str


class LiftedShape(BaseModel):
    """Who lifted it, when and why."""

    by: uuid.UUID | None
    at: Utc
    reason: str


class ExclusionShape(BaseModel):
    """An exclusion; it stands until it is lifted."""

    id: uuid.UUID
    dossier: uuid.UUID
    user: uuid.UUID
    ground: str
    reason: str
    given_by: uuid.UUID | None
    given_at: Utc
    lifted: LiftedShape | None

    @classmethod
    def of(cls, row: DossierExclusion) -> ExclusionShape:
        """From a row."""
        lifted = None
        if row.lifted_at is not None and row.lift_reason is not None:
            lifted = LiftedShape(by=row.lifted_by, at=row.lifted_at, reason=row.lift_reason)
        return cls(
            id=row.id,
            dossier=row.dossier_id,
            user=row.user_id,
            ground=row.ground,
            reason=row.reason,
            given_by=row.given_by,
            given_at=row.given_at,
            lifted=lifted,
        )


@router.post(
    "",
    status_code=201,
    response_model=ExclusionShape,
    responses={200: {"model": ExclusionShape, "description": "The person was excluded already"}},
)
def create(request: Request, tx: Tx, new: NewExclusion, key: Key = None) -> Any:
    """Shut a person out of a dossier and all in it."""

    def act() -> tuple[int, ExclusionShape, None]:
        row, is_new = exclusions.exclude(tx, new.dossier, user=new.user, ground=new.ground, reason=new.reason)
        return 201 if is_new else 200, ExclusionShape.of(row), None

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("")
def index(
    request: Request, actor: Reader, session: ReadTx, dossier: uuid.UUID, after: After = None, limit: Limit = 50
) -> Listing[ExclusionShape]:
    """The exclusions of a dossier, lifted ones too."""
    page = exclusions.list_exclusions(session, actor, dossier, after=after, limit=limit)
    return listing(request, [ExclusionShape.of(row) for row in page.items], page.next)


@router.post("/{exclusion_id}/lift")
def lift(tx: Tx, exclusion_id: uuid.UUID, order: Lift) -> ExclusionShape:
    """Let the person in again."""
    return ExclusionShape.of(exclusions.readmit(tx, exclusion_id, reason=order.reason))
