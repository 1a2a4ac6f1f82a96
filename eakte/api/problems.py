"""Errors as RFC 9457 problem details: the one place that knows which status a domain error has."""

from __future__ import annotations

import logging
import re
import uuid
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from eakte import errors
from eakte.api.safety import ALWAYS
from eakte.audit import Tag
from eakte.bootstrap import Backends
from eakte.errors import EakteError
from eakte.language import _, gettext, msgid
from eakte.malformed import sentence_of
from eakte.terms import Actor

logger = logging.getLogger(__name__)

STATUS: dict[type[EakteError], int] = {
    errors.NotSignedIn: 401,
    errors.SignInFailed: 401,
    errors.TooManyRequests: 429,
    errors.NotAllowed: 403,
    errors.ScopeMissing: 403,
    errors.CrossSiteRequest: 403,
    errors.NotFound: 404,
    errors.WrongState: 409,
    errors.KeyReused: 409,
    errors.StaleRevision: 412,
    errors.TooLarge: 413,
    errors.InvalidInput: 422,
    errors.RevisionMissing: 428,
    errors.ContentDamaged: 500,
    errors.Unavailable: 503,
}
"""Status of each class and its subclasses; the nearest class of the hierarchy decides. Anything else is 500."""

MEDIA_TYPE = "application/problem+json"

HTTP_TITLES = msgid(
    {
        400: "Die Anfrage ist nicht lesbar.",
        404: "Hier ist nichts, was Sie öffnen können.",
        405: "Das geht an dieser Adresse nicht.",
        413: "Die Anfrage ist zu groß.",
        431: "Der Kopf der Anfrage ist zu lang.",
    }
)


class ProblemError(BaseModel):
    """One thing wrong at one place of the request."""

    at: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    errors: list[ProblemError] | None = None


