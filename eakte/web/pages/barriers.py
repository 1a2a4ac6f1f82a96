"""The accessibility statement (§ 12b BGG and the laws of the states) and the form to report a barrier."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte import __version__
from eakte.api.dependencies import get_backends
from eakte.errors import InvalidInput, NotSignedIn
from eakte.models import User
from eakte.operations.barriers import finish_report, list_reports, report_barrier
from eakte.terms import Actor, Role, now
from eakte.web.pages.asking import Sent, form_again, go, make_frame, page, reader
from eakte.web.views import BarrierRow, BarrierView, Form, Frame, StatementView

router = APIRouter(include_in_schema=False)
STATED_ON = date(2026, 11, 27)
"""When the text of the statement was last looked through, with what the tests of the pages then showed."""
ROWS = 50


@router.get("/barrierefreiheit")
def statement(request: Request) -> Response:
    """For everybody, signed in or not."""
    settings = get_backends(request).settings
    view = StatementView(STATED_ON, settings.accessibility_contact, settings.accessibility_arbitration)
    return page("barrierefreiheit.html", frame=_frame(request, _somebody(request)), view=view)


@router.get("/barriere-melden")
def ask(request: Request) -> Response:
    """Whom to tell; signed in also a form, and for the administration what came in."""
    actor = _somebody(request)
    with get_backends(request).transactions.read() as session:
        view = _view(session, request, actor)
    return page("barriere.html", frame=_frame(request, actor), view=view)


@router.post("/barriere-melden")
def report(request: Request, sent: Sent) -> Response:
    """Report one; with errors the form as typed."""

    def act() -> str:
        report_barrier(tx, text=sent.text("text"), page=sent.optional("page"), reach=sent.optional("reach"))
        return "/barriere-melden?ok=barriere"

    try:
        with get_backends(request).transactions.begin(sent.actor) as tx:
            address = sent.once(tx, act)
    except InvalidInput as error:
        with get_backends(request).transactions.read() as session:
            view = replace(_view(session, request, sent.actor), form=form_again(sent, error))
        return page("barriere.html", frame=make_frame(request, sent.actor, area=""), view=view, status=422)
    return go(address)


@router.post("/barriere-melden/{report_id}/erledigt")
def finish(request: Request, sent: Sent, report_id: uuid.UUID) -> Response:
    """Somebody took care of it."""

    def act() -> str:
        finish_report(tx, report_id)
        return "/barriere-melden?ok=gespeichert"

    with get_backends(request).transactions.begin(sent.actor) as tx:
        address = sent.once(tx, act)
    return go(address)


def _somebody(request: Request) -> Actor | None:
    try:
        return reader(request)
    except NotSignedIn:
        return None


def _frame(request: Request, actor: Actor | None) -> Frame:
    if actor is not None:
        return make_frame(request, actor, area="")
    return Frame(municipality=get_backends(request).settings.municipality, now=now(), version=__version__)


def _view(session: Session, request: Request, actor: Actor | None) -> BarrierView:
    contact = get_backends(request).settings.accessibility_contact
    if actor is None:
        return BarrierView(contact)
    view = BarrierView(contact, Form())
    if not actor.has(Role.ADMIN):
        return view
    found = list_reports(session, actor, after=request.query_params.get("nach"), limit=ROWS)
    wanted = {row.user_id for row in found.items}
    names = {user.id: user.display_name for user in session.scalars(select(User).where(User.id.in_(wanted)))}
    reports = tuple(
        BarrierRow(
            str(row.id), row.created_at, names[row.user_id], row.page or "", row.text, row.reach or "", row.done_at
        )
        for row in found.items
    )
    return replace(view, reports=reports, next=f"/barriere-melden?nach={found.next}" if found.next else "")
