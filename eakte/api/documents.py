"""`/documents`: file, list, read, change, add versions."""

from __future__ import annotations

import json
import uuid
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from eakte.api.dependencies import (
    Composed,
    Reader,
    ReadTx,
    RevisionGiven,
    RevisionRequired,
    Tx,
    Writer,
    etag,
)
from eakte.api.document_shapes import DocumentShape, VersionShape
from eakte.api.multipart import Upload, body_chunks, parsed
from eakte.api.paging import After, Limit, OptionalLimit, listing, short_listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import External, Listing, Strict
from eakte.bootstrap import Backends
from eakte.errors import EakteError, Unavailable
from eakte.operations import filing, versions, waiting
from eakte.operations.document_changes import (
    change_document,
    require_changeable,
    require_not_held,
    workable_document,
)
from eakte.operations.documents import list_versions, readable_document, view_document
from eakte.operations.external import ExternalKey, asked_for
from eakte.operations.idempotency import is_known
from eakte.operations.listing import list_documents
from eakte.operations.screening import Screen
from eakte.terms import Actor

router = ApiRouter(prefix="/documents", tags=["documents"])


class DocumentMetadata(Strict):
    """The first part of an upload: where the document belongs and what is known of it."""

    dossier: uuid.UUID | None = None
    case: uuid.UUID | None = None
    inbox: bool = False
    unit: str | None = None
    title: str | None = None
    kind: str = "incoming"
    received_on: date | None = None
    sent_on: date | None = None
    written_on: date | None = None
    sender: str | None = None
    addressee: str | None = None
    further_senders: list[str] = Field(default_factory=list, description="Who else sent it, beside `sender`")
    further_addressees: list[str] = Field(default_factory=list, description="Who else receives it, beside `addressee`")
    external: External | None = None
    fields: dict[str, Any] = Field(default_factory=dict)

    def draft(self) -> filing.Draft:
        """The same for the operation."""
        said = {
            **dict(self),
            "external": ExternalKey.of(self.external.system, self.external.id) if self.external else None,
        }
        return filing.Draft(**said)


class VersionMetadata(Strict):
    """The first part of an upload of a version; nothing is needed. Whoever had it checked out checks it in."""

    comment: str | None = None
    keep_checked_out: bool = False


class DocumentChange(Strict):
    """Changes of metadata; what is not named stays."""

    title: str | None = None
    kind: str | None = None
    received_on: date | None = None
    sent_on: date | None = None
    written_on: date | None = None
    sender: str | None = None
    addressee: str | None = None
    further_senders: list[str] | None = None
    further_addressees: list[str] | None = None
    fields: dict[str, Any] | None = None


