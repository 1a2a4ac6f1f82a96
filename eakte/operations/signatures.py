"""Signing a version (docs/adr/0015). Bytes are read and signed outside any transaction; the row makes it count.

A signature under something that changes is worthless: who signs a version makes it final in the same act.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import Conflict, ContentDamaged, DocumentCancelled, NotAllowed, StorageFailed
from eakte.language import _
from eakte.models import Blob, Document, DocumentSignature, Version
from eakte.operations.document_changes import beside, let_go, require_not_held, workable_document
from eakte.operations.documents import current_version, digests_of, opened, readable_document
from eakte.operations.queueing import enqueue_indexing
from eakte.signing import Signature, SignatureProvider, Verdict, verify
from eakte.terms import Actor, new_id, now
from eakte.transaction import Transaction
from storage.blobs import BlobStore, Digests
from storage.errors import BlobDamaged, BlobMissing, StorageError
from storage.verified import read_verified


@dataclass(frozen=True, slots=True)
class ToSign:
    """A version whose bytes are to be signed; `known` is the actor's signature where there is one already."""

    document_id: uuid.UUID
    version: int
    original: str
    digests: Digests
    known: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class StoredSignature:
    """A signature whose bytes lie safely under their name, waiting for their row."""

    name: str
    digests: Digests
    signature: Signature
    provider: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A signature with what its check found, and its bytes."""

    row: DocumentSignature
    verdict: Verdict
    content: bytes


def look_at_version(tx: Transaction, document_id: uuid.UUID, *, revision: int | None) -> ToSign:
    """What signing needs, and whether it may be: told before anything is read.

    Raises NotFound, NotAllowed, WrongState, DocumentCancelled, DocumentCheckedOut, StaleRevision.
    """
    document = readable_document(tx.session, tx.actor, document_id)
    version = current_version(tx.session, document)
    known = _own(tx, version)
    if known is None:
        _signable(tx, document_id, revision)
    digests = digests_of(tx.session, version.original)
    return ToSign(document.id, version.number, version.original, digests, known.id if known else None)


def seal(blobs: BlobStore, provider: SignatureProvider, task: ToSign) -> StoredSignature:
    """Read the version's bytes, have them signed, store the signature. Raises ContentDamaged, SigningUnavailable."""
    digest = hashlib.sha256()
    try:
        for block in read_verified(blobs, task.original, task.digests):
            digest.update(block)
        signature = provider.sign(digest.digest())
        name = f"{task.document_id}/{task.version}/signature.{new_id().hex}"
        return StoredSignature(name, blobs.put(name, [signature.content]), signature, provider.name)
    except (BlobDamaged, BlobMissing) as error:
        raise ContentDamaged(str(error)) from error
    except StorageError as error:
        raise StorageFailed(str(error)) from error


def add_signature(tx: Transaction, task: ToSign, stored: StoredSignature | None, *, revision: int | None) -> Document:
    """Put a stored signature under the version and freeze the document. An account signs a version once.

    A second time changes nothing. Raises what `look_at_version` raises, Conflict where a newer version came meanwhile.
    """
    document = readable_document(tx.session, tx.actor, task.document_id)
    version = current_version(tx.session, document, task.version)
    if stored is None or _own(tx, version) is not None:
        return document
    document = _signable(tx, task.document_id, revision)
    if document.version != task.version:
        raise Conflict
    # Under the document's lock: of two calls of one account the second sees the first.
    if tx.actor.user_id is None or _own(tx, version) is not None:
        return document
    digests, signature = stored.digests, stored.signature
    tx.session.add(Blob(name=stored.name, size=digests.size, sha256=digests.sha256, blocks=digests.blocks))
    tx.session.flush()
    row = DocumentSignature(
        version_id=version.id,
        provider=stored.provider,
        content=stored.name,
        signer=signature.signer,
        certificate_sha256=signature.certificate_sha256,
        signed_at=signature.signed_at,
        signed_by=tx.actor.user_id,
    )
    tx.session.add(row)
    let_go(document)
    if document.final_at is None:
        document.final_at, document.final_by = now(), tx.actor.user_id
    document.revision += 1
    details = {
        "version": version.number,
        "sha256": version.sha256.hex(),
        "signature_sha256": digests.sha256.hex(),
        "certificate_sha256": signature.certificate_sha256.hex(),
        "provider": stored.provider,
    }
    tx.record(Tag.DOCUMENT_SIGN, document.id, details, subjects=beside(document))
    enqueue_indexing(tx)
    return document


def signatures_of(
    session: Session, actor: Actor, document_id: uuid.UUID, number: int
) -> tuple[Version, Sequence[tuple[DocumentSignature, Digests]]]:
    """A version of a readable document and the signatures under it, oldest first. Raises NotFound, NotAllowed."""
    version = current_version(session, readable_document(session, actor, document_id), number)
    rows = select(DocumentSignature).where(DocumentSignature.version_id == version.id).order_by(DocumentSignature.id)
    return version, [(row, digests_of(session, row.content)) for row in session.scalars(rows)]


def check_signature(blobs: BlobStore, version: Version, row: DocumentSignature, digests: Digests) -> Checked:
    """Whether a signature holds for the version's digest, against which every read of its bytes is checked as well.

    To be called outside any transaction. Raises ContentDamaged, StorageFailed.
    """
    with opened(blobs, row.content, digests) as reader:
        content = reader.read()
    return Checked(row, verify(content, version.sha256), content)


def _signable(tx: Transaction, document_id: uuid.UUID, revision: int | None) -> Document:
    if tx.actor.user_id is None:
        raise NotAllowed(_("Signieren können nur Personen und Maschinenkonten."))
    document = workable_document(tx, document_id, revision)
    if document.cancelled_at is not None:
        raise DocumentCancelled
    require_not_held(tx, document)
    return document


def _own(tx: Transaction, version: Version) -> DocumentSignature | None:
    mine = DocumentSignature.signed_by == tx.actor.user_id
    return tx.session.scalar(select(DocumentSignature).where(DocumentSignature.version_id == version.id, mine))
