"""One act on the documents that were ticked in a dossier: all or none, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.access import Want
from eakte.api.dependencies import get_backends
from eakte.errors import EakteError, FieldError, InvalidInput, ManyRefused, NotAllowed, WrongState
from eakte.language import _
from eakte.models import Document
from eakte.operations.document_bulk import (
    cancel_documents,
    change_documents,
    move_documents,
    readable_documents,
    resubmit_documents,
)
from eakte.operations.dossiers import readable_dossier
from eakte.terms import Actor
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Sent, Submitted, form_again, go, make_frame, page, part, undoable
from eakte.web.pages.document_marks import works_there
from eakte.web.pages.picking import chosen_place, picker
from eakte.web.pages.resubmissions import reminder
from eakte.web.pages.tree import PlanTree
from eakte.web.typed_days import typed_day
from eakte.web.views import BulkView, DocumentRow, Form, Link, Picker

router = APIRouter(include_in_schema=False)
Act = Literal["move", "change", "remind", "cancel"]
ACTS: tuple[Act, ...] = ("move", "change", "remind", "cancel")


@router.get("/akten/{dossier_id}/auswahl")
def ask(request: Request, actor: Person, dossier_id: uuid.UUID) -> Response:
    """The chosen documents and what the act needs to know; while letters are typed only the places that fit."""
    asked = request.query_params
    with get_backends(request).transactions.read() as session:
        view = _view(
            session, actor, dossier_id, asked.get("act", ""), asked.getlist("d"), Form(values=dict(asked)), asked
        )
    frame = make_frame(request, actor, area="files")
    if request.headers.get("hx-target") == "orte":
        return part("auswahl.html", "orte", frame=frame, view=view)
    return page("auswahl.html", frame=frame, view=view)


@router.post("/akten/{dossier_id}/auswahl")
def act_on(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Do it; what stands in the way is told for each document, and nothing has changed."""
    backends = get_backends(request)
    wanted = _act(sent.text("act"))
    try:
        with backends.transactions.begin(sent.actor) as tx:

            def act() -> str:
                ids = _ids(sent.all("d"))
                _do(tx, wanted, ids, sent)
                address = f"/akten/{dossier_id}?ok=auswahl-{wanted}"
                return undoable(tx, address, ids[0]) if wanted == "move" else address

            address = sent.once(tx, act)
    except (InvalidInput, NotAllowed, WrongState) as error:
        return _again(request, sent, dossier_id, wanted, error)
    return go(address)


def _do(tx: Transaction, act: Act, ids: Sequence[uuid.UUID], sent: Submitted) -> None:
    match act:
        case "move":
            move_documents(tx, ids, **chosen_place(sent.text("place")))
        case "change":
            change_documents(tx, ids, _changes(sent))
        case "remind":
            resubmit_documents(tx, ids, reminder(sent))
        case "cancel":
            cancel_documents(tx, ids, reason=sent.text("reason"))


def _changes(sent: Submitted) -> dict[str, Any]:
    """What was filled in; what is empty stays as it is in each document."""
    typed: dict[str, Any] = {
        "kind": sent.optional("kind"),
        "sender": sent.optional("sender"),
        "received_on": typed_day(sent.optional("received_on"), at="received_on", label=_("Eingegangen am")),
    }
    changes = {name: value for name, value in typed.items() if value is not None}
    if not changes:
        raise InvalidInput(errors=[FieldError("kind", _("Bitte füllen Sie aus, was sich ändern soll."))])
    return changes


def _again(request: Request, sent: Submitted, dossier_id: uuid.UUID, act: Act, error: EakteError) -> Response:
    bad = InvalidInput(errors=[each for each in error.errors if not each.at.startswith("documents.")])
    refused = {each.at.split(".")[1]: each.message for each in error.errors if each.at.startswith("documents.")}
    if not bad.errors:
        bad = InvalidInput(f"{error.title} {error.detail or ''}".strip())
    with get_backends(request).transactions.read() as session:
        form = form_again(sent, bad)
        view = _view(session, sent.actor, dossier_id, act, sent.all("d"), form, sent.values(), refused)
    frame = make_frame(request, sent.actor, area="files")
    return page("auswahl.html", frame=frame, view=view, status=409 if isinstance(error, ManyRefused) else 422)


def _view(
    session: Session,
    actor: Actor,
    dossier_id: uuid.UUID,
    act: str,
    ids: Sequence[str],
    form: Form,
    asked: Any,
    refused: dict[str, str] | None = None,
) -> BulkView:
    dossier = readable_dossier(session, actor, dossier_id, Want.CONTENT)
    if not works_there(session, actor, dossier):
        raise NotAllowed(_("In dieser Akte ändern Sie nichts."))
    rows = readable_documents(session, actor, _ids(ids))
    here = f"/akten/{dossier.id}"
    chosen = _act(act)
    titles = {str(row.id): row.title for row in rows}
    return BulkView(
        dossier=str(dossier.id),
        reference_number=dossier.reference_number,
        path=(
            *PlanTree(session, actor).links(dossier.plan_class),
            Link(f"{dossier.reference_number} {dossier.title}", here),
        ),
        act=chosen,
        documents=tuple(_row(row) for row in rows),
        picker=picker(session, actor, asked.get("wort", ""), chosen=asked.get("place", ""), here=str(dossier.id))
        if chosen == "move"
        else Picker(),
        refused=tuple((titles.get(each, _("Dokument")), text) for each, text in (refused or {}).items()),
        form=form,
    )


def _row(document: Document) -> DocumentRow:
    return DocumentRow(
        id=str(document.id),
        href=f"/dokumente/{document.id}",
        title=document.title,
        kind=document.kind,
        on=document.received_on or document.written_on or document.sent_on,
        pages=None,
        sender=document.sender or "",
    )


def _act(typed: str) -> Act:
    for act in ACTS:
        if typed == act:
            return act
    return "move"


def _ids(typed: Sequence[str]) -> list[uuid.UUID]:
    """The ids of the ticked documents. Raises InvalidInput for anything else."""
    try:
        return [uuid.UUID(each) for each in typed]
    except ValueError:
        raise InvalidInput(_("Die Auswahl ist unvollständig. Bitte wählen Sie noch einmal.")) from None
