"""`/dossiers` and `/cases`: open, list, close, reopen."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from eakte.api.dependencies import Composed, Reader, ReadTx, RevisionGiven, Tx, etag
from eakte.api.paging import After, Limit, listing
from eakte.api.replies import Key, created
from eakte.api.shapes import CaseShape, DossierShape, External, Listing, Strict
from eakte.operations import closing
from eakte.operations.dossiers import NewDossier, create_case, create_dossier, readable_case, readable_dossier
from eakte.operations.listing import DossierFilter, list_cases, list_dossiers

router = APIRouter(tags=["dossiers"])


class DossierRequest(Strict):
    """A new dossier. `plan_class` and `unit` by id or number; the unit is the caller's unless named."""

    plan_class: str
    title: str
    unit: str | None = None
    confidentiality: str = "internal"
    medium: str = "electronic"
    external: External | None = None
    fields: dict[str, Any] = Field(default_factory=dict)


class CaseRequest(Strict):
    """A new case."""

    dossier: uuid.UUID
    title: str


class CloseDossier(Strict):
    """zdA. A day in the future or before the youngest document needs the registrar and a reason."""

    closed_on: date | None = None
    close_cases: bool = False
    reason: str | None = None


class CloseCase(Strict):
    """Close a case."""

    closed_on: date | None = None


class Reopen(Strict):
    """Open again."""

    reason: str


class Event(Strict):
    """A named event with its day (anchor `event:NAME`)."""

    name: str
    on: date


@router.post(
    "/dossiers",
    status_code=201,
    response_model=DossierShape,
    responses={200: {"model": DossierShape, "description": "The external key was known: what it names"}},
)
def create(request: Request, tx: Tx, backends: Composed, new: DossierRequest, key: Key = None) -> Any:
    """A new dossier with the next reference number; a known external key answers 200 with what it names."""

    def act() -> tuple[int, DossierShape, int]:
        row, is_new = create_dossier(
            tx,
            NewDossier(
                plan_class=new.plan_class,
                title=new.title,
                unit=new.unit,
                confidentiality=new.confidentiality,
                medium=new.medium,
                external_system=new.external.system if new.external else None,
                external_id=new.external.id if new.external else None,
                fields=new.fields,
            ),
            pattern=backends.settings.reference_pattern,
        )
        return 201 if is_new else 200, DossierShape.of(row), row.revision

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("/dossiers")
def index(
    request: Request,
    actor: Reader,
    session: ReadTx,
    plan_class: Annotated[str | None, Query(alias="class")] = None,
    unit: str | None = None,
    state: str | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Listing[DossierShape]:
    """Dossiers by reference number."""
    chosen = DossierFilter(plan_class=plan_class, unit=unit, state=state)
    page = list_dossiers(session, actor, chosen, after=after, limit=limit)
    return listing(request, [DossierShape.of(row) for row in page.items], page.next)


@router.get("/dossiers/{dossier_id}")
def show(response: Response, actor: Reader, session: ReadTx, dossier_id: uuid.UUID) -> DossierShape:
    """One dossier."""
    row = readable_dossier(session, actor, dossier_id)
    response.headers["ETag"] = etag(row.revision)
    return DossierShape.of(row)


@router.post("/dossiers/{dossier_id}/close")
def close(
    response: Response, tx: Tx, dossier_id: uuid.UUID, order: CloseDossier, revision: RevisionGiven = None
) -> DossierShape:
    """Close it and count its term. Open cases without `close_cases`: 409 naming them."""
    row = closing.close_dossier(
        tx,
        dossier_id,
        closed_on=order.closed_on,
        close_cases=order.close_cases,
        reason=order.reason,
        revision=revision,
    )
    response.headers["ETag"] = etag(row.revision)
    return DossierShape.of(row)


@router.post("/dossiers/{dossier_id}/reopen")
def reopen(
    response: Response, tx: Tx, dossier_id: uuid.UUID, order: Reopen, revision: RevisionGiven = None
) -> DossierShape:
    """Open it again."""
    row = closing.reopen_dossier(tx, dossier_id, reason=order.reason, revision=revision)
    response.headers["ETag"] = etag(row.revision)
    return DossierShape.of(row)


@router.post("/dossiers/{dossier_id}/events", status_code=201)
def event(response: Response, tx: Tx, dossier_id: uuid.UUID, said: Event) -> DossierShape:
    """Say when a named event happened; the term is counted anew."""
    row = closing.set_event(tx, dossier_id, name=said.name, on=said.on)
    response.headers["ETag"] = etag(row.revision)
    return DossierShape.of(row)


@router.post("/cases", status_code=201, response_model=CaseShape, tags=["cases"])
def create_case_route(request: Request, tx: Tx, new: CaseRequest, key: Key = None) -> Any:
    """A new case in a dossier."""

    def act() -> tuple[int, CaseShape, int]:
        row = create_case(tx, dossier_id=new.dossier, title=new.title)
        return 201, CaseShape.of(row), row.revision

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("/cases", tags=["cases"])
def index_cases(
    request: Request, actor: Reader, session: ReadTx, dossier: uuid.UUID, after: After = None, limit: Limit = 50
) -> Listing[CaseShape]:
    """Cases of a dossier, newest first."""
    page = list_cases(session, actor, dossier, after=after, limit=limit)
    return listing(request, [CaseShape.of(row) for row in page.items], page.next)


@router.get("/cases/{case_id}", tags=["cases"])
def show_case(response: Response, actor: Reader, session: ReadTx, case_id: uuid.UUID) -> CaseShape:
    """One case."""
    row = readable_case(session, actor, case_id)
    response.headers["ETag"] = etag(row.revision)
    return CaseShape.of(row)


@router.post("/cases/{case_id}/close", tags=["cases"])
def close_case(
    response: Response, tx: Tx, case_id: uuid.UUID, order: CloseCase, revision: RevisionGiven = None
) -> CaseShape:
    """Close a case."""
    row = closing.close_case(tx, case_id, closed_on=order.closed_on, revision=revision)
    response.headers["ETag"] = etag(row.revision)
    return CaseShape.of(row)


@router.post("/cases/{case_id}/reopen", tags=["cases"])
def reopen_case(
    response: Response, tx: Tx, case_id: uuid.UUID, order: Reopen, revision: RevisionGiven = None
) -> CaseShape:
    """Open a case again."""
    row = closing.reopen_case(tx, case_id, reason=order.reason, revision=revision)
    response.headers["ETag"] = etag(row.revision)
    return CaseShape.of(row)
