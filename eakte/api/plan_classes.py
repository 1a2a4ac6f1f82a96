"""`/plan-classes`: the filing plan, as it is, was and will be."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from eakte.api.dependencies import Reader, ReadTx, RevisionGiven, RevisionRequired, Tx, etag
from eakte.api.paging import After, OptionalLimit, short_listing
from eakte.api.plan_shapes import FieldDefinition, InheritedField, PlanClassShape, PlanClassVersionShape
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Strict
from eakte.language import _
from eakte.operations import plan_changes, plan_life
from eakte.operations.checking import one_of
from eakte.operations.fields import FieldOwner, definitions_of, json_schema
from eakte.operations.plan import create_class, list_classes, list_versions, view_class
from eakte.operations.plan_rules import RetentionWords
from eakte.transaction import Transaction

router = ApiRouter(prefix="/plan-classes", tags=["plan-classes"])

On = Annotated[date | None, Query(description="The day that is asked about; today unless given")]


class RetentionRule(Strict):
    """What a class says about its term; unset is inherited."""

    term: str | None = None
    anchor: str | None = None
    rounding: str | None = None
    legal_basis: str | None = None
    valid_from: date | None = None
    applies_to: str | None = None


class PartOfClass(Strict):
    """A new class below one that is divided; `unit` by id or number."""

    number: str
    title: str
    description: str | None = None
    unit: str | None = None
    retention: RetentionRule | None = None
    appraisal: str | None = None
    offer_by: str | None = None
    disposal_level: str | None = None
    transfer_grace: str | None = None
    files_allowed: bool = True
    fields: list[FieldDefinition] = Field(default_factory=list)

    def words(self) -> RetentionWords:
        """What it says about keeping."""
        rule = self.retention or RetentionRule()
        return RetentionWords(
            **rule.model_dump(),
            appraisal=self.appraisal,
            offer_by=self.offer_by,
            disposal_level=self.disposal_level,
            transfer_grace=self.transfer_grace,
        )


class NewPlanClass(PartOfClass):
    """A new class. `parent` and `unit` by id or number."""

    parent: str | None = None


class PlanClassChange(Strict):
    """What shall hold from a day on; what is not named stays, null is inherited from then on.

    The day is `valid_from`, else that of `retention`, else today. `retention.applies_to` says whether the rule reaches
    back to running terms (open-terms) or holds for closings from the day on (closings, which is the usual).
    """

    title: str | None = None
    description: str | None = None
    unit: str | None = None
    retention: RetentionRule | None = None
    appraisal: str | None = None
    offer_by: str | None = None
    disposal_level: str | None = None
    transfer_grace: str | None = None
    files_allowed: bool | None = None
    fields: list[FieldDefinition] | None = None
    valid_from: date | None = None
    reason: str | None = None

    def change(self) -> plan_changes.ClassChange:
        """The same for the operation: only what was named."""
        said = self.model_dump(exclude_unset=True)
        day, reason = said.pop("valid_from", None), said.pop("reason", None)
        rule = said.pop("retention", None) or {}
        day = day or rule.pop("valid_from", None)
        return plan_changes.ClassChange(said={**said, **rule}, valid_from=day, reason=reason)


class PreviewShape(BaseModel):
    """Closed dossiers of the branch that would become due earlier, later, or as before."""

    earlier: int
    later: int
    same: int


class WithReason(Strict):
    """An act with its reason."""

    reason: str | None = None


class ReopenClass(Strict):
    """Take files again."""

    reason: str


class MergeClass(Strict):
    """Where new files go from now on; `into` by id or number."""

    into: str
    reason: str | None = None


class DivideClass(Strict):
    """The new classes below; each may say what a class says."""

    parts: list[PartOfClass]
    reason: str | None = None


class SchemaShape(BaseModel):
    """The fields of one kind of object as JSON Schema (2020-12), and as they were defined."""

    json_schema: dict[str, Any]
    fields: list[InheritedField]


@router.post("", status_code=201, response_model=PlanClassShape)
def create(request: Request, tx: Tx, new: NewPlanClass, key: Key = None) -> Any:
    """A new class of the filing plan (role registrar)."""

    def act() -> tuple[int, PlanClassShape, int]:
        row = create_class(
            tx,
            number=new.number,
            title=new.title,
            parent=new.parent,
            unit=new.unit,
            files_allowed=new.files_allowed,
            words=new.words(),
            description=new.description,
            fields=[each.model_dump() for each in new.fields],
        )
        return 201, PlanClassShape.of(view_class(tx.session, row.id)), row.revision

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("")
def index(
    request: Request,
    _actor: Reader,
    session: ReadTx,
    on: On = None,
    after: After = None,
    limit: OptionalLimit = None,
) -> Listing[PlanClassShape]:
    """The whole plan in reading order, flat."""
    views = list_classes(session, on)
    return short_listing(request, views, PlanClassShape.of, key=lambda view: view.row.id, after=after, limit=limit)


@router.get("/{class_id}")
def show(response: Response, _actor: Reader, session: ReadTx, class_id: uuid.UUID, on: On = None) -> PlanClassShape:
    """One class with what it inherits and from where."""
    view = view_class(session, class_id, on)
    response.headers["ETag"] = etag(view.row.revision)
    return PlanClassShape.of(view)


@router.get("/{class_id}/versions")
def versions(
    request: Request,
    _actor: Reader,
    session: ReadTx,
    class_id: uuid.UUID,
    after: After = None,
    limit: OptionalLimit = None,
) -> Listing[PlanClassVersionShape]:
    """What the class itself said and will say, newest first."""
    rows = list_versions(session, class_id)
    return short_listing(request, rows, PlanClassVersionShape.of, key=lambda row: row.id, after=after, limit=limit)


@router.get("/{class_id}/fields")
def fields(
    _actor: Reader,
    session: ReadTx,
    class_id: uuid.UUID,
    owner: Annotated[str, Query(alias="for", description="dossier, case or document")] = "dossier",
) -> SchemaShape:
    """The data fields of the class's dossiers, cases or documents, inherited ones included."""
    kind = one_of(FieldOwner, owner, at="for", label=_("Gehört zu"))
    found = definitions_of(session, view_class(session, class_id).row)
    mine = [InheritedField(**each) for each in found if kind.value in each["on"]]
    return SchemaShape(json_schema=json_schema(found, kind), fields=mine)


