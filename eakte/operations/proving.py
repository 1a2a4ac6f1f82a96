"""Proofs that an entry stands in the log: made against the newest signed head, checked, and given away."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.audit import Ledger, canonical
from eakte.errors import NotFound
from eakte.models import AuditEntry, AuditHead
from eakte.operations.auditing import entry_document
from retention.errors import ProofError
from retention.merkle import fetch_from_leaves, inclusion_proof, leaf_hash, verify_inclusion


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry stands in the log: its leaf, its place, the way up to a signed root (RFC 6962 section 2.1.1)."""

    number: int
    leaf_hash: bytes
    size: int
    root: bytes
    signature: bytes
    signed_at: str
    hashes: Sequence[bytes]


def prove(session: Session, document_id: uuid.UUID) -> list[Proof]:
    """Inclusion proofs of every act on an object against the newest head; sequence first. Raises NotFound."""
    entries = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject == document_id, AuditEntry.number.is_not(None), AuditEntry.kind == "record")
        .order_by(AuditEntry.number)
    ).all()
    return _prove(session, entries)


def prove_entry(session: Session, number: int) -> tuple[AuditEntry, Proof]:
    """An entry by its number with its proof against the newest head. Raises NotFound."""
    entry = session.scalar(select(AuditEntry).where(AuditEntry.number == number))
    if entry is None:
        raise NotFound
    (proof,) = _prove(session, [entry])
    return entry, proof


def proof_holds(ledger: Ledger, entry: AuditEntry, proof: Proof) -> bool:
    """Whether the entry as it stands is the leaf at its place under the signed head."""
    try:
        verify_inclusion(leaf_hash(canonical(entry)), proof.number - 1, proof.size, proof.hashes, proof.root)
    except ProofError:
        return False
    # The same bytes have one signature (RFC 8032), so making it again is checking it.
    signature = ledger.sign_head(proof.size, proof.root, datetime.fromisoformat(proof.signed_at))
    return hmac.compare_digest(signature, proof.signature)


def _prove(session: Session, entries: Sequence[AuditEntry]) -> list[Proof]:
    head = session.scalar(select(AuditHead).order_by(AuditHead.size.desc()).limit(1))
    if not entries or head is None:
        raise NotFound

    def leaves(begin: int, end: int) -> Iterable[bytes]:
        statement = select(AuditEntry.leaf_hash).where(AuditEntry.number > begin, AuditEntry.number <= end)
        return session.scalars(statement.order_by(AuditEntry.number))

    fetch = fetch_from_leaves(leaves)
    return [
        Proof(
            number=entry.number or 0,
            leaf_hash=entry.leaf_hash,
            size=head.size,
            root=head.root,
            signature=head.signature,
            signed_at=head.signed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            hashes=inclusion_proof((entry.number or 1) - 1, head.size, fetch),
        )
        for entry in entries
    ]


def proof_document(ledger: Ledger, entry: AuditEntry, proof: Proof) -> dict[str, Any]:
    """A proof as it is given away: with the entry and the key, so that nothing of ours is needed to check it."""
    return {"public_key": ledger.public_key.hex(), "entry": entry_document(entry), **proof_words(proof)}


def proof_words(proof: Proof) -> dict[str, Any]:
    """What of a proof its reader computes with."""
    return {
        "number": proof.number,
        "leaf_hash": proof.leaf_hash.hex(),
        "hashes": [each.hex() for each in proof.hashes],
        "head": {
            "size": proof.size,
            "root": proof.root.hex(),
            "signed_at": proof.signed_at,
            "signature": proof.signature.hex(),
        },
    }
