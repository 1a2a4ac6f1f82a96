"""Steps that wait for their answer: the code after a password, the way to the provider and back, an enrolment.

A cookie holds the key, a row what must be remembered between the two requests. It is sealed, because a row must not be
of use to who reads the database.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from eakte.audit import Ledger
from eakte.models import PendingStep
from eakte.operations.accounts import digest
from eakte.terms import now

LIFE = timedelta(minutes=10)


def begin_step(
    session: Session,
    ledger: Ledger,
    kind: str,
    *,
    user_id: uuid.UUID | None,
    remember: Mapping[str, Any],
    life: timedelta = LIFE,
) -> str:
    """Remember something for a while under a new secret, which is returned."""
    secret = secrets.token_urlsafe(32)
    session.add(
        PendingStep(
            sha256=digest(secret),
            kind=kind,
            user_id=user_id,
            sealed=ledger.seal(json.dumps(remember).encode(), bound_to=digest(secret)),
            expires_at=now() + life,
        )
    )
    return secret


def find_step(
    session: Session, ledger: Ledger, kind: str, secret: str
) -> tuple[uuid.UUID | None, dict[str, Any]] | None:
    """The account of a step and what was remembered; None when it is over or was never there."""
    row = session.scalar(
        select(PendingStep).where(
            PendingStep.sha256 == digest(secret), PendingStep.kind == kind, PendingStep.expires_at > now()
        )
    )
    if row is None:
        return None
    return row.user_id, json.loads(ledger.unseal(row.sealed, bound_to=row.sha256))


def end_step(session: Session, secret: str) -> bool:
    """Use a step up. False when another request was faster: each leads on once."""
    ended = delete(PendingStep).where(PendingStep.sha256 == digest(secret)).returning(PendingStep.kind)
    return session.execute(ended).first() is not None
