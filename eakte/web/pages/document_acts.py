"""Acts on a document: each form is one operation; what it refuses comes back in words on the document's page."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.api.problems import status_of
from eakte.bootstrap import Backends
from eakte.errors import EakteError, FieldError, InvalidInput, ScannerUnavailable, StaleRevision, TooLarge, WrongState
from eakte.language import _
from eakte.operations.cancelling import cancel_document
from eakte.operations.document_changes import (
    require_changeable,
    require_not_held,
    workable_document,
)
from eakte.operations.filing import Stored, store_original
from eakte.operations.resubmissions import create_resubmission
from eakte.operations.versions import add_version, check_out, finalize, release, restore_version
from eakte.transaction import Transaction
from eakte.web.pages.asking import (
    Sent,
    Submitted,
    form_again,
    go,
    numbered,
)
from eakte.web.pages.document_marks import with_form
from eakte.web.pages.documents import document_page
from eakte.web.pages.resubmissions import reminder
from eakte.web.pages.uploading import as_input, chunks
from eakte.web.views import DocumentView, Message

router = APIRouter(include_in_schema=False)


@router.post("/dokumente/{document_id}/auschecken")
def take(request: Request, sent: Sent, document_id: uuid.UUID) -> Response:
    """Say that the person writes the next version."""
    return _do(request, sent, document_id, lambda tx: check_out(tx, document_id), "ausgecheckt")


@router.post("/dokumente/{document_id}/auschecken-aufheben")
def let_go(request: Request, sent: Sent, document_id: uuid.UUID) -> Response:
    """End a check-out without a new version."""
    reason = sent.optional("reason")
    return _do(
        request, sent, document_id, lambda tx: release(tx, document_id, reason=reason), "aufgehoben", "release_other"
    )


@router.post("/dokumente/{document_id}/fassungen")
def new_version(request: Request, sent: Sent, document_id: uuid.UUID) -> Response:
    """File a new version; whoever had the document checked out checks it in by that, unless told to keep it."""
    backends = get_backends(request)
    try:
        stored = _stored(backends, sent, document_id)
    except (InvalidInput, ScannerUnavailable, TooLarge) as error:
        return _refused(request, sent, document_id, as_input(error), "add_version")
    except WrongState as error:
        return told(request, sent, document_id, error)

    def act(tx: Transaction) -> None:
        add_version(
            tx,
            stored,
            revision=None,
            comment=sent.optional("comment"),
            keep_checked_out=bool(sent.optional("keep")),
        )

    content = f"{stored.filename} {stored.digests.sha256.hex()}"
    return _do(request, sent, document_id, act, "fassung", "add_version", content=content)


@router.post("/dokumente/{document_id}/zurueckholen")
def restore(request: Request, sent: Sent, document_id: uuid.UUID) -> Response:
    """Make an earlier version hold again."""

    def act(tx: Transaction) -> None:
        restore_version(tx, document_id, numbered(sent.text("number")))

    return _do(request, sent, document_id, act, "zurueckgeholt")


@router.post("/dokumente/{document_id}/abschliessen")
def finish(request: Request, sent: Sent, document_id: uuid.UUID) -> Response:
    """Say that the version that the person saw is the final one."""

    def act(tx: Transaction) -> None:
        seen = numbered(sent.text("version"))
        if finalize(tx, document_id).version != seen:
            raise StaleRevision(
                _("Gesehen haben Sie die Fassung %(number)s, inzwischen gibt es eine neuere.", number=seen)
            )

    return _do(request, sent, document_id, act, "abgeschlossen", "finalize")


@router.post("/dokumente/{document_id}/stornieren")
def cancel(request: Request, sent: Sent, document_id: uuid.UUID) -> Response:
    """Take it out of lists and search, with a reason."""
    reason = sent.text("reason")
    return _do(
        request, sent, document_id, lambda tx: cancel_document(tx, document_id, reason=reason), "storniert", "cancel"
    )


@router.post("/dokumente/{document_id}/wiedervorlage")
def remind(request: Request, sent: Sent, document_id: uuid.UUID) -> Response:
    """Put it before the person again on a day."""

    def act(tx: Transaction) -> None:
        create_resubmission(tx, reminder(sent), document_id=document_id)

    return _do(request, sent, document_id, act, "wiedervorlage", "remind")


def _do(
    request: Request,
    sent: Submitted,
    document_id: uuid.UUID,
    act: Callable[[Transaction], object],
    done: str,
    form: str = "",
    *,
    content: str = "",
) -> Response:
    """One act in one transaction, then the document's page; what was typed wrongly stands in its dialog again."""

    def run() -> str:
        act(tx)
        return f"/dokumente/{document_id}?ok={done}"

    try:
        with get_backends(request).transactions.begin(sent.actor) as tx:
            address = sent.once(tx, run, content=content)
    except InvalidInput as error:
        return _refused(request, sent, document_id, error, form)
    except (WrongState, StaleRevision) as error:
        return told(request, sent, document_id, error)
    return go(address)


def _refused(request: Request, sent: Submitted, document_id: uuid.UUID, error: InvalidInput, form: str) -> Response:
    def change(_session: Session, view: DocumentView) -> DocumentView:
        possible = with_form(view.acts, form, form_again(sent, error))
        if possible is None:
            raise error
        return replace(view, acts=possible)

    return document_page(request, sent.actor, document_id, change)


def told(request: Request, sent: Submitted, document_id: uuid.UUID, error: EakteError) -> Response:
    """The document as it is now, with the sentence why the act was refused; nothing has changed."""
    stale = isinstance(error, StaleRevision)
    sentence = (
        _("%(problem)s Prüfen Sie, was jetzt gilt.", problem=error.detail)
        if stale
        else f"{error.title} {error.detail or ''}".strip()
    )
    message = Message("warning", sentence)
    return document_page(
        request, sent.actor, document_id, lambda _session, view: view, message=message, status=status_of(error)
    )


def _stored(backends: Backends, sent: Submitted, document_id: uuid.UUID) -> Stored:
    """The bytes of the new version. Who may not file one is told before a byte is stored."""
    upload = sent.file("file")
    if upload is None:
        raise InvalidInput(errors=[FieldError("file", _("Bitte wählen Sie eine Datei."))])
    with backends.transactions.begin(sent.actor) as tx:
        document = workable_document(tx, document_id, None)
        require_changeable(document)
        require_not_held(tx, document)
        number = document.version + 1
    return store_original(
        backends.blobs,
        chunks(upload),
        screen=backends.screen(sent.actor, document_id),
        filename=upload.filename or "",
        media_type=upload.content_type or "application/octet-stream",
        limit=backends.settings.upload_limit_bytes,
        document_id=document_id,
        version=number,
    )
