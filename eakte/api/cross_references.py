"""`/cross-references`: from a dossier or case to another. Each side shows only what the reader may know."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from eakte.api.dependencies import Reader, ReadTx, Tx
from eakte.api.paging import After, Limit, listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Strict
from eakte.operations import crossing

router = ApiRouter(prefix="/cross-references", tags=["cross-references"])


class EndSaid(Strict):
    """A dossier or a case."""

    dossier: uuid.UUID | None = None
    case: uuid.UUID | None = None


class NewCrossReference(Strict):
    """A reference from where one works to what one knows."""

    source: EndSaid
    target: EndSaid
    note: str | None = None


class Other(BaseModel):
    """What stands at the other end."""

    dossier: uuid.UUID
    reference_number: str
    title: str
    case: uuid.UUID | None
    case_title: str | None


class CrossReferenceShape(BaseModel):
    """A reference as one dossier sees it; `outgoing` where it is its source."""

    id: uuid.UUID
    outgoing: bool
    case: uuid.UUID | None
    other: Other
    note: str | None

    @classmethod
    def of(cls, seen: crossing.Seen, seen_from: uuid.UUID) -> CrossReferenceShape:
        """From a reference and the dossier that looks at it."""
        row, outgoing = seen.row, seen.row.source_dossier_id == seen_from
        return cls(
            id=row.id,
            outgoing=outgoing,
            case=row.source_case_id if outgoing else row.target_case_id,
            other=Other(
                dossier=seen.dossier.id,
                reference_number=seen.dossier.reference_number,
                title=seen.dossier.title,
                case=seen.case.id if seen.case else None,
                case_title=seen.case.title if seen.case else None,
            ),
            note=row.note,
        )


@router.post(
    "",
    status_code=201,
    response_model=CrossReferenceShape,
    responses={200: {"model": CrossReferenceShape, "description": "The reference was there already"}},
)
def create(request: Request, tx: Tx, new: NewCrossReference, key: Key = None) -> Any:
    """A new reference; what one may not know answers as if it did not exist."""

    def act() -> tuple[int, CrossReferenceShape, None]:
        row, is_new = crossing.refer(
            tx,
            source=crossing.End(new.source.dossier, new.source.case),
            target=crossing.End(new.target.dossier, new.target.case),
            note=new.note,
        )
        seen = crossing.view_reference(tx.session, tx.actor, row, row.source_dossier_id)
        return 201 if is_new else 200, CrossReferenceShape.of(seen, row.source_dossier_id), None

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("")
def index(
    request: Request, actor: Reader, session: ReadTx, dossier: uuid.UUID, after: After = None, limit: Limit = 50
) -> Listing[CrossReferenceShape]:
    """References from and to a dossier and its cases, oldest first."""
    page = crossing.list_references(session, actor, dossier, after=after, limit=limit)
    return listing(request, [CrossReferenceShape.of(seen, dossier) for seen in page.items], page.next)


@router.delete("/{reference_id}", status_code=204)
def remove(tx: Tx, reference_id: uuid.UUID) -> Response:
    """Take it away, by who works in its source."""
    crossing.remove_reference(tx, reference_id)
    return Response(status_code=204)
