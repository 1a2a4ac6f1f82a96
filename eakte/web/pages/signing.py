"""Signing in with a password, and with a one-time code where one is asked for; signing out."""

from __future__ import annotations

import ipaddress
import secrets
from datetime import timedelta

from fastapi import APIRouter, Request, Response

from eakte import __version__
from eakte.api.dependencies import check_csrf, check_origin, cookie_name, get_backends, is_secure, visit_of
from eakte.errors import CrossSiteRequest, InvalidInput, SecondFactorFailed, SignInFailed, SignInPaused
from eakte.language import _
from eakte.operations.sessions import SignedIn, sign_out
from eakte.operations.signing_in import CodeWanted, sign_in, sign_in_with_code
from eakte.operations.steps import find_step
from eakte.terms import now
from eakte.web.pages import cookies
from eakte.web.pages.asking import Sent, go, page, quoted, read_form
from eakte.web.pages.happened import message_of
from eakte.web.views import FieldError, Form, Frame, Link, Message, SignInView

router = APIRouter(include_in_schema=False)
PRE_COOKIE = "eakte_vor"
"""Holds the CSRF token of somebody who is not signed in yet: a foreign page must not sign people in (login CSRF)."""


@router.get("/anmelden")
def show(request: Request) -> Response:
    """The sign-in page."""
    provider = get_backends(request).provider
    out = None
    if provider is not None and request.query_params.get("ok") == "abgemeldet":
        address = provider[0].logout_address(public_address(request, "/anmelden"))
        out = Link(_("Auch beim Anmeldedienst der Verwaltung abmelden"), address) if address else None
    return sign_in_page(request, target=inside(request.query_params.get("weiter", "/")), provider_out=out)


@router.post("/anmelden")
def enter(request: Request) -> Response:
    """Sign in, and go where the person wanted to go; or on to the code."""
    values = _values(request)
    target = inside(values.get("weiter", "/"))
    if (stale := _not_ours(request, values)) is not None:
        return stale
    backends = get_backends(request)
    try:
        done = sign_in(
            backends.transactions,
            login=values.get("username", ""),
            password=values.get("password", "")[:500],
            hours=backends.settings.session_hours,
            visit=visit_of(request, device=cookies.read(request, cookies.DEVICE)),
        )
    except SignInPaused as error:
        return sign_in_page(request, target=target, status=429, paused_seconds=error.seconds)
    except (SignInFailed, InvalidInput) as error:
        # What the database cannot hold (a NUL) is no login either.
        text = f"{_('Kennung oder Passwort stimmt nicht.')} {error.detail or ''}".strip()
        return sign_in_page(request, target=target, form=_again(values, text), status=401)
    if isinstance(done, CodeWanted):
        response = go(f"/anmelden/code?weiter={quoted(target)}")
        cookies.put_step(request, response, done.secret)
        return response
    return arrive(request, done, target)


@router.get("/anmelden/code")
def show_code(request: Request) -> Response:
    """The page that asks for the one-time code; without a password given before, the first page."""
    target = inside(request.query_params.get("weiter", "/"))
    backends = get_backends(request)
    with backends.transactions.read() as session:
        step = cookies.read(request, cookies.STEP)
        waiting = step and find_step(session, backends.transactions.ledger, "code", step)
    if not waiting:
        return go(f"/anmelden?weiter={quoted(target)}")
    return sign_in_page(request, target=target, code_wanted=True)


@router.post("/anmelden/code")
def enter_code(request: Request) -> Response:
    """Take the one-time or recovery code."""
    values = _values(request)
    target = inside(values.get("weiter", "/"))
    if (stale := _not_ours(request, values)) is not None:
        return stale
    backends = get_backends(request)
    try:
        done = sign_in_with_code(
            backends.transactions,
            step=cookies.read(request, cookies.STEP),
            code=values.get("code", "")[:100],
            hours=backends.settings.session_hours,
            visit=visit_of(request, device=cookies.read(request, cookies.DEVICE)),
        )
    except SignInPaused as error:
        return sign_in_page(request, target=target, status=429, paused_seconds=error.seconds, code_wanted=True)
    except (SecondFactorFailed, InvalidInput) as error:
        text = f"{_('Dieser Code gilt nicht.')} {error.detail or ''}".strip()
        wrong = Form(errors=(FieldError("code", text),))
        return sign_in_page(request, target=target, form=wrong, status=401, code_wanted=True)
    except SignInFailed as error:
        form = Form(errors=(FieldError("", error.detail or error.title),))
        return sign_in_page(request, target=target, form=form, status=401)
    return arrive(request, done, target)


