"""Check-out, restoring, the final version, cancelling: who may, what is frozen, and which of two at once has it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from eakte.errors import (
    Conflict,
    DocumentCancelled,
    DocumentCheckedOut,
    DocumentFinal,
    EakteError,
    InvalidInput,
    NotAllowed,
    NotFound,
    WrongState,
)
from eakte.models import Document
from eakte.operations.cancelling import cancel_document
from eakte.operations.document_bulk import move_documents
from eakte.operations.document_changes import change_document, lock_document
from eakte.operations.documents import readable_document
from eakte.operations.dossier_lists import dossier_activity
from eakte.operations.dossiers import youngest_document_day
from eakte.operations.filing import store_original
from eakte.operations.listing import list_documents
from eakte.operations.versions import add_version, check_out, finalize, release, restore_version
from eakte.terms import DocumentState
from eakte.transaction import Transaction
from tests.operations.office import Office

Act = Callable[[Transaction, uuid.UUID], object]


def do(office: Office, by: str, act: Act, document: uuid.UUID) -> Any:
    with office.backends.transactions.begin(office.people[by]) as tx:
        return act(tx, document)


def next_version(office: Office, **said: Any) -> Act:
    """Adds the next content state, other bytes each time."""

    def act(tx: Transaction, document: uuid.UUID) -> object:
        number = office.row(document).version + 1
        stored = store_original(
            office.backends.blobs, iter([f"Fassung {number}".encode()]), screen=None, filename=f"v{number}.pdf",
            media_type="application/pdf", limit=10**6, document_id=document, version=number,
        )  # fmt: skip
        return add_version(tx, stored, revision=None, **said)

    return act


def rename(tx: Transaction, document: uuid.UUID) -> object:
    revision = tx.session.get_one(Document, document).revision
    return change_document(tx, document, {"title": "Anders"}, revision=revision)


def cancel(tx: Transaction, document: uuid.UUID) -> object:
    return cancel_document(tx, document, reason="Doppelt erfasst")


def restore(tx: Transaction, document: uuid.UUID) -> object:
    return restore_version(tx, document, 1)


def tags(office: Office, document: uuid.UUID) -> list[str]:
    rows = office.sql("SELECT tag FROM audit_entry WHERE subject = %s ORDER BY at, id", document)
    return [tag.removeprefix("record:document:") for (tag,) in rows]


class TestCheckOut:
    @pytest.mark.parametrize("place", ["dossier", "inbox"])
    def test_of_two_at_once_one_has_it_and_the_other_is_told_who(self, office: Office, place: str) -> None:
        where: dict[str, Any] = {"dossier": office.dossier()} if place == "dossier" else {"inbox": True}
        document = office.file(**where)

        def try_it(by: str) -> str:
            try:
                do(office, by, check_out, document)
            except DocumentCheckedOut as told:
                return str(told.detail)
            return by

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(try_it, ["clerk63", "head63"] * 3))
        holder = next(login for login in ("clerk63", "head63") if login in answers)
        assert answers.count(holder) == 3
        refused = [answer for answer in answers if answer != holder]
        assert all(answer.startswith(f"{holder.title()} bearbeitet es seit ") for answer in refused)
        assert office.row(document).checked_out_by == office.people[holder].user_id
        assert tags(office, document).count("check-out") == 1

    def test_the_holder_checks_in_and_others_only_read_and_describe(self, office: Office) -> None:
        document = office.file(dossier=office.dossier())
        do(office, "clerk63", next_version(office), document)
        do(office, "clerk63", check_out, document)
        for act in (next_version(office), restore, finalize, cancel, check_out):
            with pytest.raises(DocumentCheckedOut):
                do(office, "head63", act, document)
        office.knows("head63", document)
        do(office, "head63", rename, document)
        do(office, "clerk63", next_version(office, keep_checked_out=True, comment=" Entwurf  2 "), document)
        assert office.row(document).checked_out_by is not None
        assert office.version(document).comment == "Entwurf 2"
        do(office, "clerk63", next_version(office), document)
        assert (office.row(document).checked_out_by, office.row(document).version) == (None, 4)
        do(office, "head63", next_version(office), document)

    def test_the_holder_or_the_registrar_with_a_reason_lets_go(self, office: Office) -> None:
        dossier = office.dossier()
        document = office.file(dossier=dossier)
        with pytest.raises(WrongState):
            do(office, "clerk63", release, document)
        do(office, "clerk63", check_out, document)
        with pytest.raises(NotAllowed):
            do(office, "head63", release, document)
        with pytest.raises(NotFound):
            do(office, "clerk10", release, document)
        with pytest.raises(InvalidInput):
            do(office, "registrar", release, document)
        office.close(dossier)
        do(office, "registrar", lambda tx, d: release(tx, d, reason="Krank seit Montag"), document)
        former = office.sql("SELECT field, value FROM former_value WHERE object_id = %s ORDER BY field", document)
        assert former == [("checked_out_by", "Clerk63"), ("reason", "Krank seit Montag")]
        assert office.row(document).checked_out_by is None

    def test_who_may_not_write_cannot_check_out(self, office: Office) -> None:
        dossier = office.dossier()
        document = office.file(dossier=dossier)
        office.share("clerk10", dossier_id=dossier)
        for by, refusal in (("clerk10", NotAllowed), ("registrar", NotAllowed), ("admin", NotFound)):
            with pytest.raises(refusal):
                do(office, by, check_out, document)
        office.close(dossier)
        with pytest.raises(WrongState):
            do(office, "clerk63", check_out, document)


def test_who_looked_before_it_was_moved_is_told(office: Office) -> None:
    """The right was checked where the document lay; where it lies now another rule holds."""
    document = office.file(inbox=True)
    secret = office.dossier("head63", confidentiality="protected")

    def act(tx: Transaction, _document: uuid.UUID) -> None:
        row = readable_document(tx.session, tx.actor, document)
        do(office, "head63", lambda other, each: move_documents(other, [each], dossier=secret), document)
        lock_document(tx, row, None)

    with pytest.raises(Conflict):
        do(office, "clerk63", act, document)


class TestRestoring:
    def test_an_earlier_version_holds_again_and_none_is_gone(self, office: Office) -> None:
        document = office.file(dossier=office.dossier(), title="Bescheid", content=b"Erste Fassung")
        office.read(document, "Widerspruch")
        first = office.version(document)
        do(office, "clerk63", next_version(office), document)
        office.read(document, "Klageschrift")
        office.index()
        blobs = office.count("blob")
        do(office, "clerk63", restore, document)
        third = office.version(document)
        assert (third.number, third.restored_from) == (3, 1)
        assert (third.original, third.sha256, third.words) == (first.original, first.sha256, first.words)
        assert (office.count("blob"), office.count("document_version")) == (blobs, 3)
        office.index()
        assert office.row(document).state == DocumentState.READY.value
        assert office.titles("clerk63", "Widerspruch") == ["Bescheid"]
        assert office.titles("clerk63", "Klageschrift") == []
        with pytest.raises(WrongState):
            do(office, "clerk63", lambda tx, d: restore_version(tx, d, 3), document)
        with pytest.raises(NotFound):
            do(office, "clerk63", lambda tx, d: restore_version(tx, d, 9), document)

    def test_what_was_never_read_is_read_now(self, office: Office) -> None:
        document = office.file(dossier=office.dossier(), title="Bescheid")
        do(office, "clerk63", next_version(office), document)
        do(office, "clerk63", restore, document)
        assert office.row(document).state == DocumentState.RECEIVED.value
        office.read(document, "Widerspruch")
        office.index()
        assert office.titles("clerk63", "Widerspruch") == ["Bescheid"]


FROZEN: dict[str, Act] = {
    "check out": check_out,
    "restore": restore,
    "finalize": finalize,
    "change": rename,
}


class TestFrozen:
    @pytest.mark.parametrize("act", FROZEN)
    @pytest.mark.parametrize("mark", ["final", "cancelled"])
    def test_nothing_changes_any_more(self, office: Office, mark: str, act: str) -> None:
        document = office.file(dossier=office.dossier(), title="Bescheid")
        do(office, "clerk63", next_version(office), document)
        do(office, "clerk63", check_out, document)
        do(office, "clerk63", finalize if mark == "final" else cancel, document)
        before = office.row(document)
        assert before.checked_out_by is None
        refusal: type[EakteError] = DocumentFinal if mark == "final" else DocumentCancelled
        with pytest.raises(refusal):
            do(office, "clerk63", FROZEN[act], document)
        with pytest.raises(refusal):
            do(office, "clerk63", next_version(office), document)
        assert (office.row(document).revision, office.row(document).title) == (before.revision, "Bescheid")

    def test_a_final_one_can_be_cancelled_once(self, office: Office) -> None:
        document = office.file(dossier=office.dossier())
        do(office, "clerk63", finalize, document)
        do(office, "clerk63", cancel, document)
        with pytest.raises(DocumentCancelled):
            do(office, "clerk63", cancel, document)
        assert tags(office, document) == ["file", "finalize", "cancel"]


class TestCancelling:
    def test_it_is_out_of_lists_counts_and_search_unless_asked_for(self, office: Office) -> None:
        dossier = office.dossier()
        kept = office.file(dossier=dossier, title="Bleibt", written_on=date(2020, 1, 1))
        document = office.file(dossier=dossier, title="Storniert", received_on=date(2026, 3, 1))
        for each in (kept, document):
            office.read(each, "Widerspruch")
        office.index()
        with office.backends.transactions.read() as session:
            youngest = youngest_document_day(session, dossier)
        with pytest.raises(InvalidInput):
            do(office, "clerk63", lambda tx, d: cancel_document(tx, d, reason=" "), document)
        do(office, "clerk63", cancel, document)

        def listed(**said: Any) -> list[str]:
            with office.backends.transactions.read() as session:
                page = list_documents(session, office.people["clerk63"], dossier=dossier, **said)
                return [view.document.title for view in page.items]

        # Before the index was told, and after it.
        for _turn in range(2):
            assert office.titles("clerk63", "Widerspruch") == ["Bleibt"]
            assert office.search("clerk63", "Widerspruch").total == 1
            assert sorted(office.titles("clerk63", "Widerspruch", cancelled=True)) == ["Bleibt", "Storniert"]
            office.index()
        assert {facet.value: facet.count for facet in office.search("clerk63").facets["state"]} == {"open": 1}
        assert (listed(), listed(cancelled=True)) == (["Bleibt"], ["Storniert", "Bleibt"])
        with office.backends.transactions.read() as session:
            assert dossier_activity(session, [dossier])[dossier][0] == 1
            assert youngest_document_day(session, dossier) == youngest
        # The reason is kept with the document; the log holds none.
        assert office.row(document).cancel_reason == "Doppelt erfasst"
        ((details,),) = office.sql("SELECT details::text FROM audit_entry WHERE tag = 'record:document:cancel'")
        assert "Doppelt" not in details
        office.knows("clerk63", document)

    def test_who_does_not_work_there_or_now_cannot(self, office: Office) -> None:
        dossier = office.dossier()
        document = office.file(dossier=dossier)
        for by, refusal in (("clerk10", NotFound), ("registrar", NotAllowed), ("auditor", NotFound)):
            with pytest.raises(refusal):
                do(office, by, cancel, document)
        office.close(dossier)
        with pytest.raises(WrongState):
            do(office, "clerk63", cancel, document)
        assert office.row(document).cancelled_at is None
