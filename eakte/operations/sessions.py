"""Sessions of signed-in browsers: opening, recognising, listing, ending. The cookie's secret is never kept."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import NotFound, NotSignedIn
from eakte.models import KnownDevice, PendingStep, User, WebSession
from eakte.operations.accounts import actor_of, digest, session_scopes
from eakte.terms import SYSTEM, Actor, Role, new_id, now
from eakte.transaction import Transaction, Transactions

DEVICE_DAYS = 180
"""How long a browser stays known after its last sign-in."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Where somebody signs in from: address, what the browser calls itself, and the secret of a known browser."""

    address: str = ""
    browser: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: the cookies' secrets are known only here and to the browser."""

    actor: Actor
    secret: str
    csrf: str
    expires_at: datetime
    device: str


def open_session(tx: Transaction, user: User, *, method: str, hours: int, visit: Visit) -> SignedIn:
    """A session for an account that has shown who it is. The act of `tx` must be the account's own; it is recorded."""
    secret, csrf, device = secrets.token_urlsafe(32), secrets.token_urlsafe(24), visit.device
    row = WebSession(
        id=new_id(),
        user_id=user.id,
        sha256=digest(secret),
        csrf=csrf,
        expires_at=now() + timedelta(hours=hours),
        method=method,
        address=visit.address[:100],
        browser=visit.browser[:300],
    )
    tx.session.add(row)
    if not known_device(tx.session, user, device):
        device = secrets.token_urlsafe(32)
    statement = insert(KnownDevice).values(sha256=digest(device), user_id=user.id, used_at=now())
    tx.session.execute(statement.on_conflict_do_update(index_elements=[KnownDevice.sha256], set_={"used_at": now()}))
    tx.session.execute(delete(KnownDevice).where(KnownDevice.used_at < now() - timedelta(days=DEVICE_DAYS)))
    tx.session.execute(delete(WebSession).where(WebSession.expires_at < now()))
    tx.session.execute(delete(PendingStep).where(PendingStep.expires_at < now()))
    tx.record(Tag.SIGN_IN, None, {"method": method})
    actor = actor_of(user, scopes=session_scopes(user), access_key=row.id)
    return SignedIn(actor=actor, secret=secret, csrf=csrf, expires_at=row.expires_at, device=device)


def known_device(session: Session, user: User, device: str) -> bool:
    """Whether the account signed in before in the browser that holds this secret."""
    if not device:
        return False
    where = (KnownDevice.sha256 == digest(device), KnownDevice.user_id == user.id)
    return session.scalar(select(KnownDevice.user_id).where(*where)) is not None


def session_actor(session: Session, secret: str, *, idle: timedelta) -> tuple[Actor, str]:
    """Who sits behind a cookie, and the session's CSRF token.

    Raises NotSignedIn for unknown and ended ones, and after `idle` without a request.
    """
    row = session.execute(
        select(WebSession, User)
        .join(User, User.id == WebSession.user_id)
        .where(
            WebSession.sha256 == digest(secret),
            WebSession.expires_at > now(),
            WebSession.last_seen_at > now() - idle,
            User.active,
        )
    ).one_or_none()
    if row is None:
        raise NotSignedIn
    web_session, user = row
    return actor_of(user, scopes=session_scopes(user), access_key=web_session.id), web_session.csrf


def note_seen(transactions: Transactions, session_id: uuid.UUID) -> None:
    """A session is in use now."""
    with transactions.begin(SYSTEM) as tx:
        tx.session.execute(update(WebSession).where(WebSession.id == session_id).values(last_seen_at=now()))


def list_sessions(session: Session, user_id: uuid.UUID | None, *, idle: timedelta) -> Sequence[WebSession]:
    """The sessions of an account that are not over, the one used last first."""
    return session.scalars(
        select(WebSession)
        .where(WebSession.user_id == user_id, WebSession.expires_at > now(), WebSession.last_seen_at > now() - idle)
        .order_by(WebSession.last_seen_at.desc(), WebSession.id.desc())
        .limit(200)
    ).all()


def end_session(tx: Transaction, session_id: uuid.UUID) -> None:
    """End a session at once: one's own, or any as an administrator. Raises NotFound alike for foreign and unknown."""
    row = tx.session.get(WebSession, session_id)
    if row is None or not (row.user_id == tx.actor.user_id or tx.actor.has(Role.ADMIN)):
        raise NotFound
    tx.session.delete(row)
    tx.record(Tag.SESSION_END, None, {"sessions": 1, "own": row.user_id == tx.actor.user_id})


def end_other_sessions(tx: Transaction) -> None:
    """End all of the actor's sessions but the one in use."""
    ended = end_sessions(tx.session, tx.actor.user_id, keep=tx.actor.access_key) if tx.actor.user_id else 0
    tx.record(Tag.SESSION_END, None, {"sessions": ended, "own": True})


def end_sessions(session: Session, user_id: uuid.UUID, *, keep: uuid.UUID | None = None) -> int:
    """End all sessions of an account but one, as a part of an act that changes what the account may. Returns how many.

    What waits for a second step ends too, and browsers are no longer known.
    """
    where = [WebSession.user_id == user_id] + ([WebSession.id != keep] if keep else [])
    ended = session.execute(delete(WebSession).where(*where).returning(WebSession.id)).all()
    session.execute(delete(PendingStep).where(PendingStep.user_id == user_id))
    session.execute(delete(KnownDevice).where(KnownDevice.user_id == user_id))
    return len(ended)


def sign_out(tx: Transaction) -> None:
    """End the actor's session."""
    tx.session.execute(delete(WebSession).where(WebSession.id == tx.actor.access_key))
    tx.record(Tag.SIGN_OUT, None)


def renew_session(tx: Transaction) -> tuple[str, str, datetime]:
    """New secrets for the actor's session after a change of how one signs in: cookie, CSRF token, and when it ends.

    Who had seen the old cookie is out. Raises NotSignedIn when the session has ended meanwhile.
    """
    secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    renewed = update(WebSession).where(WebSession.id == tx.actor.access_key).values(sha256=digest(secret), csrf=csrf)
    expires_at = tx.session.scalar(renewed.returning(WebSession.expires_at))
    if expires_at is None:
        raise NotSignedIn
    return secret, csrf, expires_at
