"""Answers of creating requests, with or without an idempotency key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from eakte.api.dependencies import credential, etag, get_backends
from eakte.operations.idempotency import KEPT, Reply, Sealing, once
from eakte.transaction import Transaction

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description=f"Repeat a request safely with the same key; its answer is kept for {KEPT.days} days.",
    ),
]


def created(
    tx: Transaction,
    request: Request,
    key: str | None,
    content: bytes,
    act: Callable[[], tuple[int, BaseModel, int | None]],
    *,
    secret: bool = False,
) -> JSONResponse:
    """Run `act` once for the key and answer with what it made: (status, shape, revision).

    The same request is the same method and path with the same `content`. `secret` says that content or answer hold
    what no row may tell (`Sealing`).
    """

    def run() -> Reply:
        status, shape, revision = act()
        return Reply(status, shape.model_dump(mode="json"), etag(revision) if revision is not None else None)

    fingerprint = f"{request.method} {request.url.path}\n".encode() + content
    sealing = Sealing(credential(request), get_backends(request).transactions.ledger) if secret else None
    reply = once(tx, key, fingerprint, run, sealing=sealing)
    headers = {"Cache-Control": "no-store"}
    if reply.etag is not None:
        headers["ETag"] = reply.etag
    if reply.replayed:
        headers["Idempotency-Replayed"] = "true"
    return JSONResponse(reply.body, status_code=reply.status, headers=headers)
