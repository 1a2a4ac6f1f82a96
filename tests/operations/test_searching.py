"""Searching: the index proposes, SQL decides, and nothing that it does not confirm leaves a trace."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from eakte.errors import InvalidInput, SearchUnavailable
from eakte.operations import entries
from eakte.operations.searching import Question, find, find_by_reference
from eakte.terms import new_id, today
from indexing.search_errors import SearchUnavailable as IndexAway
from tests.operations.office import Office


def four_letters(office: Office) -> dict[str, uuid.UUID]:
    """Three letters in dossiers of unit 63, one in a dossier of unit 10."""
    found = {}
    for title, by, plan_class, received in (
        ("Bauantrag Garage", "clerk63", "632.2", date(2024, 5, 1)),
        ("Voranfrage Garage", "clerk63", "632.1", date(2025, 5, 1)),
        ("Bußgeld Garage", "clerk63", "634", date(2026, 5, 1)),
        ("Garage am Rathaus", "clerk10", "09", date(2026, 6, 1)),
    ):
        dossier = office.dossier(by, plan_class=plan_class, title=f"Akte {title}")
        found[title] = office.file(by, dossier=dossier, title=title, received_on=received)
        office.read(found[title], "Die Garage steht an der Grenze", "Zweite Seite ohne das Wort")
    office.index()
    return found


@pytest.fixture
def letters(office: Office) -> dict[str, uuid.UUID]:
    return four_letters(office)


@pytest.fixture(scope="module")
def shared_letters(shared_office: Office) -> dict[str, uuid.UUID]:
    return four_letters(shared_office)


def misplaced(office: Office, document: uuid.UUID, **wrong: Any) -> None:
    """Put an entry into the index that claims other rights than the database gives."""
    with office.backends.transactions.read() as session:
        rows = [row for row in entries._rows(session, after=None, pending=False) if row[0].id == document]
        entry = entries._entries(session, office.backends.blobs, *rows[0])
    office.backends.search.put([replace(entry, revision=entry.revision + 1, **wrong)])


@pytest.mark.usefixtures("letters")
def test_a_letter_is_found_by_its_text_and_shows_where(office: Office) -> None:
    result = office.search("clerk63", "Garage Grenze")
    assert result.total == len(result.hits) == 3
    for hit in result.hits:
        (passage,) = hit.passages
        assert passage.page == 1
        assert {passage.text[start:end] for start, end in passage.marks} == {"Garage", "Grenze"}
        assert hit.dossier is not None


@pytest.mark.parametrize("way", ["scope", "dossier", "inbox"])
def test_a_wrong_entry_shows_nothing_to_the_wrong_person(
    office: Office, letters: dict[str, uuid.UUID], way: str
) -> None:
    """As after a move of a dossier whose entry is not written yet, or a fault in the index."""
    own = office.dossier_row(office.dossier())
    wrong = {
        "scope": {"scope": own.scope_number},
        "dossier": {"scope": own.scope_number, "dossier": own.number},
        "inbox": {"scope": own.scope_number, "dossier": 0, "case": 0},
    }[way]
    misplaced(office, letters["Garage am Rathaus"], **wrong)
    result = office.search("clerk63", "Garage")
    assert sorted(hit.document.title for hit in result.hits) == [
        "Bauantrag Garage",
        "Bußgeld Garage",
        "Voranfrage Garage",
    ]
    assert result.total == 3
    assert "Rathaus" not in repr(result.hits)
    assert office.titles("clerk63", "Garage am Rathaus")[:1] != ["Garage am Rathaus"]


def test_a_hit_whose_content_may_not_be_read_has_no_passage_whatever_the_index_says(
    office: Office, letters: dict[str, uuid.UUID]
) -> None:
    own = office.dossier_row(office.dossier("registrar"))
    misplaced(office, letters["Bauantrag Garage"], scope=own.scope_number)
    hits = {hit.document.title: hit for hit in office.search("registrar", "Grenze").hits}
    assert hits["Bauantrag Garage"].passages == []


def test_a_document_that_is_gone_from_the_database_is_no_hit(office: Office, letters: dict[str, uuid.UUID]) -> None:
    with office.backends.transactions.read() as session:
        rows = entries._rows(session, after=None, pending=False)
        entry = entries._entries(session, office.backends.blobs, *rows[0])
    office.backends.search.put([replace(entry, document=new_id())])
    assert len(office.titles("clerk63", "Garage")) == 3
    assert len(letters) == 4


@pytest.mark.usefixtures("shared_letters")
class TestQuestions:
    def test_facets_have_words_for_people(self, shared_office: Office) -> None:
        facets = shared_office.search("clerk63", "Garage").facets
        assert {each.value: (each.label, each.count) for each in facets["class"]} == {
            "632.1": ("632.1 Bauvoranfragen", 1),
            "632.2": ("632.2 Bauanträge", 1),
            "634": ("634 Bußgelder", 1),
        }
        (unit,) = facets["unit"]
        assert (unit.value, unit.label, unit.count) == (str(shared_office.units["63"]), "63 Bauordnung", 3)

    @pytest.mark.parametrize(
        ("said", "count"),
        [
            ({"plan_classes": ("632",)}, 2),
            ({"plan_classes": ("6",)}, 3),
            ({"plan_classes": ("632.2",)}, 1),
            ({"plan_classes": ("02",)}, 0),
            ({"units": ("63",)}, 3),
            ({"units": ("10",)}, 0),
            ({"kinds": ("incoming",)}, 3),
            ({"plan_classes": ("632.1", "634")}, 2),
            ({"kinds": ("outgoing", "incoming")}, 3),
            ({"kinds": ("outgoing",)}, 0),
            ({"since": date(2025, 5, 1)}, 2),
            ({"until": date(2025, 5, 1)}, 2),
            ({"since": date(2025, 5, 1), "until": date(2025, 5, 1)}, 1),
        ],
        ids=str,
    )
    def test_filters(self, shared_office: Office, said: dict[str, Any], count: int) -> None:
        assert shared_office.search("clerk63", "Garage", **said).total == count

    def test_orders(self, shared_office: Office) -> None:
        assert shared_office.titles("clerk63", "Garage", sort="newest") == [
            "Bußgeld Garage",
            "Voranfrage Garage",
            "Bauantrag Garage",
        ]
        assert shared_office.titles("clerk63", "Garage", sort="reference") == [
            "Voranfrage Garage",
            "Bauantrag Garage",
            "Bußgeld Garage",
        ]

    @pytest.mark.parametrize("sort", ["relevance", "newest", "added", "reference"])
    def test_pages_together_are_the_whole_answer(self, shared_office: Office, sort: str) -> None:
        whole, seen, after = shared_office.titles("clerk63", "Garage", sort=sort), [], None
        for _ in range(3):
            page = shared_office.search("clerk63", "Garage", sort=sort, limit=1, after=after)
            seen += [hit.document.title for hit in page.hits]
            after = page.next
        assert seen == whole
        assert after is None

    @pytest.mark.parametrize(
        ("said", "at"),
        [
            ({"text": "x" * 501}, "q"),
            ({"sort": "size"}, "sort"),
            ({"after": "nonsense"}, "after"),
            ({"plan_classes": ("99",)}, "class"),
            ({"units": ("99",)}, "unit"),
        ],
    )
    def test_bad_input_names_its_field(self, shared_office: Office, said: dict[str, Any], at: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            shared_office.search("clerk63", **({"text": "Garage"} | said))
        assert [error.at for error in caught.value.errors] == [at]

    @pytest.mark.parametrize(
        "text", ["", "   ", "\x00", "\ud800", '"', "((", "*", "a" * 500, "\U0001f5c4", "AND OR NOT"]
    )
    def test_no_question_is_strange_enough_to_be_a_fault(self, shared_office: Office, text: str) -> None:
        assert shared_office.search("clerk63", text).total >= 0

    @pytest.mark.parametrize("limit", [-1, 0, 10**6])
    def test_a_page_has_a_sensible_size(self, shared_office: Office, limit: int) -> None:
        assert 1 <= len(shared_office.search("clerk63", "Garage", limit=limit).hits) <= 3


def test_without_an_index_the_search_says_so_and_the_rest_goes_on(office: Office) -> None:
    class Away:
        def query(self, *_given: object, **_named: object) -> object:
            raise IndexAway("away")

    with office.backends.transactions.read() as session, pytest.raises(SearchUnavailable):
        find(session, office.backends.blobs, Away(), office.people["clerk63"], Question("x"))  # type: ignore[arg-type]
    office.file(dossier=office.dossier())


def test_a_damaged_word_layer_costs_the_passages_and_not_the_hit(office: Office, letters: dict[str, uuid.UUID]) -> None:
    path = office.blob_file(str(office.version(letters["Bauantrag Garage"]).words))
    path.chmod(0o600)
    path.write_bytes(b"\x00" * path.stat().st_size)
    hits = {hit.document.title: hit for hit in office.search("clerk63", "Grenze").hits}
    assert len(hits) == 3
    assert hits["Bauantrag Garage"].passages == []
    assert hits["Bußgeld Garage"].passages


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("632.2-00001/{year}", True),
        (" 632.2 - 00001 / {year} ", True),
        ("632.2–00001/{year}", True),
        ("632.2‑00001/{year}", True),
        ("632.2-00001", False),
        ("632.2-00002/{year}", False),
        ("632.2", False),
        ("Lindenweg", False),
        ("", False),
        ("\x00", False),
        ("1\x00", False),
    ],
)
def test_a_reference_number_is_found_in_the_spellings_that_people_type(
    shared_office: Office, shared_letters: dict[str, uuid.UUID], typed: str, found: bool
) -> None:
    with shared_office.backends.transactions.read() as session:
        dossier = find_by_reference(session, shared_office.people["clerk63"], typed.format(year=today().year))
    assert (dossier is not None) is found
    assert shared_letters
