"""One's own account: who one is, how the pages look, which keys work; and the list of keys."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from eakte.access import READERS
from eakte.api.dependencies import get_backends
from eakte.errors import NotSignedIn
from eakte.models import Unit, WebSession
from eakte.operations.personal import set_preference
from eakte.web.pages.asking import Person, Sent, go, make_frame, page
from eakte.web.views import AccountView

router = APIRouter(include_in_schema=False)


@router.get("/konto")
def show(request: Request, actor: Person) -> Response:
    """The account."""
    with get_backends(request).transactions.read() as session:
        own = session.get(WebSession, actor.access_key)
        unit = session.get(Unit, actor.unit_id) if actor.unit_id else None
    if own is None:
        raise NotSignedIn
    view = AccountView(
        name=actor.display_name,
        login=actor.name,
        units=(f"{unit.number} {unit.name}",) if unit else (),
        roles=tuple(sorted(actor.roles)),
        signed_in=own.created_at,
        deputies=actor.has(*READERS),
    )
    return page("konto.html", frame=make_frame(request, actor, area=""), view=view)


@router.post("/konto")
def change(request: Request, sent: Sent) -> Response:
    """Keep preferences."""
    with get_backends(request).transactions.begin(sent.actor) as tx:
        set_preference(
            tx, theme=sent.text("theme"), density=sent.text("density"), single_keys=sent.text("keys") != "off"
        )
    return go("/konto", ok="gespeichert")


@router.get("/hilfe/tasten")
def keys(request: Request, actor: Person) -> Response:
    """All keys."""
    return page("tasten.html", frame=make_frame(request, actor, area=""), view=None)
