"""The inbox: documents that lie unfiled in the units of a person, filed into a dossier or handed on."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import rule_for
from eakte.api.dependencies import get_backends
from eakte.errors import EakteError, FieldError, InvalidInput, ManyRefused, NotFound, WrongState
from eakte.language import _
from eakte.models import Unit
from eakte.operations.document_bulk import move_documents
from eakte.operations.documents import DocumentView as FoundDocument
from eakte.operations.documents import readable_document, view_document
from eakte.operations.inbox import count_inbox, hand_on, neighbour
from eakte.operations.listing import list_documents
from eakte.operations.units import list_units
from eakte.terms import Actor
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Sent, Submitted, form_again, go, make_frame, page, part, undoable
from eakte.web.pages.document_pages import page_images
from eakte.web.pages.picking import chosen_place, picker
from eakte.web.views import Choice, InboxItem, InboxView, LetterView, Link
from eakte.web.words import icon_of

router = APIRouter(include_in_schema=False)
ROWS = 50
FEW_UNITS = 8
"""Up to so many inboxes stand as a choice above the list."""


@router.get("/posteingang")
def show(request: Request, actor: Person) -> Response:
    """The list."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        view = _view(session, actor, request)
    return page("posteingang.html", frame=make_frame(request, actor, area="inbox"), view=view)


@router.get("/posteingang/{document_id}")
def letter(request: Request, actor: Person, document_id: uuid.UUID) -> Response:
    """The list with one letter; while letters are typed only the places that fit."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        if readable_document(session, actor, document_id).inbox_unit_id is None:
            return go(f"/dokumente/{document_id}")
        view = _view(session, actor, request, document_id)
    frame = make_frame(request, actor, area="inbox")
    if request.headers.get("hx-target") == "orte":
        return part("posteingang.html", "orte", frame=frame, view=view)
    return page("posteingang.html", frame=frame, view=view)


@router.post("/posteingang/{document_id}/ablegen")
def file(request: Request, sent: Sent, document_id: uuid.UUID) -> Response:
    """File it into a dossier or case; then the next letter."""

    def act(tx: Transaction) -> None:
        move_documents(tx, [document_id], **chosen_place(sent.text("place")))

    return _do(request, sent, document_id, act, "eingang-abgelegt", "form")


@router.post("/posteingang/{document_id}/weitergeben")
def give_on(request: Request, sent: Sent, document_id: uuid.UUID) -> Response:
    """Give it to another unit; then the next letter."""

    def act(tx: Transaction) -> None:
        if not sent.text("unit"):
            raise InvalidInput(errors=[FieldError("unit", _("Bitte wählen Sie die Einheit."))])
        hand_on(tx, document_id, unit=sent.text("unit"), reason=sent.optional("reason"))

    return _do(request, sent, document_id, act, "eingang-weitergegeben", "hand_on")


def inbox_items(
    session: Session,
    actor: Actor,
    found: Sequence[FoundDocument],
    *,
    current: uuid.UUID | None = None,
    unit: str = "",
) -> tuple[InboxItem, ...]:
    """Unfiled documents as rows; the unit is named where the person has more than one inbox."""
    several = len(rule_for(session, actor).inbox_units) > 1
    wanted = {each.document.inbox_unit_id for each in found if several}
    units: dict[uuid.UUID | None, str] = {
        row.id: row.name for row in session.scalars(select(Unit).where(Unit.id.in_(wanted)))
    }
    return tuple(
        InboxItem(
            title=each.document.title,
            href=f"/posteingang/{each.document.id}" + (f"?einheit={unit}" if unit else ""),
            sender=each.document.sender or "",
            unit=units.get(each.document.inbox_unit_id, ""),
            received=each.document.received_on,
            at=each.document.created_at,
            state=each.document.state,
            icon=icon_of(each.version.media_type),
            current=each.document.id == current,
        )
        for each in found
    )


def _do(
    request: Request, sent: Submitted, document_id: uuid.UUID, act: Callable[[Transaction], None], done: str, form: str
) -> Response:
    backends = get_backends(request)
    try:
        with backends.transactions.begin(sent.actor) as tx:

            def run() -> str:
                following = neighbour(tx.session, tx.actor, document_id)
                act(tx)
                address = f"/posteingang{f'/{following}' if following else ''}?ok={done}"
                return undoable(tx, address, document_id) if form == "form" else address

            address = sent.once(tx, run)
    except (InvalidInput, ManyRefused, WrongState) as error:
        return _again(request, sent, document_id, error, form)
    return go(address)


def _again(request: Request, sent: Submitted, document_id: uuid.UUID, error: EakteError, form: str) -> Response:
    """The letter with what was typed; one that somebody else filed meanwhile shows where it is now."""
    backends = get_backends(request)
    # Of one document its sentence is enough: the heading of the bulk act speaks of many.
    fields = [each for each in error.errors if not each.at.startswith("documents.")]
    told = next(
        (each.message for each in error.errors if each.at.startswith("documents.")), error.detail or error.title
    )
    bad = form_again(sent, InvalidInput(told, errors=fields))
    with backends.transactions.read() as session:
        if readable_document(session, sent.actor, document_id).inbox_unit_id is None:
            return go(f"/dokumente/{document_id}?ok=inzwischen")
        view = _view(session, sent.actor, request, document_id, typed=sent.text("place"))
    if view.chosen is None:
        raise error
    chosen = replace(view.chosen, hand_on=bad) if form == "hand_on" else replace(view.chosen, form=bad)
    frame = make_frame(request, sent.actor, area="inbox")
    return page("posteingang.html", frame=frame, view=replace(view, chosen=chosen), status=422)


def _view(
    session: Session,
    actor: Actor,
    request: Request,
    document_id: uuid.UUID | None = None,
    *,
    typed: str = "",
) -> InboxView:
    asked = request.query_params
    unit = asked.get("einheit", "")
    mine = rule_for(session, actor).inbox_units
    if not mine:
        raise NotFound
    found = list_documents(session, actor, inbox=True, unit=unit or None, after=asked.get("after"), limit=ROWS)
    units = [each for each in list_units(session) if each.id in mine]
    letters = inbox_items(session, actor, found.items, current=document_id, unit=unit)
    return InboxView(
        letters=letters,
        total=count_inbox(session, actor),
        chosen=_letter(session, actor, document_id, asked.get("wort", ""), typed) if document_id else None,
        units=_choices(units),
        unit=unit,
        next=f"/posteingang?einheit={unit}&after={found.next}" if found.next else "",
    )


def _choices(units: Sequence[Unit]) -> tuple[Link, ...]:
    if not 1 < len(units) <= FEW_UNITS:
        return ()
    return (
        Link(_("alle"), "/posteingang"),
        *(Link(each.name, f"/posteingang?einheit={each.number}") for each in units),
    )


def _letter(session: Session, actor: Actor, document_id: uuid.UUID, asked: str, typed: str) -> LetterView:
    found = view_document(session, actor, document_id)
    document = found.document
    units = list_units(session)
    names = {each.id: f"{each.number} {each.name}" for each in units}
    others = (each for each in units if each.id != document.inbox_unit_id)
    held = document.checked_out_by not in {None, actor.user_id}
    return LetterView(
        id=str(document.id),
        title=document.title,
        sender=document.sender or "",
        received=document.received_on,
        unit=names[document.inbox_unit_id] if document.inbox_unit_id else "",
        pages=page_images(document, found.version),
        state=document.state,
        picker=picker(session, actor, asked, chosen=typed),
        units=tuple(Choice(each.number, names[each.id]) for each in others),
        holder=(found.holder or "") if held else "",
    )