def status_of(error: EakteError) -> int:
    """The HTTP status of a domain error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def install(app: FastAPI) -> None:
    """Answer every error of the API as a problem; pages have their own handlers (`eakte.web`)."""
    app.add_exception_handler(EakteError, domain_problem)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, validation_problem)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, http_problem)  # type: ignore[arg-type]
    app.add_exception_handler(PoolTimeout, busy_problem)
    app.add_exception_handler(Exception, fault_problem)


def problem(
    request: Request,
    *,
    kind: str,
    title: str,
    status: int,
    detail: str | None = None,
    at: list[dict[str, str]] | None = None,
) -> JSONResponse:
    """A problem as a response. Its instance is a number under which the log has the same event."""
    content = _content(kind, title, status, detail, at)
    headers = {"Cache-Control": "no-store"}
    if status == 401:  # noqa: PLR2004 - the status is the meaning
        headers["WWW-Authenticate"] = 'Bearer realm="eakte"'
    if status in {429, 503}:
        headers["Retry-After"] = "5"
    if status == 413 or request.headers.get("content-type", "").startswith("multipart/"):  # noqa: PLR2004 - as above
        headers["Connection"] = "close"  # the rest of a refused upload is not read, and the server need not wait for it
    if status >= 500:  # noqa: PLR2004 - the class of statuses
        logger.error("request failed", extra={"path": request.url.path, "problem": content})
    return JSONResponse(content, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def unreadable(status: int) -> JSONResponse:
    """The problem of what never became a request."""
    content = _content(f"http-{status}", _(HTTP_TITLES[status]), status, None, None)
    return JSONResponse(content, status_code=status, headers=ALWAYS, media_type=MEDIA_TYPE)


def _content(kind: str, title: str, status: int, detail: str | None, at: list[dict[str, str]] | None) -> dict[str, Any]:
    content: dict[str, Any] = {"type": f"urn:eakte:problem:{kind}", "title": title, "status": status}
    if detail:
        content["detail"] = detail
    content["instance"] = f"urn:uuid:{uuid.uuid4()}"
    if at:
        content["errors"] = at
    return content


def domain_problem(request: Request, error: EakteError) -> JSONResponse:
    """A domain error; what was refused for want of a right is kept in the log."""
    if isinstance(error, (errors.NotAllowed, errors.ScopeMissing)):
        log_denial(request, error)
    answer = problem(
        request,
        kind=_kind(type(error)),
        title=error.title,
        status=status_of(error),
        detail=error.detail,
        at=[{"at": each.at, "message": each.message} for each in error.errors],
    )
    if isinstance(error, errors.TooManyRequests):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


def log_denial(request: Request, error: EakteError) -> None:
    """A refused act rolled back; that it was tried is kept. The path holds ids only, never names."""
    backends: Backends = request.app.state.backends
    actor: Actor | None = getattr(request.state, "actor", None)
    if actor is None:
        return
    details = {"method": request.method, "path": request.url.path[:300], "reason": _kind(type(error))}
    try:
        backends.transactions.record_apart(actor, Tag.DENY, None, details)
    except errors.Unavailable:
        logger.warning("denial could not be recorded", extra=details)


def validation_problem(request: Request, error: RequestValidationError) -> JSONResponse:
    """A request that has not the declared form."""
    at = []
    for each in error.errors():
        place = ".".join(str(part) for part in each["loc"] if part not in {"body", "query", "path", "header"})
        at.append({"at": place or "body", "message": sentence_of(each)})
    return problem(request, kind="invalid-input", title=errors.InvalidInput.said(), status=422, at=at)


def http_problem(request: Request, error: HTTPException) -> JSONResponse:
    """An address or method that does not exist."""
    title = gettext(HTTP_TITLES.get(error.status_code, str(error.detail)))
    kind = "too-large" if error.status_code == 413 else f"http-{error.status_code}"  # noqa: PLR2004 - as above
    answer = problem(request, kind=kind, title=title, status=error.status_code)
    answer.headers.update(error.headers or {})  # Allow of a 405 (RFC 9110 section 15.5.6)
    return answer


def busy_problem(request: Request, error: Exception) -> JSONResponse:
    """No connection to the database became free in time."""
    del error
    title = errors.Unavailable.said()
    return problem(request, kind="unavailable", title=title, status=503, detail=_("Zu viele Anfragen zugleich."))


def fault_problem(request: Request, error: Exception) -> JSONResponse:
    """A fault of ours: told without details, logged with all."""
    logger.error("unexpected error", exc_info=error)
    return problem(request, kind="fault", title=EakteError.said(), status=500)


def _kind(kind: type[EakteError]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": text}
    for status, text in {
        400: "The request cannot be read",
        401: "Not signed in",
        403: "Readable but forbidden, or the token's scope is too narrow",
        404: "Absent, or not readable: which of both is not said",
        409: "Wrong state, or an Idempotency-Key used for another request",
        412: "The object changed since it was read",
        413: "Too large",
        422: "Invalid input, named by field",
        428: "If-Match is missing",
        429: "Too many requests; Retry-After says when to go on",
        500: "A fault of the service, or a stored file that is damaged",
        503: "A backend is not available; try again",
    }.items()
}


SIGN_IN = {
    "token": {"type": "http", "scheme": "bearer", "description": "Access key of a machine or a person"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-eakte",
        "description": "Session of a signed-in browser; what changes something needs the header X-CSRF-Token too",
    },
}


def describe(app: FastAPI) -> None:
    """Let the OpenAPI say what FastAPI cannot know: the media type that problems really have, and how to sign in.

    The shape of problems is added here once: as the model of each answer of each route it would be made two thousand
    times at each start.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            _keys, shapes = models_json_schema(
                [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
            )
            schema["components"]["schemas"] |= shapes["$defs"]
            schema["components"]["securitySchemes"] = SIGN_IN
            schema["security"] = [{name: []} for name in SIGN_IN]
            for path in schema["paths"].values():
                for operation in path.values():
                    for status, answer in operation["responses"].items():
                        if status >= "400":
                            answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        return generate()

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend it
