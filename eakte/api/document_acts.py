"""`/documents/{id}/…`: acts on one document beside filing and changing it; its history."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import Request, Response

from eakte.api.dependencies import Reader, ReadTx, RevisionGiven, Tx, etag
from eakte.api.document_shapes import DocumentShape
from eakte.api.histories import HistoryShape
from eakte.api.paging import After, Limit, listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Strict
from eakte.models import Document
from eakte.operations import versions
from eakte.operations.cancelling import cancel_document
from eakte.operations.documents import view_document
from eakte.operations.histories import document_history
from eakte.transaction import Transaction

router = ApiRouter(prefix="/documents", tags=["documents"])


class Release(Strict):
    """Why; needed when the registrar ends what another person has."""

    reason: str | None = None


class Restore(Strict):
    """A word on it, kept with the new version."""

    comment: str | None = None


class Cancel(Strict):
    """Why."""

    reason: str


@router.post("/{document_id}/check-out")
def check_out(response: Response, tx: Tx, document_id: uuid.UUID, revision: RevisionGiven = None) -> DocumentShape:
    """Say that you write the next version: others read on, and add none. 409 names who has it."""
    return _answer(response, tx, versions.check_out(tx, document_id, revision=revision))


@router.post("/{document_id}/release")
def release(
    response: Response, tx: Tx, document_id: uuid.UUID, said: Release, revision: RevisionGiven = None
) -> DocumentShape:
    """End a check-out without a new version: your own, or as the registrar another person's with a reason."""
    return _answer(response, tx, versions.release(tx, document_id, reason=said.reason, revision=revision))


@router.post("/{document_id}/versions/{number}/restore", status_code=201, response_model=DocumentShape)
def restore(
    request: Request,
    tx: Tx,
    document_id: uuid.UUID,
    number: int,
    said: Restore,
    revision: RevisionGiven = None,
    key: Key = None,
) -> Any:
    """Make an earlier version hold again, as a new one with the same bytes; none is taken away."""

    def act() -> tuple[int, DocumentShape, int]:
        row = versions.restore_version(tx, document_id, number, revision=revision, comment=said.comment)
        return 201, DocumentShape.of(view_document(tx.session, tx.actor, row.id)), row.revision

    return created(tx, request, key, said.model_dump_json().encode(), act)


@router.post("/{document_id}/finalize")
def finalize(response: Response, tx: Tx, document_id: uuid.UUID, revision: RevisionGiven = None) -> DocumentShape:
    """Say that the current version is the last one: from now on nothing of the document changes."""
    return _answer(response, tx, versions.finalize(tx, document_id, revision=revision))


@router.post("/{document_id}/cancel")
def cancel(
    response: Response, tx: Tx, document_id: uuid.UUID, said: Cancel, revision: RevisionGiven = None
) -> DocumentShape:
    """Cancel it (stornieren): it stays, with the reason, and is listed and found only when asked for."""
    return _answer(response, tx, cancel_document(tx, document_id, reason=said.reason, revision=revision))


@router.get("/{document_id}/history")
def history(
    request: Request, actor: Reader, session: ReadTx, document_id: uuid.UUID, after: After = None, limit: Limit = 50
) -> Listing[HistoryShape]:
    """What happened to it and what stood there before, newest first."""
    page = document_history(session, actor, document_id, after=after, limit=limit)
    return listing(request, [HistoryShape.of(each) for each in page.items], page.next)


def _answer(response: Response, tx: Transaction, row: Document) -> DocumentShape:
    response.headers["ETag"] = etag(row.revision)
    return DocumentShape.of(view_document(tx.session, tx.actor, row.id))
