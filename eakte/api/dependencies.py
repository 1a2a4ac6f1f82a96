"""What routes ask for: who acts, a transaction, a reading session, a revision.

`Tx` is function-scoped: FastAPI ends a request-scoped `yield` dependency only after the response was sent, so a
commit that fails would still have been answered with success (docs/adr/0003). What depends on it is function-scoped.
"""

from __future__ import annotations

import hmac
import math
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Header, Request
from sqlalchemy.orm import Session

from eakte.api.limits import Meter
from eakte.bootstrap import Backends
from eakte.errors import (
    CrossSiteRequest,
    FieldError,
    InvalidInput,
    NotSignedIn,
    RevisionMissing,
    ScopeMissing,
    TooManyRequests,
)
from eakte.language import _
from eakte.operations.accounts import note_used, token_actor
from eakte.operations.sessions import Visit, note_seen, session_actor
from eakte.settings import Settings
from eakte.terms import Actor, Scope
from eakte.transaction import Transaction, Transactions

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"
UNATTENDED_HEADER = "X-Eakte-Unattended"
"""Sent with what a page asks for by itself, at intervals."""
_ETAG = re.compile(r'\s*(?:W/)?"(\d{1,18})"\s*')


def get_backends(request: Request) -> Backends:
    """The backends of this process."""
    backends: Backends = request.app.state.backends
    return backends


def cookie_name(request: Request) -> str:
    """`__Host-` (RFC 6265bis section 4.1.3.2) over TLS; browsers refuse it on plain HTTP, used for localhost only."""
    return "__Host-eakte" if is_secure(request) else "eakte"


def is_secure(request: Request) -> bool:
    """Whether people reach this service by TLS, here or at the proxy named by EAKTE_PUBLIC_URL."""
    public = get_backends(request).settings.public_url
    return request.url.scheme == "https" or (public is not None and public.startswith("https://"))


def signed_in(request: Request) -> Actor:
    """Who acts, by token or by session cookie; pages and API follow the same rule. Raises NotSignedIn.

    A session that changes something must show that the request comes from our own page: a CSRF token and, where the
    browser sends one, our own Origin. A token is proof enough, because no browser adds it by itself.
    """
    backends = get_backends(request)
    note: Callable[[Transactions, uuid.UUID], None] = note_seen
    scheme, _space, secret = request.headers.get("authorization", "").partition(" ")
    with backends.transactions.read() as session:
        if scheme:
            if scheme.lower() != "bearer":
                raise NotSignedIn
            actor, note = token_actor(session, secret.strip()), note_used
        else:
            cookie = request.cookies.get(cookie_name(request))
            if not cookie:
                raise NotSignedIn
            actor, csrf = session_actor(session, cookie, idle=idle_time(backends.settings))
            request.state.csrf = csrf
            if request.method not in SAFE_METHODS:
                check_origin(request)
                if not getattr(request.state, "csrf_in_form", False):
                    check_csrf(request.headers.get(CSRF_HEADER, ""), csrf)
    request.state.actor = actor
    if actor.access_key is not None:
        meter: Meter = request.app.state.meter
        if wait := meter.take(actor.access_key):
            raise TooManyRequests(seconds=math.ceil(wait))
        # A page that looks for news by itself is nobody's use of it: left open, it would never end by idling.
        if UNATTENDED_HEADER not in request.headers and meter.due(actor.access_key):
            note(backends.transactions, actor.access_key)
    return actor


def credential(request: Request) -> bytes:
    """The secret that a signed-in caller showed: of the token, or of the session's cookie."""
    _scheme, _space, secret = request.headers.get("authorization", "").partition(" ")
    return (secret.strip() or request.cookies.get(cookie_name(request), "")).encode()


def idle_time(settings: Settings) -> timedelta:
    """How long a session may stay without a request."""
    return timedelta(minutes=settings.session_idle_minutes)


def visit_of(request: Request, *, device: str = "") -> Visit:
    """Where a request comes from. The address is the proxy's unless the proxy is trusted (`EAKTE_TRUSTED_PROXIES`)."""
    address = request.client.host if request.client else ""
    return Visit(address, request.headers.get("user-agent", ""), device)


def check_csrf(given: str, expected: str) -> None:
    """Raise CrossSiteRequest unless the token is the session's."""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise CrossSiteRequest


def check_origin(request: Request) -> None:
    """Raise CrossSiteRequest when the browser says that another site sent this."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    if origin == "null" and request.headers.get("sec-fetch-site") == "same-origin":
        # Our Referrer-Policy (no-referrer) makes browsers hide the origin of a form; they still say where it came from.
        return
    public = get_backends(request).settings.public_url
    allowed = {request.headers.get("host", "")} | ({urlsplit(public).netloc} if public else set())
    if urlsplit(origin).netloc not in allowed:
        raise CrossSiteRequest


def needs(scope: Scope) -> Callable[[Actor], Actor]:
    """A dependency: the actor, if token or session may be used for this. Raises ScopeMissing."""

    def check(actor: Annotated[Actor, Depends(signed_in)]) -> Actor:
        if scope not in actor.scopes:
            raise ScopeMissing(_("Nötig ist der Umfang „%(scope)s“.", scope=scope))
        return actor

    return check


def begin(request: Request, actor: Annotated[Actor, Depends(needs(Scope.WRITE))]) -> Iterator[Transaction]:
    """An act of the actor, committed before the answer is sent."""
    with get_backends(request).transactions.begin(actor) as tx:
        yield tx


def look(request: Request) -> Iterator[Session]:
    """A read-only session, ended before the answer is sent: a streaming body must not hold one."""
    with get_backends(request).transactions.read() as session:
        yield session


def revision_required(if_match: Annotated[str | None, Header()] = None) -> int:
    """The revision that the caller read (RFC 9110 section 13.1.1). Raises RevisionMissing."""
    revision = revision_given(if_match)
    if revision is None:
        raise RevisionMissing
    return revision


def revision_given(if_match: Annotated[str | None, Header()] = None) -> int | None:
    """The revision of If-Match where one is sent; `*` and absence are None."""
    if if_match is None or if_match.strip() == "*":
        return None
    match = _ETAG.fullmatch(if_match)
    if match is None:
        raise InvalidInput(errors=[FieldError("If-Match", _("If-Match ist nicht lesbar."))])
    return int(match[1])


def etag(revision: int) -> str:
    """The ETag of a revision."""
    return f'"{revision}"'


Reader = Annotated[Actor, Depends(needs(Scope.READ))]
Writer = Annotated[Actor, Depends(needs(Scope.WRITE))]
Auditor = Annotated[Actor, Depends(needs(Scope.AUDIT))]
Tx = Annotated[Transaction, Depends(begin, scope="function")]
ReadTx = Annotated[Session, Depends(look, scope="function")]
Composed = Annotated[Backends, Depends(get_backends)]
RevisionRequired = Annotated[int, Depends(revision_required)]
RevisionGiven = Annotated[int | None, Depends(revision_given)]
