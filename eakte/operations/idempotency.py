"""Idempotency keys: the same request again gets the same answer. Key, act and answer commit together or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from eakte.errors import FieldError, InvalidInput, KeyReused
from eakte.models import IdempotencyKey
from eakte.transaction import Transaction

LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that can be given again."""

    status: int
    body: dict[str, Any]
    etag: str | None
    replayed: bool = False


def once(tx: Transaction, key: str | None, request: bytes, act: Callable[[], Reply]) -> Reply:
    """Do `act` once for a key of this account.

    Two requests with one key at the same time wait for each other (advisory lock, freed at the end of the act). A crash
    before the commit leaves neither act nor key; after it, the retry gets the stored answer. Raises KeyReused when the
    key was used for another request.
    """
    if key is None or tx.actor.user_id is None:
        return act()
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidInput(errors=[FieldError("Idempotency-Key", f"1 bis {LONGEST_KEY} druckbare Zeichen.")])
    number = int.from_bytes(hashlib.sha256(f"{tx.actor.user_id} {key}".encode()).digest()[:8], "big", signed=True)
    tx.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
    digest = hashlib.sha256(request).digest()
    stored = tx.session.get(IdempotencyKey, (tx.actor.user_id, key))
    if stored is not None:
        if stored.request_sha256 != digest:
            raise KeyReused
        return Reply(stored.status, stored.body, stored.etag, replayed=True)
    reply = act()
    tx.session.add(
        IdempotencyKey(
            user_id=tx.actor.user_id,
            key=key,
            request_sha256=digest,
            status=reply.status,
            body=reply.body,
            etag=reply.etag,
        )
    )
    return reply
