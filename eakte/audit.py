"""Writing the audit log: what an entry is, how its leaf is made, who signs.

An entry is written in the transaction of its act (`Ledger.entry`), so nothing committed is without one and writers
never wait for each other. Later the sequencer (`eakte.operations.auditing`) gives committed entries their places in
the tree. The verifier (`eakte.verifier`) imports nothing from here: both follow docs/audit.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eakte.errors import SetupFailed
from eakte.language import _
from eakte.models import AuditEntry
from eakte.terms import new_id, now

LEAF_PREFIX = b"\x00"
"""RFC 6962 section 2.1: a leaf is hashed under 0x00, an inner node under 0x01, so neither can pass for the other."""


class Tag(StrEnum):
    """What happened, as `kind:subject:action`. The first part is the entry's kind; there are two kinds in one tree."""

    PLAN_CLASS_CREATE = "record:plan-class:create"
    PLAN_CLASS_CHANGE = "record:plan-class:change"
    PLAN_CLASS_CLOSE = "record:plan-class:close"
    PLAN_CLASS_REOPEN = "record:plan-class:reopen"
    PLAN_CLASS_MERGE = "record:plan-class:merge"
    PLAN_CLASS_DIVIDE = "record:plan-class:divide"
    PLAN_TAKE_EFFECT = "record:plan:take-effect"
    PLAN_RECOUNT = "record:plan:recount"
    PLAN_IMPORT = "record:plan:import"
    UNIT_CREATE = "record:unit:create"
    UNIT_CHANGE = "record:unit:change"
    UNIT_HEAD = "record:unit:set-head"
    UNIT_MERGE = "record:unit:merge"
    UNIT_SPLIT = "record:unit:split"
    USER_CREATE = "record:user:create"
    USER_PASSWORD = "record:user:set-password"  # noqa: S105 - a tag, not a password
    USER_ROLES = "record:user:change-roles"
    USER_LINK = "record:user:link"
    SECOND_FACTOR_SET = "record:user:set-second-factor"
    SECOND_FACTOR_REMOVE = "record:user:remove-second-factor"
    TOKEN_CREATE = "record:token:create"  # noqa: S105 - a tag
    TOKEN_REVOKE = "record:token:revoke"  # noqa: S105 - a tag
    DOSSIER_CREATE = "record:dossier:create"
    DOSSIER_CHANGE = "record:dossier:change"
    DOSSIER_MOVE = "record:dossier:move"
    DOSSIER_REASSIGN = "record:dossier:reassign"
    DOSSIER_VOLUME = "record:dossier:open-volume"
    DOSSIER_LEND = "record:dossier:lend"
    DOSSIER_RETURN = "record:dossier:return"
    DOSSIER_REFER = "record:dossier:refer"
    DOSSIER_UNREFER = "record:dossier:unrefer"
    DOSSIER_EXCLUDE = "record:dossier:exclude"
    DOSSIER_READMIT = "record:dossier:readmit"
    DOSSIER_CLASSIFY = "record:dossier:classify"
    DOSSIER_EXTEND = "record:dossier:extend-retention"
    DOSSIER_CLOSE = "record:dossier:close"
    DOSSIER_REOPEN = "record:dossier:reopen"
    DOSSIER_EVENT = "record:dossier:event"
    CASE_CREATE = "record:case:create"
    CASE_CHANGE = "record:case:change"
    CASE_MOVE = "record:case:move"
    CASE_CLOSE = "record:case:close"
    CASE_REOPEN = "record:case:reopen"
    PROCEDURE_FILE = "record:procedure:file"
    PARTY_ADD = "record:party:add"
    PARTY_CHANGE = "record:party:change"
    PARTY_REMOVE = "record:party:remove"
    SHARE_GIVE = "record:share:give"
    SHARE_END = "record:share:end"
    DEPUTY_NAME = "record:deputy:name"
    DEPUTY_END = "record:deputy:end"
    MANDATE_GIVE = "record:mandate:give"
    MANDATE_END = "record:mandate:end"
    TEMPLATE_CREATE = "record:template:create"
    TEMPLATE_CHANGE = "record:template:change"
    DOCUMENT_FILE = "record:document:file"
    DOCUMENT_CHANGE = "record:document:change"
    DOCUMENT_VERSION = "record:document:add-version"
    DOCUMENT_CHECK_OUT = "record:document:check-out"
    DOCUMENT_RELEASE = "record:document:release"
    DOCUMENT_RESTORE = "record:document:restore-version"
    DOCUMENT_FINALIZE = "record:document:finalize"
    DOCUMENT_SIGN = "record:document:sign"
    DOCUMENT_CANCEL = "record:document:cancel"
    DOCUMENT_MOVE = "record:document:move"
    RESUBMISSION_CREATE = "record:resubmission:create"
    RESUBMISSION_CHANGE = "record:resubmission:change"
    RESUBMISSION_DONE = "record:resubmission:done"
    DOCUMENT_PROCESS = "record:document:process"
    DOCUMENT_FAIL = "record:document:fail"
    DOCUMENT_RETRY = "record:document:retry"
    FILE_INFECTED = "record:file:refuse-infected"
    FILE_LOSE = "record:file:lose"
    FILE_RECOVER = "record:file:recover"
    DOCUMENT_READ = "access:document:read"
    DENY = "access:object:deny"
    SIGN_IN = "access:session:sign-in"
    SIGN_IN_FAIL = "access:session:fail"
    SIGN_OUT = "access:session:sign-out"
    SESSION_END = "access:session:end"
    STORAGE_VERIFY = "record:storage:verify"
    PSEUDONYM_ERASE = "record:audit:erase-pseudonyms"

    @property
    def kind(self) -> str:
        """`record` or `access`."""
        return self.value.split(":", 1)[0]


