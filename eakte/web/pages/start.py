"""The start page: what needs me, and the way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.bootstrap import index_usable
from eakte.models import Unit
from eakte.operations.inbox import count_inbox
from eakte.operations.listing import list_documents
from eakte.operations.personal import own_failures, recently_used
from eakte.operations.resubmissions import list_resubmissions
from eakte.terms import Actor, Role, today
from eakte.web.pages.asking import Person, make_frame, page
from eakte.web.pages.inbox import inbox_items
from eakte.web.pages.resubmissions import items
from eakte.web.pages.search import saved_links
from eakte.web.views import Kept, RecentItem, StartView

router = APIRouter(include_in_schema=False)
NEWEST = 7
"""Rows of the inbox and of what is due."""
AHEAD = timedelta(days=7)
LATELY = 5


@router.get("/")
def show(request: Request, actor: Person) -> Response:
    """Search box, what came in, what is due, dossiers used lately, documents that failed."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        view = _view(session, actor, search_down=not index_usable(backends.search))
    return page("start.html", frame=make_frame(request, actor, area="start"), view=view)


def _view(session: Session, actor: Actor, *, search_down: bool) -> StartView:
    unit = session.get(Unit, actor.unit_id) if actor.unit_id else None
    recent = tuple(
        RecentItem(title=dossier.title, href=f"/akten/{dossier.id}", second_line=dossier.reference_number, at=used.at)
        for dossier, used in recently_used(session, actor, limit=LATELY)
    )
    failed = tuple(
        RecentItem(
            title=document.title,
            href=f"/dokumente/{document.id}",
            second_line=document.state_reason or "",
            at=document.created_at,
            icon="warning-fill",
        )
        for document in own_failures(session, actor, limit=LATELY)
    )
    view = StartView(
        unit=f"{unit.number} {unit.name}" if unit else "",
        recent=recent,
        failed=failed,
        search_down=search_down,
        searches=tuple(Kept(each.id, each.name, each.href) for each in saved_links(session, actor)),
        example=recent[0].second_line if recent else "",
    )
    if not actor.has(Role.CLERK, Role.REGISTRAR):
        return view
    due = list_resubmissions(session, actor, mine=True, until=today() + AHEAD, limit=NEWEST)
    return replace(
        view,
        inbox=inbox_items(session, actor, list_documents(session, actor, inbox=True, limit=NEWEST).items),
        inbox_count=count_inbox(session, actor),
        due=items(due.items),
        more_due=due.next is not None,
    )
