"""The shapes of documents and their versions in answers, made from rows."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from pydantic import BaseModel, Field

from eakte.api.shapes import External, Utc, external_of
from eakte.models import Version
from eakte.operations.documents import DocumentView


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