@router.post("/abmelden")
def leave(request: Request, sent: Sent) -> Response:
    """End the session."""
    with get_backends(request).transactions.begin(sent.actor) as tx:
        sign_out(tx)
    response = go("/anmelden", ok="abgemeldet")
    response.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")
    return response


def arrive(request: Request, done: SignedIn, target: str) -> Response:
    """The session begins: to where the person wanted to go."""
    response = go(target)
    cookies.put_signed_in(request, response, done)
    response.delete_cookie(PRE_COOKIE, path="/anmelden")
    return response


def sign_in_page(
    request: Request,
    *,
    target: str,
    form: Form | None = None,
    status: int = 200,
    paused_seconds: int = 0,
    code_wanted: bool = False,
    trouble: str = "",
    provider_out: Link | None = None,
) -> Response:
    """The sign-in page in one of its states."""
    token = request.cookies.get(PRE_COOKIE) or secrets.token_urlsafe(24)
    settings = get_backends(request).settings
    said = message_of(request.query_params.get("ok", ""))
    frame = Frame(
        municipality=settings.municipality,
        now=now(),
        csrf=token,
        messages=(Message("success", said),) if said else (),
        version=__version__,
    )
    offered = get_backends(request).provider is not None and not code_wanted
    view = SignInView(
        form=form or Form(),
        next=target,
        locked_until=now() + timedelta(seconds=paused_seconds) if paused_seconds else None,
        code_wanted=code_wanted,
        oidc=Link(settings.oidc_label, f"/anmelden/dienst?weiter={quoted(target)}") if offered else None,
        trouble=trouble,
        provider_out=provider_out,
        insecure=is_open(request),
    )
    response = page("anmelden.html", frame=frame, view=view, status=status)
    response.set_cookie(
        PRE_COOKIE, token, max_age=3600, path="/anmelden", secure=is_secure(request), httponly=True, samesite="strict"
    )
    if paused_seconds:
        response.headers["Retry-After"] = str(paused_seconds)
    return response


def public_address(request: Request, path: str) -> str:
    """A path of this service as others reach it."""
    base = get_backends(request).settings.public_url or str(request.base_url)
    return base.rstrip("/") + path


def is_open(request: Request) -> bool:
    """Plain HTTP on an address that is not this machine: a session would travel for everybody to read."""
    host = request.url.hostname or ""
    if is_secure(request) or host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def inside(target: str) -> str:
    """An address of this service; anything else becomes the start page (no open redirect)."""
    if not target.startswith("/") or target.startswith(("//", "/\\")) or any(ord(c) < 32 for c in target):  # noqa: PLR2004
        return "/"
    return target


def _values(request: Request) -> dict[str, str]:
    return {name: value for name, value in read_form(request).items() if isinstance(value, str)}


def _not_ours(request: Request, values: dict[str, str]) -> Response | None:
    """The answer to a form that did not come from our page, or over an open line; None when all is well."""
    target = inside(values.get("weiter", "/"))
    check_origin(request)
    try:
        check_csrf(values.get("csrf", ""), request.cookies.get(PRE_COOKIE, secrets.token_hex()))
    except CrossSiteRequest:
        # Mostly no attack: the page stood open until its cookie ended. It comes again, with the login as typed.
        stale = _again(values, _("Die Seite stand zu lange offen. Bitte melden Sie sich noch einmal an."))
        return sign_in_page(request, target=target, form=stale, status=403)
    return sign_in_page(request, target=target, status=403) if is_open(request) else None


def _again(values: dict[str, str], text: str) -> Form:
    return Form(values={"username": values.get("username", "")}, errors=(FieldError("password", text),))
