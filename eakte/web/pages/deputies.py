"""Deputies: who represents the person, and whom the person represents."""

from __future__ import annotations

import uuid
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import READERS, headed_units
from eakte.api.dependencies import get_backends
from eakte.errors import FieldError, InvalidInput, NotAllowed
from eakte.language import _
from eakte.models import Deputation, User
from eakte.operations.accounts import person_called
from eakte.operations.deputies import DeputyWords, end_deputation, list_deputations, name_deputy
from eakte.operations.dossiers import is_registrar
from eakte.terms import Actor, Level
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Refused, Sent, Submitted, attempt, go, make_frame, page
from eakte.web.typed_days import typed_day
from eakte.web.views import DeputiesView, DeputyRow, Form

router = APIRouter(include_in_schema=False)
ROWS = 50


@router.get("/konto/vertretung")
def show(request: Request, actor: Person) -> Response:
    """Those that run or will, and a new one."""
    with get_backends(request).transactions.read() as session:
        view = _view(session, actor, request.query_params.get("nach"))
    return page("vertretung.html", frame=make_frame(request, actor, area=""), view=view)


@router.post("/konto/vertretung")
def name(request: Request, sent: Sent) -> Response:
    """Name one; with errors the form as typed."""

    def act(tx: Transaction) -> str:
        try:
            name_deputy(tx, _words(tx, sent))
        except NotAllowed as error:
            raise InvalidInput(errors=[FieldError("deputy", error.detail or error.title)]) from error
        return "/konto/vertretung?ok=vertretung"

    def refused(why: Refused) -> Response:
        with get_backends(request).transactions.read() as session:
            view = replace(_view(session, sent.actor, None), form=why.form or Form())
        frame = make_frame(request, sent.actor, area="", message=why.message)
        return page("vertretung.html", frame=frame, view=view, status=why.status)

    return attempt(request, sent, act, refused)


@router.post("/konto/vertretung/{deputation_id}/beenden")
def end(request: Request, sent: Sent, deputation_id: uuid.UUID) -> Response:
    """End one at once."""

    def act() -> str:
        end_deputation(tx, deputation_id)
        return "/konto/vertretung?ok=vertretung-beendet"

    with get_backends(request).transactions.begin(sent.actor) as tx:
        address = sent.once(tx, act)
    return go(address)


def _words(tx: Transaction, sent: Submitted) -> DeputyWords:
    _require_reader(sent.actor)
    until = typed_day(sent.text("until"), at="until", label=_("Letzter Tag"))
    if until is None:
        raise InvalidInput(errors=[FieldError("until", _("Bitte nennen Sie den letzten Tag."))])
    person = sent.optional("person")
    if person and not _names_for_others(tx.session, sent.actor):
        # Before anybody is looked up: whether there is such a person is no answer.
        raise NotAllowed(_("Für andere nennt die Leitung oder die Registratur die Vertretung."))
    return DeputyWords(
        deputy=str(person_called(tx.session, sent.text("deputy"), at="deputy").id),
        until=until,
        person=str(person_called(tx.session, person, at="person").id) if person else None,
        from_on=typed_day(sent.text("from_on"), at="from_on", label=_("Erster Tag")),
        protected=bool(sent.optional("protected")),
    )


def _view(session: Session, actor: Actor, after: str | None) -> DeputiesView:
    _require_reader(actor)
    found = list_deputations(session, actor, after=after or None, limit=ROWS)
    wanted = {each for row in found.items for each in (row.person_id, row.deputy_id)}
    names = {user.id: user.display_name for user in session.scalars(select(User).where(User.id.in_(wanted)))}

    def row(each: Deputation) -> DeputyRow:
        mine = each.person_id == actor.user_id
        text = (
            _("%(name)s vertritt Sie", name=names[each.deputy_id])
            if mine
            else _("Sie vertreten %(name)s", name=names[each.person_id])
        )
        return DeputyRow(str(each.id), text, each.from_on, each.until, each.protected)

    return DeputiesView(
        rows=tuple(row(each) for each in found.items),
        next=f"/konto/vertretung?nach={found.next}" if found.next else "",
        for_others=_names_for_others(session, actor),
        protected=actor.level is Level.PROTECTED,
    )


def _require_reader(actor: Actor) -> None:
    if not actor.has(*READERS):
        raise NotAllowed(_("Vertreten wird, wer Akten bearbeitet."))


def _names_for_others(session: Session, actor: Actor) -> bool:
    return is_registrar(actor) or bool(headed_units(session, actor.user_id))
