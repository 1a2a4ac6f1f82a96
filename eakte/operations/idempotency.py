"""Idempotency keys: the same request again gets the same answer. Key, act and answer commit together or not at all.

Which requests are the same is decided by whoever calls `once`; for the API `docs/repeating.md` says it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from eakte.errors import FieldError, InvalidInput, KeyReused
from eakte.models import IdempotencyKey
from eakte.terms import Actor, now
from eakte.transaction import Transaction

LONGEST_KEY = 200

KEPT = timedelta(days=7)
"""How long an answer is kept at least: whoever repeats does so within minutes, or after a weekend. It holds titles and
names that may have to be forgotten elsewhere, so no longer."""

_NONCE = 12
"""Bytes of an AES-GCM nonce (NIST SP 800-38D section 8.2)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that can be given again."""

    status: int
    body: dict[str, Any]
    etag: str | None
    replayed: bool = False


def once(
    tx: Transaction, key: str | None, request: bytes, act: Callable[[], Reply], *, credential: bytes | None = None
) -> Reply:
    """Do `act` once for a key of this account.

    Two requests with one key at the same time wait for each other (advisory lock, freed at the end of the act). A crash
    before the commit leaves neither act nor key; after it, the retry gets the stored answer. Raises KeyReused when the
    key was used for another request.

    `credential` is what the caller showed (token or cookie; the database has only its digest). With it, request and
    answer may hold secrets: the one is kept as a keyed digest, the other encrypted, so that the rows tell neither; in
    exchange only the same credential gets the answer again.
    """
    if key is None or tx.actor.user_id is None:
        return act()
    _check(key)
    number = int.from_bytes(hashlib.sha256(f"{tx.actor.user_id} {key}".encode()).digest()[:8], "big", signed=True)
    tx.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
    request_digest = hmac.digest(credential or b"", request, "sha256")
    stored = tx.session.get(IdempotencyKey, (tx.actor.user_id, key))
    if stored is not None:
        if not hmac.compare_digest(stored.request_sha256, request_digest):
            raise KeyReused
        body = stored.body if credential is None else _opened(stored.body, credential, request_digest)
        return Reply(stored.status, body, stored.etag, replayed=True)
    reply = act()
    tx.session.add(
        IdempotencyKey(
            user_id=tx.actor.user_id,
            key=key,
            request_sha256=request_digest,
            status=reply.status,
            body=reply.body if credential is None else _sealed(reply.body, credential, request_digest),
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
        raise InvalidInput(errors=[FieldError("Idempotency-Key", f"1 bis {LONGEST_KEY} druckbare Zeichen.")])


def _sealed(body: dict[str, Any], credential: bytes, request_digest: bytes) -> dict[str, str]:
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(_lock_of(credential)).encrypt(nonce, json.dumps(body).encode(), request_digest)
    return {"sealed": base64.b64encode(nonce + sealed).decode()}


def _opened(stored: dict[str, Any], credential: bytes, request_digest: bytes) -> dict[str, Any]:
    sealed = base64.b64decode(stored["sealed"])
    content = AESGCM(_lock_of(credential)).decrypt(sealed[:_NONCE], sealed[_NONCE:], request_digest)
    body: dict[str, Any] = json.loads(content)
    return body


def _lock_of(credential: bytes) -> bytes:
    return hmac.digest(credential, b"eakte idempotency answer", "sha256")
