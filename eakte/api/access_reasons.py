"""`/dossiers/{id}/access`: why somebody may see a dossier."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from eakte.access import Reason
from eakte.api.dependencies import Reader, ReadTx
from eakte.api.routing import ApiRouter
from eakte.operations.explaining import Access, explain

router = ApiRouter(tags=["access"])


class ReasonShape(BaseModel):
    """One source of a right: unit, deputy, registrar, share, unit-share, mandate, offer; or the exclusion."""

    source: str
    gives: str | None = Field(description="metadata or content; null for an exclusion, which forbids everything")
    writes: bool
    unit: uuid.UUID | None = Field(description="Where the person works, the top of what is inherited")
    level: str | None
    represents: uuid.UUID | None
    case: uuid.UUID | None = Field(description="The only case that is shared")
    until: date | None
    id: uuid.UUID | None = Field(description="The share, mandate or exclusion")

    @classmethod
    def of(cls, reason: Reason) -> ReasonShape:
        """From a reason of the rule."""
        return cls(
            source=reason.source.value,
            gives=reason.want.value if reason.want else None,
            writes=reason.writes,
            unit=reason.unit_id,
            level=reason.level.word if reason.level is not None else None,
            represents=reason.person,
            case=reason.case_id,
            until=reason.until,
            id=reason.row_id,
        )


class AccessShape(BaseModel):
    """What a person may do with a dossier, and why."""

    user: uuid.UUID
    metadata: bool
    content: bool
    write: bool
    reasons: list[ReasonShape]

    @classmethod
    def of(cls, access: Access) -> AccessShape:
        """From the operation's answer."""
        return cls(
            user=access.user.id,
            metadata=access.knows,
            content=access.reads,
            write=access.writes,
            reasons=[ReasonShape.of(reason) for reason in access.reasons],
        )


@router.get("/dossiers/{dossier_id}/access")
def show(
    actor: Reader,
    session: ReadTx,
    dossier_id: uuid.UUID,
    user: Annotated[str | None, Query(description="By id or login; oneself unless named")] = None,
) -> AccessShape:
    """Why a person may see the dossier: for registrar, head of its unit, auditor by mandate, and of oneself."""
    return AccessShape.of(explain(session, actor, dossier_id, user))
