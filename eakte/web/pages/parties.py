"""Parties of a dossier: listed, entered, changed, taken away."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import Want
from eakte.api.dependencies import get_backends
from eakte.errors import NotAllowed, NotFound
from eakte.language import _
from eakte.models import Case, Dossier, Party
from eakte.operations.dossiers import readable_dossier
from eakte.operations.parties import (
    PartyWords,
    add_party,
    change_party,
    list_parties,
    readable_party,
    remove_party,
)
from eakte.terms import Actor
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Refused, Sent, Submitted, attempt, make_frame, numbered, page
from eakte.web.pages.document_marks import works_there
from eakte.web.pages.tree import PlanTree
from eakte.web.views import Form, Link, PartiesView, PartyRow, PartyView

router = APIRouter(include_in_schema=False)
LIST = "/akten/{dossier_id}/beteiligte"
ONE = LIST + "/{party_id}"
ROWS = 50
FIELDS = tuple(PartyWords.__dataclass_fields__)


@router.get(LIST)
def show(request: Request, actor: Person, dossier_id: uuid.UUID) -> Response:
    """All parties, oldest first."""
    with get_backends(request).transactions.read() as session:
        view = _list(session, actor, dossier_id, request, Form())
    return page("beteiligte.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post(LIST)
def add(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Enter one; with errors the list with the form as typed."""

    def act(tx: Transaction) -> str:
        add_party(tx, PartyWords(**_words(sent)), dossier_id=dossier_id, case_id=None)
        return f"/akten/{dossier_id}/beteiligte?ok=beteiligt"

    def refused(why: Refused) -> Response:
        with get_backends(request).transactions.read() as session:
            view = _list(session, sent.actor, dossier_id, request, why.form or Form())
        if view.add is None:
            raise why.error
        frame = make_frame(request, sent.actor, area="files", message=why.message)
        return page("beteiligte.html", frame=frame, view=view, status=why.status)

    return attempt(request, sent, act, refused)


@router.get(ONE)
def ask(request: Request, actor: Person, dossier_id: uuid.UUID, party_id: uuid.UUID) -> Response:
    """One to be changed."""
    with get_backends(request).transactions.read() as session:
        view = _one(session, actor, dossier_id, party_id)
    return page("beteiligt.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post(ONE)
def change(request: Request, sent: Sent, dossier_id: uuid.UUID, party_id: uuid.UUID) -> Response:
    """Change what is said; what somebody else changed meanwhile is shown instead, and nothing is overwritten."""

    def act(tx: Transaction) -> str:
        _of_dossier(tx.session, sent.actor, dossier_id, party_id)
        change_party(tx, party_id, _words(sent), revision=numbered(sent.text("revision")))
        return f"/akten/{dossier_id}/beteiligte?ok=gespeichert"

    return attempt(request, sent, act, _refused(request, sent, dossier_id, party_id))


@router.post(ONE + "/entfernen")
def remove(request: Request, sent: Sent, dossier_id: uuid.UUID, party_id: uuid.UUID) -> Response:
    """Take it away."""

    def act(tx: Transaction) -> str:
        _of_dossier(tx.session, sent.actor, dossier_id, party_id)
        remove_party(tx, party_id)
        return f"/akten/{dossier_id}/beteiligte?ok=entfernt"

    return attempt(request, sent, act, _refused(request, sent, dossier_id, party_id))


def _refused(
    request: Request, sent: Submitted, dossier_id: uuid.UUID, party_id: uuid.UUID
) -> Callable[[Refused], Response]:
    def show(why: Refused) -> Response:
        with get_backends(request).transactions.read() as session:
            view = _one(session, sent.actor, dossier_id, party_id, why.form)
        frame = make_frame(request, sent.actor, area="files", message=why.message)
        return page("beteiligt.html", frame=frame, view=view, status=why.status)

    return show


def _words(sent: Submitted) -> dict[str, str]:
    return {name: sent.text(name) for name in FIELDS}


def _of_dossier(session: Session, actor: Actor, dossier_id: uuid.UUID, party_id: uuid.UUID) -> Party:
    """The party, of this dossier and no other. Raises NotFound."""
    row = readable_party(session, actor, party_id)
    if row.dossier_id != dossier_id:
        raise NotFound
    return row


def _path(session: Session, actor: Actor, dossier: Dossier) -> tuple[Link, ...]:
    return PlanTree(session, actor).links(dossier.plan_class)


def _list(session: Session, actor: Actor, dossier_id: uuid.UUID, request: Request, form: Form) -> PartiesView:
    dossier = readable_dossier(session, actor, dossier_id, Want.CONTENT)
    works = works_there(session, actor, dossier)
    after = request.query_params.get("after")
    found = list_parties(session, actor, dossier=dossier.id, after=after, limit=ROWS)
    home = f"/akten/{dossier.id}/beteiligte"
    cases = session.execute(select(Case.id, Case.ordinal).where(Case.dossier_id == dossier.id))
    ordinals = {row[0]: row[1] for row in cases}
    return PartiesView(
        dossier=str(dossier.id),
        reference_number=dossier.reference_number,
        title=dossier.title,
        path=_path(session, actor, dossier),
        rows=tuple(
            PartyRow(
                role=row.role,
                name=row.name,
                address=_address(row),
                contact=", ".join(each for each in (row.email, row.phone) if each),
                case=_("Vorgang %(number)s", number=ordinals[row.case_id]) if row.case_id else "",
                href=f"{home}/{row.id}" if works else "",
            )
            for row in found.items
        ),
        next=f"{home}?after={found.next}" if found.next else "",
        add=form if works else None,
    )


def _address(row: Party) -> str:
    town = " ".join(each for each in (row.postcode, row.city) if each)
    return ", ".join(each for each in (row.street, town, row.country if row.country != "DE" else None) if each)


def _one(
    session: Session, actor: Actor, dossier_id: uuid.UUID, party_id: uuid.UUID, form: Form | None = None
) -> PartyView:
    dossier = readable_dossier(session, actor, dossier_id, Want.CONTENT)
    row = _of_dossier(session, actor, dossier_id, party_id)
    if not works_there(session, actor, dossier):
        raise NotAllowed(_("In dieser Akte ändern Sie nichts."))
    return PartyView(
        dossier=str(dossier.id),
        reference_number=dossier.reference_number,
        path=(
            *_path(session, actor, dossier),
            Link(f"{dossier.reference_number} {dossier.title}", f"/akten/{dossier.id}"),
            Link(_("Beteiligte"), f"/akten/{dossier.id}/beteiligte"),
        ),
        id=str(row.id),
        name=row.name,
        revision=row.revision,
        form=form or Form(values={name: getattr(row, name) or "" for name in FIELDS}),
    )
