"""The shapes of answers (docs: interface), made from rows. References are ids; days are days in Europe/Berlin."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from eakte.models import Case, Document, Dossier, Token, Unit, User, Version
from eakte.operations.documents import DocumentView
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


class RenditionShape(BaseModel):
    """How far there is a PDF/A."""

    state: str
    flavour: str | None
    reason: str | None


class TextShape(BaseModel):
    """How far there is text."""

    state: str
    reason: str | None


class ProgressShape(BaseModel):
    """Pages recognised of pages in all."""

    done: int
    total: int


class CheckOutShape(BaseModel):
    """Who writes the next version, since when."""

    by: uuid.UUID
    name: str
    since: Utc


class FinalShape(BaseModel):
    """Who said that this version is the last one, and when."""

    by: uuid.UUID | None
    at: Utc


class CancelledShape(BaseModel):
    """Who cancelled the document, when and why."""

    by: uuid.UUID | None
    at: Utc
    reason: str


class DocumentShape(BaseModel):
    """A document with its current version."""

    id: uuid.UUID
    dossier: uuid.UUID | None
    case: uuid.UUID | None
    inbox: uuid.UUID | None
    source: uuid.UUID | None = Field(description="The document that this one was inside of: a mail, an archive")
    volume: uuid.UUID | None
    external: External | None
    title: str
    kind: str
    received_on: date | None
    sent_on: date | None
    written_on: date | None
    sender: str | None
    addressee: str | None
    further_senders: list[str]
    further_addressees: list[str]
    fields: dict[str, Any]
    version: int
    checked_out: CheckOutShape | None
    final: FinalShape | None
    cancelled: CancelledShape | None
    filename: str
    media_type: str
    size: int
    sha256: str
    state: str
    state_reason: str | None
    progress: ProgressShape | None
    pages: int | None
    revision: int
    rendition: RenditionShape
    text: TextShape
    warnings: list[str]
    created_at: Utc

    @classmethod
    def of(cls, view: DocumentView) -> DocumentShape:
        """From a row and its version."""
        row, version, progress = view.document, view.version, view.progress
        return cls(
            id=row.id,
            dossier=row.dossier_id,
            case=row.case_id,
            inbox=row.inbox_unit_id,
            source=row.source_id,
            volume=row.volume_id,
            external=external_of(row),
            title=row.title,
            kind=row.kind,
            received_on=row.received_on,
            sent_on=row.sent_on,
            written_on=row.written_on,
            sender=row.sender,
            addressee=row.addressee,
            further_senders=list(row.further_senders or []),
            further_addressees=list(row.further_addressees or []),
            fields=row.fields or {},
            version=row.version,
            checked_out=CheckOutShape(by=row.checked_out_by, name=view.holder or "", since=row.checked_out_at)
            if row.checked_out_by and row.checked_out_at
            else None,
            final=FinalShape(by=row.final_by, at=row.final_at) if row.final_at else None,
            cancelled=CancelledShape(by=row.cancelled_by, at=row.cancelled_at, reason=row.cancel_reason)
            if row.cancelled_at and row.cancel_reason
            else None,
            filename=version.filename,
            media_type=version.media_type,
            size=version.size,
            sha256=version.sha256.hex(),
            state=row.state,
            state_reason=row.state_reason,
            progress=ProgressShape(done=progress.done, total=progress.total) if progress and progress.total else None,
            pages=version.pages,
            revision=row.revision,
            rendition=RenditionShape(
                state=version.rendition_state, flavour=version.rendition_flavour, reason=version.rendition_reason
            ),
            text=TextShape(state=version.text_state, reason=version.text_reason),
            warnings=list(version.warnings or []),
            created_at=row.created_at,
        )


class VersionShape(BaseModel):
    """A content state of a document."""

    number: int
    filename: str
    media_type: str
    size: int
    sha256: str
    pages: int | None
    comment: str | None
    restored_from: int | None = Field(description="The earlier version whose bytes these are")
    created_at: Utc
    created_by: uuid.UUID | None

    @classmethod
    def of(cls, row: Version) -> VersionShape:
        """From a row."""
        return cls(
            number=row.number,
            filename=row.filename,
            media_type=row.media_type,
            size=row.size,
            sha256=row.sha256.hex(),
            pages=row.pages,
            comment=row.comment,
            restored_from=row.restored_from,
            created_at=row.created_at,
            created_by=row.created_by,
        )


class UnitShape(BaseModel):
    """An organisation unit; one that was merged is closed, and `merged_into` says where it went."""

    id: uuid.UUID
    number: str
    name: str
    parent: uuid.UUID | None
    head: uuid.UUID | None
    closed_on: date | None
    merged_into: uuid.UUID | None
    revision: int

    @classmethod
    def of(cls, row: Unit) -> UnitShape:
        """From a row."""
        return cls(
            id=row.id,
            number=row.number,
            name=row.name,
            parent=row.parent_id,
            head=row.head_id,
            closed_on=row.closed_on,
            merged_into=row.successor_id,
            revision=row.revision,
        )


class UserShape(BaseModel):
    """An account, without anything secret."""

    id: uuid.UUID
    login: str
    display_name: str
    roles: list[str]
    unit: uuid.UUID | None
    level: str
    machine: bool
    operator: str | None
    active: bool
    revision: int

    @classmethod
    def of(cls, row: User) -> UserShape:
        """From a row."""
        return cls(
            id=row.id,
            login=row.login,
            display_name=row.display_name,
            roles=row.roles,
            unit=row.unit_id,
            level=Level(row.level).word,
            machine=row.machine,
            operator=row.operator,
            active=row.active,
            revision=row.revision,
        )


class TokenShape(BaseModel):
    """An access key, without the key itself."""

    id: uuid.UUID
    user: uuid.UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: Utc
    expires_at: Utc | None
    revoked_at: Utc | None
    last_used_at: Utc | None

    @classmethod
    def of(cls, row: Token) -> TokenShape:
        """From a row."""
        return cls(
            id=row.id,
            user=row.user_id,
            name=row.name,
            prefix=row.prefix,
            scopes=row.scopes,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
        )
