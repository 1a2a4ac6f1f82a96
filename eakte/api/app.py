"""The HTTP application: API, pages, probes."""

from __future__ import annotations

from fastapi import FastAPI

from eakte import __version__
from eakte.api import (
    audit,
    cases,
    cross_references,
    document_acts,
    document_bulk,
    document_content,
    documents,
    dossiers,
    health,
    holdings,
    parties,
    people,
    plan_classes,
    problems,
    procedures,
    resubmissions,
    search,
    sessions,
    signatures,
    templates,
)
from eakte.api.limits import Meter
from eakte.api.safety import SafeHeaders
from eakte.bootstrap import Backends

PREFIX = "/api/v1"


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
        strict_content_type=False,
    )
    app.state.backends = backends
    app.state.meter = Meter(backends.settings.requests_per_minute)
    app.add_middleware(SafeHeaders, secure=(backends.settings.public_url or "").startswith("https://"))
    problems.install(app)
    for module in (
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
        search,
        audit,
        people,
        sessions,
    ):
        app.include_router(module.router, prefix=PREFIX, responses=problems.PROBLEM_RESPONSES)
    app.include_router(health.router)
    problems.describe(app)
    return app
