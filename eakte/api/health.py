"""`/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import ipaddress

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select, text

from eakte.api.dependencies import Composed, signed_in
from eakte.errors import ScopeMissing, Unavailable
from eakte.language import _
from eakte.models import Document
from eakte.operations.auditing import unsequenced
from eakte.operations.fixity import wrong
from eakte.operations.health import ready
from eakte.terms import Scope

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> PlainTextResponse:
    """The process is alive."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def readyz(request: Request, backends: Composed) -> JSONResponse:
    """Whether the service can serve; what is missing is named to those who may know it."""
    checks = ready(backends.database, backends.blobs, backends.search, backends.scanner)
    # Without search or scanner the rest works: the service stays in rotation and says what is missing.
    able = all(check.ok for check in checks if check.name not in {"search", "scanner"})
    body: dict[str, object] = {"ready": able, "missing": [check.name for check in checks if not check.ok]}
    if _may_know(request):
        body["checks"] = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks]
    return JSONResponse(body, status_code=200 if able else 503, headers={"Cache-Control": "no-store"})


@router.get("/metrics")
def metrics(request: Request, backends: Composed) -> Response:
    """Numbers for Prometheus: loopback, or a token with the scope `metrics`."""
    if not _trusted(request):
        raise ScopeMissing(_("Nötig ist der Umfang „metrics“."))
    registry = CollectorRegistry()
    documents = Gauge("eakte_documents", "Documents by state", ["state"], registry=registry)
    jobs = Gauge("eakte_jobs", "Jobs by queue and status", ["queue", "status"], registry=registry)
    waiting = Gauge("eakte_index_waiting", "Documents whose entry is older than the row", registry=registry)
    files = Gauge("eakte_files_wrong", "Files that were not whole when last read", ["kind"], registry=registry)
    entries = Gauge("eakte_audit_waiting", "Committed entries without a place in the tree", registry=registry)
    with backends.transactions.read() as session:
        for state, count in session.execute(select(Document.state, func.count()).group_by(Document.state)):
            documents.labels(state).set(count)
        rows = session.execute(text("SELECT queue_name, status::text, count(*) FROM procrastinate_jobs GROUP BY 1, 2"))
        for queue, status, count in rows:
            jobs.labels(queue, status).set(count)
        lag = select(func.count()).where(Document.indexed_revision < Document.revision)
        waiting.set(session.scalar(lag) or 0)
        for kind, number in zip(("missing", "damaged"), wrong(session), strict=True):
            files.labels(kind).set(number)
        entries.set(unsequenced(session))
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")


def _may_know(request: Request) -> bool:
    try:
        return _trusted(request)
    except Unavailable:  # whose token it is cannot be looked up; what is missing is said without details
        return False


def _trusted(request: Request) -> bool:
    """Loopback without a proxy in between, or a token for metrics."""
    if request.headers.get("authorization"):
        return Scope.METRICS in signed_in(request).scopes
    if request.client is None or request.headers.get("x-forwarded-for") or request.headers.get("forwarded"):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
