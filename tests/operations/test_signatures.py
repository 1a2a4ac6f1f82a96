"""Signatures under versions: judged by OpenSSL, once for each account, never over other bytes, and the last word."""

from __future__ import annotations

import hashlib
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from eakte.errors import (
    Conflict,
    ContentDamaged,
    DocumentCancelled,
    DocumentCheckedOut,
    DocumentFinal,
    EakteError,
    NotAllowed,
    NotFound,
    SigningUnavailable,
    WrongState,
)
from eakte.models import AuditEntry
from eakte.operations import signatures
from eakte.operations.cancelling import cancel_document
from eakte.operations.storing import reconcile, verify_blobs
from eakte.operations.versions import check_out, finalize
from eakte.signing import LocalProvider, verify
from tests.operations.office import Office
from tests.operations.test_versions import do, next_version
from tests.support.openssl import judge

CONTENT = b"Bescheid: Der Antrag wird genehmigt.\n"


def letter(office: Office) -> uuid.UUID:
    return office.file(content=CONTENT, dossier=office.dossier())


def sign(office: Office, document: uuid.UUID, by: str = "clerk63", revision: int | None = None) -> None:
    backends, actor = office.backends, office.people[by]
    with backends.transactions.begin(actor) as tx:
        task = signatures.look_at_version(tx, document, revision=revision)
    stored = signatures.seal(backends.blobs, backends.signatures, task) if task.known is None else None
    with backends.transactions.begin(actor) as tx:
        signatures.add_signature(tx, task, stored, revision=revision)


def found(office: Office, document: uuid.UUID, version: int = 1) -> list[signatures.Checked]:
    backends = office.backends
    with backends.transactions.read() as session:
        row, rows = signatures.signatures_of(session, office.people["clerk63"], document, version)
    return [signatures.check_signature(backends.blobs, row, each, digests) for each, digests in rows]


def test_openssl_agrees(office: Office, tmp_path: Path) -> None:
    document = letter(office)
    sign(office, document)
    (checked,) = found(office, document)
    assert checked.verdict.valid
    key = office.backends.settings.signing_key_path
    assert key.stat().st_mode & 0o777 == 0o600
    assert list(key.parent.glob(".signing*")) == []
    for content, expected in ((CONTENT, True), (CONTENT[:-2] + b"!\n", False)):
        judged = judge(tmp_path, signature=checked.content, content=content, certificate=key.read_text())
        assert judged == expected


def test_every_changed_byte_of_a_signature_is_seen(tmp_path: Path) -> None:
    digest = hashlib.sha256(CONTENT).digest()
    signature = LocalProvider(tmp_path / "signing.key", holder="Stadt Rodenbeck").sign(digest)
    good = verify(signature.content, digest)
    assert (good.valid, good.reason) == (True, None)
    assert "Stadt Rodenbeck" in signature.signer
    assert not verify(signature.content, hashlib.sha256(b"x").digest()).valid
    assert not verify(b"", digest).valid
    assert not verify(signature.content[:-1], digest).valid
    for place in range(len(signature.content)):
        changed = bytearray(signature.content)
        changed[place] ^= 1
        assert not verify(bytes(changed), digest).valid, place
    # A signature of another key, with the first one's certificate in it.
    other = LocalProvider(tmp_path / "other.key", holder="Stadt Rodenbeck").sign(digest)
    ours, theirs = good.certificate, verify(other.content, digest).certificate
    assert ours is not None
    assert theirs is not None
    if len(ours) == len(theirs):
        assert not verify(other.content.replace(theirs, ours), digest).valid


def test_a_key_is_made_once_and_a_bad_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "signing.key"
    barrier = threading.Barrier(4)

    def make() -> bytes:
        provider = LocalProvider(path, holder="Stadt")
        barrier.wait(10)
        return provider.sign(bytes(32)).certificate_sha256

    with ThreadPoolExecutor(4) as pool:
        assert len({each.result() for each in [pool.submit(make) for _ in range(4)]}) == 1
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SigningUnavailable, match=r"signing\.key"):
        LocalProvider(path, holder="Stadt").sign(bytes(32))


def test_a_signed_version_is_the_last_one(office: Office) -> None:
    document = letter(office)
    do(office, "clerk63", check_out, document)
    sign(office, document)
    row = office.row(document)
    assert row.final_at
    assert row.checked_out_by is None
    with pytest.raises(DocumentFinal):
        do(office, "clerk63", next_version(office), document)
    sign(office, document)
    sign(office, document, by="head63")
    checked = found(office, document)
    assert [each.row.signed_by for each in checked] == [office.people[name].user_id for name in ("clerk63", "head63")]
    with office.backends.transactions.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.tag == "record:document:sign")).all()
    assert [entry.details["signature_sha256"] for entry in entries] == [
        hashlib.sha256(each.content).hexdigest() for each in checked
    ]
    # Both signatures have their rows, so nobody takes them for leftovers.
    assert reconcile(office.backends.transactions, office.backends.blobs, delete=False).orphans == []
    assert {each.kind.value for each in verify_blobs(office.backends.transactions, office.backends.blobs)} == {"ok"}


@pytest.mark.parametrize(
    ("by", "before", "error"),
    [
        ("clerk10", None, NotFound),
        ("registrar", None, NotAllowed),
        ("head63", check_out, DocumentCheckedOut),
        ("clerk63", lambda tx, document: cancel_document(tx, document, reason="x"), DocumentCancelled),
    ],
)  # fmt: skip
def test_who_may_not_change_it_may_not_sign_it(
    office: Office, by: str, before: object, error: type[EakteError]
) -> None:
    document = letter(office)
    if callable(before):
        do(office, "clerk63", before, document)
    with pytest.raises(error):
        sign(office, document, by)
    assert not office.backends.settings.signing_key_path.exists()


def test_neither_what_changed_meanwhile_nor_damaged_bytes_are_signed(office: Office) -> None:
    backends, clerk = office.backends, office.people["clerk63"]
    document = letter(office)
    with backends.transactions.begin(clerk) as tx:
        task = signatures.look_at_version(tx, document, revision=None)
    stored = signatures.seal(backends.blobs, backends.signatures, task)
    do(office, "clerk63", next_version(office), document)
    with pytest.raises(Conflict), backends.transactions.begin(clerk) as tx:
        signatures.add_signature(tx, task, stored, revision=None)
    assert found(office, document) == []
    wrong = replace(task.digests, blocks=bytes(32))
    with pytest.raises(ContentDamaged):
        signatures.seal(backends.blobs, backends.signatures, replace(task, digests=wrong))
    dossier = office.row(document).dossier_id
    assert dossier is not None
    office.close(dossier)
    with pytest.raises(WrongState):
        sign(office, document)


def test_final_documents_are_signed_too(office: Office) -> None:
    document = letter(office)
    do(office, "clerk63", finalize, document)
    final_at = office.row(document).final_at
    sign(office, document)
    assert office.row(document).final_at == final_at
    assert [each.verdict.valid for each in found(office, document)] == [True]