def multipart_body(schema: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI of a multipart body, declared by hand because the body is taken as a stream."""
    properties = {
        "metadata": {
            "type": "string",
            "contentMediaType": "application/json",
            "description": json.dumps(schema.model_json_schema(), ensure_ascii=False),
        },
        "file": {"type": "string", "format": "binary"},
    }
    content = {
        "multipart/form-data": {
            "schema": {"type": "object", "required": ["metadata", "file"], "properties": properties}
        }
    }
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "",
    status_code=201,
    response_model=DocumentShape,
    responses={200: {"model": DocumentShape, "description": "The external key was known: what it names"}},
    openapi_extra=multipart_body(DocumentMetadata),
)
def create(request: Request, actor: Writer, backends: Composed, key: Key = None) -> JSONResponse:
    """File a document: the metadata first, then the file. 201 means: stored, hashed, in the log, never lost."""
    upload = Upload(request.headers.get("content-type", ""), body_chunks(request))
    metadata = parsed(DocumentMetadata, upload.metadata)
    draft = metadata.draft()
    with backends.transactions.read() as session:
        if not is_known(session, actor, key):
            filing.check_draft(session, actor, draft)
    stored = _store(backends, upload, backends.screen(actor, *draft.places()))
    return _answer_once(
        request,
        actor,
        backends,
        key,
        metadata.model_dump_json().encode(),
        stored,
        lambda tx: filing.file_document(tx, draft, stored).id,
    )


@router.post(
    "/{document_id}/versions",
    status_code=201,
    response_model=DocumentShape,
    openapi_extra=multipart_body(VersionMetadata),
)
def add_version(
    request: Request,
    actor: Writer,
    backends: Composed,
    document_id: uuid.UUID,
    revision: RevisionGiven = None,
    key: Key = None,
) -> JSONResponse:
    """Add a content state (check in); the former ones stay. With If-Match only to the state that was read."""
    # Who may not is told before any byte is taken. The revision is compared later: a repeated request with a key
    # names the revision that it changed itself, and its answer is kept whatever became of the document since.
    with backends.transactions.begin(actor) as tx:
        document = workable_document(tx, document_id, None)
        if not is_known(tx.session, actor, key):
            require_changeable(document)
            require_not_held(tx, document)
        number = document.version + 1
    upload = Upload(request.headers.get("content-type", ""), body_chunks(request))
    said = parsed(VersionMetadata, upload.metadata)
    stored = _store(backends, upload, backends.screen(actor, document_id), document_id=document_id, version=number)
    return _answer_once(
        request,
        actor,
        backends,
        key,
        said.model_dump_json().encode(),
        stored,
        lambda tx: (
            versions.add_version(
                tx, stored, revision=revision, comment=said.comment, keep_checked_out=said.keep_checked_out
            ).id
        ),
    )


@router.get("")
def index(
    request: Request,
    actor: Reader,
    session: ReadTx,
    dossier: uuid.UUID | None = None,
    case: uuid.UUID | None = None,
    inbox: Annotated[bool, Query()] = False,
    source: uuid.UUID | None = None,
    volume: uuid.UUID | None = None,
    external_system: str | None = None,
    external_id: str | None = None,
    unit: str | None = None,
    state: str | None = None,
    kind: str | None = None,
    contains: Annotated[str | None, Query(description="In title or sender")] = None,
    name: Annotated[
        str | None, Query(description="Any part of a sender's or addressee's name, in all that may be read")
    ] = None,
    cancelled: Annotated[bool, Query(description="With cancelled ones")] = False,
    after: After = None,
    limit: Limit = 50,
) -> Listing[DocumentShape]:
    """Documents of one place or from inside a document (`source`), newest first; or the one an external key names."""
    page = list_documents(
        session,
        actor,
        dossier=dossier,
        case=case,
        inbox=inbox,
        source=source,
        external=asked_for(session, actor, external_system, external_id),
        volume=volume,
        unit=unit,
        state=state,
        kind=kind,
        contains=contains,
        name=name,
        cancelled=cancelled,
        after=after,
        limit=limit,
    )
    return listing(request, [DocumentShape.of(view) for view in page.items], page.next)


@router.get("/{document_id}")
def show(response: Response, actor: Reader, session: ReadTx, document_id: uuid.UUID) -> DocumentShape:
    """A document's metadata and states."""
    view = view_document(session, actor, document_id)
    response.headers["ETag"] = etag(view.document.revision)
    return DocumentShape.of(view)


@router.patch("/{document_id}")
def change(
    response: Response, tx: Tx, document_id: uuid.UUID, changes: DocumentChange, revision: RevisionRequired
) -> DocumentShape:
    """Change metadata (If-Match is needed)."""
    change_document(tx, document_id, changes.model_dump(exclude_unset=True), revision=revision)
    view = view_document(tx.session, tx.actor, document_id)
    response.headers["ETag"] = etag(view.document.revision)
    return DocumentShape.of(view)


@router.post("/{document_id}/retry")
def retry(response: Response, tx: Tx, document_id: uuid.UUID) -> DocumentShape:
    """Process a failed document again."""
    waiting.retry(tx, document_id)
    view = view_document(tx.session, tx.actor, document_id)
    response.headers["ETag"] = etag(view.document.revision)
    return DocumentShape.of(view)


@router.get("/{document_id}/versions")
def list_of_versions(
    request: Request,
    actor: Reader,
    session: ReadTx,
    document_id: uuid.UUID,
    after: After = None,
    limit: OptionalLimit = None,
) -> Listing[VersionShape]:
    """All content states, newest first."""
    rows = list_versions(session, readable_document(session, actor, document_id))
    return short_listing(request, rows, VersionShape.of, key=lambda row: row.number, after=after, limit=limit)


OK = 200
"""Status of an answer that made nothing: an external key was known."""


def _store(backends: Backends, upload: Upload, screen: Screen, **where: Any) -> filing.Stored:
    return filing.store_original(
        backends.blobs,
        upload.chunks(),
        screen=screen,
        filename=upload.filename,
        media_type=upload.media_type,
        limit=backends.settings.upload_limit_bytes,
        **where,
    )


def _answer_once(
    request: Request, actor: Actor, backends: Backends, key: str | None, said: bytes, stored: filing.Stored, act: Any
) -> JSONResponse:
    """Commit the act, then answer. Bytes that are not needed (a replayed key, a refused act) are taken away again.

    An act that failed because a backend did is left alone: it may have been committed all the same.
    """
    file = json.dumps([stored.filename, stored.media_type, stored.digests.sha256.hex()])
    fingerprint = said + b"\n" + file.encode()
    try:
        with backends.transactions.begin(actor) as tx:

            def made_of_it() -> tuple[int, DocumentShape, int]:
                made = act(tx)
                view = view_document(tx.session, tx.actor, made)
                return 201 if made == stored.document_id else 200, DocumentShape.of(view), view.document.revision

            reply = created(tx, request, key, fingerprint, made_of_it)
    except Unavailable:
        raise
    except EakteError:
        backends.blobs.delete(stored.name)
        raise
    if "Idempotency-Replayed" in reply.headers or reply.status_code == OK:
        backends.blobs.delete(stored.name)
    return reply
