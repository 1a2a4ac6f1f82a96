"""The shapes of units, accounts and access keys in answers, made from rows."""

from __future__ import annotations

import uuid
from datetime import date

from pydantic import BaseModel

from eakte.api.shapes import Utc
from eakte.models import Token, Unit, User
from eakte.terms import Level


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
