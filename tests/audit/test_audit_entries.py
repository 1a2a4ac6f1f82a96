"""What an entry is: its leaf by the book, its tag's form, and that it holds no personal content."""

from __future__ import annotations

import hmac
import re
import subprocess
import sys
import uuid
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from eakte.audit import Ledger, Tag, canonical, write_new_key
from eakte.bootstrap import Backends, open_backends
from eakte.errors import SetupFailed, SignInFailed
from eakte.models import AuditEntry, DocumentLook
from eakte.operations import auditing
from eakte.operations.auditing import list_entries
from eakte.operations.closing import close_case, reopen_case, reopen_dossier, set_event
from eakte.operations.document_changes import change_document
from eakte.operations.documents import log_look
from eakte.operations.filing import store_original
from eakte.operations.passwords import PASSWORDS
from eakte.operations.sessions import SignedIn, sign_out
from eakte.operations.signing_in import sign_in
from eakte.operations.versions import add_version
from eakte.operations.waiting import retry
from eakte.terms import SYSTEM
from eakte.web.acts import ACTS
from tests.audit.trail import leaf_hash
from tests.operations.office import Office

PASSWORD = "ein langes Passwort für Tests"
SEED = bytes(range(32))
DOCUMENT = Path(__file__).parents[2] / "docs" / "audit.md"

KNOWN = {
    "id": "0190a000-0000-7000-8000-000000000001",
    "at": "2026-01-02T03:04:05.000006Z",
    "kind": "record",
    "actor": "0190a000-0000-7000-8000-000000000002",
    "tag": "record:document:file",
    "subject": "0190a000-0000-7000-8000-000000000003",
    "details": {"note": "Größe", "size": 12, "subjects": ["0190a000-0000-7000-8000-000000000004"]},
}
KNOWN_BYTES = (
    '{"actor":"0190a000-0000-7000-8000-000000000002","at":"2026-01-02T03:04:05.000006Z","details":{"note":"Größe",'
    '"size":12,"subjects":["0190a000-0000-7000-8000-000000000004"]},"id":"0190a000-0000-7000-8000-000000000001",'
    '"kind":"record","subject":"0190a000-0000-7000-8000-000000000003","tag":"record:document:file","v":1}'
)
KNOWN_LEAF = "c31d5baa5ceaa2b95cd504414e7384b99727a1c0117b8f71aa0d44463da508b8"
KNOWN_MARK = "a175390fa6f435783493a740a84b0f1fae831d4a090849f1fa0e5053ed086014"
KNOWN_SIGNATURE = (
    "397f1fa655da1e56c91a39a6831720bfc45d7609cefc14afe5b8b6f5d7dcbe0b"
    "418cd797ac45d5d3786f3070719f1328ee6d0e31a0afd10e7b3a6e1e718d6509"
)


def known_entry() -> AuditEntry:
    return AuditEntry(
        id=uuid.UUID(str(KNOWN["id"])),
        at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        kind=KNOWN["kind"],
        actor=KNOWN["actor"],
        tag=KNOWN["tag"],
        subject=uuid.UUID(str(KNOWN["subject"])),
        details=KNOWN["details"],
    )


def test_a_known_entry_has_a_known_leaf() -> None:
    assert canonical(known_entry()).decode() == KNOWN_BYTES
    assert leaf_hash(KNOWN).hex() == KNOWN_LEAF


def test_a_known_key_gives_a_known_mark_and_a_known_signature() -> None:
    ledger = Ledger(Ed25519PrivateKey.from_private_bytes(SEED))
    made = ledger.entry(Tag.DOCUMENT_FILE, actor="x", subject=None, details={}, at=datetime(2026, 1, 2, tzinfo=UTC))
    assert len(made.leaf_hash) == len(made.mac) == 32
    key = hmac.digest(SEED, b"eakte audit entry mac v1", "sha256")
    assert hmac.digest(key, bytes.fromhex(KNOWN_LEAF), "sha256").hex() == KNOWN_MARK
    assert made.mac == hmac.digest(key, made.leaf_hash, "sha256")
    signature = ledger.sign_head(1, bytes.fromhex(KNOWN_LEAF), datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))
    assert signature.hex() == KNOWN_SIGNATURE


def test_the_document_states_the_same_known_answers() -> None:
    text = re.sub(r"[\s`]", "", DOCUMENT.read_text())
    for said in (KNOWN_BYTES, KNOWN_LEAF, KNOWN_MARK, KNOWN_SIGNATURE, SEED.hex()):
        assert re.sub(r"\s", "", said) in text


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 1, 2, 3, 4, 5, 0, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, 0, 120000, tzinfo=UTC),
    ],
)
def test_what_was_written_is_read_back_with_the_same_leaf(office: Office, at: datetime) -> None:
    """JSONB sorts keys and drops spaces, PostgreSQL keeps microseconds: nothing of that may move the leaf."""
    details = {"z": 1, "a": ["ä", "\U0001f5c4", '"', "\\", "\u2028"], "b": {"y": None, "x": True}, "big": 2**62}
    with office.backends.database.session() as session:
        entry = office.backends.transactions.ledger.entry(
            Tag.DOCUMENT_FILE, actor="ä", subject=None, details=details, at=at
        )
        session.add(entry)
        session.commit()
    with office.backends.transactions.read() as session:
        stored = session.get_one(AuditEntry, entry.id)
        assert canonical(stored) == canonical(entry)


