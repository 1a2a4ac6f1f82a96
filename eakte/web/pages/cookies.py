"""The cookies of the pages: all out of reach of scripts and of other sites' requests, `__Host-` over TLS."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request, Response

from eakte.api.dependencies import cookie_name, is_secure
from eakte.operations.sessions import DEVICE_DAYS, SignedIn
from eakte.operations.steps import LIFE

STEP = "eakte_schritt"
"""The key of a step that waits for its answer (`eakte.operations.steps`)."""
DEVICE = "eakte_geraet"
"""Marks a browser in which somebody signed in before (`eakte.operations.throttling`)."""


def read(request: Request, name: str) -> str:
    """A cookie of ours; empty where there is none."""
    return request.cookies.get(_name(request, name), "")


def put_session(request: Request, response: Response, secret: str, expires_at: datetime) -> None:
    """Give the browser the session."""
    response.set_cookie(
        cookie_name(request),
        secret,
        expires=expires_at,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def put_signed_in(request: Request, response: Response, done: SignedIn) -> None:
    """Give the browser the session and mark it as known; the step that led here is over."""
    put_session(request, response, done.secret, done.expires_at)
    _put(request, response, DEVICE, done.device, seconds=DEVICE_DAYS * 86400)
    drop(request, response, STEP)


def put_step(request: Request, response: Response, secret: str) -> None:
    """Give the browser the key of a step. Lax, because the provider's answer comes from another site."""
    _put(request, response, STEP, secret, seconds=int(LIFE.total_seconds()))


def drop(request: Request, response: Response, name: str) -> None:
    """Take a cookie away."""
    response.delete_cookie(_name(request, name), path="/", secure=is_secure(request), httponly=True, samesite="lax")


def _put(request: Request, response: Response, name: str, value: str, *, seconds: int) -> None:
    response.set_cookie(
        _name(request, name),
        value,
        max_age=seconds,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def _name(request: Request, name: str) -> str:
    return f"__Host-{name}" if is_secure(request) else name
