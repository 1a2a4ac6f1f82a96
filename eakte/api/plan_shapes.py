"""The shapes of the filing plan: its classes, what they inherit, their versions and fields."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from eakte.api.shapes import Strict, Utc
from eakte.models import ALWAYS, PlanClassVersion
from eakte.operations.plan import ClassView
from retention.inheritance import Sourced


class Value(BaseModel):
    """A value with the class it comes from; `source` is null for the product's default."""

    value: str | None
    source: str | None = None

    @classmethod
    def of(cls, sourced: Sourced[Any]) -> Value:
        """From a resolved value."""
        return cls(value=None if sourced.value is None else str(sourced.value), source=sourced.source)


class FieldDefinition(Strict):
    """A data field of dossiers, cases or documents (`on`; dossiers unless said).

    `type` is text, number, date, choice, yes-no or money. Text has `max_length`, number `minimum` and `maximum`, choice
    `choices`. Values are JSON: dates as ISO 8601, money as text in euros ("1234.50").
    """

    name: str
    label: str
    type: str
    on: list[str] = Field(default_factory=list)
    required: bool = False
    choices: list[str] = Field(default_factory=list)
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = Field(default=None, ge=1, le=20_000)


class InheritedField(FieldDefinition):
    """A field with the class that defines it."""

    source: str


class PlanClassShape(BaseModel):
    """A class of the filing plan with what it inherits; `fields` are those it defines itself."""

    id: uuid.UUID
    number: str
    title: str
    description: str | None
    parent: uuid.UUID | None
    leaf: bool
    unit: uuid.UUID | None
    files_allowed: bool
    state: str
    state_since: date | None
    successor: uuid.UUID | None
    retention: dict[str, Value]
    appraisal: str
    offer_by: str
    disposal_level: str
    transfer_grace: str | None
    fields: list[FieldDefinition]
    revision: int

    @classmethod
    def of(cls, view: ClassView) -> PlanClassShape:
        """From a class and what holds for it."""
        row, said, resolved = view.row, view.said, view.resolved
        kept = ("term", "anchor", "rounding", "legal_basis", "valid_from", "applies_to")
        return cls(
            id=row.id,
            number=row.number,
            title=said.title,
            description=said.description,
            parent=row.parent_id,
            leaf=view.leaf,
            unit=said.unit_id,
            files_allowed=said.files_allowed,
            state=row.state,
            state_since=row.state_since,
            successor=row.successor_id,
            retention={name: Value.of(getattr(resolved, name)) for name in kept},
            appraisal=str(resolved.appraisal.value),
            offer_by=str(resolved.offer_by.value),
            disposal_level=str(resolved.disposal_level.value),
            transfer_grace=None if resolved.transfer_grace.value is None else str(resolved.transfer_grace.value),
            fields=[FieldDefinition(**each) for each in said.fields],
            revision=row.revision,
        )


class PlanClassVersionShape(BaseModel):
    """What a class says itself from a day on (null: since ever); null values are inherited."""

    valid_from: date | None
    recorded_at: Utc
    title: str
    description: str | None
    unit: uuid.UUID | None
    files_allowed: bool
    term: str | None
    anchor: str | None
    rounding: str | None
    legal_basis: str | None
    applies_to: str | None
    appraisal: str | None
    offer_by: str | None
    disposal_level: str | None
    transfer_grace: str | None
    fields: list[FieldDefinition]

    @classmethod
    def of(cls, row: PlanClassVersion) -> PlanClassVersionShape:
        """From a row."""
        same = (
            "recorded_at", "title", "description", "files_allowed", "term", "anchor", "rounding", "legal_basis",
            "applies_to", "appraisal", "offer_by", "disposal_level", "transfer_grace",
        )  # fmt: skip
        return cls(
            valid_from=None if row.valid_from == ALWAYS else row.valid_from,
            unit=row.unit_id,
            fields=[FieldDefinition(**each) for each in row.fields],
            **{name: getattr(row, name) for name in same},
        )
