"""What belongs to signing in beside the account: second factor, directory, steps on the way, known browsers."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Operational, Record, id_column
from eakte.terms import now


class SecondFactor(Record):
    """The one-time codes of an account (RFC 6238). `secret` is sealed under a key that the database does not know.

    `last_step` is the time step of the last code that was taken: no code is taken twice (RFC 6238 section 5.2).
    """

    __tablename__ = "second_factor"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    secret: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)


class RecoveryCode(Record):
    """A code that opens the account once when the device with the one-time codes is gone. Only its SHA-256 is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[uuid.UUID] = id_column()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    sha256: Mapped[bytes]
    used_at: Mapped[datetime | None]


class ExternalIdentity(Record):
    """An account's name at an OIDC provider: issuer and subject, which never change; an address of mail may.

    `roles` are those that the directory gave and may take again; `founded` says that it made the account, so that the
    unit follows it too.
    """

    __tablename__ = "external_identity"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    founded: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)


class PendingStep(Operational):
    """A step that waits for its answer: the code after the password, the way to the provider and back, an enrolment.

    The browser's cookie holds the secret, the row its SHA-256. `sealed` is what the service has to remember meanwhile.
    """

    __tablename__ = "pending_step"

    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    sealed: Mapped[bytes]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class KnownDevice(Operational):
    """A browser in which this account signed in before. Wrong tries elsewhere do not pause it."""

    __tablename__ = "known_device"

    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    used_at: Mapped[datetime] = mapped_column(default=now, index=True)
