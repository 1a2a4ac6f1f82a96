"""Filing by the form: works without script. The drop zone of a dossier uses the API instead."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import anyio.from_thread
from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from eakte.access import Want
from eakte.api.dependencies import get_backends
from eakte.bootstrap import Backends
from eakte.errors import EakteError, FieldError, InvalidInput, ScannerUnavailable, TooLarge, WrongState
from eakte.language import _
from eakte.models import Case
from eakte.operations.dossiers import readable_dossier, require_open
from eakte.operations.filing import Draft, check_draft, file_document, store_original
from eakte.terms import Actor
from eakte.web.pages.asking import Person, Sent, Submitted, form_again, go, make_frame, page
from eakte.web.pages.tree import PlanTree
from eakte.web.typed_days import typed_day
from eakte.web.views import Choice, Form, Link, UploadView

router = APIRouter(include_in_schema=False)
CHUNK = 1 << 20


@router.get("/akten/{dossier_id}/ablegen")
def show(request: Request, actor: Person, dossier_id: uuid.UUID) -> Response:
    """The form."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        check_draft(session, actor, Draft(dossier=dossier_id))
        view = _view(session, actor, backends, dossier_id, Form())
    return page("ablegen.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post("/akten/{dossier_id}/ablegen")
def file(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """File a document; with errors the form again, as typed (browsers do not keep the chosen file)."""
    backends = get_backends(request)
    try:
        address = _file(backends, sent, dossier_id)
    except (InvalidInput, ScannerUnavailable, TooLarge, WrongState) as error:
        with backends.transactions.read() as session:
            view = _view(session, sent.actor, backends, dossier_id, form_again(sent, as_input(error)))
        return page("ablegen.html", frame=make_frame(request, sent.actor, area="files"), view=view, status=422)
    return go(address)


def _file(backends: Backends, sent: Submitted, dossier_id: uuid.UUID) -> str:
    upload = sent.file("file")
    if upload is None:
        raise InvalidInput(errors=[FieldError("file", _("Bitte wählen Sie eine Datei."))])
    case = sent.optional("case")
    draft = Draft(
        dossier=None if case else dossier_id,
        case=_case_id(case) if case else None,
        title=sent.optional("title"),
        kind=sent.text("kind") or "incoming",
        received_on=typed_day(sent.optional("received_on"), at="received_on", label=_("Eingegangen am")),
        written_on=typed_day(sent.optional("written_on"), at="written_on", label=_("Schreiben vom")),
        sender=sent.optional("sender"),
    )
    with backends.transactions.read() as session:
        check_draft(session, sent.actor, draft)
    stored = store_original(
        backends.blobs,
        chunks(upload),
        screen=backends.screen(sent.actor, *draft.places()),
        filename=upload.filename or "",
        media_type=upload.content_type or "application/octet-stream",
        limit=backends.settings.upload_limit_bytes,
    )
    with backends.transactions.begin(sent.actor) as tx:

        def act() -> str:
            file_document(tx, draft, stored)
            return f"/akten/{dossier_id}?ok=abgelegt"

        return sent.once(tx, act, content=f"{stored.filename} {stored.digests.sha256.hex()}")


def chunks(upload: UploadFile) -> Iterator[bytes]:
    """The bytes of a file in a form, piece by piece."""
    while chunk := anyio.from_thread.run(upload.read, CHUNK):
        yield chunk


def _case_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InvalidInput(errors=[FieldError("case", _("Diesen Vorgang gibt es nicht."))]) from None


def as_input(error: EakteError) -> InvalidInput:
    """What stands in the way of a file, as a sentence at its field."""
    if isinstance(error, InvalidInput):
        return error
    return InvalidInput(errors=[FieldError("file", f"{error.title} {error.detail or ''}".strip())])


def _view(session: Session, actor: Actor, backends: Backends, dossier_id: uuid.UUID, form: Form) -> UploadView:
    dossier = readable_dossier(session, actor, dossier_id, Want.CONTENT)
    require_open(dossier)
    cases = session.scalars(
        select(Case).where(Case.dossier_id == dossier.id, Case.closed_on.is_(None)).order_by(Case.ordinal)
    )
    path = PlanTree(session, actor).links(dossier.plan_class)
    return UploadView(
        dossier=str(dossier.id),
        reference_number=dossier.reference_number,
        dossier_title=dossier.title,
        path=(*path, Link(f"{dossier.reference_number} {dossier.title}", f"/akten/{dossier.id}")),
        cases=tuple(Choice(str(case.id), f"{case.ordinal} {case.title}") for case in cases),
        max_bytes=backends.settings.upload_limit_bytes,
        form=form,
    )
