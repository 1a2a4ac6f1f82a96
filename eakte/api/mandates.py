"""`/mandates`: what an auditor may read by an audit mandate (Prüfauftrag), and until when."""

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
from eakte.operations import mandates
from eakte.operations.mandates import MandateView, MandateWords
from eakte.terms import Level

router = ApiRouter(prefix="/mandates", tags=["mandates"])


class NewMandate(Strict):
    """Units by id or number with those below, up to `level`; single dossiers whatever their level."""

    auditor: str
    reason: str
    until: date
    units: list[str] = Field(default_factory=list, max_length=300)
    dossiers: list[uuid.UUID] = Field(default_factory=list, max_length=300)
    level: str = "internal"


class MandateShape(BaseModel):
    """A mandate; of its single dossiers those that the reader may know."""

    id: uuid.UUID
    auditor: uuid.UUID
    units: list[uuid.UUID]
    dossiers: list[uuid.UUID]
    level: str
    until: date
    reason: str
    given_by: uuid.UUID | None
    given_at: Utc
    ended_at: Utc | None

    @classmethod
    def of(cls, view: MandateView) -> MandateShape:
        """From a mandate and its scope."""
        row = view.row
        return cls(
            id=row.id,
            auditor=row.auditor_id,
            units=list(view.units),
            dossiers=list(view.dossiers),
            level=Level(row.level).word,
            until=row.until,
            reason=row.reason,
            given_by=row.given_by,
            given_at=row.given_at,
            ended_at=row.ended_at,
        )


@router.post("", status_code=201, response_model=MandateShape)
def create(request: Request, tx: Tx, new: NewMandate, key: Key = None) -> Any:
    """Give a mandate: a registrar, or a head for the own units; neither IT nor an auditor."""

    def act() -> tuple[int, MandateShape, None]:
        words = MandateWords(new.auditor, new.reason, new.until, new.units, new.dossiers, new.level)
        return 201, MandateShape.of(mandates.give_mandate(tx, words)), None

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("")
def index(
    request: Request,
    actor: Reader,
    session: ReadTx,
    ended: Annotated[bool, Query(description="With those that are over")] = False,
    after: After = None,
    limit: Limit = 50,
) -> Listing[MandateShape]:
    """Mandates that one has or gave; all for registrar and auditor."""
    page = mandates.list_mandates(session, actor, ended=ended, after=after, limit=limit)
    return listing(request, [MandateShape.of(view) for view in page.items], page.next)


@router.delete("/{mandate_id}", status_code=204)
def end(tx: Tx, mandate_id: uuid.UUID) -> Response:
    """End it at once, by who gave it or a registrar."""
    mandates.end_mandate(tx, mandate_id)
    return Response(status_code=204)
