"""`/dossiers`: open, list, change, move, close, reopen."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from eakte.api.dependencies import Composed, Reader, ReadTx, RevisionGiven, RevisionRequired, Tx, etag
from eakte.api.histories import HistoryShape
from eakte.api.paging import After, Limit, listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import DossierShape, External, Listing, Strict
from eakte.models import Dossier
from eakte.operations import closing, moving
from eakte.operations.changing import change_dossier
from eakte.operations.dossier_lists import DossierFilter, list_dossiers
from eakte.operations.dossiers import readable_dossier
from eakte.operations.extending import extend_retention
from eakte.operations.histories import dossier_history
from eakte.operations.opening import NewDossier, create_dossier
from eakte.operations.references import letter_reference
from eakte.operations.upserting import put_dossier

router = ApiRouter(tags=["dossiers"])


class DossierSaid(Strict):
    """What is said of a dossier. `plan_class` and `unit` by id or number; the unit is the caller's unless named."""

    plan_class: str
    title: str
    unit: str | None = None
    confidentiality: str = "internal"
    medium: str = "electronic"
    location: str | None = None
    fields: dict[str, Any] = Field(default_factory=dict)

    def words(self, external: External | None) -> NewDossier:
        """The same for the operation, under a key of another system."""
        said = self.model_dump(exclude={"external"})
        return NewDossier(
            **said,
            external_system=external.system if external else None,
            external_id=external.id if external else None,
        )


class DossierRequest(DossierSaid):
    """A new dossier."""

    reference_number: str | None = Field(default=None, description="Of another system, kept as it is (registrar)")
    former_references: list[str] = Field(
        default_factory=list, max_length=20, description="Numbers it had before, which shall find it (registrar)"
    )
    external: External | None = None


class DossierChange(Strict):
    """Changes; what is not named stays."""

    title: str | None = None
    medium: str | None = None
    location: str | None = None
    fields: dict[str, Any] | None = None


class MoveDossier(Strict):
    """Into another class, by id or number; `fields` where those of the new class are others."""

    plan_class: str
    reason: str
    fields: dict[str, Any] | None = None


class ReassignDossier(Strict):
    """To another unit, by id or number."""

    unit: str
    reason: str
    confidentiality: str | None = None


class Classify(Strict):
    """Another level of confidentiality."""

    confidentiality: str
    reason: str


class Extend(Strict):
    """Until when it is kept at least; null goes back to the term of its class."""

    keep_until: date | None
    reason: str


class LetterReference(BaseModel):
    """What is printed on letters (Geschäftszeichen)."""

    letter_reference: str


class CloseDossier(Strict):
    """zdA. A day in the future or before the youngest document needs the registrar and a reason."""

    closed_on: date | None = None
    close_cases: bool = False
    reason: str | None = None


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
        row, is_new = create_dossier(tx, new.words(new.external), pattern=backends.settings.reference_pattern)
        return 201 if is_new else 200, DossierShape.of(row), row.revision

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.put(
    "/dossiers/external/{system}/{external_id:path}",
    response_model=DossierShape,
    responses={201: {"model": DossierShape, "description": "The key was unknown: a new dossier"}},
)
def put(
    response: Response,
    tx: Tx,
    backends: Composed,
    system: str,
    external_id: str,
    said: DossierSaid,
    revision: RevisionGiven = None,
) -> DossierShape:
    """The dossier that another system's key names, as it is said here: made if there is none, else changed.

    What is not said stays. The name of a system belongs to the account that used it first; others get 403.
    """
    row, is_new = put_dossier(
        tx,
        said.words(External(system=system, id=external_id)),
        said=frozenset(said.model_fields_set),
        revision=revision,
        pattern=backends.settings.reference_pattern,
    )
    response.status_code = 201 if is_new else 200
    return _answer(response, row)


