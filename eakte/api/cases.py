"""`/cases`: open, list, change, close, reopen."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from fastapi import Request, Response
from pydantic import Field

from eakte.api.dependencies import Composed, Reader, ReadTx, RevisionGiven, RevisionRequired, Tx, etag
from eakte.api.dossiers import LetterReference, Reopen
from eakte.api.histories import HistoryShape
from eakte.api.paging import After, Limit, listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import CaseShape, External, Listing, Strict
from eakte.operations import closing
from eakte.operations.changing import change_case
from eakte.operations.dossiers import readable_case, readable_dossier
from eakte.operations.external import asked_for
from eakte.operations.histories import case_history
from eakte.operations.listing import list_cases
from eakte.operations.opening import NewCase, create_case
from eakte.operations.references import letter_reference
from eakte.operations.upserting import put_case

router = ApiRouter(prefix="/cases", tags=["cases"])


class CaseWords(Strict):
    """What is said of a case of a dossier; with a `parent` it is a sub-case of that case."""

    dossier: uuid.UUID | None = None
    parent: uuid.UUID | None = None
    title: str
    fields: dict[str, Any] = Field(default_factory=dict)

    def words(self, external: External | None) -> NewCase:
        """The same for the operation, under a key of another system."""
        return NewCase(
            **self.model_dump(exclude={"external"}),
            external_system=external.system if external else None,
            external_id=external.id if external else None,
        )


class CaseRequest(CaseWords):
    """A new case."""

    external: External | None = None


class CaseChange(Strict):
    """Changes; what is not named stays."""

    title: str | None = None
    fields: dict[str, Any] | None = None


class CloseCase(Strict):
    """Close a case, with `close_cases` its open sub-cases too."""

    closed_on: date | None = None
    close_cases: bool = False


@router.post(
    "",
    status_code=201,
    response_model=CaseShape,
    responses={200: {"model": CaseShape, "description": "The external key was known: what it names"}},
)
def create(request: Request, tx: Tx, new: CaseRequest, key: Key = None) -> Any:
    """A new case in a dossier; a known external key answers 200 with what it names."""

    def act() -> tuple[int, CaseShape, int]:
        row, is_new = create_case(tx, new.words(new.external))
        return 201 if is_new else 200, CaseShape.of(row), row.revision

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.put(
    "/external/{system}/{external_id:path}",
    response_model=CaseShape,
    responses={201: {"model": CaseShape, "description": "The key was unknown: a new case"}},
)
def put(
    response: Response, tx: Tx, system: str, external_id: str, said: CaseWords, revision: RevisionGiven = None
) -> CaseShape:
    """The case that another system's key names, as it is said here: made if there is none, else changed."""
    row, is_new = put_case(
        tx,
        said.words(External(system=system, id=external_id)),
        said=frozenset(said.model_fields_set),
        revision=revision,
    )
    response.status_code = 201 if is_new else 200
    response.headers["ETag"] = etag(row.revision)
    return CaseShape.of(row)


@router.get("")
def index(
    request: Request,
    actor: Reader,
    session: ReadTx,
    dossier: uuid.UUID | None = None,
    parent: uuid.UUID | None = None,
    external_system: str | None = None,
    external_id: str | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Listing[CaseShape]:
    """Cases of a dossier, newest first, or the sub-cases of one; or the case that an external key names."""
    external = asked_for(session, actor, external_system, external_id)
    page = list_cases(session, actor, dossier, parent=parent, external=external, after=after, limit=limit)
    return listing(request, [CaseShape.of(row) for row in page.items], page.next)


@router.get("/{case_id}")
def show(response: Response, actor: Reader, session: ReadTx, case_id: uuid.UUID) -> CaseShape:
    """One case."""
    row = readable_case(session, actor, case_id)
    response.headers["ETag"] = etag(row.revision)
    return CaseShape.of(row)


@router.patch("/{case_id}")
def change(
    response: Response, tx: Tx, case_id: uuid.UUID, changes: CaseChange, revision: RevisionRequired
) -> CaseShape:
    """Change what is said about it (If-Match is needed)."""
    row = change_case(tx, case_id, changes.model_dump(exclude_unset=True), revision=revision)
    response.headers["ETag"] = etag(row.revision)
    return CaseShape.of(row)


@router.get("/{case_id}/letter-reference")
def letter(actor: Reader, session: ReadTx, backends: Composed, case_id: uuid.UUID) -> LetterReference:
    """Its letter reference, made of unit, reference number and the number of the case."""
    case = readable_case(session, actor, case_id)
    row = readable_dossier(session, actor, case.dossier_id)
    pattern = backends.settings.letter_pattern
    text = letter_reference(pattern, unit=row.unit.number, reference=row.reference_number, case=case.ordinal)
    return LetterReference(letter_reference=text)


@router.get("/{case_id}/history")
def history(
    request: Request, actor: Reader, session: ReadTx, case_id: uuid.UUID, after: After = None, limit: Limit = 50
) -> Listing[HistoryShape]:
    """What happened to it and what stood there before, newest first."""
    page = case_history(session, actor, case_id, after=after, limit=limit)
    return listing(request, [HistoryShape.of(each) for each in page.items], page.next)


@router.post("/{case_id}/close")
def close(
    response: Response, tx: Tx, case_id: uuid.UUID, order: CloseCase, revision: RevisionGiven = None
) -> CaseShape:
    """Close a case. Open sub-cases without `close_cases`: 409 naming them."""
    row = closing.close_case(tx, case_id, closed_on=order.closed_on, close_cases=order.close_cases, revision=revision)
    response.headers["ETag"] = etag(row.revision)
    return CaseShape.of(row)


@router.post("/{case_id}/reopen")
def reopen(response: Response, tx: Tx, case_id: uuid.UUID, order: Reopen, revision: RevisionGiven = None) -> CaseShape:
    """Open a case again."""
    row = closing.reopen_case(tx, case_id, reason=order.reason, revision=revision)
    response.headers["ETag"] = etag(row.revision)
    return CaseShape.of(row)
