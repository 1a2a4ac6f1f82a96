"""The audit log: entries, the subjects they name, and signed tree heads."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Operational, id_column
from eakte.terms import now

# The log is what record tables are watched by, so it is not watched itself: its tables are operational by base class.


class AuditEntry(Operational):
    """One act. Written once in the act's transaction; only `number` is added later, by the sequencer.

    `leaf_hash` is RFC 6962's leaf hash of the entry's canonical bytes (docs/audit.md), `mac` an HMAC of it under a key
    that the database does not know, so that an entry slipped in by SQL is recognised even before it is sequenced.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_unsequenced", "id", postgresql_where=text("number IS NULL")),
        Index("ix_audit_entry_subject", "subject", "number"),
        Index("ix_audit_entry_actor", "actor", "number"),
        Index("ix_audit_entry_tag", "tag", "number"),
    )

    id: Mapped[uuid.UUID] = id_column()
    number: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    actor: Mapped[str]
    tag: Mapped[str]
    subject: Mapped[uuid.UUID | None]
    details: Mapped[dict[str, Any]]
    leaf_hash: Mapped[bytes]
    mac: Mapped[bytes]


class AuditSubject(Operational):
    """Another object an act touched, so that its history finds the act: one act may have many subjects."""

    __tablename__ = "audit_subject"

    subject: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("audit_entry.id"), primary_key=True)


class FormerValue(Operational):
    """What a field held before an act, or the reason given for it: the words that may not stand in the log itself.

    Erased together with its object; the entry stays.
    """

    __tablename__ = "former_value"

    entry_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("audit_entry.id"), primary_key=True)
    object_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, index=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str | None]


class AuditHead(Operational):
    """A signed tree head (RFC 6962 section 3.5 in shape): root over the first `size` entries, Ed25519 signature.

    `frontier` are the hashes from which the tree grows on; the verifier does not read them. `published` says that the
    head also lies in the blob store, out of reach of SQL.
    """

    __tablename__ = "audit_head"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    root: Mapped[bytes]
    signed_at: Mapped[datetime]
    signature: Mapped[bytes]
    frontier: Mapped[bytes]
    published: Mapped[bool] = mapped_column(default=False)


class AuditPseudonym(Operational):
    """Who stands behind the pseudonym of an access entry. Erased after its term; the log stays whole (DSGVO)."""

    __tablename__ = "audit_pseudonym"

    pseudonym: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    month: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class DocumentLook(Operational):
    """That a person has been logged as reading a document in this session: one entry, not one a page."""

    __tablename__ = "document_look"

    access_key: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    document_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)


class IdempotencyKey(Operational):
    """The answer to a creating request, kept with the act itself: a retry gets it again instead of a second object."""

    __tablename__ = "idempotency_key"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[bytes]
    status: Mapped[int]
    body: Mapped[dict[str, Any]]
    etag: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