@router.get("/dossiers")
def index(
    request: Request,
    actor: Reader,
    session: ReadTx,
    plan_class: Annotated[str | None, Query(alias="class")] = None,
    unit: str | None = None,
    state: str | None = None,
    reference: Annotated[str | None, Query(description="A number that it has or had, in any spelling")] = None,
    external_system: str | None = None,
    external_id: str | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Listing[DossierShape]:
    """Dossiers by reference number; with `reference` or an external key the one that it names."""
    chosen = DossierFilter(
        plan_class=plan_class,
        unit=unit,
        state=state,
        reference=reference,
        external_system=external_system,
        external_id=external_id,
    )
    page = list_dossiers(session, actor, chosen, after=after, limit=limit)
    return listing(request, [DossierShape.of(row) for row in page.items], page.next)


@router.get("/dossiers/{dossier_id}")
def show(response: Response, actor: Reader, session: ReadTx, dossier_id: uuid.UUID) -> DossierShape:
    """One dossier."""
    row = readable_dossier(session, actor, dossier_id)
    return _answer(response, row)


@router.patch("/dossiers/{dossier_id}")
def change(
    response: Response, tx: Tx, dossier_id: uuid.UUID, changes: DossierChange, revision: RevisionRequired
) -> DossierShape:
    """Change what is said about it (If-Match is needed)."""
    row = change_dossier(tx, dossier_id, changes.model_dump(exclude_unset=True), revision=revision)
    return _answer(response, row)


@router.post("/dossiers/{dossier_id}/move")
def move(
    response: Response,
    tx: Tx,
    backends: Composed,
    dossier_id: uuid.UUID,
    order: MoveDossier,
    revision: RevisionGiven = None,
) -> DossierShape:
    """Put it into another class, under a new reference number; the old one still finds it (role registrar)."""
    row = moving.move_dossier(
        tx,
        dossier_id,
        plan_class=order.plan_class,
        reason=order.reason,
        fields=order.fields,
        pattern=backends.settings.reference_pattern,
        revision=revision,
    )
    return _answer(response, row)


@router.post("/dossiers/{dossier_id}/reassign")
def reassign(
    response: Response, tx: Tx, dossier_id: uuid.UUID, order: ReassignDossier, revision: RevisionGiven = None
) -> DossierShape:
    """Make another unit responsible (role registrar)."""
    row = moving.reassign_dossier(
        tx,
        dossier_id,
        unit=order.unit,
        reason=order.reason,
        confidentiality=order.confidentiality,
        revision=revision,
    )
    return _answer(response, row)


@router.post("/dossiers/{dossier_id}/confidentiality")
def classify(
    response: Response, tx: Tx, dossier_id: uuid.UUID, order: Classify, revision: RevisionGiven = None
) -> DossierShape:
    """Give it another level of confidentiality: who works in it on both levels, or the registrar."""
    row = moving.classify_dossier(
        tx, dossier_id, confidentiality=order.confidentiality, reason=order.reason, revision=revision
    )
    return _answer(response, row)


@router.post("/dossiers/{dossier_id}/retention")
def extend(
    response: Response, tx: Tx, dossier_id: uuid.UUID, order: Extend, revision: RevisionGiven = None
) -> DossierShape:
    """Say until when it is kept at least, with a reason; never shorter than its class says (role registrar)."""
    row = extend_retention(tx, dossier_id, keep_until=order.keep_until, reason=order.reason, revision=revision)
    return _answer(response, row)


@router.get("/dossiers/{dossier_id}/letter-reference")
def letter(actor: Reader, session: ReadTx, backends: Composed, dossier_id: uuid.UUID) -> LetterReference:
    """Its letter reference, made of unit and reference number."""
    row = readable_dossier(session, actor, dossier_id)
    pattern = backends.settings.letter_pattern
    text = letter_reference(pattern, unit=row.unit.number, reference=row.reference_number, case=None)
    return LetterReference(letter_reference=text)


@router.get("/dossiers/{dossier_id}/history")
def history(
    request: Request, actor: Reader, session: ReadTx, dossier_id: uuid.UUID, after: After = None, limit: Limit = 50
) -> Listing[HistoryShape]:
    """What happened to it and what stood there before, newest first."""
    page = dossier_history(session, actor, dossier_id, after=after, limit=limit)
    return listing(request, [HistoryShape.of(each) for each in page.items], page.next)


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
    return _answer(response, row)


@router.post("/dossiers/{dossier_id}/reopen")
def reopen(
    response: Response, tx: Tx, dossier_id: uuid.UUID, order: Reopen, revision: RevisionGiven = None
) -> DossierShape:
    """Open it again."""
    row = closing.reopen_dossier(tx, dossier_id, reason=order.reason, revision=revision)
    return _answer(response, row)


@router.post("/dossiers/{dossier_id}/events", status_code=201, response_model=DossierShape)
def event(request: Request, tx: Tx, dossier_id: uuid.UUID, said: Event, key: Key = None) -> Any:
    """Say when a named event happened; the term is counted anew."""

    def act() -> tuple[int, DossierShape, int]:
        row = closing.set_event(tx, dossier_id, name=said.name, on=said.on)
        return 201, DossierShape.of(row), row.revision

    return created(tx, request, key, said.model_dump_json().encode(), act)


def _answer(response: Response, row: Dossier) -> DossierShape:
    response.headers["ETag"] = etag(row.revision)
    return DossierShape.of(row)
