"""`/units`: the tree of organisation units, their heads, and units that merge or split."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from eakte.api.account_shapes import UnitShape
from eakte.api.dependencies import Reader, ReadTx, RevisionGiven, RevisionRequired, Tx, etag
from eakte.api.paging import After, OptionalLimit, short_listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Strict
from eakte.models import Unit
from eakte.operations import restructuring
from eakte.operations.restructuring import Effect
from eakte.operations.units import create_unit, find_unit, list_units, set_head

router = ApiRouter(prefix="/units", tags=["units"])


class NewUnit(Strict):
    """A new organisation unit; `parent` by id or number."""

    number: str
    name: str
    parent: str | None = None


class UnitChange(Strict):
    """Who heads the unit, by login; null for nobody."""

    head: str | None


class MergePlan(Strict):
    """The unit that takes over, by id or number."""

    into: str


class Merge(MergePlan):
    """The same with the reason."""

    reason: str


class SplitPlan(Strict):
    """What goes to which unit: dossiers by branches of the plan (id or number) or by id, and people (login)."""

    to: str
    plan_classes: list[str] = Field(default_factory=list, max_length=300)
    dossiers: list[uuid.UUID] = Field(default_factory=list, max_length=300)
    users: list[str] = Field(default_factory=list, max_length=300)

    def split(self) -> restructuring.Split:
        """The same for the operation."""
        return restructuring.Split(self.plan_classes, self.dossiers, self.users)


class SplitOrder(SplitPlan):
    """The same with the reason."""

    reason: str


class EffectShape(BaseModel):
    """What the act changes; dossiers and documents that the asker may not know go along uncounted."""

    dossiers: int
    documents: int
    inbox_documents: int
    people: int
    plan_classes: int
    units_below: int
    mandates: int = Field(description="Audit mandates for this unit, which do not go over to the other one")

    @classmethod
    def of(cls, effect: Effect) -> EffectShape:
        """From a preview."""
        return cls(**{name: getattr(effect, name) for name in cls.model_fields})


@router.get("")
def index(
    request: Request, _actor: Reader, session: ReadTx, after: After = None, limit: OptionalLimit = None
) -> Listing[UnitShape]:
    """All units by number, closed ones too."""
    rows = list_units(session)
    return short_listing(request, rows, UnitShape.of, key=lambda row: row.id, after=after, limit=limit)


@router.post("", status_code=201, response_model=UnitShape)
def create(request: Request, tx: Tx, new: NewUnit, key: Key = None) -> Any:
    """A new unit (role registrar or admin)."""

    def act() -> tuple[int, UnitShape, int]:
        parent = find_unit(tx.session, new.parent, at="parent").id if new.parent else None
        row = create_unit(tx, number=new.number, name=new.name, parent_id=parent)
        return 201, UnitShape.of(row), row.revision

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.patch("/{unit_id}")
def change(
    response: Response, tx: Tx, unit_id: uuid.UUID, changes: UnitChange, revision: RevisionRequired
) -> UnitShape:
    """Mark its head: by the registrar or the head of a unit above (If-Match is needed)."""
    return _answer(response, set_head(tx, unit_id, changes.head, revision=revision))


@router.post("/{unit_id}/merge-preview")
def preview_merge(actor: Reader, session: ReadTx, unit_id: uuid.UUID, plan: MergePlan) -> EffectShape:
    """What `merge` would change; nothing is changed."""
    return EffectShape.of(restructuring.preview_merge(session, actor, unit_id, into=plan.into))


@router.post("/{unit_id}/merge")
def merge(response: Response, tx: Tx, unit_id: uuid.UUID, order: Merge, revision: RevisionGiven = None) -> UnitShape:
    """Let it become part of another unit, with all it has; it is closed (role registrar)."""
    row = restructuring.merge_unit(tx, unit_id, into=order.into, reason=order.reason, revision=revision)
    return _answer(response, row)


@router.post("/{unit_id}/split-preview")
def preview_split(actor: Reader, session: ReadTx, unit_id: uuid.UUID, plan: SplitPlan) -> EffectShape:
    """What `split` would change; nothing is changed."""
    return EffectShape.of(restructuring.preview_split(session, actor, unit_id, plan.split(), to=plan.to))


@router.post("/{unit_id}/split")
def split(
    response: Response, tx: Tx, unit_id: uuid.UUID, order: SplitOrder, revision: RevisionGiven = None
) -> UnitShape:
    """Give some of its dossiers and people to another unit (role registrar)."""
    row = restructuring.split_unit(tx, unit_id, order.split(), to=order.to, reason=order.reason, revision=revision)
    return _answer(response, row)


def _answer(response: Response, row: Unit) -> UnitShape:
    response.headers["ETag"] = etag(row.revision)
    return UnitShape.of(row)
