"""The index follows the database: again and again, late, rebuilt, and past what is damaged."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from eakte.errors import StorageFailed
from eakte.operations import entries
from eakte.operations.document_changes import change_document
from eakte.operations.entries import index_pending, rebuild, status
from eakte.terms import DocumentState
from indexing import terms as stored_terms
from indexing.search import DocumentEntries
from storage.blobs import BlobStore
from storage.errors import StorageUnavailable
from tests.operations.office import Office


def filed(office: Office, title: str = "Brief", text: str = "Bescheid") -> uuid.UUID:
    document = office.file(dossier=office.dossier(), title=title)
    office.read(document, text)
    return document


def renamed(office: Office, document: uuid.UUID, title: str) -> None:
    with office.backends.transactions.begin(office.people["clerk63"]) as tx:
        change_document(tx, document, {"title": title}, revision=office.row(document).revision)


def pending(office: Office) -> int:
    return index_pending(office.backends.transactions, office.backends.blobs, office.backends.search)


def rebuilt(office: Office) -> list[tuple[int, int]]:
    return list(rebuild(office.backends.transactions, office.backends.blobs, office.backends.search))


def entry_of(office: Office, document: uuid.UUID) -> DocumentEntries:
    with office.backends.transactions.read() as session:
        rows = [row for row in entries._rows(session, after=None, pending=False) if row[0].id == document]
        return entries._entries(session, office.backends.blobs, *rows[0])


def test_a_document_is_ready_when_it_is_found_and_not_before(office: Office) -> None:
    document = filed(office)
    assert office.row(document).state == DocumentState.PROCESSING.value
    office.index()
    assert office.row(document).state == DocumentState.READY.value
    assert office.titles("clerk63", "Bescheid") == ["Brief"]


def test_indexing_twice_writes_once(office: Office) -> None:
    filed(office)
    office.index()
    assert pending(office) == 0


def test_a_crash_between_index_and_note_writes_the_same_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    document = filed(office)
    office.index()
    renamed(office, document, "Anders")

    def crash(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(entries, "_note", crash)
        with pytest.raises(KeyboardInterrupt):
            pending(office)
    assert office.row(document).indexed_revision < office.row(document).revision
    assert pending(office) == 1
    assert office.backends.search.count() == 1
    assert office.titles("clerk63", "Anders") == ["Anders"]


def test_a_late_lower_revision_changes_nothing(office: Office) -> None:
    document = filed(office)
    office.index()
    late = entry_of(office, document)
    renamed(office, document, "Anders")
    office.index()
    noted = office.row(document).indexed_revision
    office.backends.search.put([late])
    entries._note(office.backends.transactions, [late])
    assert office.titles("clerk63", "Anders") == ["Anders"]
    assert office.row(document).indexed_revision == noted


def test_a_change_while_the_entry_is_written_is_not_taken_for_shown(office: Office) -> None:
    document = filed(office)
    office.index()
    renamed(office, document, "Zweiter")
    batch = [entry_of(office, document)]
    renamed(office, document, "Dritter")
    office.backends.search.put(batch)
    entries._note(office.backends.transactions, batch)
    assert office.row(document).indexed_revision < office.row(document).revision
    assert pending(office) == 1
    assert office.titles("clerk63", "Dritter") == ["Dritter"]


def test_what_waits_for_processing_is_not_indexed(office: Office) -> None:
    office.file(dossier=office.dossier(), title="Ungelesen")
    assert office.index() == 0
    counts = status(office.backends.transactions, office.backends.search)
    assert (counts.documents, counts.waiting, counts.indexed) == (1, 1, 0)


def test_a_failed_document_is_found_by_its_title_and_stays_failed(office: Office) -> None:
    document = office.file(dossier=office.dossier(), title="Kaputter Anhang")
    office.give_up(document)
    office.index()
    assert office.titles("clerk63", "Anhang") == ["Kaputter Anhang"]
    assert office.row(document).state == DocumentState.FAILED.value


def test_more_documents_than_one_batch(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "BATCH", 2)
    for number in range(5):
        filed(office, f"Brief {number}")
    assert office.index() == 5
    assert rebuilt(office) == [(2, 5), (4, 5), (5, 5)]
    assert len(office.titles("clerk63", "Bescheid")) == 5


class TestRebuild:
    def test_the_new_index_says_the_same(self, office: Office) -> None:
        for number in range(3):
            filed(office, f"Brief {number}")
        office.index()
        before = office.search("clerk63", "Bescheid")
        rebuilt(office)
        after = office.search("clerk63", "Bescheid")
        assert [hit.document.id for hit in after.hits] == [hit.document.id for hit in before.hits]
        assert after.facets == before.facets

    def test_changes_while_it_runs_are_in_it(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        """A document that was copied already is renamed, one that was not is too, and a new one comes."""
        monkeypatch.setattr(entries, "BATCH", 1)
        documents = [filed(office, f"Brief {number}") for number in range(3)]
        office.index()
        steps = rebuild(office.backends.transactions, office.backends.blobs, office.backends.search)
        next(steps)
        renamed(office, documents[0], "Schon kopiert")
        renamed(office, documents[2], "Noch nicht kopiert")
        filed(office, "Neu gekommen")
        pending(office)
        assert sorted(office.titles("clerk63", "kopiert")) == ["Noch nicht kopiert", "Schon kopiert"]
        list(steps)
        pending(office)
        assert sorted(office.titles("clerk63", "kopiert")) == ["Noch nicht kopiert", "Schon kopiert"]
        assert office.titles("clerk63", "gekommen") == ["Neu gekommen"]
        assert office.backends.search.count() == 4

    def test_a_lost_index_comes_back_from_the_database_alone(self, office: Office) -> None:
        document = filed(office)
        office.index()
        office.backends.search.remove([document])
        assert office.titles("clerk63", "Bescheid") == []
        rebuilt(office)
        assert office.titles("clerk63", "Bescheid") == ["Brief"]


class TestDamage:
    def damaged(self, office: Office, name: str | None) -> None:
        assert name is not None
        path = office.blob_file(name)
        path.chmod(0o600)
        path.write_bytes(b"\x00" * path.stat().st_size)

    def test_damaged_terms_are_made_anew_and_hold_nobody_up(self, office: Office) -> None:
        one, other = filed(office, "Eins", "Garage"), filed(office, "Zwei", "Carport")
        self.damaged(office, office.version(one).terms)
        assert office.index() == 2
        assert office.titles("clerk63", "Garage") == ["Eins"]
        assert office.titles("clerk63", "Carport") == ["Zwei"]
        assert {office.row(each).state for each in (one, other)} == {"ready"}

    def test_missing_terms_too(self, office: Office) -> None:
        document = filed(office, "Eins", "Garage")
        office.blob_file(str(office.version(document).terms)).unlink()
        assert office.index() == 1
        assert office.titles("clerk63", "Garage") == ["Eins"]

    def test_with_the_words_damaged_too_the_title_is_found(self, office: Office) -> None:
        document = filed(office, "Eins", "Garage")
        version = office.version(document)
        self.damaged(office, version.terms)
        self.damaged(office, version.words)
        other = filed(office, "Zwei", "Carport")
        assert office.index() == 2
        assert office.titles("clerk63", "Eins") == ["Eins"]
        assert office.titles("clerk63", "Garage") == []
        assert office.titles("clerk63", "Carport") == ["Zwei"]
        assert office.row(other).state == "ready"

    def test_a_rebuild_gets_past_it(self, office: Office) -> None:
        document = filed(office, "Eins", "Garage")
        office.index()
        self.damaged(office, office.version(document).terms)
        rebuilt(office)
        assert office.titles("clerk63", "Garage") == ["Eins"]

    def test_terms_of_another_analyser_are_made_anew(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        filed(office, "Eins", "Garage")
        monkeypatch.setattr(stored_terms, "ANALYSER_VERSION", stored_terms.ANALYSER_VERSION + 1)
        office.index()
        assert office.titles("clerk63", "Garage") == ["Eins"]

    def test_an_outage_of_the_store_is_no_damage(self, office: Office) -> None:
        """Nothing may be indexed without its text only because the store is away for a minute."""
        document = filed(office, "Eins", "Garage")
        office.index()
        renamed(office, document, "Anders")

        class Away:
            def __init__(self, blobs: BlobStore) -> None:
                self.blobs = blobs

            def __getattr__(self, name: str) -> object:
                return getattr(self.blobs, name)

            def read(self, *_given: object, **_named: object) -> object:
                raise StorageUnavailable("away")

        backends = replace(office.backends, blobs=Away(office.backends.blobs))  # type: ignore[arg-type] # one part
        with pytest.raises(StorageFailed):
            index_pending(backends.transactions, backends.blobs, backends.search)
        assert office.row(document).indexed_revision < office.row(document).revision
        assert office.backends.search.count() == 1
        assert pending(office) == 1
        assert office.titles("clerk63", "Garage") == ["Anders"]
