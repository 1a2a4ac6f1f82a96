"""`/plan-classes`: the filing plan."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from fastapi import APIRouter, Request

from eakte.api.dependencies import Reader, ReadTx, Tx
from eakte.api.paging import After, OptionalLimit, short_listing
from eakte.api.replies import Key, created
from eakte.api.shapes import Listing, PlanClassShape, Strict
from eakte.operations.plan import RetentionWords, create_class, list_classes, view_class

router = APIRouter(prefix="/plan-classes", tags=["plan-classes"])


class RetentionRule(Strict):
    """What a class says about its term; unset is inherited."""

    term: str | None = None
    anchor: str | None = None
    rounding: str | None = None
    legal_basis: str | None = None
    valid_from: date | None = None
    applies_to: str | None = None


class NewPlanClass(Strict):
    """A new class. `parent` and `unit` by id or number."""

    number: str
    title: str
    parent: str | None = None
    unit: str | None = None
    retention: RetentionRule | None = None
    appraisal: str | None = None
    offer_by: str | None = None
    disposal_level: str | None = None
    transfer_grace: str | None = None
    files_allowed: bool = True


@router.post("", status_code=201, response_model=PlanClassShape)
def create(request: Request, tx: Tx, new: NewPlanClass, key: Key = None) -> Any:
    """A new class of the filing plan (role registrar)."""

    def act() -> tuple[int, PlanClassShape, int]:
        rule = new.retention or RetentionRule()
        row = create_class(
            tx,
            number=new.number,
            title=new.title,
            parent=new.parent,
            unit=new.unit,
            files_allowed=new.files_allowed,
            words=RetentionWords(
                **rule.model_dump(),
                appraisal=new.appraisal,
                offer_by=new.offer_by,
                disposal_level=new.disposal_level,
                transfer_grace=new.transfer_grace,
            ),
        )
        return 201, PlanClassShape.of(view_class(tx.session, row.id)), row.revision

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("")
def index(
    request: Request, _actor: Reader, session: ReadTx, after: After = None, limit: OptionalLimit = None
) -> Listing[PlanClassShape]:
    """The whole plan in reading order, flat."""
    views = list_classes(session)
    return short_listing(request, views, PlanClassShape.of, key=lambda view: view.row.id, after=after, limit=limit)


@router.get("/{class_id}")
def show(_actor: Reader, session: ReadTx, class_id: uuid.UUID) -> PlanClassShape:
    """One class with what it inherits and from where."""
    return PlanClassShape.of(view_class(session, class_id))
