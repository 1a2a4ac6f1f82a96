"""A case of a dossier: renamed, closed, opened again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import Want
from eakte.api.dependencies import get_backends
from eakte.errors import (
    CasesOpen,
    EakteError,
    FieldError,
    InvalidInput,
    NotAllowed,
    NotFound,
)
from eakte.language import _
from eakte.models import Case
from eakte.operations.case_moving import move_case
from eakte.operations.changing import change_case
from eakte.operations.closing import close_case, reopen_case
from eakte.operations.dossiers import readable_case, readable_dossier
from eakte.operations.searching import find_by_reference
from eakte.terms import Actor
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Refused, Sent, Submitted, attempt, make_frame, numbered, page, undoable
from eakte.web.pages.document_marks import works_there
from eakte.web.pages.tree import PlanTree
from eakte.web.views import CaseView, CloseForm, Form, Link

router = APIRouter(include_in_schema=False)
PLACE = "/akten/{dossier_id}/vorgaenge/{case_id}"


@router.get(PLACE)
def show(request: Request, actor: Person, dossier_id: uuid.UUID, case_id: uuid.UUID) -> Response:
    """What can be done with it."""
    with get_backends(request).transactions.read() as session:
        view = _view(session, actor, dossier_id, case_id)
    return page("vorgang.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post(PLACE)
def rename(request: Request, sent: Sent, dossier_id: uuid.UUID, case_id: uuid.UUID) -> Response:
    """Another title."""

    def act(tx: Transaction) -> str:
        change_case(tx, case_id, {"title": sent.text("title")}, revision=numbered(sent.text("revision")))
        return _done(dossier_id, "gespeichert")

    return _do(request, sent, dossier_id, case_id, act, "rename")


@router.post(f"{PLACE}/verschieben")
def move(request: Request, sent: Sent, dossier_id: uuid.UUID, case_id: uuid.UUID) -> Response:
    """Put it into the dossier of a reference number, in any spelling."""

    def act(tx: Transaction) -> str:
        target = find_by_reference(tx.session, sent.actor, sent.text("target"))
        if target is None:
            message = _("Eine Akte mit diesem Aktenzeichen gibt es nicht, oder Sie dürfen sie nicht kennen.")
            raise InvalidInput(errors=[FieldError("target", message)])
        move_case(tx, case_id, dossier=target.id, revision=numbered(sent.text("revision")))
        return undoable(tx, f"/akten/{target.id}?ok=vorgang-verschoben", case_id)

    return _do(request, sent, dossier_id, case_id, act, "move")


@router.post(f"{PLACE}/abschliessen")
def close(request: Request, sent: Sent, dossier_id: uuid.UUID, case_id: uuid.UUID) -> Response:
    """Close it, with the cases below it where that is wanted."""

    def act(tx: Transaction) -> str:
        close_case(tx, case_id, close_cases=bool(sent.optional("close_cases")))
        return _done(dossier_id, "vorgang-zu")

    return _do(request, sent, dossier_id, case_id, act, "close")


@router.post(f"{PLACE}/oeffnen")
def reopen(request: Request, sent: Sent, dossier_id: uuid.UUID, case_id: uuid.UUID) -> Response:
    """Open it again."""

    def act(tx: Transaction) -> str:
        reopen_case(tx, case_id, reason=sent.text("reason"))
        return _done(dossier_id, "vorgang-auf")

    return _do(request, sent, dossier_id, case_id, act, "reopen")


def _do(
    request: Request,
    sent: Submitted,
    dossier_id: uuid.UUID,
    case_id: uuid.UUID,
    act: Callable[[Transaction], str],
    form: str,
) -> Response:
    """An act, then the dossier; what is wrong or has changed meanwhile is said on the page of the case."""

    def run(tx: Transaction) -> str:
        _of_dossier(tx.session, sent.actor, dossier_id, case_id)
        try:
            return act(tx)
        except CasesOpen as error:
            problem = FieldError("close_cases", _("Es gibt noch offene Teilvorgänge. Bitte schließen Sie sie mit ab."))
            raise InvalidInput(errors=[problem]) from error

    def refused(why: Refused) -> Response:
        with get_backends(request).transactions.read() as session:
            view = _view(session, sent.actor, dossier_id, case_id)
        if why.form is not None:
            view = _with_form(view, form, why.form, why.error)
        frame = make_frame(request, sent.actor, area="files", message=why.message)
        return page("vorgang.html", frame=frame, view=view, status=why.status)

    return attempt(
        request,
        sent,
        run,
        refused,
        stale=_("Inzwischen hat jemand diesen Vorgang geändert. Hier steht, was jetzt gilt."),
    )


def _done(dossier_id: uuid.UUID, what: str) -> str:
    return f"/akten/{dossier_id}?ok={what}"


def _with_form(view: CaseView, name: str, bad: Form, refusal: EakteError) -> CaseView:
    match name:
        case "rename" if view.rename is not None:
            return replace(view, rename=bad)
        case "move" if view.move is not None:
            return replace(view, move=bad)
        case "close" if view.close is not None:
            return replace(view, close=replace(view.close, form=bad))
        case "reopen" if view.reopen is not None:
            return replace(view, reopen=bad)
    raise refusal


def _of_dossier(session: Session, actor: Actor, dossier_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """The case, in this dossier and no other. Raises NotFound."""
    case = readable_case(session, actor, case_id)
    if case.dossier_id != dossier_id:
        raise NotFound
    return case


def _view(session: Session, actor: Actor, dossier_id: uuid.UUID, case_id: uuid.UUID) -> CaseView:
    dossier = readable_dossier(session, actor, dossier_id, Want.CONTENT)
    case = _of_dossier(session, actor, dossier_id, case_id)
    if not works_there(session, actor, dossier):
        raise NotAllowed(_("In dieser Akte ändern Sie nichts."))
    below = session.scalars(
        select(Case).where(Case.parent_id == case.id, Case.closed_on.is_(None)).order_by(Case.ordinal)
    )
    is_open = case.closed_on is None
    return CaseView(
        dossier=str(dossier.id),
        id=str(case.id),
        ordinal=case.ordinal,
        title=case.title,
        state=case.state,
        revision=case.revision,
        path=(
            *PlanTree(session, actor).links(dossier.plan_class),
            Link(f"{dossier.reference_number} {dossier.title}", f"/akten/{dossier.id}"),
        ),
        rename=Form(values={"title": case.title}) if is_open else None,
        move=Form() if case.parent_id is None else None,
        close=CloseForm(open_cases=tuple(f"{each.ordinal} {each.title}" for each in below)) if is_open else None,
        reopen=None if is_open else Form(),
    )