@router.patch("/{class_id}")
def change(
    response: Response, tx: Tx, class_id: uuid.UUID, changes: PlanClassChange, revision: RevisionRequired
) -> PlanClassShape:
    """Let the class say something else from a day on (role registrar; If-Match is needed)."""
    row = plan_changes.change_class(tx, class_id, changes.change(), revision=revision)
    return _answer(response, tx, row.id)


@router.post("/{class_id}/preview")
def preview(actor: Reader, session: ReadTx, class_id: uuid.UUID, changes: PlanClassChange) -> PreviewShape:
    """What a change would do to running terms; nothing is changed (role registrar)."""
    found = plan_changes.preview_change(session, actor, class_id, changes.change())
    return PreviewShape(earlier=found.earlier, later=found.later, same=found.same)


@router.post("/{class_id}/close")
def close(
    response: Response, tx: Tx, class_id: uuid.UUID, order: WithReason, revision: RevisionGiven = None
) -> PlanClassShape:
    """Take no new files (role registrar)."""
    plan_life.close_class(tx, class_id, reason=order.reason, revision=revision)
    return _answer(response, tx, class_id)


@router.post("/{class_id}/reopen")
def reopen(
    response: Response, tx: Tx, class_id: uuid.UUID, order: ReopenClass, revision: RevisionGiven = None
) -> PlanClassShape:
    """Take files again, after it was closed, merged or divided (role registrar)."""
    plan_life.reopen_class(tx, class_id, reason=order.reason, revision=revision)
    return _answer(response, tx, class_id)


@router.post("/{class_id}/merge")
def merge(
    response: Response, tx: Tx, class_id: uuid.UUID, order: MergeClass, revision: RevisionGiven = None
) -> PlanClassShape:
    """Let it end in another class, which takes its new files (role registrar)."""
    plan_life.merge_class(tx, class_id, into=order.into, reason=order.reason, revision=revision)
    return _answer(response, tx, class_id)


@router.post("/{class_id}/divide")
def divide(
    response: Response, tx: Tx, class_id: uuid.UUID, order: DivideClass, revision: RevisionGiven = None
) -> PlanClassShape:
    """Divide a leaf into new classes below it; it keeps its old files (role registrar)."""
    parts = [
        {
            **each.model_dump(include={"number", "title", "description", "unit", "files_allowed", "fields"}),
            "words": each.words(),
        }
        for each in order.parts
    ]
    plan_life.divide_class(tx, class_id, parts, reason=order.reason, revision=revision)
    return _answer(response, tx, class_id)


def _answer(response: Response, tx: Transaction, class_id: uuid.UUID) -> PlanClassShape:
    view = view_class(tx.session, class_id)
    response.headers["ETag"] = etag(view.row.revision)
    return PlanClassShape.of(view)
