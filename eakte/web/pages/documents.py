"""A document: its pages with the words of a question marked, its text, its properties, versions and proof."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api import document_content as api
from eakte.api.dependencies import get_backends
from eakte.language import _
from eakte.operations.documents import log_look
from eakte.operations.waiting import retry
from eakte.terms import Actor
from eakte.web.pages.asking import Person, Sent, frame_in, go, page, part
from eakte.web.pages.document_view import document_view
from eakte.web.views import (
    DocumentView,
    Link,
    Message,
)

router = APIRouter(include_in_schema=False)


@router.get("/dokumente/{document_id}")
def show(request: Request, actor: Person, document_id: uuid.UUID) -> Response:
    """The pages."""
    return _answer(request, actor, document_id, as_text=False)


@router.get("/dokumente/{document_id}/text")
def show_text(request: Request, actor: Person, document_id: uuid.UUID) -> Response:
    """The recognised text as paragraphs: for screen readers, large zoom and high contrast."""
    return _answer(request, actor, document_id, as_text=True)


@router.get("/dokumente/{document_id}/original")
def original(request: Request, actor: Person, document_id: uuid.UUID, v: int | None = None) -> Response:
    """The bytes as received."""
    return api.content(request, actor, get_backends(request), document_id, v)


@router.get("/dokumente/{document_id}/pdfa")
def rendition(request: Request, actor: Person, document_id: uuid.UUID, v: int | None = None) -> Response:
    """The PDF/A."""
    return api.rendition(request, actor, get_backends(request), document_id, v)


@router.post("/dokumente/{document_id}/wiederholen")
def again(request: Request, sent: Sent, document_id: uuid.UUID) -> Response:
    """Process a failed document again."""
    with get_backends(request).transactions.begin(sent.actor) as tx:

        def act() -> str:
            retry(tx, document_id)
            return f"/dokumente/{document_id}?ok=wiederholt"

        address = sent.once(tx, act)
    return go(address)


def document_page(
    request: Request,
    actor: Actor,
    document_id: uuid.UUID,
    change: Callable[[Session, DocumentView], DocumentView],
    *,
    message: Message | None = None,
    status: int = 422,
) -> Response:
    """The page again, as an act left it: with a form that came back, or with the sentence why it was refused."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        view = change(session, document_view(session, backends, actor, document_id, request, as_text=False))
        frame = frame_in(session, request, actor, area="files", message=message)
    return page("dokument.html", frame=frame, view=view, status=status)


def _answer(request: Request, actor: Actor, document_id: uuid.UUID, *, as_text: bool) -> Response:
    backends = get_backends(request)
    with backends.transactions.read() as session:
        view = document_view(session, backends, actor, document_id, request, as_text=as_text)
        frame = frame_in(session, request, actor, area="files", message=_older(view))
    # Before the first byte is sent: a look that cannot be logged is none.
    log_look(backends.transactions, actor, document_id)
    if request.headers.get("hx-target") == "angaben":
        return part("dokument.html", "eigenschaften", frame=frame, view=view)
    answer = page("dokument.html", frame=frame, view=view)
    if request.headers.get("hx-target") == "verarbeitung" and view.processing is None:
        # The page polled while the document was on its way; now everything on it is new.
        answer.headers["HX-Refresh"] = "true"
    return answer


def _older(view: DocumentView) -> Message | None:
    if not view.older:
        return None
    current = next(each for each in view.versions if each.current)
    shown = _(
        "Sie sehen die Fassung %(older)s. Aktuell ist die Fassung %(current)s.",
        older=view.older,
        current=current.number,
    )
    return Message("info", shown, Link(_("Aktuelle Fassung zeigen"), f"/dokumente/{view.id}"))
