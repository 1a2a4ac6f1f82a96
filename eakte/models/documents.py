"""Documents, their versions, and the blobs that hold the bytes."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Operational, Record, id_column
from eakte.terms import now


class Blob(Record):
    """What was written under a name: size and digests of the whole and of each 4 MiB block, checked at every read.

    They stand here and not beside the bytes, so that whoever changes the store cannot change the judgement too.
    """

    __tablename__ = "blob"

    name: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes]
    blocks: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Document(Record):
    """A logical document in a dossier (perhaps in a case) or in the inbox of a unit.

    `revision` counts every change that a reader or the index must see; `indexed_revision` is what the index shows.
    A document that was inside another one (an attachment of a mail, a file of an archive) names it as its source, with
    the version it came out of and its place there, from 1. Who else sent or received it stands behind the first one.

    Three marks say what may still be done with it: `checked_out_by` writes its next version, alone; what is final is
    frozen; what is cancelled (storniert) stays where it is and is out of lists and search (docs/adr/0013).
    """

    __tablename__ = "document"
    derived = frozenset({"state", "state_reason", "indexed_revision"})
    __table_args__ = (
        CheckConstraint("num_nonnulls(dossier_id, inbox_unit_id) = 1", name="one_place"),
        CheckConstraint("case_id IS NULL OR dossier_id IS NOT NULL", name="case_in_dossier"),
        UniqueConstraint("external_system", "external_id"),
        Index("ix_document_dossier", "dossier_id", "id"),
        Index("ix_document_case", "case_id", "id"),
        Index("ix_document_inbox", "inbox_unit_id", "id", postgresql_where=text("inbox_unit_id IS NOT NULL")),
        Index("ix_document_unindexed", "id", postgresql_where=text("indexed_revision < revision")),
        CheckConstraint("num_nonnulls(source_id, source_version, source_position) IN (0, 3)", name="source_whole"),
        # A run of processing that comes twice must not file an attachment twice, whatever else fails.
        UniqueConstraint("source_id", "source_version", "source_position", name="uq_document_source_id"),
        Index("ix_document_failed", "id", postgresql_where=text("state = 'failed'")),
        CheckConstraint("num_nonnulls(checked_out_by, checked_out_at) IN (0, 2)", name="check_out_whole"),
        CheckConstraint("num_nonnulls(cancelled_at, cancel_reason) IN (0, 2)", name="cancelled_has_reason"),
        CheckConstraint(
            "checked_out_by IS NULL OR (final_at IS NULL AND cancelled_at IS NULL)", name="frozen_is_not_checked_out"
        ),
    )

    id: Mapped[uuid.UUID] = id_column()
    dossier_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("dossier.id"))
    case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_file.id"))
    inbox_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"))
    volume_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("volume.id"))
    external_system: Mapped[str | None]
    external_id: Mapped[str | None]
    title: Mapped[str]
    kind: Mapped[str]
    received_on: Mapped[date | None]
    sent_on: Mapped[date | None]
    written_on: Mapped[date | None]
    sender: Mapped[str | None]
    addressee: Mapped[str | None]
    further_senders: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    further_addressees: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default="{}")
    fields: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    source_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("document.id"))
    source_version: Mapped[int | None]
    source_position: Mapped[int | None]
    version: Mapped[int]
    checked_out_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    checked_out_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]
    final_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    cancel_reason: Mapped[str | None]
    state: Mapped[str]
    state_reason: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)
    indexed_revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))


class Version(Record):
    """One content state of a document. The original is never changed; what is derived from it is named by run.

    A restored version names the blobs of the one it was restored from (`restored_from`): the bytes exist once.
    """

    __tablename__ = "document_version"
    __table_args__ = (UniqueConstraint("document_id", "number"),)

    id: Mapped[uuid.UUID] = id_column()
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("document.id"))
    number: Mapped[int]
    filename: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes]
    original: Mapped[str] = mapped_column(ForeignKey("blob.name"))
    comment: Mapped[str | None]
    restored_from: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    # What processing found; the names say which run counts.
    processed_at: Mapped[datetime | None]
    pages: Mapped[int | None]
    page_sizes: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)
    """Width and height of each page, one after the other, so that a page of 500 images needs no look into the blob."""
    text_state: Mapped[str] = mapped_column(default="pending")
    text_reason: Mapped[str | None]
    rendition_state: Mapped[str] = mapped_column(default="pending")
    rendition_flavour: Mapped[str | None]
    rendition_reason: Mapped[str | None]
    rendition: Mapped[str | None] = mapped_column(ForeignKey("blob.name"))
    words: Mapped[str | None] = mapped_column(ForeignKey("blob.name"))
    images: Mapped[str | None] = mapped_column(ForeignKey("blob.name"))
    terms: Mapped[str | None] = mapped_column(ForeignKey("blob.name"))
    warnings: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)


class ProcessingProgress(Operational):
    """How far the recognition of a version is, in pages; shown while a clerk waits."""

    __tablename__ = "processing_progress"

    version_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("document_version.id", ondelete="CASCADE"), primary_key=True
    )
    done: Mapped[int]
    total: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(default=now)
