"""Filing: what is refused is refused before its bytes, and what is kept is kept whole."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eakte.errors import InvalidInput, NotAllowed, NotFound, StaleRevision, StorageFailed, TooLarge, WrongState
from eakte.models import Version
from eakte.operations.closing import close_case
from eakte.operations.document_changes import change_document
from eakte.operations.filing import (
    LONGEST_FILENAME,
    Draft,
    Stored,
    check_draft,
    clean_filename,
    file_document,
    store_original,
)
from eakte.operations.versions import add_version
from eakte.terms import DocumentState, new_id, today
from storage.errors import StorageUnavailable
from tests.operations.office import Office
from tests.transaction.test_transaction_commit import waiting


def checked(office: Office, by: str, draft: Draft) -> None:
    with office.backends.transactions.read() as session:
        check_draft(session, office.people[by], draft)


def stored(office: Office, content: bytes = b"x", **said: Any) -> Stored:
    known: dict[str, Any] = {"filename": "brief.pdf", "media_type": "application/pdf", "limit": 100}
    return store_original(office.backends.blobs, iter([content]), screen=None, **(known | said))


def changed(office: Office, document: uuid.UUID, by: str = "clerk63", revision: int | None = None, **to: Any) -> None:
    with office.backends.transactions.begin(office.people[by]) as tx:
        change_document(tx, document, to, revision=revision or office.row(document).revision)


class TestBeforeAnyByte:
    @pytest.mark.parametrize(
        ("said", "at"),
        [
            ({}, "dossier"),
            ({"inbox": True, "dossier": new_id()}, "dossier"),
            ({"case": new_id(), "dossier": new_id()}, "dossier"),
            ({"inbox": True, "kind": "letter"}, "kind"),
            ({"inbox": True, "title": "x" * 501}, "title"),
            ({"inbox": True, "title": "a\x00b"}, "title"),
            ({"inbox": True, "received_on": today() + timedelta(days=1)}, "received_on"),
            ({"inbox": True, "unit": "99"}, "unit"),
        ],
    )
    def test_bad_input_names_its_field(self, shared_office: Office, said: dict[str, Any], at: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            checked(shared_office, "clerk63", Draft(**said))
        assert [error.at for error in caught.value.errors] == [at]

    def test_where_one_may_not_file(self, office: Office) -> None:
        dossier, foreign = office.dossier(), office.dossier("clerk10")
        for by, draft, error in (
            ("clerk63", Draft(dossier=foreign), NotFound),
            ("clerk63", Draft(dossier=new_id()), NotFound),
            ("clerk63", Draft(case=new_id()), NotFound),
            ("registrar", Draft(dossier=dossier), NotAllowed),
            ("clerk63", Draft(inbox=True, unit="10"), NotAllowed),
            ("open63", Draft(inbox=True), NotAllowed),
            ("auditor", Draft(inbox=True), NotAllowed),
            ("admin", Draft(inbox=True), NotAllowed),
        ):
            with pytest.raises(error):
                checked(office, by, draft)

    def test_a_closed_dossier_or_case(self, office: Office) -> None:
        dossier = office.dossier()
        case = office.case(dossier)
        with office.backends.transactions.begin(office.people["clerk63"]) as tx:
            close_case(tx, case)
        with pytest.raises(InvalidInput):
            checked(office, "clerk63", Draft(case=case))
        office.close(dossier)
        with pytest.raises(WrongState):
            checked(office, "clerk63", Draft(dossier=dossier))


class TestNames:
    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("brief.pdf", "brief.pdf"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\windows\\system.ini", "system.ini"),
            ("C:\\Scans\\brief.pdf", "brief.pdf"),
            ("\\\\server\\share\\brief.pdf", "brief.pdf"),
            ("/absolute/brief.pdf", "brief.pdf"),
            ("a/b\\c/d.pdf", "d.pdf"),
            ("..", "unbenannt"),
            (".", "unbenannt"),
            ("", "unbenannt"),
            ("   ", "unbenannt"),
            (".htaccess", "htaccess"),
            ("a\x00b\r\nc.pdf", "abc.pdf"),
            ("rechts\u202efdp.exe", "rechtsfdp.exe"),
            ("a\ud800b.pdf", "ab.pdf"),
            ("A\u0308rger.pdf", "Ärger.pdf"),
            ("Bescheid (2) – Entwurf.docx", "Bescheid (2) – Entwurf.docx"),
        ],
    )
    def test_a_filename_is_a_name_and_no_path(self, sent: str, kept: str) -> None:
        assert clean_filename(sent) == kept

    def test_a_long_name_keeps_its_ending(self) -> None:
        assert clean_filename("x" * 300 + ".pdf").endswith("xxx.pdf")
        assert len(clean_filename("x" * 300 + "." + "y" * 300)) <= LONGEST_FILENAME
        assert len(clean_filename("ß" * 300)) <= LONGEST_FILENAME

    @given(st.text(st.characters() | st.sampled_from("./\\:\x00 ")))
    def test_no_name_is_strange_enough(self, sent: str) -> None:
        kept = clean_filename(sent)
        assert 0 < len(kept) <= LONGEST_FILENAME
        assert kept.isprintable()
        assert not set(kept) & set("/\\")
        assert not kept.startswith(".")
        kept.encode()

    @pytest.mark.parametrize(
        ("filename", "title", "expected"),
        [
            ("Antrag_auf_Anbau.pdf", None, "Antrag auf Anbau"),
            ("Antrag.pdf", "  ", "Antrag"),
            ("Antrag.pdf", "Bauantrag", "Bauantrag"),
            ("scan", None, "scan"),
            ("___.pdf", None, "Ohne Betreff"),
        ],
    )
    def test_a_letter_without_title_is_called_like_its_file(
        self, shared_office: Office, filename: str, title: str | None, expected: str
    ) -> None:
        document = shared_office.file(inbox=True, filename=filename, title=title)
        assert shared_office.row(document).title == expected


class TestBytes:
    def test_too_large_leaves_nothing(self, office: Office) -> None:
        with pytest.raises(TooLarge):
            stored(office, b"x" * 101)
        assert list(office.backends.blobs.names()) == []

    def test_a_sender_that_breaks_off_leaves_nothing(self, office: Office) -> None:
        def breaking() -> Iterator[bytes]:
            yield b"x"
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            store_original(office.backends.blobs, breaking(), screen=None, filename="a", media_type="a", limit=10)
        assert list(office.backends.blobs.names()) == []

    def test_a_store_that_fails_is_said_and_nothing_is_filed(self) -> None:
        class Down:
            def put(self, *_given: object, **_named: object) -> object:
                raise StorageUnavailable("down")

        with pytest.raises(StorageFailed):
            store_original(Down(), iter([b"x"]), screen=None, filename="a", media_type="a", limit=10)  # type: ignore[arg-type]

    def test_the_same_bytes_twice_are_two_documents(self, office: Office) -> None:
        dossier = office.dossier()
        one, other = (office.file(dossier=dossier, content=b"gleich") for _ in range(2))
        assert one != other
        assert office.version(one).sha256 == office.version(other).sha256
        assert office.version(one).original != office.version(other).original

    def test_the_bytes_are_those_that_came(self, office: Office) -> None:
        version = office.version(office.file(dossier=office.dossier(), content=b"\x00\xffBrief"))
        assert b"".join(office.backends.blobs.read(version.original)) == b"\x00\xffBrief"
        assert version.size == 7


class TestClosing:
    def test_a_dossier_closed_after_the_check_takes_no_letter(self, office: Office) -> None:
        dossier = office.dossier()
        draft = Draft(dossier=dossier)
        checked(office, "clerk63", draft)
        office.close(dossier)
        with pytest.raises(WrongState), office.backends.transactions.begin(office.people["clerk63"]) as tx:
            file_document(tx, draft, stored(office))
        assert office.count("document") == 0

    def test_a_case_closed_at_the_same_time_takes_no_letter(self, office: Office) -> None:
        """The filing act has read the open case and waits for the dossier, which the closing act holds."""
        case = office.case(office.dossier())
        closed, go_on = threading.Event(), threading.Event()

        def closing() -> None:
            with office.backends.transactions.begin(office.people["clerk63"]) as tx:
                close_case(tx, case)
                closed.set()
                assert go_on.wait(30)

        def filing() -> None:
            with office.backends.transactions.begin(office.people["clerk63"]) as tx:
                file_document(tx, Draft(case=case), stored(office))

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(closing)
            assert closed.wait(30)
            second = pool.submit(filing)
            waiting(office)
            go_on.set()
            first.result(30)
            with pytest.raises(InvalidInput):
                second.result(30)
        assert office.count("document") == 0

    def test_documents_of_a_closed_dossier_stay_as_they_are(self, office: Office) -> None:
        dossier = office.dossier()
        document = office.file(dossier=dossier, title="Brief")
        office.close(dossier)
        with pytest.raises(WrongState):
            changed(office, document, title="Anders")
        with pytest.raises(WrongState), office.backends.transactions.begin(office.people["clerk63"]) as tx:
            add_version(tx, stored(office, document_id=document, version=2), revision=None)
        assert (office.row(document).title, office.row(document).version) == ("Brief", 1)


class TestVersions:
    def version_of(self, office: Office, document: uuid.UUID, number: int, revision: int | None) -> None:
        with office.backends.transactions.begin(office.people["clerk63"]) as tx:
            add_version(tx, stored(office, document_id=document, version=number), revision=revision)

    def test_a_version_is_added_and_the_first_one_stays(self, office: Office) -> None:
        document = office.file(dossier=office.dossier())
        office.read(document, "Bescheid")
        first = office.version(document).original
        self.version_of(office, document, 2, office.row(document).revision)
        assert office.row(document).version == 2
        assert office.row(document).state == DocumentState.RECEIVED.value
        assert office.count(Version.__tablename__) == 2
        assert office.backends.blobs.stat(first).size

    def test_who_read_an_older_state_is_told_so(self, office: Office) -> None:
        document = office.file(dossier=office.dossier())
        read = office.row(document).revision
        changed(office, document, title="Anders")
        with pytest.raises(StaleRevision):
            self.version_of(office, document, 2, read)
        assert office.row(document).version == 1

    @pytest.mark.parametrize("number", [1, 3])
    def test_no_number_is_used_twice_or_left_out(self, office: Office, number: int) -> None:
        document = office.file(dossier=office.dossier())
        with pytest.raises(InvalidInput):
            self.version_of(office, document, number, None)

    def test_of_two_at_once_one_wins(self, office: Office) -> None:
        document = office.file(dossier=office.dossier())
        revision = office.row(document).revision

        def try_it(_turn: int) -> bool:
            try:
                self.version_of(office, document, 2, revision)
            except StaleRevision:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(try_it, range(6))) == 1
        assert office.count(Version.__tablename__) == 2


class TestChanges:
    def test_former_values_are_kept_beside_the_log(self, office: Office) -> None:
        document = office.file(dossier=office.dossier(), title="Alt", sender="Meier", received_on=date(2026, 1, 5))
        changed(office, document, title="Neu", sender=None, received_on=date(2026, 1, 6), kind="outgoing")
        former = dict(office.sql("SELECT field, value FROM former_value WHERE object_id = %s", document))
        assert former == {"title": "Alt", "sender": "Meier", "received_on": "2026-01-05", "kind": "incoming"}
        ((details,),) = office.sql("SELECT details FROM audit_entry WHERE tag = 'record:document:change'")
        assert details["fields"] == ["kind", "received_on", "sender", "title"]

    def test_changing_nothing_is_no_act(self, office: Office) -> None:
        document = office.file(dossier=office.dossier(), title="Alt")
        before = office.row(document).revision
        changed(office, document, title=" Alt ")
        assert office.row(document).revision == before
        assert office.sql("SELECT 1 FROM audit_entry WHERE tag = 'record:document:change'") == []

    @pytest.mark.parametrize(
        ("to", "at"),
        [
            ({"title": ""}, "title"),
            ({"kind": "letter"}, "kind"),
            ({"state": "ready"}, "state"),
            ({"dossier_id": str(new_id())}, "dossier_id"),
            ({"revision": 7}, "revision"),
            ({"sender": "x" * 501}, "sender"),
            ({"received_on": today() + timedelta(days=1)}, "received_on"),
        ],
    )
    def test_what_cannot_be_changed_names_its_field(self, office: Office, to: dict[str, Any], at: str) -> None:
        document = office.file(dossier=office.dossier(), title="Alt")
        with pytest.raises(InvalidInput) as caught, office.backends.transactions.begin(office.people["clerk63"]) as tx:
            change_document(tx, document, to | {"addressee": "Schulz"}, revision=office.row(document).revision)
        assert [error.at for error in caught.value.errors] == [at]
        assert office.row(document).addressee is None

    def test_a_stale_revision_changes_nothing(self, office: Office) -> None:
        document = office.file(dossier=office.dossier(), title="Alt")
        with pytest.raises(StaleRevision):
            changed(office, document, revision=99, title="Neu")
        assert office.row(document).title == "Alt"
