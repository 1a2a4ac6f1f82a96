"""Signatures under versions of documents."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Record, id_column


class DocumentSignature(Record):
    """A detached signature under a version, ordered by an account: each signs a version once. Its bytes are a blob."""

    __tablename__ = "document_signature"
    __table_args__ = (UniqueConstraint("version_id", "signed_by"),)

    id: Mapped[uuid.UUID] = id_column()
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("document_version.id"))
    provider: Mapped[str]
    content: Mapped[str] = mapped_column(ForeignKey("blob.name"))
    signer: Mapped[str]
    certificate_sha256: Mapped[bytes]
    signed_at: Mapped[datetime]
    signed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
