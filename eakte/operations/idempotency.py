"""Idempotency keys: the same request again gets the same answer. Key, act and answer commit together or not at all.

Which requests are the same is decided by whoever calls `once`; for the API `docs/repeating.md` says it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from eakte.audit import Ledger
from eakte.errors import FieldError, InvalidInput, KeyReused
from eakte.language import _
from eakte.models import IdempotencyKey
from eakte.terms import Actor, now
from eakte.transaction import Transaction

LONGEST_KEY = 200

KEPT = timedelta(days=7)
"""How long an answer is kept at least: whoever repeats does so within minutes, or after a weekend. It holds titles and
names that may have to be forgotten elsewhere, so no longer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that can be given again."""

    status: int
    body: dict[str, Any]
    etag: str | None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Sealing:
    """How a request or an answer with secrets is kept: no row tells them, and only the same credential is answered.

    `credential` is what the caller showed (token or cookie; the database has only its digest): the request is kept as
    a digest under it, which nobody can try passwords on. The answer is sealed like other secrets that are read again.
    """

    credential: bytes
    ledger: Ledger


def once(
    tx: Transaction, key: str | None, request: bytes, act: Callable[[], Reply], *, sealing: Sealing | None = None
) -> Reply:
    """Do `act` once for a key of this account.

    Two requests with one key at the same time wait for each other (advisory lock, freed at the end of the act). A crash
    before the commit leaves neither act nor key; after it, the retry gets the stored answer. Raises KeyReused when the
    key was used for another request.
    """
    if key is None or tx.actor.user_id is None:
        return act()
    _check(key)
    number = int.from_bytes(hashlib.sha256(f"{tx.actor.user_id} {key}".encode()).digest()[:8], "big", signed=True)
    tx.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
    request_digest = hmac.digest(sealing.credential if sealing else b"", request, "sha256")
    stored = tx.session.get(IdempotencyKey, (tx.actor.user_id, key))
    if stored is not None:
        if not hmac.compare_digest(stored.request_sha256, request_digest):
            raise KeyReused
        body = _opened(stored.body, sealing, request_digest) if sealing else stored.body
        return Reply(stored.status, body, stored.etag, replayed=True)
    reply = act()
    tx.session.add(
        IdempotencyKey(
            user_id=tx.actor.user_id,
            key=key,
            request_sha256=request_digest,
            status=reply.status,
            body=_sealed(reply.body, sealing, request_digest) if sealing else reply.body,
            etag=reply.etag,
        )
    )
    return reply


def is_known(session: Session, actor: Actor, key: str | None) -> bool:
    """Whether an answer is kept under this key: then what the act needs was there once, and need not be there now."""
    if key is None:
        return False
    where = (IdempotencyKey.user_id == actor.user_id, IdempotencyKey.key == key)
    return session.scalar(select(IdempotencyKey.key).where(*where)) is not None


def forget_keys(tx: Transaction) -> int:
    """Delete the answers that were kept long enough; returns how many. From then on a key is as new."""
    gone = delete(IdempotencyKey).where(IdempotencyKey.created_at < now() - KEPT)
    return len(tx.session.execute(gone.returning(IdempotencyKey.key)).all())


def _check(key: str) -> None:
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidInput(
            errors=[
                FieldError("Idempotency-Key", _("1 bis %(longest_key)s druckbare Zeichen.", longest_key=LONGEST_KEY))
            ]
        )


def _sealed(body: dict[str, Any], sealing: Sealing, request_digest: bytes) -> dict[str, str]:
    sealed = sealing.ledger.seal(json.dumps(body).encode(), bound_to=request_digest)
    return {"sealed": base64.b64encode(sealed).decode()}


def _opened(stored: dict[str, Any], sealing: Sealing, request_digest: bytes) -> dict[str, Any]:
    content = sealing.ledger.unseal(base64.b64decode(stored["sealed"]), bound_to=request_digest)
    body: dict[str, Any] = json.loads(content)
    return body
