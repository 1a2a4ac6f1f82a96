"""The start page: what needs me, and the way back."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from eakte.api.dependencies import get_backends
from eakte.bootstrap import index_usable
from eakte.models import Unit
from eakte.operations.personal import own_failures, recently_used
from eakte.web.pages.asking import Person, make_frame, page
from eakte.web.views import RecentItem, StartView

router = APIRouter()


@router.get("/")
def show(request: Request, actor: Person) -> Response:
    """Search box, dossiers used lately, documents that failed."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        unit = session.get(Unit, actor.unit_id) if actor.unit_id else None
        recent = [
            RecentItem(
                title=dossier.title,
                href=f"/akten/{dossier.id}",
                second_line=dossier.reference_number,
                at=used.at,
            )
            for dossier, used in recently_used(session, actor, limit=5)
        ]
        failed = [
            RecentItem(
                title=document.title,
                href=f"/dokumente/{document.id}",
                second_line=document.state_reason or "",
                at=document.created_at,
                icon="description",
            )
            for document in own_failures(session, actor, limit=5)
        ]
        example = recent[0].second_line if recent else ""
    view = StartView(
        unit=f"{unit.number} {unit.name}" if unit else "",
        recent=tuple(recent),
        failed=tuple(failed),
        search_down=not index_usable(backends.search),
        example=example,
    )
    return page("start.html", frame=make_frame(request, actor, area="start"), view=view)
