"""`/sessions`: who is signed in where, and ending it; and the second factor of another, which IT resets."""

from __future__ import annotations

import uuid

from fastapi import Request, Response
from pydantic import BaseModel

from eakte.api.dependencies import Composed, Reader, ReadTx, Tx, idle_time
from eakte.api.paging import After, OptionalLimit, short_listing
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Utc
from eakte.errors import NotAllowed, NotFound
from eakte.language import _
from eakte.models import User, WebSession
from eakte.operations.second_factor import remove_second_factor
from eakte.operations.sessions import end_session, list_sessions
from eakte.terms import Role

router = ApiRouter()


class SessionShape(BaseModel):
    """A signed-in browser. `method` says how: password, password+code, password+recovery, oidc."""

    id: uuid.UUID
    user: uuid.UUID
    method: str
    address: str
    browser: str
    created_at: Utc
    last_seen_at: Utc
    expires_at: Utc

    @classmethod
    def of(cls, row: WebSession) -> SessionShape:
        """From a row."""
        return cls(
            id=row.id,
            user=row.user_id,
            method=row.method,
            address=row.address,
            browser=row.browser,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
        )


@router.get("/sessions", tags=["sessions"])
def sessions(
    request: Request,
    actor: Reader,
    session: ReadTx,
    backends: Composed,
    user: uuid.UUID | None = None,
    after: After = None,
    limit: OptionalLimit = None,
) -> Listing[SessionShape]:
    """One's own sessions; with `user` those of another (role admin)."""
    if user is not None and user != actor.user_id and not actor.has(Role.ADMIN):
        raise NotAllowed(_("Die Anmeldungen anderer sieht die IT."))
    rows = list_sessions(session, user or actor.user_id, idle=idle_time(backends.settings))
    return short_listing(request, rows, SessionShape.of, key=lambda row: row.id, after=after, limit=limit)


@router.delete("/sessions/{session_id}", status_code=204, tags=["sessions"])
def end(tx: Tx, session_id: uuid.UUID) -> Response:
    """End a session at once: an own one, or any (role admin)."""
    end_session(tx, session_id)
    return Response(status_code=204)


@router.delete("/users/{user_id}/second-factor", status_code=204, tags=["users"])
def reset_second_factor(tx: Tx, user_id: uuid.UUID) -> Response:
    """Take away the second factor of somebody who has lost the device (role admin), or one's own.

    It opens nothing by itself: the password is still asked for.
    """
    user = tx.session.get(User, user_id)
    if user is None or not (user.id == tx.actor.user_id or tx.actor.has(Role.ADMIN, Role.REGISTRAR)):
        raise NotFound
    remove_second_factor(tx, user)
    return Response(status_code=204)
