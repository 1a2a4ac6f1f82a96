"""Resubmissions: what is to be looked at again, done with one press, put off with another."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.errors import FieldError, InvalidInput, NotAllowed, StaleRevision, WrongState
from eakte.language import _
from eakte.models import Unit
from eakte.operations.resubmissions import (
    Reminder,
    change_resubmission,
    finish,
    list_resubmissions,
    readable_resubmission,
)
from eakte.operations.resubmissions import (
    ResubmissionView as Found,
)
from eakte.terms import Actor, today
from eakte.transaction import Transaction
from eakte.web.pages.asking import (
    Person,
    Sent,
    Submitted,
    form_again,
    go,
    make_frame,
    numbered,
    own_place,
    page,
    with_ok,
)
from eakte.web.typed_days import as_typed, typed_day
from eakte.web.views import Form, ResubmissionItem, ResubmissionsView, ResubmissionView

router = APIRouter(include_in_schema=False)
ROWS = 50
LATER = {"1": "+1", "7": "+7", "30": "+30"}
"""By how many days from today a press puts one off."""


@router.get("/wiedervorlagen")
def show(request: Request, actor: Person) -> Response:
    """All that is open for the person and for the unit, by day."""
    with get_backends(request).transactions.read() as session:
        unit = session.get(Unit, actor.unit_id) if actor.unit_id else None
        found = list_resubmissions(session, actor, mine=True, after=request.query_params.get("after"), limit=ROWS)
        view = ResubmissionsView(
            items=items(found.items),
            unit=f"{unit.number} {unit.name}" if unit else "",
            next=f"/wiedervorlagen?after={found.next}" if found.next else "",
        )
    return page("wiedervorlagen.html", frame=make_frame(request, actor, area="resubmissions"), view=view)


@router.post("/wiedervorlagen/{resubmission_id}")
def act_on(request: Request, sent: Sent, resubmission_id: uuid.UUID) -> Response:
    """Done, or put off by so many days from today."""
    wanted = sent.text("act")

    def act(tx: Transaction) -> str:
        if wanted in LATER:
            day = typed_day(LATER[wanted], at="due_on", label=_("Tag"))
            change_resubmission(tx, resubmission_id, {"due_on": day}, revision=numbered(sent.text("revision")))
            return "verschoben"
        finish(tx, resubmission_id)
        return "erledigt"

    return _do(request, sent, act)


@router.get("/wiedervorlagen/{resubmission_id}/aendern")
def ask(request: Request, actor: Person, resubmission_id: uuid.UUID) -> Response:
    """Another day or note."""
    with get_backends(request).transactions.read() as session:
        view = _view(session, actor, resubmission_id, own_place(request.query_params.get("zurueck"), "/wiedervorlagen"))
    return page("wiedervorlage.html", frame=make_frame(request, actor, area="resubmissions"), view=view)


@router.post("/wiedervorlagen/{resubmission_id}/aendern")
def change(request: Request, sent: Sent, resubmission_id: uuid.UUID) -> Response:
    """Set another day or note; with errors the form again."""

    def act(tx: Transaction) -> str:
        changes = {
            "due_on": typed_day(sent.text("due_on"), at="due_on", label=_("Wieder vorlegen am")),
            "note": sent.text("note"),
        }
        change_resubmission(tx, resubmission_id, changes, revision=numbered(sent.text("revision")))
        return "gespeichert"

    try:
        return _do(request, sent, act)
    except InvalidInput as error:
        back = own_place(sent.text("zurueck"), "/wiedervorlagen")
        with get_backends(request).transactions.read() as session:
            view = _view(session, sent.actor, resubmission_id, back, form_again(sent, error))
        frame = make_frame(request, sent.actor, area="resubmissions")
        return page("wiedervorlage.html", frame=frame, view=view, status=422)


def items(found: Sequence[Found]) -> tuple[ResubmissionItem, ...]:
    """Resubmissions as rows with what the person may do to each."""
    return tuple(
        ResubmissionItem(
            id=str(each.row.id),
            note=each.row.note,
            title=each.title,
            href=_address(each),
            reference_number=each.reference_number or "",
            due=each.row.due_on,
            when="overdue" if each.row.due_on < today() else "today" if each.row.due_on == today() else "later",
            revision=each.row.revision,
            for_unit=each.row.unit_id is not None,
            may_change=each.changeable,
        )
        for each in found
    )


def reminder(sent: Submitted) -> Reminder:
    """What a form says of a resubmission: a day and a note, for the person. Raises InvalidInput."""
    day = typed_day(sent.text("due_on"), at="due_on", label=_("Wieder vorlegen am"))
    if day is None:
        raise InvalidInput(errors=[FieldError("due_on", _("Der Tag der Wiedervorlage fehlt."))])
    return Reminder(day, sent.text("note"))


def _address(each: Found) -> str:
    document = each.row.document_id
    return f"/dokumente/{document}" if document is not None else f"/akten/{each.dossier_id}"


def _do(request: Request, sent: Submitted, act: Callable[[Transaction], str]) -> Response:
    """An act; then back to the list that the form stood in, at its heading, so that the keyboard goes on from there."""
    back = own_place(sent.text("zurueck"), "/wiedervorlagen")
    try:
        with get_backends(request).transactions.begin(sent.actor) as tx:
            address = sent.once(tx, lambda: with_ok(back, act(tx), at="wiedervorlagen"))
    except (StaleRevision, WrongState):
        # Somebody was faster, or the dossier was closed: the list says how it stands now.
        return go(with_ok(back, "inzwischen", at="wiedervorlagen"))
    return go(address)


def _view(
    session: Session, actor: Actor, resubmission_id: uuid.UUID, back: str, form: Form | None = None
) -> ResubmissionView:
    found = readable_resubmission(session, actor, resubmission_id)
    if found.row.done_at is not None:
        raise WrongState(_("Die Wiedervorlage ist erledigt."))
    (item,) = items([found])
    if not item.may_change:
        raise NotAllowed(_("Diese Wiedervorlage ändert, wer die Akte bearbeitet."))
    values = {"due_on": as_typed(item.due), "note": item.note}
    return ResubmissionView(
        id=item.id,
        title=item.title,
        href=item.href,
        reference_number=item.reference_number,
        revision=item.revision,
        back=back,
        form=form or Form(values=values),
    )
