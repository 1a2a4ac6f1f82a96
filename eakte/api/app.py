"""The HTTP application: API, pages, probes."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.routing import APIRoute

from eakte import __version__
from eakte.api import (
    access_reasons,
    audit,
    cases,
    cross_references,
    deputies,
    document_acts,
    document_bulk,
    document_content,
    documents,
    dossiers,
    exclusions,
    health,
    holdings,
    mandates,
    parties,
    people,
    plan_classes,
    problems,
    procedures,
    resubmissions,
    search,
    sessions,
    shares,
    signatures,
    templates,
    units,
)
from eakte.api.bodies import WholeBodies
from eakte.api.limits import Meter
from eakte.api.routing import PREFIX
from eakte.api.safety import SafeHeaders
from eakte.bootstrap import Backends

_PARTS = (
    plan_classes,
    templates,
    dossiers,
    holdings,
    cases,
    parties,
    cross_references,
    procedures,
    documents,
    document_content,
    document_acts,
    document_bulk,
    signatures,
    resubmissions,
    shares,
    exclusions,
    deputies,
    mandates,
    access_reasons,
    search,
    audit,
    units,
    people,
    sessions,
)


def create_app(backends: Backends) -> FastAPI:
    """The application over these backends. Pages are added by `eakte.web.pages.install` (cli/serving)."""
    app = FastAPI(
        title="eakte",
        version=__version__,
        summary="Offener E-Akten-Dienst für Kommunen",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.backends = backends
    app.state.meter = Meter(backends.settings.requests_per_minute)
    app.add_middleware(SafeHeaders, secure=(backends.settings.public_url or "").startswith("https://"))
    app.add_middleware(WholeBodies, prefix=PREFIX, uploads=_uploads())
    problems.install(app)
    for module in _PARTS:
        app.router.routes.extend(module.router.routes)
    app.router.routes.extend(health.router.routes)
    problems.describe(app)
    return app


def _uploads() -> list[str]:
    """The paths that take a file, by what their routes say of their body: the whole OpenAPI would take two seconds."""
    return [
        route.path
        for module in _PARTS
        for route in module.router.routes
        if isinstance(route, APIRoute)
        and "multipart/form-data" in (route.openapi_extra or {}).get("requestBody", {}).get("content", {})
    ]
