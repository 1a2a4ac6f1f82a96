"""`/documents/bulk`: one act on many documents, all or none."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from eakte.api.dependencies import Tx
from eakte.api.document_acts import Cancel
from eakte.api.documents import DocumentChange
from eakte.api.replies import Key, created
from eakte.api.resubmissions import ReminderSaid
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Strict
from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.models import Document
from eakte.operations import document_bulk
from eakte.transaction import Transaction

router = ApiRouter(prefix="/documents", tags=["documents"])


class MoveDocuments(Strict):
    """Into a dossier or a case."""

    dossier: uuid.UUID | None = None
    case: uuid.UUID | None = None


class Bulk(Strict):
    """Documents, and exactly one act on all of them."""

    documents: list[uuid.UUID] = Field(min_length=1, max_length=document_bulk.MOST)
    move: MoveDocuments | None = None
    change: DocumentChange | None = None
    cancel: Cancel | None = None
    resubmit: ReminderSaid | None = None


class TouchedShape(BaseModel):
    """A document and its revision after the act."""

    id: uuid.UUID
    revision: int


class BulkAnswer(BaseModel):
    """All documents of the act, by id."""

    documents: list[TouchedShape]


@router.post("/bulk", response_model=BulkAnswer)
def bulk(request: Request, tx: Tx, said: Bulk, key: Key = None) -> Any:
    """Move, change, cancel or resubmit many in one act, or none: 403 and 409 name each that stands in the way."""

    def act() -> tuple[int, BulkAnswer, None]:
        rows = _act(tx, said)
        return 200, BulkAnswer(documents=[TouchedShape(id=row.id, revision=row.revision) for row in rows]), None

    return created(tx, request, key, said.model_dump_json(exclude_unset=True).encode(), act)


def _act(tx: Transaction, said: Bulk) -> list[Document]:
    if sum(each is not None for each in (said.move, said.change, said.cancel, said.resubmit)) != 1:
        message = _("Genau eines von move, change, cancel und resubmit ist nötig.")
        raise InvalidInput(errors=[FieldError("move", message)])
    if said.move is not None:
        return document_bulk.move_documents(tx, said.documents, dossier=said.move.dossier, case=said.move.case)
    if said.cancel is not None:
        return document_bulk.cancel_documents(tx, said.documents, reason=said.cancel.reason)
    if said.resubmit is not None:
        return document_bulk.resubmit_documents(tx, said.documents, said.resubmit.reminder())
    changes = said.change.model_dump(exclude_unset=True) if said.change else {}
    return document_bulk.change_documents(tx, said.documents, changes)
