"""`/audit`: the log, for those who watch over it."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import Request
from pydantic import BaseModel

from eakte.api.dependencies import Auditor, ReadTx
from eakte.api.paging import After, Limit, next_path
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Following
from eakte.errors import NotAllowed
from eakte.language import _
from eakte.operations.auditing import entry_document, list_entries
from eakte.terms import Role

router = ApiRouter(prefix="/audit", tags=["audit"])


class EntryShape(BaseModel):
    """An entry of the log. Access entries name their actor by a pseudonym."""

    number: int
    id: uuid.UUID
    at: str
    kind: str
    actor: str
    tag: str
    subject: uuid.UUID | None
    details: dict[str, Any]
    leaf_hash: str


class AuditAnswer(BaseModel):
    """One page of the log, newest first."""

    entries: list[EntryShape]
    next: Following = None


@router.get("")
def index(
    request: Request,
    viewer: Auditor,
    session: ReadTx,
    subject: uuid.UUID | None = None,
    actor: str | None = None,
    tag: str | None = None,
    after: After = None,
    limit: Limit = 100,
) -> AuditAnswer:
    """Sequenced entries; `subject` also finds acts with many subjects."""
    if not viewer.has(Role.AUDITOR):
        raise NotAllowed(_("Das Protokoll liest die Rechnungsprüfung oder der Datenschutz."))
    rows, following = list_entries(session, subject=subject, actor=actor, tag=tag, after=after, limit=limit)
    entries = [EntryShape.model_validate(entry_document(row)) for row in rows]
    return AuditAnswer(entries=entries, next=next_path(request, following))