@pytest.mark.parametrize("tag", Tag, ids=lambda tag: tag.name)
def test_a_tag_is_kind_subject_action(tag: Tag) -> None:
    assert re.fullmatch(r"(record|access):[a-z]+(-[a-z]+)*:[a-z]+(-[a-z]+)*", tag.value)
    kind, subject, action = tag.value.split(":")
    assert tag.kind == kind
    assert subject in SUBJECTS[kind]
    assert action


SUBJECTS = {
    "record": {
        *("plan-class", "plan", "unit", "user", "token", "dossier", "case", "party", "procedure"),
        *("template", "document", "audit", "file", "resubmission", "share", "deputy", "mandate", "storage"),
    },
    "access": {"document", "object", "session"},
}  # fmt: skip


def test_each_tag_has_its_words_on_the_page_of_the_log() -> None:
    assert set(ACTS) == set(Tag)


def test_no_two_tags_are_the_same_and_each_is_in_the_document() -> None:
    assert len({tag.value for tag in Tag}) == len(Tag.__members__)
    text = DOCUMENT.read_text()
    assert [tag.value for tag in Tag if f"`{tag.value}`" not in text] == []


SECRETS = {
    "title": "Trunkenheitsfahrt",
    "sender": "Adalbert Geheimnisvoll",
    "addressee": "Kunigunde Verschwiegen",
    "filename": "Schuldenbereinigung.pdf",
    "reason": "Ehestreitigkeit",
    "dossier": "Vaterschaftsanfechtung",
    "case": "Pfändungsschutz",
    "event": "Zwangseinweisung",
    "new title": "Blutprobe",
    "new sender": "Notburga Unbekannt",
    "content": "Offenbarungseid",
    "login": "zwiespalt",
    "failure": "Unentzifferbar",
}


def test_no_entry_holds_personal_content(office: Office) -> None:
    """Everything a clerk types is typed once, through every act there is; none of it may reach the log."""
    begin, clerk = office.backends.transactions.begin, office.people["clerk63"]
    said = SECRETS
    dossier = office.dossier(title=said["dossier"], fields={"note": said["reason"]})
    case = office.case(dossier, title=said["case"])
    document = office.file(
        case=case,
        title=said["title"],
        sender=said["sender"],
        addressee=said["addressee"],
        filename=said["filename"],
        fields={"note": said["reason"]},
        content=said["content"].encode(),
    )
    office.give_up(document, said["failure"])
    with begin(clerk) as tx:
        retry(tx, document)
    office.read(document, said["content"])
    with begin(clerk) as tx:
        changes = {"title": said["new title"], "sender": said["new sender"]}
        change_document(tx, document, changes, revision=office.row(document).revision)
    stored = store_original(
        office.backends.blobs,
        iter([said["content"].encode() * 2]),
        screen=None,
        filename=said["filename"],
        media_type="text/plain",
        limit=1000,
        document_id=document,
        version=2,
    )
    with begin(clerk) as tx:
        add_version(tx, stored, revision=None)
    log_look(office.backends.transactions, clerk, document)
    with begin(clerk) as tx:
        close_case(tx, case)
    with begin(clerk) as tx:
        reopen_case(tx, case, reason=said["reason"])
    with begin(clerk) as tx:
        set_event(tx, dossier, name=said["event"], on=date(2020, 1, 2))
    office.close(dossier, close_cases=True, reason=said["reason"])
    with begin(clerk) as tx:
        reopen_dossier(tx, dossier, reason=said["reason"])
    with pytest.raises(SignInFailed):
        sign_in(office.backends.transactions, login=said["login"], password=said["login"], hours=1)
    rows = office.sql("SELECT to_jsonb(audit_entry)::text FROM audit_entry")
    log = "\n".join(row[0] for row in rows).casefold()
    assert "record:dossier:reopen" in log
    assert "access:session:fail" in log
    for what, secret in said.items():
        for word in secret.casefold().split():
            assert word not in log, what
    kept = " ".join(str(row[0]) for row in office.sql("SELECT value FROM former_value"))
    for what in ("title", "sender", "reason"):
        assert said[what] in kept, "what the log may not hold is kept beside it"


def test_an_act_on_many_objects_is_found_in_the_history_of_each(office: Office) -> None:
    dossier = office.dossier()
    cases = [office.case(dossier) for _ in range(3)]
    office.close(dossier, close_cases=True)
    office.sql(
        "UPDATE audit_entry SET number = placed.n FROM (SELECT id, row_number() OVER (ORDER BY id) AS n"
        " FROM audit_entry) AS placed WHERE placed.id = audit_entry.id"
    )
    with office.backends.transactions.read() as session:
        for subject in (dossier, *cases):
            rows, _next = list_entries(session, subject=subject, tag=Tag.DOSSIER_CLOSE.value)
            assert len(rows) == 1
            assert set(rows[0].details["subjects"]) == {str(case) for case in cases}


