"""Cross references of a dossier: to which other it leads, and which lead here."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.access import Want, may_write, rule_for
from eakte.api.dependencies import get_backends
from eakte.errors import FieldError, InvalidInput
from eakte.operations.crossing import End, Seen, list_references, refer, remove_reference
from eakte.operations.dossiers import readable_dossier
from eakte.operations.searching import find_by_reference
from eakte.terms import Actor
from eakte.web.pages.asking import Person, Sent, form_again, go, make_frame, page
from eakte.web.pages.tree import PlanTree
from eakte.web.views import Form, ReferenceRow, ReferencesView

router = APIRouter(include_in_schema=False)
LIST = "/akten/{dossier_id}/verweise"
ROWS = 50


@router.get(LIST)
def show(request: Request, actor: Person, dossier_id: uuid.UUID) -> Response:
    """Those whose other end the person may know."""
    with get_backends(request).transactions.read() as session:
        view = _view(session, actor, dossier_id, request, Form())
    return page("verweise.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post(LIST)
def add(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Refer to the dossier of a reference number, in any spelling."""
    backends = get_backends(request)
    try:
        with backends.transactions.begin(sent.actor) as tx:

            def act() -> str:
                readable_dossier(tx.session, sent.actor, dossier_id, Want.CONTENT)
                target = _known(tx.session, sent.actor, sent.text("target"))
                refer(tx, source=End(dossier=dossier_id), target=target, note=sent.optional("note"))
                return f"/akten/{dossier_id}/verweise?ok=verweis"

            address = sent.once(tx, act)
    except InvalidInput as error:
        with backends.transactions.read() as session:
            view = _view(session, sent.actor, dossier_id, request, form_again(sent, error))
        if view.add is None:
            raise
        return page("verweise.html", frame=make_frame(request, sent.actor, area="files"), view=view, status=422)
    return go(address)


@router.post(LIST + "/{reference_id}/entfernen")
def remove(request: Request, sent: Sent, dossier_id: uuid.UUID, reference_id: uuid.UUID) -> Response:
    """Take it away."""
    with get_backends(request).transactions.begin(sent.actor) as tx:

        def act() -> str:
            remove_reference(tx, reference_id)
            return f"/akten/{dossier_id}/verweise?ok=verweis-weg"

        address = sent.once(tx, act)
    return go(address)


def _known(session: Session, actor: Actor, reference: str) -> End:
    """The dossier of a typed number. Raises InvalidInput alike for one that is not there and one not to be known."""
    found = find_by_reference(session, actor, reference)
    if found is None:
        message = "Eine Akte mit diesem Aktenzeichen gibt es nicht, oder Sie dürfen sie nicht kennen."
        raise InvalidInput(errors=[FieldError("target", message)])
    return End(dossier=found.id)


def _view(session: Session, actor: Actor, dossier_id: uuid.UUID, request: Request, form: Form) -> ReferencesView:
    dossier = readable_dossier(session, actor, dossier_id, Want.CONTENT)
    works = may_write(session, rule_for(session, actor), dossier)
    found = list_references(session, actor, dossier.id, after=request.query_params.get("after"), limit=ROWS)
    return ReferencesView(
        dossier=str(dossier.id),
        reference_number=dossier.reference_number,
        title=dossier.title,
        path=PlanTree(session, actor).links(dossier.plan_class),
        rows=tuple(_row(each, dossier.id, works=works) for each in found.items),
        next=f"/akten/{dossier.id}/verweise?after={found.next}" if found.next else "",
        add=form if works else None,
    )


def _row(seen: Seen, here: uuid.UUID, *, works: bool) -> ReferenceRow:
    outgoing = seen.row.source_dossier_id == here
    return ReferenceRow(
        id=str(seen.row.id),
        href=f"/akten/{seen.dossier.id}",
        reference_number=seen.dossier.reference_number,
        title=seen.dossier.title,
        outgoing=outgoing,
        case=f"Vorgang {seen.case.ordinal} {seen.case.title}" if seen.case else "",
        note=seen.row.note or "",
        may_remove=works and outgoing,
    )
