"""A signed log to tamper with, put back as it was after each test; and what a tamperer would write himself."""

# ruff: noqa: S608 - tables are named in this file

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from eakte import verifier
from eakte.operations.auditing import HEADS, sequence
from tests.operations.office import Office

TABLES = ("audit_subject", "audit_head", "audit_entry")


class Trail:
    """A log of three signed heads and one waiting entry."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.sizes: list[int] = []
        dossier = office.dossier()
        office.case(dossier)
        self.sign()
        office.file(dossier=dossier)
        office.file(dossier=dossier)
        self.sign()
        office.close(dossier, close_cases=True)
        self.sign()
        office.dossier()
        self.blobs = self.kept()
        # Whoever may change the log may drop what stands in the way.
        for constraint in ("pk_audit_entry", "uq_audit_entry_number"):
            office.sql(f"ALTER TABLE audit_entry DROP CONSTRAINT {constraint} CASCADE")

    def sign(self) -> None:
        sequence(self.office.backends.transactions, self.office.backends.blobs)
        self.sizes.append(int(self.office.sql("SELECT max(size) FROM audit_head")[0][0]))

    def kept(self) -> dict[str, bytes]:
        """The heads in the blob store."""
        return kept(self.office)

    def verify(self, *, public: bool = False, blobs: dict[str, bytes] | None = None) -> verifier.Report:
        """The verdict on the log as it is."""
        return verify(self.office, public=public, blobs=blobs)

    @contextmanager
    def untouched_afterwards(self) -> Iterator[None]:
        """Whatever happens to the tables of the log, they are as before in the end."""
        for table in TABLES:
            self.office.sql(f"CREATE TABLE saved_{table} AS SELECT * FROM {table}")
        try:
            yield
        finally:
            self.office.sql(f"TRUNCATE {', '.join(TABLES)}")
            for table in reversed(TABLES):
                self.office.sql(f"INSERT INTO {table} SELECT * FROM saved_{table}")
                self.office.sql(f"DROP TABLE saved_{table}")


def kept(office: Office) -> dict[str, bytes]:
    """The heads in the blob store."""
    store = office.backends.blobs
    return {stat.name: b"".join(store.read(stat.name)) for stat in store.names(f"{HEADS}/")}


def key_of(office: Office) -> Ed25519PrivateKey:
    """The key that signs."""
    key = serialization.load_pem_private_key(office.backends.settings.audit_key_path.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def verify(office: Office, *, public: bool = False, blobs: dict[str, bytes] | None = None) -> verifier.Report:
    """The verdict on a log; by the public key alone, or with other heads than the store has."""
    key: Ed25519PrivateKey | Ed25519PublicKey = key_of(office).public_key() if public else key_of(office)
    return verifier.verify(office.url, (kept(office) if blobs is None else blobs).items(), key)


def leaf_hash(entry: dict[str, Any]) -> bytes:
    """The leaf of an entry after docs/audit.md, written once more here: a tamperer can read too."""
    value = {"v": 1} | {key: entry[key] for key in ("id", "at", "kind", "actor", "tag", "subject", "details")}
    body = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(b"\x00" + body).digest()


def recomputed(office: Office, condition: str) -> bytes:
    """The leaf of the entry as its row is now."""
    row = office.sql(
        "SELECT id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), kind, actor, tag, subject,"
        f" details FROM audit_entry WHERE {condition}"
    )[0]
    entry = dict(zip(("id", "at", "kind", "actor", "tag", "subject", "details"), row, strict=True))
    entry["id"] = str(entry["id"])
    entry["subject"] = str(entry["subject"]) if entry["subject"] else None
    return leaf_hash(entry)