class TestLooks:
    def test_a_person_a_document_and_a_session_make_one_entry(self, office: Office) -> None:
        document = office.file(dossier=office.dossier())
        clerk = office.people["clerk63"]
        for _ in range(3):
            log_look(office.backends.transactions, clerk, document)
        entries = office.sql("SELECT actor, subject FROM audit_entry WHERE tag = 'access:document:read'")
        assert len(entries) == 1
        assert entries[0][1] == document
        assert office.count(DocumentLook.__tablename__) == 1

    def test_the_entry_names_a_pseudonym_whose_key_can_be_erased(self, office: Office) -> None:
        document = office.file(dossier=office.dossier())
        clerk = office.people["clerk63"]
        log_look(office.backends.transactions, clerk, document)
        ((actor,),) = office.sql("SELECT actor FROM audit_entry WHERE tag = 'access:document:read'")
        assert actor.startswith("p:")
        assert str(clerk.user_id) not in actor
        assert office.sql("SELECT user_id FROM audit_pseudonym WHERE pseudonym = %s", actor) == [(clerk.user_id,)]

    def test_the_service_itself_leaves_no_entry(self, office: Office) -> None:
        document = office.file(dossier=office.dossier())
        log_look(office.backends.transactions, SYSTEM, document)
        assert office.sql("SELECT 1 FROM audit_entry WHERE kind = 'access'") == []


def test_sign_ins_name_no_account_either(office: Office) -> None:
    """Only the table of pseudonyms knows who it was; with its row erased nobody does."""
    clerk = office.people["clerk63"]
    office.sql("UPDATE user_account SET password_hash = %s WHERE id = %s", PASSWORDS.hash(PASSWORD), clerk.user_id)
    transactions = office.backends.transactions
    with pytest.raises(SignInFailed):
        sign_in(transactions, login="clerk63", password="falsch", hours=1)
    signed_in = sign_in(transactions, login="clerk63", password=PASSWORD, hours=1)
    assert isinstance(signed_in, SignedIn)
    with transactions.begin(signed_in.actor) as tx:
        sign_out(tx)
    transactions.record_apart(clerk, Tag.DENY, None, {"method": "GET"})
    rows = office.sql(
        "SELECT tag, actor, to_jsonb(audit_entry)::text FROM audit_entry WHERE kind = 'access' ORDER BY id"
    )
    assert [tag for tag, _actor, _text in rows] == [
        "access:session:fail",
        "access:session:sign-in",
        "access:session:sign-out",
        "access:object:deny",
    ]
    assert len({actor for _tag, actor, _text in rows}) == 1
    assert rows[0][1].startswith("p:")
    assert not any(str(clerk.user_id) in text or "clerk63" in text for _tag, _actor, text in rows)


class TestKey:
    def test_a_new_key_is_for_its_owner_alone_and_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "folder" / "audit.key"
        first = Ledger.open(path, create=True)
        assert path.stat().st_mode & 0o777 == 0o600
        assert Ledger.open(path, create=False).public_key == first.public_key
        write_new_key(path)
        assert Ledger.open(path, create=True).public_key == first.public_key
        assert [each.name for each in path.parent.iterdir()] == ["audit.key"]

    def test_a_missing_key_is_not_made_unasked(self, tmp_path: Path) -> None:
        with pytest.raises(SetupFailed, match="fehlt"):
            Ledger.open(tmp_path / "audit.key", create=False)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
    def test_a_damaged_key_is_said_and_not_replaced(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "audit.key"
        path.write_bytes(content)
        with pytest.raises(SetupFailed, match="nicht lesbar"):
            Ledger.open(path, create=True)
        assert path.read_bytes() == content

    def test_a_key_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        pem = Ed448PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = tmp_path / "audit.key"
        path.write_bytes(pem)
        with pytest.raises(SetupFailed, match="Ed25519"):
            Ledger.open(path, create=True)


def test_the_verifier_imports_nothing_of_the_writer() -> None:
    """import-linter looks at the source; this looks at what a fresh interpreter loads."""
    command = "import sys, eakte.verifier; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith(("eakte", "retention", "sqlalchemy"))}
    assert loaded == {"eakte", "eakte.language", "eakte.verifier"}  # the catalogue of words knows gettext alone


def test_a_signed_log_without_its_key_gets_no_new_one(backends: Backends) -> None:
    with backends.transactions.begin(SYSTEM) as tx:
        tx.record(Tag.SIGN_OUT, None)
    auditing.sequence(backends.transactions, backends.blobs)
    backends.settings.audit_key_path.unlink()
    with pytest.raises(SetupFailed, match="fehlt"), open_backends(backends.settings, say=print):
        pass
