"""`/documents/{id}/sign` and the signatures under a version, each with what its check found."""

from __future__ import annotations

import base64
import uuid
from contextlib import suppress
from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import BaseModel, Field

from eakte.api.dependencies import Composed, Reader, RevisionGiven, Writer
from eakte.api.document_shapes import DocumentShape
from eakte.api.paging import After, OptionalLimit, short_listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Utc
from eakte.errors import EakteError, Unavailable
from eakte.operations import signatures
from eakte.operations.documents import view_document
from storage.errors import StorageError

router = ApiRouter(prefix="/documents", tags=["documents"])


class SignatureShape(BaseModel):
    """A signature. `valid` says that it holds for the version's bytes; `signature` is detached CMS in DER, base64."""

    id: uuid.UUID
    provider: str
    signer: str = Field(description="Subject of the certificate (RFC 4514)")
    signed_at: Utc
    signed_by: uuid.UUID = Field(description="The account that ordered it")
    certificate_sha256: str
    certificate: str | None = Field(description="PEM")
    signature: str
    valid: bool
    reason: str | None = Field(description="Why it does not hold")

    @classmethod
    def of(cls, checked: signatures.Checked) -> SignatureShape:
        """From a row and its check."""
        row, verdict = checked.row, checked.verdict
        return cls(
            id=row.id,
            provider=row.provider,
            signer=row.signer,
            signed_at=row.signed_at,
            signed_by=row.signed_by,
            certificate_sha256=row.certificate_sha256.hex(),
            certificate=_pem(verdict.certificate) if verdict.certificate else None,
            signature=base64.b64encode(checked.content).decode(),
            valid=verdict.valid,
            reason=verdict.reason,
        )


@router.post(
    "/{document_id}/sign",
    status_code=201,
    response_model=DocumentShape,
    responses={200: {"model": DocumentShape, "description": "This account has signed the version already"}},
)
def sign(
    request: Request,
    actor: Writer,
    backends: Composed,
    document_id: uuid.UUID,
    revision: RevisionGiven = None,
    key: Key = None,
) -> Any:
    """Put a signature of this installation under the current version; the document is final from then on."""
    with backends.transactions.begin(actor) as tx:
        task = signatures.look_at_version(tx, document_id, revision=revision)
    stored = signatures.seal(backends.blobs, backends.signatures, task) if task.known is None else None
    try:
        with backends.transactions.begin(actor) as tx:

            def act() -> tuple[int, DocumentShape, int]:
                row = signatures.add_signature(tx, task, stored, revision=revision)
                status = 200 if stored is None else 201
                return status, DocumentShape.of(view_document(tx.session, tx.actor, row.id)), row.revision

            return created(tx, request, key, str(task.version).encode(), act)
    except Unavailable:
        raise
    except EakteError:
        if stored is not None:
            with suppress(StorageError):
                backends.blobs.delete(stored.name)
        raise


@router.get("/{document_id}/versions/{number}/signatures")
def index(
    request: Request,
    actor: Reader,
    backends: Composed,
    document_id: uuid.UUID,
    number: Annotated[int, Path(ge=1, le=1_000_000)],
    after: After = None,
    limit: OptionalLimit = None,
) -> Listing[SignatureShape]:
    """The signatures under a version, oldest first, each checked anew."""
    with backends.transactions.read() as session:
        version, rows = signatures.signatures_of(session, actor, document_id, number)
    page = short_listing(request, rows, lambda each: each, key=lambda each: each[0].id, after=after, limit=limit)
    checked = [signatures.check_signature(backends.blobs, version, row, digests) for row, digests in page.items]
    return Listing(items=[SignatureShape.of(each) for each in checked], next=page.next)


def _pem(certificate: bytes) -> str:
    lines = base64.encodebytes(certificate).decode().replace("\n", "")
    body = "\n".join(lines[start : start + 64] for start in range(0, len(lines), 64))
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
