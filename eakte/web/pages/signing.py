"""Signing in and out."""

from __future__ import annotations

import ipaddress
import secrets

from fastapi import APIRouter, Request, Response

from eakte import __version__
from eakte.api.dependencies import check_csrf, check_origin, cookie_name, get_backends, is_secure
from eakte.errors import CrossSiteRequest, InvalidInput, SignInFailed, SignInPaused
from eakte.operations.accounts import PAUSE, sign_in, sign_out
from eakte.terms import now
from eakte.web.pages.asking import MESSAGES, Sent, go, page, read_form
from eakte.web.views import FieldError, Form, Frame, Message, SignInView

router = APIRouter()
PRE_COOKIE = "eakte_vor"
"""Holds the CSRF token of somebody who is not signed in yet: a foreign page must not sign people in (login CSRF)."""


@router.get("/anmelden")
def show(request: Request) -> Response:
    """The sign-in page."""
    return _page(request, SignInView(next=_inside(request.query_params.get("weiter", "/")), insecure=_open(request)))


@router.post("/anmelden")
def enter(request: Request) -> Response:
    """Sign in, and go where the person wanted to go."""
    data = read_form(request)
    values = {name: value for name, value in data.items() if isinstance(value, str)}
    target = _inside(values.get("weiter", "/"))
    check_origin(request)
    try:
        check_csrf(values.get("csrf", ""), request.cookies.get(PRE_COOKIE, secrets.token_hex()))
    except CrossSiteRequest:
        # Mostly no attack: the page stood open until its cookie ended. It comes again, with the login as typed.
        stale = _again(values, "Die Seite stand zu lange offen. Bitte melden Sie sich noch einmal an.")
        return _page(request, SignInView(form=stale, next=target), status=403)
    if _open(request):
        return _page(request, SignInView(next=target, insecure=True), status=403)
    backends = get_backends(request)
    try:
        done = sign_in(
            backends.transactions,
            login=values.get("username", ""),
            password=values.get("password", "")[:500],
            hours=backends.settings.session_hours,
        )
    except SignInPaused:
        return _page(request, SignInView(next=target, locked_until=now() + PAUSE), status=429)
    except (SignInFailed, InvalidInput) as error:
        # What the database cannot hold (a NUL) is no login either.
        text = f"Kennung oder Passwort stimmt nicht. {error.detail or ''}".strip()
        return _page(request, SignInView(form=_again(values, text), next=target), status=401)
    response = go(target)
    response.set_cookie(
        cookie_name(request),
        done.secret,
        expires=done.expires_at,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
    response.delete_cookie(PRE_COOKIE, path="/anmelden")
    return response


@router.post("/abmelden")
def leave(request: Request, sent: Sent) -> Response:
    """End the session."""
    with get_backends(request).transactions.begin(sent.actor) as tx:
        sign_out(tx)
    response = go("/anmelden", ok="abgemeldet")
    response.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")
    return response


def _again(values: dict[str, str], text: str) -> Form:
    return Form(values={"username": values.get("username", "")}, errors=(FieldError("password", text),))


def _page(request: Request, view: SignInView, *, status: int = 200) -> Response:
    token = request.cookies.get(PRE_COOKIE) or secrets.token_urlsafe(24)
    said = MESSAGES.get(request.query_params.get("ok", ""))
    frame = Frame(
        municipality=get_backends(request).settings.municipality,
        now=now(),
        csrf=token,
        messages=(Message("success", said),) if said else (),
        version=__version__,
    )
    response = page("anmelden.html", frame=frame, view=view, status=status)
    response.set_cookie(
        PRE_COOKIE, token, max_age=3600, path="/anmelden", secure=is_secure(request), httponly=True, samesite="strict"
    )
    return response


def _open(request: Request) -> bool:
    """Plain HTTP on an address that is not this machine: a session would travel for everybody to read."""
    host = request.url.hostname or ""
    if is_secure(request) or host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def _inside(target: str) -> str:
    """An address of this service; anything else becomes the start page (no open redirect)."""
    if not target.startswith("/") or target.startswith(("//", "/\\")) or any(ord(c) < 32 for c in target):  # noqa: PLR2004
        return "/"
    return target
