"""The blob of a document's terms, and the marks of pages."""

import zlib
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexing import ranking, terms
from indexing.german import analyse_query
from indexing.search import Entry, Query, Sort
from indexing.search_errors import TermsUnreadable
from tests.indexing.search.samples import number

_TEXT = st.text(st.characters(codec="utf-8"))
_ENTRY = Entry(1, "gebuhr hund", "gebu ebuh buhr hund")


@given(st.lists(st.builds(Entry, st.integers(1, 9999), _TEXT, _TEXT)))
def test_terms_come_back_as_they_were(entries: list[Entry]) -> None:
    assert terms.terms_from_bytes(terms.terms_to_bytes(entries)) == tuple(entries)


@given(st.data())
def test_a_damaged_blob_is_an_error_and_never_other_terms(data: st.DataObject) -> None:
    good = terms.terms_to_bytes([_ENTRY])
    place = data.draw(st.integers(0, len(good) - 1))
    flipped = bytearray(good)
    flipped[place] ^= data.draw(st.integers(1, 255))
    for bad in (good[:place], bytes(flipped)):
        with suppress(TermsUnreadable):
            assert terms.terms_from_bytes(bad) == (_ENTRY,), "a bit of the packing that carries nothing"


def test_terms_of_another_analyser_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = terms.terms_to_bytes([_ENTRY])
    monkeypatch.setattr(terms, "ANALYSER_VERSION", terms.ANALYSER_VERSION + 1)
    with pytest.raises(TermsUnreadable, match="version"):
        terms.terms_from_bytes(blob)


def test_a_blob_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "MAX_TERMS_BYTES", 1000)
    bomb = terms.terms_to_bytes([])[:6] + zlib.compress(b"[" + b" " * 10_000_000 + b"]")
    with pytest.raises(TermsUnreadable, match="large"):
        terms.terms_from_bytes(bomb)
    with pytest.raises(ValueError, match="limit"):
        terms.terms_to_bytes([Entry(1, "x" * 2000, "")])


def test_a_mark_comes_back_for_the_same_question_only() -> None:
    query = Query("Gebühr", units=frozenset({"b", "a"}), since=date(2026, 1, 1))
    cursor = ranking.Cursor(number(1), "", 20, 1)
    mark = cursor.encode(query)
    same = Query("Gebühr", units=frozenset({"a", "b"}), since=date(2026, 1, 1), after=mark, limit=7)
    assert ranking.Cursor.decode(same) == cursor
    assert ranking.Cursor.decode(query) is None


def test_reference_keys_keep_the_order_of_bytes_and_are_unique() -> None:
    keys = ["", "00.1", "00.1 ", "00.10", "00.2", "a", "ä", "😀"]
    made = [ranking.reference_key(key, number(0)) for key in keys]
    assert made == sorted(made)
    assert len({ranking.reference_key("00.1", number(n)) for n in range(50)}) == 50
    assert all(key.isascii() and key.isalpha() for key in made)


@pytest.mark.parametrize(("words", "needed"), [(1, 1), (2, 2), (3, 2), (4, 2), (5, 3), (10, 5)])
def test_how_many_words_must_be_there_at_first(words: int, needed: int) -> None:
    ways = ranking.strictness(words)
    assert ways[0].words == needed
    assert [way.words for way in ways[1:]] == [1, 0]
    assert ways[-1].enough == 0


def test_stretches_survive_one_slip() -> None:
    (typed,) = analyse_query("Baugenehmihung").words
    (meant,) = analyse_query("Baugenehmigung").words
    assert set(ranking.runs(typed)) & set(ranking.runs(meant))
    assert ranking.runs(analyse_query("Hund").words[0]) == ()


def test_the_best_pages_come_near_the_best_window() -> None:
    assert ranking.best_pages([(9.0, 4), (8.0, 2), (8.0, 4), (1.0, 1)]) == (4, 2)
    assert len(ranking.best_pages([(9.0, n) for n in range(9)])) == ranking.BEST_PAGES


def test_without_words_the_newest_come_first() -> None:
    assert ranking.order_of(Query(" "), analyse_query(" ")) is Sort.NEWEST
    assert ranking.order_of(Query("Hund"), analyse_query("Hund")) is Sort.RELEVANCE
