"""A dossier: its cases and documents, its properties, what happened to it; closing and reopening."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from eakte.access import Want
from eakte.api.dependencies import get_backends
from eakte.errors import CasesOpen, EakteError, FieldError, InvalidInput, NotAllowed, NotFound
from eakte.language import _
from eakte.operations.closing import close_dossier, reopen_dossier
from eakte.operations.dossiers import readable_dossier
from eakte.operations.opening import NewCase, create_case
from eakte.operations.personal import note_use
from eakte.operations.resubmissions import create_resubmission
from eakte.operations.searching import find_by_reference
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Refused, Sent, attempt, frame_in, go, make_frame, page
from eakte.web.pages.dossier_view import dossier_view
from eakte.web.pages.history import sentences
from eakte.web.pages.resubmissions import reminder
from eakte.web.pages.tree import PlanTree
from eakte.web.typed_days import typed_day
from eakte.web.views import DossierView, Form, HistoryView

router = APIRouter(include_in_schema=False)
WHOLE_HISTORY = 200


@router.get("/az/{reference:path}")
def by_reference(request: Request, actor: Person, reference: str) -> Response:
    """A reference number in any spelling leads to its dossier."""
    with get_backends(request).transactions.read() as session:
        dossier = find_by_reference(session, actor, reference)
    if dossier is None:
        raise NotFound
    return go(f"/akten/{dossier.id}")


@router.get("/akten/{dossier_id}")
def show(request: Request, actor: Person, dossier_id: uuid.UUID) -> Response:
    """The dossier; opening it is remembered for the start page."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        view = dossier_view(session, actor, dossier_id, request)
        frame = frame_in(session, request, actor, area="files")
    with backends.transactions.begin(actor) as tx:
        note_use(tx, dossier_id)
    return page("akte.html", frame=frame, view=view)


@router.get("/akten/{dossier_id}/verlauf")
def history(request: Request, actor: Person, dossier_id: uuid.UUID) -> Response:
    """Everything that happened to it."""
    with get_backends(request).transactions.read() as session:
        dossier = readable_dossier(session, actor, dossier_id, Want.CONTENT)
        tree = PlanTree(session, actor)
        view = HistoryView(
            id=str(dossier.id),
            reference_number=dossier.reference_number,
            title=dossier.title,
            path=tree.links(dossier.plan_class),
            entries=sentences(session, dossier.id, limit=WHOLE_HISTORY, actor=actor),
        )
    return page("verlauf.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post("/akten/{dossier_id}/vorgaenge")
def new_case(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """A new case."""

    def act(tx: Transaction) -> str:
        create_case(tx, NewCase(dossier=dossier_id, title=sent.text("title")))
        return "vorgang"

    return _do(request, sent, dossier_id, act, "new_case")


@router.post("/akten/{dossier_id}/wiedervorlage")
def remind(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Put the dossier before the person again on a day."""

    def act(tx: Transaction) -> str:
        create_resubmission(tx, reminder(sent), dossier_id=dossier_id)
        return "wiedervorlage"

    return _do(request, sent, dossier_id, act, "remind")


@router.post("/akten/{dossier_id}/zda")
def close(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Close the dossier."""

    def act(tx: Transaction) -> str:
        day = typed_day(sent.optional("closed_on"), at="closed_on", label=_("Geschlossen am"))
        close_dossier(
            tx,
            dossier_id,
            closed_on=day,
            close_cases=bool(sent.optional("close_cases")),
            reason=sent.optional("reason"),
        )
        return "zda"

    return _do(request, sent, dossier_id, act, "close")


@router.post("/akten/{dossier_id}/oeffnen")
def reopen(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Open it again."""

    def act(tx: Transaction) -> str:
        reopen_dossier(tx, dossier_id, reason=sent.text("reason"))
        return "offen"

    return _do(request, sent, dossier_id, act, "reopen")


def _do(request: Request, sent: Sent, dossier_id: uuid.UUID, act: Callable[[Transaction], str], form: str) -> Response:
    """An act on the dossier; with errors its page again, the form open and filled as typed."""

    def run(tx: Transaction) -> str:
        try:
            return f"/akten/{dossier_id}?ok={act(tx)}"
        except CasesOpen as error:
            problem = FieldError("close_cases", _("Es gibt noch offene Vorgänge. Bitte schließen Sie sie mit ab."))
            raise InvalidInput(errors=[problem]) from error
        except NotAllowed as error:
            # A day that needs a reason is a matter of the form; whoever has no form here gets the refusal.
            raise InvalidInput(errors=[FieldError("reason", error.detail or error.title)]) from error

    def refused(why: Refused) -> Response:
        with get_backends(request).transactions.read() as session:
            view = dossier_view(session, sent.actor, dossier_id, request)
            frame = frame_in(session, request, sent.actor, area="files", message=why.message)
        if why.form is not None:
            view = _with_form(view, form, why.form, why.error)
        return page("akte.html", frame=frame, view=view, status=why.status)

    return attempt(
        request, sent, run, refused, stale=_("Inzwischen hat jemand diese Akte geändert. Hier steht, was jetzt gilt.")
    )


def _with_form(view: DossierView, name: str, bad: Form, refusal: EakteError) -> DossierView:
    match name:
        case "close" if view.close is not None:
            return replace(view, close=replace(view.close, form=bad))
        case "new_case" if view.new_case is not None:
            return replace(view, new_case=bad)
        case "remind" if view.remind is not None:
            return replace(view, remind=bad)
        case "reopen" if view.reopen is not None:
            return replace(view, reopen=bad)
    # Who has no form here is told what the act said, not what the form would have.
    raise refusal.__cause__ or refusal
