"""`/documents/{id}/…`: the bytes as received and what was made of them; each look is logged before the first byte."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel

from eakte.api.bytes import CONTENT_HEADERS, SAFE_TO_SHOW, blob_response, page_image
from eakte.api.dependencies import Composed, Reader
from eakte.api.routing import ApiRouter
from eakte.bootstrap import Backends
from eakte.errors import NotFound
from eakte.language import _
from eakte.operations.documents import (
    current_version,
    digests_of,
    log_look,
    readable_document,
    text_of,
    words_of_page,
)
from eakte.operations.page_hits import frames
from eakte.operations.searching import LONGEST_QUESTION
from eakte.terms import Actor

router = ApiRouter(prefix="/documents", tags=["documents"])


Number = Annotated[
    int | None, Query(ge=1, le=1_000_000, description="Number of the version; the current one unless given")
]
Asked = Annotated[str, Query(max_length=LONGEST_QUESTION, description="Words to look for on the page")]

_ANY_OF = {
    "content": {
        kind: {"schema": {"type": "string", "format": "binary"}}
        for kind in sorted({"application/octet-stream", *SAFE_TO_SHOW})
    }
}
BYTES: dict[int | str, dict[str, Any]] = {
    200: _ANY_OF,
    206: {"description": "The range that was asked for", **_ANY_OF},
    304: {"description": "The ETag of If-None-Match still holds"},
    416: {"description": "The range lies outside"},
}


class WordShape(BaseModel):
    """One word with its box in the page's width and height; confidence 0-100, null where the text is no recognition."""

    text: str
    box: tuple[int, int, int, int]
    confidence: int | None
    line: int


class WordFrameShape(BaseModel):
    """A word that fits the question, by its place in `words` (from 0), and the frame to draw around it."""

    word: int
    x: float
    y: float
    width: float
    height: float


class WordsShape(BaseModel):
    """The word layer of a page; `hits` are the words that fit the question."""

    page: int
    width: int
    height: int
    words: list[WordShape]
    hits: list[WordFrameShape]


@router.get("/{document_id}/content", response_class=StreamingResponse, responses=BYTES)
def content(request: Request, actor: Reader, backends: Composed, document_id: uuid.UUID, v: Number = None) -> Response:
    """The bytes as received, every block checked before it is sent; ranges are served (RFC 9110 section 14)."""
    with backends.transactions.read() as session:
        version = current_version(session, readable_document(session, actor, document_id), v)
        digests = digests_of(session, version.original)
    log_look(backends.transactions, actor, document_id)
    return blob_response(
        request, backends.blobs, version.original, digests, media_type=version.media_type, filename=version.filename
    )


@router.get("/{document_id}/rendition", response_class=StreamingResponse, responses=BYTES)
def rendition(
    request: Request, actor: Reader, backends: Composed, document_id: uuid.UUID, v: Number = None
) -> Response:
    """The PDF/A. 404 where there is none; the document's `rendition` says why."""
    with backends.transactions.read() as session:
        version = current_version(session, readable_document(session, actor, document_id), v)
        if version.rendition is None:
            raise NotFound(version.rendition_reason)
        digests = digests_of(session, version.rendition)
    log_look(backends.transactions, actor, document_id)
    stem = version.filename.rpartition(".")[0] or version.filename
    return blob_response(
        request, backends.blobs, version.rendition, digests, media_type="application/pdf", filename=f"{stem}.pdf"
    )


@router.get("/{document_id}/text", response_class=PlainTextResponse)
def text(actor: Reader, backends: Composed, document_id: uuid.UUID, v: Number = None) -> PlainTextResponse:
    """The text, pages parted by form feeds."""
    name, digests = _derived(backends, actor, document_id, "words", v)
    log_look(backends.transactions, actor, document_id)
    content = "\f".join(text_of(backends.blobs, name, digests))
    return PlainTextResponse(content, headers={**CONTENT_HEADERS, "Accept-Ranges": "none"})


@router.get("/{document_id}/pages/{page}/words")
def words(
    actor: Reader, backends: Composed, document_id: uuid.UUID, page: int, v: Number = None, q: Asked = ""
) -> WordsShape:
    """The words of a page with their boxes; with a question also which of them fit it, as the search finds them."""
    name, digests = _derived(backends, actor, document_id, "words", v)
    log_look(backends.transactions, actor, document_id)
    layer = words_of_page(backends.blobs, name, digests, page)
    return WordsShape(
        page=layer.page,
        width=layer.width,
        height=layer.height,
        words=[WordShape(text=w.text, box=w.box, confidence=w.confidence, line=w.line) for w in layer.words],
        hits=[WordFrameShape(**asdict(each)) for each in frames(layer, q)],
    )


@router.get(
    "/{document_id}/pages/{page}/image", response_class=Response, responses={200: {"content": {"image/webp": {}}}}
)
def image(actor: Reader, backends: Composed, document_id: uuid.UUID, page: int, v: Number = None) -> Response:
    """The image of a page (WebP, 1,000 pixels wide)."""
    name, digests = _derived(backends, actor, document_id, "images", v)
    log_look(backends.transactions, actor, document_id)
    return page_image(backends.blobs, name, digests, page, fixed=v is not None)


def _derived(
    backends: Backends, actor: Actor, document_id: uuid.UUID, kind: str, number: int | None
) -> tuple[str, Any]:
    with backends.transactions.read() as session:
        version = current_version(session, readable_document(session, actor, document_id), number)
        name: str | None = getattr(version, kind)
        if name is None:
            raise NotFound(_("Das Dokument ist noch nicht verarbeitet.") if version.processed_at is None else None)
        return name, digests_of(session, name)
