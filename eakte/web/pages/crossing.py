"""Cross references of a dossier: to which other it leads, and which lead here."""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.access import Want, may_write, rule_for
from eakte.api.dependencies import get_backends
from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.operations.crossing import End, Seen, list_references, refer, remove_reference
from eakte.operations.dossiers import readable_dossier
from eakte.operations.searching import find_by_reference
from eakte.terms import Actor
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Refused, Sent, attempt, go, make_frame, page
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

    def act(tx: Transaction) -> str:
        readable_dossier(tx.session, sent.actor, dossier_id, Want.CONTENT)
        target = _known(tx.session, sent.actor, sent.text("target"))
        refer(tx, source=End(dossier=dossier_id), target=target, note=sent.optional("note"))
        return f"/akten/{dossier_id}/verweise?ok=verweis"

    def refused(why: Refused) -> Response:
        with get_backends(request).transactions.read() as session:
            view = _view(session, sent.actor, dossier_id, request, why.form or Form())
        if view.add is None:
            raise why.error
        frame = make_frame(request, sent.actor, area="files", message=why.message)
        return page("verweise.html", frame=frame, view=view, status=why.status)

    return attempt(request, sent, act, refused)


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
        message = _("Eine Akte mit diesem Aktenzeichen gibt es nicht, oder Sie dürfen sie nicht kennen.")
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
        case=_("Vorgang %(number)s %(title)s", number=seen.case.ordinal, title=seen.case.title) if seen.case else "",
        note=seen.row.note or "",
        may_remove=works and outgoing,
    )
