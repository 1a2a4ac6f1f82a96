"""Accounts of people and machines, their sessions and tokens."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Operational, Record, id_column
from eakte.terms import Level, now


class User(Record):
    """An account. `password_hash` is argon2; a machine account has none and signs in by token only.

    `operator` is the person who answers for a machine account. `administered` stays once it had the role admin.
    """

    __tablename__ = "user_account"

    id: Mapped[uuid.UUID] = id_column()
    login: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"), index=True)
    level: Mapped[int] = mapped_column(SmallInteger, default=int(Level.INTERNAL))
    password_hash: Mapped[str | None]
    machine: Mapped[bool] = mapped_column(default=False)
    operator: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    administered: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    revision: Mapped[int] = mapped_column(default=1)


class Token(Record):
    """An access key of a machine (`Authorization: Bearer`). Only its SHA-256 is kept; people know it by its prefix.

    `last_used_at` is right to the minute.
    """

    __tablename__ = "token"
    derived = frozenset({"last_used_at"})

    id: Mapped[uuid.UUID] = id_column()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    name: Mapped[str]
    prefix: Mapped[str]
    sha256: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class WebSession(Operational):
    """A signed-in browser. The cookie holds the secret, the row its SHA-256.

    `address` and `browser` are there for the person, who shall know a foreign session when it is in the list; they go
    with the session. `last_seen_at` is right to the minute.
    """

    __tablename__ = "web_session"

    id: Mapped[uuid.UUID] = id_column()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    sha256: Mapped[bytes] = mapped_column(unique=True)
    csrf: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    method: Mapped[str]
    address: Mapped[str]
    browser: Mapped[str]


class SignInThrottle(Operational):
    """Failed tries by a digest of what they are counted for: a login (known or not), a browser, an address."""

    __tablename__ = "sign_in_throttle"

    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime] = mapped_column(index=True)
    paused_until: Mapped[datetime | None]


class UserPreference(Operational):
    """How a person wants the pages: colours, row height, single keys."""

    __tablename__ = "user_preference"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    theme: Mapped[str] = mapped_column(default="auto")
    density: Mapped[str] = mapped_column(default="compact")
    single_keys: Mapped[bool] = mapped_column(default=True)


class RecentDossier(Operational):
    """When a person last opened a dossier: the way back to it on the start page."""

    __tablename__ = "recent_dossier"
    __table_args__ = (Index("ix_recent_dossier_user_at", "user_id", "at"),)

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    dossier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)


class SavedSearch(Operational):
    """A search that a person keeps under a name: the part of its address after the question mark.

    `seen_at` is the moment up to which the person has looked: what was filed after it is new.
    """

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[uuid.UUID] = id_column()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    query: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime]


class BarrierReport(Operational):
    """What somebody could not do at the pages. `reach` is where an answer is wanted; done once somebody took care."""

    __tablename__ = "barrier_report"

    id: Mapped[uuid.UUID] = id_column()
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    page: Mapped[str | None]
    text: Mapped[str]
    reach: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    done_at: Mapped[datetime | None]