UNTOLD = (Tag.DOSSIER_EXCLUDE, Tag.DOSSIER_READMIT)
"""What no history of a record tells: somebody who was let in again shall not read there that there was an exclusion,
nor others guess of whom. The log has it, for those who watch over it."""


def canonical(entry: AuditEntry) -> bytes:
    """The bytes a leaf stands for: JSON, keys sorted, no spaces, UTF-8, times in microseconds (docs/audit.md)."""
    value = {
        "actor": entry.actor,
        "at": entry.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "details": entry.details,
        "id": str(entry.id),
        "kind": entry.kind,
        "subject": str(entry.subject) if entry.subject else None,
        "tag": entry.tag,
        "v": 1,
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Ledger:
    """The log's pen: an Ed25519 key that signs tree heads, and a MAC key derived from it that marks every entry."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        raw = key.private_bytes_raw()
        self._mac_key = hmac.digest(raw, b"eakte audit entry mac v1", "sha256")
        self._seal = AESGCM(hmac.digest(raw, b"eakte seal v1", "sha256"))
        self.public_key: bytes = key.public_key().public_bytes_raw()

    @classmethod
    def open(cls, path: Path, *, create: bool) -> Ledger:
        """The key in a file (PEM, mode 0600). Raises SetupFailed where it is unreadable, or missing unasked."""
        if not path.exists():
            if not create:
                raise SetupFailed(_("Der Schlüssel des Protokolls fehlt: %(path)s", path=path))
            write_new_key(path)
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise SetupFailed(_("Der Schlüssel des Protokolls ist nicht lesbar: %(path)s", path=path)) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise SetupFailed(_("Der Schlüssel des Protokolls ist kein Ed25519-Schlüssel: %(path)s", path=path))
        return cls(key)

    def entry(
        self,
        tag: Tag,
        *,
        actor: str,
        subject: uuid.UUID | None,
        details: Mapping[str, Any],
        subjects: Sequence[uuid.UUID] = (),
        at: datetime | None = None,
    ) -> AuditEntry:
        """A complete entry, ready to be added to the session of its act.

        Details hold ids, digests, dates and counts only: no personal content (records, "Other duties"). Numbers are
        whole, because JSON does not fix the spelling of others.
        """
        content = dict(details)
        if subjects:
            content["subjects"] = sorted(str(other) for other in subjects)
        entry = AuditEntry(
            id=new_id(),
            at=at or now(),
            kind=tag.kind,
            actor=actor,
            tag=tag.value,
            subject=subject,
            details=content,
        )
        entry.leaf_hash = hashlib.sha256(LEAF_PREFIX + canonical(entry)).digest()
        entry.mac = hmac.digest(self._mac_key, entry.leaf_hash, "sha256")
        return entry

    def seal(self, content: bytes, *, bound_to: bytes) -> bytes:
        """Encrypt a secret that the service has to keep (AES-256-GCM), under a third key derived from the same file.

        Who reads or copies the database has only this; and put into the row of another it does not open (`bound_to`).
        """
        nonce = os.urandom(12)
        return nonce + self._seal.encrypt(nonce, content, bound_to)

    def unseal(self, sealed: bytes, *, bound_to: bytes) -> bytes:
        """What was sealed. Raises SetupFailed when it was sealed under another key or for another row."""
        try:
            return self._seal.decrypt(sealed[:12], sealed[12:], bound_to)
        except InvalidTag as error:
            raise SetupFailed(_("Ein verschlüsselter Eintrag gehört nicht zum Schlüssel des Protokolls.")) from error

    def head_body(self, size: int, root: bytes, signed_at: datetime) -> bytes:
        """The bytes of a head that are signed."""
        at = signed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return f"eakte tree head v1\n{size}\n{root.hex()}\n{at}\n".encode()

    def sign_head(self, size: int, root: bytes, signed_at: datetime) -> bytes:
        """Ed25519 signature (RFC 8032) over `head_body`."""
        return self._key.sign(self.head_body(size, root, signed_at))


def write_new_key(path: Path) -> None:
    """Make a key and write it whole or not at all; when another process was first, its key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        temporary.unlink()
