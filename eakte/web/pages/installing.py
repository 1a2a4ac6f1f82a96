"""Adding the pages to the application: routes, static files, error pages."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from eakte.api import problems
from eakte.errors import EakteError, NotAllowed, NotFound, NotSignedIn, TooManyRequests
from eakte.terms import now
from eakte.web.pages import (
    account,
    admin_account,
    admin_fields,
    admin_health,
    admin_keys,
    admin_log,
    admin_people,
    admin_plan,
    admin_templates,
    admin_units,
    assigning,
    barriers,
    bulk,
    cases,
    comparing,
    crossing,
    deputies,
    document_acts,
    document_editing,
    documents,
    dossier_editing,
    dossiers,
    inbox,
    kept_searches,
    making,
    parties,
    plan,
    provider,
    resubmissions,
    rights,
    search,
    security,
    signing,
    start,
    taking_back,
    uploading,
)
from eakte.web.rendering import ASSET_HEADERS, BUILT, SECURITY_HEADERS, STATIC_PREFIX, built_files, render
from eakte.web.views import ErrorView, Frame

MODULES = (
    *(start, signing, provider, account, security, plan, dossiers, uploading, documents, search),
    kept_searches,
    *(resubmissions, document_acts, document_editing, bulk, inbox, cases, parties, crossing, dossier_editing),
    *(making, taking_back, assigning, rights, deputies, comparing, barriers),
    *(admin_health, admin_people, admin_account, admin_units, admin_plan, admin_templates, admin_fields),
    *(admin_keys, admin_log),
)
FOR_MACHINES = ("/api/", "/healthz", "/readyz", "/metrics")
SHOWN = {403: 403, 404: 404, 405: 404, 409: 403, 412: 403, 422: 404, 503: 503}
"""Which error page a status gets; every other failure gets the page for 500. What the present state does not allow
reads like what a right does not allow: its sentence, and that nothing has changed."""


def install(app: FastAPI) -> None:
    """Add the pages. Errors under the API's addresses stay problems, all others become pages."""
    for module in MODULES:
        app.router.routes.extend(module.router.routes)
    app.add_api_route(STATIC_PREFIX + "{name}", static_file, include_in_schema=False)
    app.add_exception_handler(EakteError, domain_error)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, validation_error)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, http_error)  # type: ignore[arg-type]
    app.add_exception_handler(PoolTimeout, busy_error)
    app.add_exception_handler(Exception, fault)


def static_file(request: Request, name: str) -> Response:
    """A built file. Its name carries a hash, so it never changes and may be kept for a year."""
    if name not in built_files():
        raise NotFound
    path = BUILT / name
    headers = dict(ASSET_HEADERS)
    packed = BUILT / f"{name}.br"
    if packed.is_file() and "br" in request.headers.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "br"}
        kind = FileResponse(path).media_type
        return FileResponse(packed, headers=headers, media_type=kind)
    return FileResponse(path, headers=headers)


def domain_error(request: Request, error: EakteError) -> Response:
    """A domain error as a page, or as a problem for machines."""
    if _for_machines(request):
        return problems.domain_problem(request, error)
    if isinstance(error, NotSignedIn):
        return _to_sign_in(request)
    if isinstance(error, NotAllowed):
        problems.log_denial(request, error)
    answer = error_page(problems.status_of(error), detail=error.detail or error.title)
    if isinstance(error, TooManyRequests):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


def validation_error(request: Request, error: RequestValidationError) -> Response:
    """An address that cannot be one: for people it is simply not there."""
    if _for_machines(request):
        return problems.validation_problem(request, error)
    return error_page(404)


def http_error(request: Request, error: HTTPException) -> Response:
    """Unknown addresses and methods."""
    if _for_machines(request):
        return problems.http_problem(request, error)
    return error_page(error.status_code)


def busy_error(request: Request, error: Exception) -> Response:
    """All connections are in use."""
    return problems.busy_problem(request, error) if _for_machines(request) else error_page(503)


def fault(request: Request, error: Exception) -> Response:
    """A fault of ours."""
    answer = problems.fault_problem(request, error)
    return answer if _for_machines(request) else error_page(500)


def error_page(status: int, *, detail: str = "") -> HTMLResponse:
    """An error as a page: static, without database, with a number for questions."""
    shown: Any = SHOWN.get(status, 500)
    view = ErrorView(status=shown, reference=str(uuid.uuid4())[:8], detail=detail if shown == 403 else "")  # noqa: PLR2004
    frame = Frame(municipality="", now=now())
    return HTMLResponse(render("fehler.html", frame=frame, view=view), status, headers=dict(SECURITY_HEADERS))


def _to_sign_in(request: Request) -> Response:
    """To the sign-in page and back again afterwards."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = f"/anmelden?weiter={quote(target if request.method == 'GET' else '/')}"
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=303, headers=dict(SECURITY_HEADERS))


def _for_machines(request: Request) -> bool:
    return request.url.path.startswith(FOR_MACHINES)
