"""The shapes of answers (docs: interface), made from rows: what all have in common, dossiers and cases.

References are ids; days are days in Europe/Berlin.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from eakte.models import Case, Document, Dossier
from eakte.operations.dossiers import state_on
from eakte.terms import Level, today

T = TypeVar("T")
Following = Annotated[str | None, Field(exclude_if=lambda path: path is None, description="Path of the next page")]
"""`next` of a list: a path to follow, absent on the last page."""

Utc = Annotated[datetime, PlainSerializer(lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), return_type=str)]


class Strict(BaseModel):
    """A request body: unknown names are errors, because a misspelt one would be silently ignored."""

    model_config = ConfigDict(extra="forbid", str_max_length=20_000)


class Listing(BaseModel, Generic[T]):
    """One page of a list; `next` is a path to follow, absent on the last page."""

    items: list[T]
    next: Following = None


class RetentionShape(BaseModel):
    """The term of a dossier. `end` is its last day; null when permanent, open, or waiting (`state` says which)."""

    end: date | None
    offer_by: date | None
    state: str
    rule: str | None
    legal_basis: str | None
    keep_until: date | None = Field(description="Kept until then at least, beyond the term of its class")


class External(Strict):
    """A key of another system."""

    system: str
    id: str


def external_of(row: Dossier | Case | Document) -> External | None:
    """The key that another system has for it."""
    if row.external_system is None or row.external_id is None:
        return None
    return External(system=row.external_system, id=row.external_id)


class LoanShape(BaseModel):
    """Who has the paper, since when and until when."""

    to: str
    since: date
    until: date | None


class DossierShape(BaseModel):
    """A dossier; `former_references` are the numbers that it had before and that find it still."""

    id: uuid.UUID
    reference_number: str
    former_references: list[str]
    title: str
    plan_class: uuid.UUID
    unit: uuid.UUID
    confidentiality: str
    medium: str
    location: str | None
    lent: LoanShape | None
    state: str
    opened_on: date
    closed_on: date | None
    retention: RetentionShape
    external: External | None
    fields: dict[str, Any]
    revision: int

    @classmethod
    def of(cls, row: Dossier) -> DossierShape:
        """From a row, as it stands today."""
        lent = (
            LoanShape(to=row.lent_to, since=row.lent_on, until=row.lent_until) if row.lent_to and row.lent_on else None
        )
        return cls(
            id=row.id,
            reference_number=row.reference_number,
            former_references=list(row.former_references or []),
            title=row.title,
            plan_class=row.plan_class_id,
            unit=row.unit_id,
            confidentiality=Level(row.confidentiality).word,
            medium=row.medium,
            location=row.location,
            lent=lent,
            state=state_on(row, today()).value,
            opened_on=row.opened_on,
            closed_on=row.closed_on,
            retention=RetentionShape(
                end=row.retention_end,
                offer_by=row.retention_offer_by,
                state=row.retention_state,
                rule=row.retention_rule,
                legal_basis=row.retention_basis,
                keep_until=row.keep_until,
            ),
            external=external_of(row),
            fields=row.fields or {},
            revision=row.revision,
        )


class CaseShape(BaseModel):
    """A case of a dossier; with a `parent` a sub-case."""

    id: uuid.UUID
    dossier: uuid.UUID
    parent: uuid.UUID | None
    ordinal: int
    title: str
    state: str
    closed_on: date | None
    external: External | None
    fields: dict[str, Any]
    revision: int

    @classmethod
    def of(cls, row: Case) -> CaseShape:
        """From a row."""
        return cls(
            id=row.id,
            dossier=row.dossier_id,
            parent=row.parent_id,
            ordinal=row.ordinal,
            title=row.title,
            state=row.state,
            closed_on=row.closed_on,
            external=external_of(row),
            fields=row.fields or {},
            revision=row.revision,
        )
