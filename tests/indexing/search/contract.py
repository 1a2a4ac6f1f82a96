"""What every search driver must do. A driver's test file subclasses this and says how an index is opened."""

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexing.search import Answer, Condition, DocumentEntries, Query, Rights, SearchIndex, Sort
from indexing.search_errors import CursorInvalid, RebuildLost
from tests.indexing.search.samples import (
    EVERYONE,
    build,
    document,
    found,
    naive_facets,
    naively_left,
    naively_visible,
    number,
)

NOBODY = Rights()
_SETTINGS = settings(
    deadline=None,
    max_examples=60,
    derandomize=True,
    # differing_executors: one suite for all drivers is the point of it; the examples are derandomised.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)

_subsets = st.frozensets(st.integers(1, 5), max_size=5)
_OTHERS = frozenset(range(1_000, 5_000))
"""Dossiers of which no document is here. Drivers treat many numbers otherwise than few; it must not show."""
_single = st.builds(lambda few, many: few | _OTHERS if many else few, _subsets, st.booleans())
_rights = st.builds(Rights, scopes=_subsets, dossiers=_single, excepted=_subsets, withheld=_subsets)


def _archive() -> list[DocumentEntries]:
    """Every combination of scope, dossier and case, with facets that vary independently of them."""
    combinations = itertools.product((1, 2, 3), (0, 1, 2), (0, 2, 3, 4))
    return [
        document(
            n,
            f"Bescheid über die Gebühr, Inhalt{n}",
            title=f"Antrag Titel{n}",
            scope=scope,
            dossier=dossier,
            case=case,
            plan_class=("632.2", "632.3", "")[n % 3],
            unit=("Ordnungsamt", "Bauamt")[n % 2],
            kind=("Schreiben", "Plan", "Vermerk", "")[n % 4],
            state=("ready", "failed")[n % 5 == 0],
            day=date(2020 + n % 4, 1 + n % 12, 1 + n % 3),
            reference=("00.1", "00.10", "", "632.2-00017/2026", "ä")[n % 5],
        )
        for n, (scope, dossier, case) in enumerate(combinations)
    ]


ARCHIVE = _archive()


def _answer(index: SearchIndex, query: Query, content: Rights, metadata: Rights | None = None) -> Answer:
    return index.query(query, content=content, metadata=content if metadata is None else metadata)


def _ids(answer: Answer) -> set[uuid.UUID]:
    assert answer.total == len(answer.hits)
    return {hit.document for hit in answer.hits}


def _all_pages(index: SearchIndex, query: Query, rights: Rights) -> list[uuid.UUID]:
    documents: list[uuid.UUID] = []
    while True:
        answer = _answer(index, query, rights)
        assert len(answer.hits) <= query.limit
        documents += [hit.document for hit in answer.hits]
        if answer.next is None:
            return documents
        assert answer.hits, "a page that names a next one is not empty"
        query = replace(query, after=answer.next)


class SearchIndexContract:
    """Subclass it and implement `open`."""

    @classmethod
    def open(cls, place: Path) -> SearchIndex:
        """The index that belongs to this folder's name, as a new process opens it; at first there is none."""
        raise NotImplementedError

    @pytest.fixture
    def index(self, tmp_path: Path) -> Iterator[SearchIndex]:
        """An index that is empty and ready."""
        index = self.open(tmp_path)
        build(index)
        yield index
        index.close()

    @pytest.fixture
    def again(self, tmp_path: Path) -> SearchIndex:
        """The same index as another process sees it."""
        return self.open(tmp_path)

    @pytest.fixture(scope="class")
    @classmethod
    def filled(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
        """An index that holds `ARCHIVE`; tests with it only read."""
        index = cls.open(tmp_path_factory.mktemp("filled"))
        build(index, ARCHIVE)
        yield index
        index.close()

    # ---------------------------------------------------------------------------------------------------------- rights

    @_SETTINGS
    @given(content=_rights, metadata=_rights)
    def test_whoever_may_read_finds_the_text_and_whoever_may_see_finds_the_title(
        self, filled: SearchIndex, content: Rights, metadata: Rights
    ) -> None:
        text = _answer(filled, Query("Gebühr", limit=100), content, metadata)
        assert _ids(text) == {d.document for d in ARCHIVE if naively_visible(d, content)}
        title = _answer(filled, Query("Antrag", limit=100), content, metadata)
        seen = [d for d in ARCHIVE if naively_visible(d, content) or naively_visible(d, metadata)]
        assert _ids(title) == {d.document for d in seen}
        everything = _answer(filled, Query(limit=100), content, metadata)
        assert _ids(everything) == {d.document for d in seen}
        assert {facet: dict(counts) for facet, counts in everything.facets.items()} == naive_facets(seen)

    @_SETTINGS
    @given(
        rights=_rights,
        filters=st.builds(
            Query,
            text=st.sampled_from(["Bescheid", "Antrag", ""]),
            units=st.frozensets(st.sampled_from(["Ordnungsamt", "Bauamt", "Amt ohne Akten"])),
            kinds=st.frozensets(st.sampled_from(["Schreiben", "Plan"])),
            plan_classes=st.frozensets(st.sampled_from(["632.2", "632.3"])),
            states=st.frozensets(st.sampled_from(["ready", "failed"])),
            without_states=st.frozensets(st.sampled_from(["ready", "failed"]), max_size=1),
            since=st.none() | st.dates(date(2019, 1, 1), date(2024, 1, 1)),
            until=st.none() | st.dates(date(2019, 1, 1), date(2024, 1, 1)),
            within=st.none() | st.integers(1, 5),
            limit=st.just(100),
        ),
    )
    def test_total_and_facets_are_a_naive_count_under_rights_and_filters(
        self, filled: SearchIndex, rights: Rights, filters: Query
    ) -> None:
        expected = [d for d in ARCHIVE if naively_visible(d, rights) and naively_left(d, filters)]
        answer = _answer(filled, filters, rights)
        assert _ids(answer) == {d.document for d in expected}
        assert {facet: dict(counts) for facet, counts in answer.facets.items()} == naive_facets(expected)

    @pytest.mark.parametrize("text", ["", "Gebühr", "Antrag", "Antrag Titel3", '"Antrag Titel3"', "Gebbühr"])
    @pytest.mark.parametrize("sort", list(Sort))
    def test_empty_rights_see_nothing(self, filled: SearchIndex, text: str, sort: Sort) -> None:
        answer = _answer(filled, Query(text, sort=sort), NOBODY)
        assert (answer.hits, answer.total, answer.next) == ((), 0, None)
        assert not any(answer.facets.values())
        only_excepted = Rights(excepted=frozenset({1}))
        assert _answer(filled, Query(text, sort=sort), only_excepted).total == 0

    def test_the_text_of_others_moves_nothing(self, index: SearchIndex) -> None:
        index.put(
            [
                document(1, "Widerspruch " * 40, title="Widerspruch Müller", scope=2),
                document(2, "ganz etwas anderes", title="Widerspruch Müller", scope=2),
            ]
        )
        answer = _answer(index, Query("Widerspruch"), NOBODY, Rights(frozenset({2})))
        assert len({hit.score for hit in answer.hits}) == 1
        assert [hit.pages for hit in answer.hits] == [(), ()]

    def test_rights_with_fifty_thousand_shared_dossiers(self, index: SearchIndex) -> None:
        index.put([document(n, "Bescheid", scope=9, dossier=n) for n in (7, 49_999, 50_001)])
        rights = Rights(dossiers=frozenset(range(1, 50_001)))
        assert found(index, "Bescheid", rights) == sorted([number(7), number(49_999)])

    def test_zero_is_no_right(self) -> None:
        with pytest.raises(ValueError, match="dossiers"):
            Rights(dossiers=frozenset({0}))

    # --------------------------------------------------------------------------------------------------------- changes

    def test_a_put_is_found_at_once_and_everywhere(self, index: SearchIndex, again: SearchIndex) -> None:
        other = again
        assert found(other, "Hundesteuer") == []
        index.put([document(1, "Hundesteuer")])
        assert found(index, "Hundesteuer") == found(other, "Hundesteuer") == [number(1)]
        other.put([document(2, "Hundesteuer")])
        assert set(found(index, "Hundesteuer")) == {number(1), number(2)}

    def test_a_put_replaces_the_whole_document(self, index: SearchIndex) -> None:
        index.put([document(1, "Hundesteuer", "zweite Seite", title="Alter Titel")])
        index.put([document(1, "Grundsteuer", title="Neuer Titel", revision=2)])
        assert found(index, "Hundesteuer") == found(index, "Alter") == found(index, "zweite") == []
        assert found(index, "Grundsteuer") == found(index, "Neuer") == [number(1)]
        assert index.count() == 1

    def test_the_last_revision_wins(self, index: SearchIndex) -> None:
        index.put([document(1, "neu", scope=2, revision=5)])
        index.put([document(1, "veraltet", revision=4)])
        assert found(index, "veraltet") == found(index, "neu") == []
        assert found(index, "neu", Rights(frozenset({2}))) == [number(1)]
        index.put([document(1, "neuer", revision=7), document(1, "dazwischen", revision=6)])
        assert found(index, "neuer") == [number(1)]
        assert index.revisions(None, 10) == [(number(1), 7)]

    def test_the_same_revision_again_is_fine(self, index: SearchIndex) -> None:
        for _ in range(2):
            index.put([document(1, "Hundesteuer")])
        assert found(index, "Hundesteuer") == [number(1)]

    def test_removed_documents_are_gone_and_unknown_ones_no_matter(self, index: SearchIndex) -> None:
        index.put([document(1, "Hundesteuer"), document(2, "Hundesteuer")])
        index.remove([number(1), number(3)])
        assert found(index, "Hundesteuer") == [number(2)]
        assert index.count() == 1

    def test_nothing_to_do_is_fine(self, index: SearchIndex) -> None:
        index.put([])
        index.remove([])
        assert index.count() == 0

    def test_revisions_walk_through_all_documents_once(self, index: SearchIndex) -> None:
        index.put([document(n, "Text", revision=n) for n in range(1, 24)])
        walked: list[tuple[uuid.UUID, int]] = []
        while page := index.revisions(walked[-1][0] if walked else None, 5):
            walked += page
        assert walked == sorted((number(n), n) for n in range(1, 24))

    # ---------------------------------------------------------------------------------------------------------- paging

    @pytest.mark.parametrize("text", ["", "Bescheid", "Gebühr Inhalt7 Inhalt8 Inhalt9", "Beschied"])
    @pytest.mark.parametrize("sort", list(Sort))
    def test_all_pages_together_are_the_unpaged_answer(self, filled: SearchIndex, sort: Sort, text: str) -> None:
        rights = Rights(frozenset({1, 3}), frozenset({2}), frozenset({1}))
        answer = _answer(filled, Query(text, sort=sort, limit=200), rights)
        unpaged = [hit.document for hit in answer.hits]
        assert answer.next is None
        assert len(set(unpaged)) == len(unpaged) == answer.total > 5
        for size in (1, 2, 3, 7, len(unpaged) - 1, len(unpaged), len(unpaged) + 1):
            assert _all_pages(filled, Query(text, sort=sort, limit=size), rights) == unpaged, size

    def test_newest_added_and_reference_are_the_orders_they_say(self, filled: SearchIndex) -> None:
        everyone = Rights(frozenset({1, 2, 3}))
        newest = [hit.document for hit in _answer(filled, Query(sort=Sort.NEWEST, limit=100), everyone).hits]
        assert newest == [d.document for d in sorted(ARCHIVE, key=lambda d: (d.day, d.document), reverse=True)]
        added = [hit.document for hit in _answer(filled, Query(sort=Sort.ADDED, limit=100), everyone).hits]
        assert added == sorted((d.document for d in ARCHIVE), reverse=True)
        by_reference = [hit.document for hit in _answer(filled, Query(sort=Sort.REFERENCE, limit=100), everyone).hits]
        assert by_reference == [
            d.document for d in sorted(ARCHIVE, key=lambda d: (d.reference_key.encode(), d.document))
        ]

    @pytest.mark.parametrize("sort", list(Sort))
    def test_what_comes_and_goes_between_pages_moves_no_other_document(self, index: SearchIndex, sort: Sort) -> None:
        index.put(
            [document(n, f"Bescheid {'Gebühr ' * n}", day=date(2020, 1, n), reference=f"{n:02}") for n in range(1, 21)]
        )
        query = Query("Gebühr", sort=sort, limit=6)
        before = _all_pages(index, replace(query, limit=100), EVERYONE)
        first = _answer(index, query, EVERYONE)
        index.put([document(90, "Gebühr", day=date(2030, 1, 1), reference="00"), document(91, "Etwas anderes")])
        index.remove([first.hits[0].document])
        rest = _all_pages(index, replace(query, after=first.next), EVERYONE)
        assert [d for d in rest if d != number(90)] == before[6:]

    @pytest.mark.parametrize("mark", ["", "x", "W10", "bm9uc2Vuc2U", "ä", "WzEsMiwzLDQsNV0", "[" * 500])
    def test_a_broken_mark_is_an_error(self, index: SearchIndex, mark: str) -> None:
        with pytest.raises(CursorInvalid):
            _answer(index, Query("Gebühr", after=mark), EVERYONE)

    def test_the_mark_of_another_question_is_an_error(self, filled: SearchIndex) -> None:
        mark = _answer(filled, Query("Bescheid", limit=1), EVERYONE).next
        for other in (Query("Antrag", after=mark), Query("Bescheid", after=mark, sort=Sort.NEWEST)):
            with pytest.raises(CursorInvalid):
                _answer(filled, other, EVERYONE)
        assert _answer(filled, Query("Bescheid", after=mark, limit=7), EVERYONE).hits

    # --------------------------------------------------------------------------------------------------------- finding

    @pytest.mark.parametrize(
        ("text", "typed"),
        [
            ("Die Straße ist gesperrt", "Strasse"),
            ("Die Strasse ist gesperrt", "STRAẞE"),
            ("Gebu\u0308hren werden erhoben", "Gebühr"),
            ("Gebuehrenbescheid", "Gebührenbescheide"),
            ("Die Gebühr", "Gebuhren"),
            ("die Gebüh-\nren sind fällig", "Gebühren"),
            ("die Ge\u00adbüh\u00adren", "Gebühr"),
            ("Hundegebühren", "Gebühr"),
            ("Straßenreinigungssatzung", "Reinigung"),
            ("Az. 632.2-00017/2026", "632.2-00017/2026"),
            ("Az. 632.2-00017/2026", "00017/2026"),
            ("nach § 35 BauGB", "§35"),
            ("am 12.03.2026", "12. März 2026"),
            ("IBAN DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
            ("per E-Mail", "Email"),
            ("Baugenehmigung", "Baugenehmihung"),
        ],
    )
    def test_forms_that_a_clerk_takes_for_the_same(self, index: SearchIndex, text: str, typed: str) -> None:
        index.put([document(1, text), document(2, "Protokoll der Sitzung")])
        assert found(index, typed) == [number(1)]

    def test_a_word_divided_by_a_page_break_is_found(self, index: SearchIndex) -> None:
        index.put([document(1, "Erhoben werden die Verwaltungsge-", "bühren der Stadt")])
        assert found(index, "Verwaltungsgebühren") == [number(1)]

    def test_an_exact_title_or_reference_number_wins_over_everything(self, index: SearchIndex) -> None:
        rivals = [
            document(n, f"{'Satzung Hundesteuer 632.2-00017/2026 ' * 30}", title=f"Satzung über die Hundesteuer {n}")
            for n in range(10, 30)
        ]
        index.put(
            [
                *rivals,
                document(1, "Anlage", title="Hundesteuer-Satzung"),
                document(2, "Text", exact=["632.2-00017/2026"]),
            ]
        )
        assert found(index, "hundesteuersatzung") != []
        assert found(index, "Hundesteuer Satzung")[0] == number(1)
        assert found(index, "632.2-00017/2026")[0] == number(2)

    def test_a_title_of_stop_words_is_found_when_typed_whole(self, index: SearchIndex) -> None:
        index.put([document(1, "Anlage", title="Über uns"), document(2, "über uns und alle")])
        assert found(index, "Über uns") == [number(1)]
        assert found(index, "und der") == []

    def test_a_phrase_must_be_there_as_it_is(self, index: SearchIndex) -> None:
        index.put(
            [
                document(1, "Die Gebühr für Hunde steigt"),
                document(2, "Hunde und ihre Gebühr"),
                document(3, "Anlage", title="Gebühr für Hunde"),
            ]
        )
        assert set(found(index, "„Gebühr für Hunde“")) == {number(1), number(3)}
        assert set(found(index, "Gebühr für Hunde")) == {number(1), number(2), number(3)}

    def test_two_words_must_both_be_there_one_may_be_in_the_title(self, index: SearchIndex) -> None:
        index.put(
            [
                document(1, "Mahnung", title="Hundesteuer"),
                document(2, "Mahnung", title="Gewerbesteuer"),
                document(3, "Hundesteuer"),
            ]
        )
        assert found(index, "Hundesteuer Mahnung") == [number(1)]

    def test_a_question_finds_what_has_only_some_of_its_words(self, index: SearchIndex) -> None:
        index.put([document(1, "Die Steuer für einen Hund beträgt 96 Euro."), document(2, "Sitzung des Rates")])
        assert found(index, "Wie hoch ist eigentlich die Steuer in dieser Gemeinde für meinen zweiten Hund?") == [
            number(1)
        ]

    def test_the_whole_word_comes_before_the_compound(self, index: SearchIndex) -> None:
        index.put([document(1, "Die Hundegebühren sind fällig"), document(2, "Die Gebühr der Hunde ist fällig")])
        assert found(index, "Gebühr") == [number(2), number(1)]

    def test_the_pages_that_fit_best_are_named(self, index: SearchIndex) -> None:
        filler = "Der Rat nimmt den Bericht zur Kenntnis. " * 30
        index.put([document(1, filler, filler + "Friedhofssatzung und Grabmale", filler, title="Niederschrift")])
        for sort in Sort:
            hit = _answer(index, Query("Friedhofssatzung", sort=sort), EVERYONE).hits[0]
            assert hit.pages == (2,)

    def test_a_document_without_text_is_found_by_its_description(self, index: SearchIndex) -> None:
        index.put([document(1, title="Lageplan", others=["Ingenieurbüro Wolters"])])
        assert found(index, "Lageplan") == found(index, "wolters") == [number(1)]

    @_SETTINGS
    @given(text=st.text(max_size=60) | st.text(alphabet='"„“»«§*?:()[]{}^~+-!\\/ a1', max_size=40))
    def test_whatever_is_typed_is_answered(self, filled: SearchIndex, text: str) -> None:
        for sort in Sort:
            assert _answer(filled, Query(text, sort=sort, limit=2), EVERYONE).total >= 0

    # --------------------------------------------------------------------------------------------------------- rebuild

    def test_a_rebuild_serves_the_old_until_the_swap_and_loses_no_put(
        self, index: SearchIndex, again: SearchIndex
    ) -> None:
        other = again
        build(index, [document(1, "alt"), document(2, "alt"), document(3, "alt"), document(4, "verwaist")])
        rebuild = index.start_rebuild()
        index.fill(rebuild, [document(1, "alt")])
        other.put([document(2, "geändert", revision=2), document(5, "dazugekommen")])
        other.remove([number(3)])
        index.fill(rebuild, [document(2, "alt"), document(3, "alt")])
        for serving in (index, other):
            assert found(serving, "verwaist") == [number(4)]
            assert found(serving, "dazugekommen") == [number(5)]
        other.remove([number(5)])
        other.put([document(5, "dazugekommen", revision=1)])
        index.finish_rebuild(rebuild)
        for serving in (index, other):
            assert found(serving, "alt") == [number(1)]
            assert found(serving, "geändert") == [number(2)]
            assert found(serving, "dazugekommen") == [number(5)]
            assert found(serving, "verwaist") == []
            assert serving.count() == 3
            assert [revision for _, revision in serving.revisions(None, 10)].count(2) == 1

    def test_a_second_rebuild_takes_over(self, index: SearchIndex) -> None:
        first = index.start_rebuild()
        second = index.start_rebuild()
        index.fill(second, [document(1, "neu")])
        with pytest.raises(RebuildLost):
            index.fill(first, [document(2, "zu spät")])
        with pytest.raises(RebuildLost):
            index.finish_rebuild(first)
        index.abandon_rebuild(first)
        index.finish_rebuild(second)
        assert found(index, "neu") == [number(1)]
        with pytest.raises(RebuildLost):
            index.finish_rebuild(second)

    def test_an_abandoned_rebuild_changes_nothing(self, index: SearchIndex) -> None:
        index.put([document(1, "alt")])
        rebuild = index.start_rebuild()
        index.fill(rebuild, [document(2, "neu")])
        index.abandon_rebuild(rebuild)
        index.put([document(3, "später")])
        assert index.count() == 2
        assert index.check(thorough=True) is Condition.READY
